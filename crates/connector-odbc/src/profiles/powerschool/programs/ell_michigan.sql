-- English language learners, by Michigan's extension of students.  Reads: s_mi_stu_gc_x.
SELECT rst.student_dcid, x.flaglep AS flag, NULL AS status, NULL AS begin_date, NULL AS end_date
FROM roster_students rst
JOIN s_mi_stu_gc_x x ON x.studentsdcid = rst.student_dcid
WHERE x.flaglep IS NOT NULL
ORDER BY rst.student_dcid
