-- Teachers of sections for whom the staff history has no row.  Reads: Section, SectionStaffHistory, Person.
SELECT rsec.section_id, p.personGUID, p.personID, rsec.school_id
FROM roster_sections rsec
JOIN Person p ON p.personID = rsec.teacher_person_id
WHERE NOT EXISTS (
  SELECT 1
  FROM SectionStaffHistory h
  WHERE h.sectionID = rsec.section_id AND h.personID = rsec.teacher_person_id)
ORDER BY rsec.section_id
