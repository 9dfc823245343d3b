-- A student's e-mail address as the older contact records of PowerTeacher have it, under the contact type "Self".
-- Reads: sync_studentmap, psm_studentcontact, psm_studentcontacttype.
student_email (student_dcid, email) AS (
  SELECT m.studentsdcid, MIN(c.email)
  FROM sync_studentmap m
  JOIN psm_studentcontact c ON c.studentid = m.studentid
  JOIN psm_studentcontacttype ct ON ct.id = c.studentcontacttypeid
  WHERE ct.name = 'Self'
  GROUP BY m.studentsdcid
)
