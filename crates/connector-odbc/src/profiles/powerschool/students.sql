-- Students.  Reads: students, studentcorefields, e-mail addresses and telephone numbers.
--
-- first_name and last_name are what a student is called by; where that is not the legal name, studentcorefields has the
-- legal one.
SELECT s.dcid, s.student_number, s.state_studentnumber, s.first_name, s.middle_name, s.last_name,
       cf.pscore_legal_first_name, cf.pscore_legal_middle_name, cf.pscore_legal_last_name, s.grade_level,
       rst.enroll_status, sch.school_number, s.student_web_id, se.email, pp.phone, pp.phone_extension, ps.sms
FROM students s
JOIN roster_students rst ON rst.student_dcid = s.dcid
LEFT JOIN roster_schools sch ON sch.school_number = rst.school_number
LEFT JOIN studentcorefields cf ON cf.studentsdcid = s.dcid
LEFT JOIN student_email se ON se.student_dcid = s.dcid
LEFT JOIN person_phone pp ON pp.person_id = s.person_id
LEFT JOIN person_sms ps ON ps.person_id = s.person_id
ORDER BY s.dcid
