-- Teachers and others in sections: staffType is P for the primary teacher, T for further ones, others by district.
-- Reads: SectionStaffHistory, Person.
SELECT rsec.section_id, p.personGUID, p.personID, rsec.school_id, h.staffType, h.startDate, h.endDate
FROM SectionStaffHistory h
JOIN roster_sections rsec ON rsec.section_id = h.sectionID AND rsec.trial_id = h.trialID
JOIN Person p ON p.personID = h.personID
ORDER BY rsec.section_id, p.personID, h.staffType, h.startDate
