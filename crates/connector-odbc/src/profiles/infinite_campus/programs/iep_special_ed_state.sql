-- Students in special education, by the latest record of the state's table, as in North Carolina.
-- Reads: SpecialEdState.
SELECT p.personGUID, p.personID, '1' AS flag, x.primaryDisability AS status, x.startDate AS begin_date,
       COALESCE(x.exitDate, x.endDate) AS end_date
FROM roster_students rst
JOIN Person p ON p.personID = rst.person_id
JOIN SpecialEdState x ON x.personID = rst.person_id
ORDER BY p.personID, x.startDate DESC
