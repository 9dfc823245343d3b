-- A student's name to sign in with, to which the e-mail domain of the configuration is added.  Reads: person_account.
student_email (person_id, email) AS (
  SELECT pa.person_id, pa.username
  FROM person_account pa
)
