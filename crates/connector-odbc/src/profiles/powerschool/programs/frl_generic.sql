-- Economic disadvantage, by the extension of students that many states share.  Reads: s_stu_x.
SELECT rst.student_dcid, x.economicdisadvantage AS flag, x.luncheligibility AS status, NULL AS begin_date,
       NULL AS end_date
FROM roster_students rst
JOIN s_stu_x x ON x.studentsdcid = rst.student_dcid
WHERE x.economicdisadvantage IS NOT NULL
ORDER BY rst.student_dcid
