-- Enrollments in those calendars, past, present and future.  Reads: Enrollment.
--
-- No view's activeToday is asked: it is empty before the first day of school.  Who never showed up is left out, and so
-- is who the state does not count, unless the parameter is 1.
roster_enrollments (enrollment_id, person_id, calendar_id, school_id, end_year, is_summer, is_primary, grade,
                    start_date, end_date) AS (
  SELECT e.enrollmentID, e.personID, rc.calendar_id, rc.school_id, rc.end_year, rc.is_summer,
         CASE WHEN e.serviceType = 'P' THEN 1 ELSE 0 END, e.grade, e.startDate, e.endDate
  FROM Enrollment e
  JOIN roster_calendars rc ON rc.calendar_id = e.calendarID
  WHERE COALESCE(e.noShow, 0) = 0
    AND COALESCE(e.stateExclude, 0) <= ?
)
