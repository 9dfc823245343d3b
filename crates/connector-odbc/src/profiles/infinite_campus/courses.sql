-- Courses with a section; a course belongs to a calendar, and so to one school and year.  Reads: Course, Department.
SELECT co.courseID, co.number AS course_number, co.name, d.name AS department, rc.calendar_id, rc.school_id
FROM Course co
JOIN roster_calendars rc ON rc.calendar_id = co.calendarID
LEFT JOIN Department d ON d.departmentID = co.departmentID
WHERE EXISTS (
  SELECT 1
  FROM roster_sections rsec
  WHERE rsec.course_id = co.courseID)
ORDER BY co.courseID
