-- Students with a plan under section 504, by the extension of students that many states share.  Reads: s_stu_x.
SELECT rst.student_dcid, x.section504_yn AS flag, NULL AS status, NULL AS begin_date, NULL AS end_date
FROM roster_students rst
JOIN s_stu_x x ON x.studentsdcid = rst.student_dcid
WHERE x.section504_yn IS NOT NULL
ORDER BY rst.student_dcid
