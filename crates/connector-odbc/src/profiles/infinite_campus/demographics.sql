-- Birth, gender, race and ethnicity of students.  Reads: Person, Identity.
--
-- raceEthnicityFed is one code for all of it: 1 Hispanic, 2 American Indian, 3 Asian, 4 Black, 5 Pacific Islander,
-- 6 White, 7 two or more.
SELECT p.personGUID, p.personID, i.birthdate, i.gender, i.raceEthnicityFed, i.hispanicEthnicity, i.birthCountry
FROM roster_students rst
JOIN Person p ON p.personID = rst.person_id
JOIN "Identity" i ON i.identityID = p.currentIdentityID
ORDER BY p.personID
