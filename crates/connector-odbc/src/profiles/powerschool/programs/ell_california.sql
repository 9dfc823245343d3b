-- English language learners, by California's English language acquisition status: EL is a learner.
-- Reads: s_ca_stu_ela_c.
--
-- A student may have a row for every status they ever had.  Who has become fluent (RFEP) is a learner no longer.
SELECT rst.student_dcid, '1' AS flag, 'EL' AS status, NULL AS begin_date, NULL AS end_date
FROM roster_students rst
WHERE EXISTS (
  SELECT 1 FROM s_ca_stu_ela_c x WHERE x.studentsdcid = rst.student_dcid AND x.elastatus = 'EL')
  AND NOT EXISTS (
    SELECT 1 FROM s_ca_stu_ela_c x WHERE x.studentsdcid = rst.student_dcid AND x.elastatus = 'RFEP')
ORDER BY rst.student_dcid
