-- Sections, with a row for every term and period in which they meet.
-- Reads: Section, Course, Room, SectionPlacement, Term, Period.
--
-- A section has no title of its own; it is known by its course.
SELECT s.sectionID, s.number AS section_number, s.homeroomSection, co.courseID, co.name AS course_name,
       rsec.school_id, r.name AS room_name, sp.termID, p.name AS period_name
FROM roster_sections rsec
JOIN Section s ON s.sectionID = rsec.section_id AND s.trialID = rsec.trial_id
JOIN Course co ON co.courseID = rsec.course_id
LEFT JOIN Room r ON r.roomID = s.roomID
LEFT JOIN SectionPlacement sp ON sp.sectionID = s.sectionID AND sp.trialID = s.trialID
LEFT JOIN Term t ON t.termID = sp.termID
LEFT JOIN Period p ON p.periodID = sp.periodID
ORDER BY s.sectionID, t.startDate, sp.termID, p.seq, p.name
