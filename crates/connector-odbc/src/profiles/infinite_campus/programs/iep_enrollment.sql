-- Students in special education, by the status of their enrollment.  Reads: Enrollment.
SELECT p.personGUID, p.personID, '1' AS flag, x.specialEdStatus AS status, NULL AS begin_date, NULL AS end_date
FROM roster_students rst
JOIN Person p ON p.personID = rst.person_id
JOIN Enrollment x ON x.personID = rst.person_id
JOIN roster_calendars rc ON rc.calendar_id = x.calendarID
WHERE x.specialEdStatus IS NOT NULL
ORDER BY p.personID, x.startDate DESC
