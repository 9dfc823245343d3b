-- Students with a plan under section 504, by Michigan's extension of students.  Reads: s_mi_stu_gc_x.
SELECT rst.student_dcid, x.flagsection504 AS flag, NULL AS status, NULL AS begin_date, NULL AS end_date
FROM roster_students rst
JOIN s_mi_stu_gc_x x ON x.studentsdcid = rst.student_dcid
WHERE x.flagsection504 IS NOT NULL
ORDER BY rst.student_dcid
