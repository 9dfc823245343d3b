-- Who is a contact of whom.  Reads: v_CensusContactSummary.
--
-- The view has a row for everybody related to a student or living with one, once for each household and relation: also
-- the student ("Self"), and brothers and sisters who are nobody to call.  Guardians count, and whoever has a place
-- among the contacts.
roster_contacts (contact_person_id, student_person_id, school_id, relationship, is_guardian, seq) AS (
  SELECT v.contactPersonID, rst.person_id, rst.school_id, v.relationship, COALESCE(v.guardian, 0), v.seq
  FROM v_CensusContactSummary v
  JOIN roster_students rst ON rst.person_id = v.personID
  WHERE v.contactPersonID <> v.personID
    AND COALESCE(v.relationship, '-') <> 'Self'
    AND (v.guardian = 1 OR v.seq IS NOT NULL)
)
