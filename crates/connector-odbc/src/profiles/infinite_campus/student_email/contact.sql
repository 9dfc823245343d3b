-- A student's e-mail address as the student's own contact record has it.  Reads: Contact.
student_email (person_id, email) AS (
  SELECT c.personID, MIN(c.email)
  FROM Contact c
  GROUP BY c.personID
)
