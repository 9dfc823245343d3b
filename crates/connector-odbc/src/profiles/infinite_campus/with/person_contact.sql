-- One e-mail address and the telephone numbers of each person.  Reads: Contact.
person_contact (person_id, email, home_phone, work_phone, cell_phone) AS (
  SELECT c.personID, MIN(c.email), MIN(c.homePhone), MIN(c.workPhone), MIN(c.cellPhone)
  FROM Contact c
  GROUP BY c.personID
)
