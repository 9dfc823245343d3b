-- Students with a plan under section 504, by a program flag whose name begins with 504.
-- Reads: v_ProgramParticipationFlags.
SELECT p.personGUID, p.personID, '1' AS flag, NULL AS status, x.startDate AS begin_date, x.endDate AS end_date
FROM roster_students rst
JOIN Person p ON p.personID = rst.person_id
JOIN v_ProgramParticipationFlags x ON x.personID = rst.person_id
WHERE x.name LIKE '504%'
ORDER BY p.personID, x.startDate DESC
