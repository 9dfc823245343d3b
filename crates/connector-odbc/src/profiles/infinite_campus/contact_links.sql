-- Whose contacts they are, in which school and as what.  Reads: v_CensusContactSummary, Person.
--
-- Who has no guardianship may still be a parent, or may only be somebody to call.
SELECT cp.personGUID AS contact_guid, cp.personID AS contact_person_id, sp.personGUID AS student_guid,
       sp.personID AS student_person_id, rc.school_id, rc.relationship, rc.is_guardian, rc.seq
FROM roster_contacts rc
JOIN Person cp ON cp.personID = rc.contact_person_id
JOIN Person sp ON sp.personID = rc.student_person_id
ORDER BY cp.personID, rc.school_id, sp.personID, rc.is_guardian DESC, COALESCE(rc.seq, 999)
