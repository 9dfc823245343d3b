-- Courses that have a section in the school years that are read; the catalog keeps those of decades.
-- Reads: courses, sections.
SELECT co.dcid, co.course_number, co.course_name, co.sched_department, co.credittype, rs.school_number
FROM courses co
LEFT JOIN roster_schools rs ON rs.school_number = co.schoolid
WHERE EXISTS (
  SELECT 1
  FROM sections se
  JOIN roster_sections rsec ON rsec.section_dcid = se.dcid
  WHERE se.course_number = co.course_number)
ORDER BY co.dcid
