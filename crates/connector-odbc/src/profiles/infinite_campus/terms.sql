-- Terms of the calendars.  Reads: Term, TermSchedule, ScheduleStructure.
--
-- A calendar may cut its year in several ways at once, into semesters and into quarters; how many terms a schedule has
-- tells what they are.  Both dates are days of school.
SELECT t.termID, t.name, t.startDate, t.endDate, rc.calendar_id, rc.school_id, rc.end_year, parts.terms_in_schedule
FROM Term t
JOIN TermSchedule ts ON ts.termScheduleID = t.termScheduleID
JOIN ScheduleStructure ss ON ss.structureID = ts.structureID
JOIN roster_calendars rc ON rc.calendar_id = ss.calendarID
JOIN (
  SELECT tt.termScheduleID AS schedule_id, COUNT(tt.termID) AS terms_in_schedule
  FROM Term tt
  GROUP BY tt.termScheduleID
) parts ON parts.schedule_id = ts.termScheduleID
ORDER BY rc.calendar_id, t.startDate, t.endDate DESC, t.termID
