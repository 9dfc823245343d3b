-- Students in sections.  Reads: cc.
--
-- A negative sectionid says that the student dropped the section; the section is the one with the positive number.
-- dateleft is the day after the last one.  Who left on the day they came was never there.
SELECT c.dcid, rst.student_dcid, rsec.section_dcid, rsec.school_number, c.dateenrolled, c.dateleft
FROM cc c
JOIN roster_sections rsec ON rsec.section_id = ABS(c.sectionid)
JOIN roster_students rst ON rst.student_id = c.studentid
WHERE c.dateleft IS NULL OR c.dateenrolled IS NULL OR c.dateleft > c.dateenrolled
ORDER BY c.dcid
