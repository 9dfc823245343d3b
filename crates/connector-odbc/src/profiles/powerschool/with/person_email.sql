-- One e-mail address a person: the primary one, else the first by priority.  Reads: personemailaddressassoc,
-- emailaddress.
person_email (person_id, email) AS (
  SELECT ranked.person_id, ranked.email
  FROM (
    SELECT pe.personid AS person_id, e.emailaddress AS email,
           ROW_NUMBER() OVER (
             PARTITION BY pe.personid
             ORDER BY COALESCE(pe.isprimaryemailaddress, 0) DESC, COALESCE(pe.emailaddresspriorityorder, 999),
                      pe.emailaddressid) AS place
    FROM personemailaddressassoc pe
    JOIN emailaddress e ON e.emailaddressid = pe.emailaddressid
  ) ranked
  WHERE ranked.place = 1
)
