-- English language learners, by the core field lep_status, which is free text: 1, Y and YES say yes.
-- Reads: studentcorefields.
SELECT rst.student_dcid, cf.lep_status AS flag, NULL AS status, NULL AS begin_date, NULL AS end_date
FROM roster_students rst
JOIN studentcorefields cf ON cf.studentsdcid = rst.student_dcid
WHERE cf.lep_status IS NOT NULL
ORDER BY rst.student_dcid
