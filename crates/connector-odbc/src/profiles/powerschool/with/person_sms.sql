-- One number a person that takes text messages: the first by priority.  Reads: personphonenumberassoc, phonenumber.
person_sms (person_id, sms) AS (
  SELECT ranked.person_id, ranked.sms
  FROM (
    SELECT pp.personid AS person_id, n.phonenumber AS sms,
           ROW_NUMBER() OVER (
             PARTITION BY pp.personid
             ORDER BY COALESCE(pp.ispreferred, 0) DESC, COALESCE(pp.phonenumberpriorityorder, 999), pp.phonenumberid)
             AS place
    FROM personphonenumberassoc pp
    JOIN phonenumber n ON n.phonenumberid = pp.phonenumberid
    WHERE n.issms = 1
  ) ranked
  WHERE ranked.place = 1
)
