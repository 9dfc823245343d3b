-- Whose contacts they are, in which school and as what.  Reads: the associations of roster_contacts.
--
-- iscustodial is what PowerSchool knows of guardianship; who is not custodial may still be a parent or may only be
-- somebody to call.
SELECT rc.person_id, rc.student_dcid, sch.school_number, rc.priority_order, rc.relationship, rc.is_custodial,
       rc.lives_with, rc.is_emergency, rc.may_pick_up
FROM roster_contacts rc
LEFT JOIN roster_schools sch ON sch.school_number = rc.school_number
ORDER BY rc.person_id, COALESCE(sch.school_number, 999999), rc.student_dcid, rc.detail_id
