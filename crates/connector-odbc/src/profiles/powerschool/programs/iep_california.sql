-- Students in special education, by California's extension of students: who has a primary disability.
-- Reads: s_ca_stu_x.
SELECT rst.student_dcid, '1' AS flag, x.primarydisability AS status, NULL AS begin_date, NULL AS end_date
FROM roster_students rst
JOIN s_ca_stu_x x ON x.studentsdcid = rst.student_dcid
WHERE x.primarydisability IS NOT NULL
ORDER BY rst.student_dcid
