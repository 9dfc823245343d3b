-- Birth, gender, race and ethnicity of students; one row for every race.  Reads: students, studentrace.
--
-- fedethnicity is 1 for Hispanic or Latino, 0 for not, -1 where nobody answered.
SELECT s.dcid, s.dob, s.gender, s.fedethnicity, sr.racecd
FROM students s
JOIN roster_students rst ON rst.student_dcid = s.dcid
LEFT JOIN studentrace sr ON sr.studentid = s.id
ORDER BY s.dcid, sr.racecd
