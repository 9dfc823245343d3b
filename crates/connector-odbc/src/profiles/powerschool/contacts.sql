-- Contacts of students: parents, guardians and others.  Reads: person, e-mail addresses, telephone numbers.
--
-- A contact of several students comes once for each; the first by school decides where they belong.
SELECT p.id, p.firstname, p.middlename, p.lastname, p.isactive, sch.school_number, pe.email, pp.phone,
       pp.phone_extension, ps.sms
FROM roster_contacts rc
JOIN person p ON p.id = rc.person_id
LEFT JOIN roster_schools sch ON sch.school_number = rc.school_number
LEFT JOIN person_email pe ON pe.person_id = p.id
LEFT JOIN person_phone pp ON pp.person_id = p.id
LEFT JOIN person_sms ps ON ps.person_id = p.id
ORDER BY p.id, COALESCE(sch.school_number, 999999), rc.student_dcid
