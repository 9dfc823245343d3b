-- Students with a plan under section 504: the latest plan of each.  Reads: Section504.
SELECT p.personGUID, p.personID, '1' AS flag, NULL AS status, x.startDate AS begin_date, x.endDate AS end_date
FROM roster_students rst
JOIN Person p ON p.personID = rst.person_id
JOIN Section504 x ON x.personID = rst.person_id
ORDER BY p.personID, x.startDate DESC
