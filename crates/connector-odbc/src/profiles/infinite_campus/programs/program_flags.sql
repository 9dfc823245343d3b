-- Program flags, which every district names for itself.  Reads: v_ProgramParticipationFlags.
SELECT p.personGUID, p.personID, x.name AS program_name, x.startDate AS begin_date, x.endDate AS end_date
FROM roster_students rst
JOIN Person p ON p.personID = rst.person_id
JOIN v_ProgramParticipationFlags x ON x.personID = rst.person_id
ORDER BY p.personID, x.name, x.startDate DESC
