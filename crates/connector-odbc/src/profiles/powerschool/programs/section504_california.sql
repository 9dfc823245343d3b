-- Students with a plan under section 504, by California's extension of students.  Reads: s_ca_stu_x.
SELECT rst.student_dcid, x.sped504 AS flag, NULL AS status, NULL AS begin_date, NULL AS end_date
FROM roster_students rst
JOIN s_ca_stu_x x ON x.studentsdcid = rst.student_dcid
WHERE x.sped504 IS NOT NULL
ORDER BY rst.student_dcid
