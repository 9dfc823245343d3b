-- A student's e-mail address as the census has it under the relationship "Self": the first of several rows.
-- Reads: v_CensusContactSummary.
student_email (person_id, email) AS (
  SELECT ranked.person_id, ranked.email
  FROM (
    SELECT v.personID AS person_id, v.email,
           ROW_NUMBER() OVER (
             PARTITION BY v.personID ORDER BY COALESCE(v.seq, 999), v.contactID DESC) AS place
    FROM v_CensusContactSummary v
    WHERE v.relationship = 'Self' AND v.email IS NOT NULL
  ) ranked
  WHERE ranked.place = 1
)
