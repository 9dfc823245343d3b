-- Students with an individualized education program, by the core field spedlep: SPED, SPED SPEECH and the like say
-- yes, "No IEP" says no.  Reads: studentcorefields.
SELECT rst.student_dcid, CASE WHEN cf.spedlep LIKE 'SPED%' THEN '1' ELSE '0' END AS flag, cf.spedlep AS status,
       NULL AS begin_date, NULL AS end_date
FROM roster_students rst
JOIN studentcorefields cf ON cf.studentsdcid = rst.student_dcid
WHERE cf.spedlep IS NOT NULL
ORDER BY rst.student_dcid
