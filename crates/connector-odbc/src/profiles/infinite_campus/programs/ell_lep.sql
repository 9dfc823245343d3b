-- English language learners: the latest record of each, with its status in the state's words.  Reads: LEP.
SELECT p.personGUID, p.personID, '1' AS flag, x.programStatus AS status, x.identifiedDate AS begin_date,
       x.exitDate AS end_date
FROM roster_students rst
JOIN Person p ON p.personID = rst.person_id
JOIN LEP x ON x.personID = rst.person_id
ORDER BY p.personID, x.identifiedDate DESC
