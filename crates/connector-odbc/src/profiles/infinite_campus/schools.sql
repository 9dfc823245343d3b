-- Schools, with a row for each grade of their calendars.  Reads: School, GradeLevel.
SELECT s.schoolID, s.number AS school_number, s.name, s.districtID, s.address, s.city, s.state, s.zip, s.phone,
       g.state_grade
FROM roster_schools rs
JOIN School s ON s.schoolID = rs.school_id
LEFT JOIN (
  SELECT DISTINCT rc.school_id, gl.stateGrade AS state_grade
  FROM GradeLevel gl
  JOIN roster_calendars rc ON rc.calendar_id = gl.calendarID
  WHERE COALESCE(gl.excludeEnrollment, 0) = 0
) g ON g.school_id = rs.school_id
ORDER BY s.schoolID, g.state_grade
