-- Students with an individualized education program, by New Jersey's extension of students.  Reads: s_nj_stu_x.
SELECT rst.student_dcid, '1' AS flag, x.specialed_classification AS status, x.iep_begin_date AS begin_date,
       x.iep_end_date AS end_date
FROM roster_students rst
JOIN s_nj_stu_x x ON x.studentsdcid = rst.student_dcid
WHERE x.iep_begin_date IS NOT NULL
ORDER BY rst.student_dcid
