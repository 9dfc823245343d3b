-- Students with a plan under section 504, by New Jersey's extension of students.  Reads: s_nj_stu_x.
SELECT rst.student_dcid, x.pid_504_tf AS flag, NULL AS status, NULL AS begin_date, NULL AS end_date
FROM roster_students rst
JOIN s_nj_stu_x x ON x.studentsdcid = rst.student_dcid
WHERE x.pid_504_tf IS NOT NULL
ORDER BY rst.student_dcid
