-- Students in sections.  Reads: Roster, Person.
--
-- Dates are empty for who is there as long as the section meets.  The trial of a roster must be the section's.
SELECT r.rosterID, p.personGUID, p.personID, rsec.section_id, rsec.school_id, r.startDate, r.endDate
FROM Roster r
JOIN roster_sections rsec ON rsec.section_id = r.sectionID AND rsec.trial_id = r.trialID
JOIN roster_students rst ON rst.person_id = r.personID
JOIN Person p ON p.personID = r.personID
ORDER BY r.rosterID
