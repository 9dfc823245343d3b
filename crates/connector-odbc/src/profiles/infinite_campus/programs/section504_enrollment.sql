-- Students with a plan under section 504, by a mark of their enrollment.  Reads: Enrollment.
SELECT p.personGUID, p.personID, x.section504 AS flag, NULL AS status, NULL AS begin_date, NULL AS end_date
FROM roster_students rst
JOIN Person p ON p.personID = rst.person_id
JOIN Enrollment x ON x.personID = rst.person_id
JOIN roster_calendars rc ON rc.calendar_id = x.calendarID
WHERE x.section504 IS NOT NULL
ORDER BY p.personID, x.startDate DESC
