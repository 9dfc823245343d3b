-- A student's e-mail address as the student's own contact record has it: the place of current versions.
-- Reads: students, and person_email.
student_email (student_dcid, email) AS (
  SELECT s.dcid, pe.email
  FROM students s
  JOIN person_email pe ON pe.person_id = s.person_id
)
