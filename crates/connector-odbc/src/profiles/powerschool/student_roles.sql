-- Where students are and were enrolled in the school years that are read.  Reads: students, reenrollments, terms.
--
-- The current enrollment stands in students, all earlier ones in reenrollments.  Exit dates are the day after the last
-- one.  An enrollment that ended on the day it began never happened.
SELECT rst.student_dcid, rs.school_number, s.entrydate, s.exitdate, 1 AS is_current
FROM students s
JOIN roster_students rst ON rst.student_dcid = s.dcid
JOIN roster_schools rs ON rs.school_number = rst.school_number
UNION ALL
SELECT rst.student_dcid, rs.school_number, re.entrydate, re.exitdate, 0 AS is_current
FROM reenrollments re
JOIN roster_students rst ON rst.student_id = re.studentid
JOIN roster_schools rs ON rs.school_number = re.schoolid
JOIN roster_terms rt ON rt.school_number = re.schoolid
JOIN terms t ON t.dcid = rt.term_dcid AND t.isyearrec = 1 AND re.entrydate BETWEEN t.firstday AND t.lastday
WHERE re.exitdate > re.entrydate
ORDER BY 1, 2, 5, 3
