-- One telephone number a person: the preferred one, else the first by priority.  Reads: personphonenumberassoc,
-- phonenumber.
person_phone (person_id, phone, phone_extension) AS (
  SELECT ranked.person_id, ranked.phone, ranked.phone_extension
  FROM (
    SELECT pp.personid AS person_id, n.phonenumber AS phone, n.phonenumberext AS phone_extension,
           ROW_NUMBER() OVER (
             PARTITION BY pp.personid
             ORDER BY COALESCE(pp.ispreferred, 0) DESC, COALESCE(pp.phonenumberpriorityorder, 999), pp.phonenumberid)
             AS place
    FROM personphonenumberassoc pp
    JOIN phonenumber n ON n.phonenumberid = pp.phonenumberid
  ) ranked
  WHERE ranked.place = 1
)
