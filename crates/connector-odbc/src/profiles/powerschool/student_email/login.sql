-- A student's name to sign in with, to which the e-mail domain of the configuration is added.  Reads: students.
student_email (student_dcid, email) AS (
  SELECT s.dcid, s.student_web_id
  FROM students s
)
