-- Sections.  Reads: sections, courses.
--
-- A section has no title of its own; it is known by its course.
SELECT se.dcid, se.section_number, se.room, se.external_expression, se.expression, rsec.school_number, rsec.term_dcid,
       co.dcid AS course_dcid, co.course_name
FROM sections se
JOIN roster_sections rsec ON rsec.section_dcid = se.dcid
LEFT JOIN courses co ON co.course_number = se.course_number
ORDER BY se.dcid
