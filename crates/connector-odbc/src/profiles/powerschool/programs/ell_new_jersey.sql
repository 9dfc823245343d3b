-- English language learners, by New Jersey's extension of students.  Reads: s_nj_stu_x.
--
-- The flag says who is one today; who was one has a first and a last day.
SELECT rst.student_dcid, x.lep_tf AS flag, NULL AS status, x.lepbegindate AS begin_date, x.lependdate AS end_date
FROM roster_students rst
JOIN s_nj_stu_x x ON x.studentsdcid = rst.student_dcid
WHERE x.lep_tf IS NOT NULL OR x.lepbegindate IS NOT NULL
ORDER BY rst.student_dcid
