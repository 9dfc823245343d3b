-- Calendars: the school year of a school.  Reads: Calendar.  Both dates are days of school.
SELECT c.calendarID, c.name, c.startDate, c.endDate, rc.end_year, rc.school_id
FROM Calendar c
JOIN roster_calendars rc ON rc.calendar_id = c.calendarID
ORDER BY c.calendarID
