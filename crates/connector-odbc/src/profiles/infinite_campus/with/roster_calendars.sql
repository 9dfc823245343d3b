-- The calendars that are read: of each school one for a year, and one more for a summer school.  Reads: Calendar.
--
-- The parameters: the first and the last year, by the year in which it ends, and 1 where summer calendars count, else 0.
-- Calendars marked "exclude" are those that the district itself leaves out of what it reports.
roster_calendars (calendar_id, school_id, end_year, is_summer, start_date) AS (
  SELECT c.calendarID, c.schoolID, c.endYear, COALESCE(c.summerSchool, 0), c.startDate
  FROM Calendar c
  JOIN roster_schools rs ON rs.school_id = c.schoolID
  WHERE c.endYear BETWEEN ? AND ?
    AND COALESCE(c.summerSchool, 0) <= ?
    AND COALESCE(c.exclude, 0) = 0
)
