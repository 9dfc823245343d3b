-- People: students, staff, contacts.  Reads: Person, Identity, Contact, UserAccount.
--
-- Identity keeps every name a person ever had; the current one is Person.currentIdentityID.  Its name is a reserved
-- word.
SELECT p.personGUID, p.personID, rp.kind, rp.school_id, rp.schools, rp.grade, rp.end_date, i.firstName, i.middleName,
       i.lastName, i.legalFirstName, i.legalMiddleName, i.legalLastName, p.studentNumber, p.stateID, p.staffNumber,
       p.staffStateID, se.email AS student_email, pc.email, pc.home_phone, pc.work_phone, pc.cell_phone, pa.username,
       rd.district_id
FROM roster_people rp
CROSS JOIN roster_district rd
JOIN Person p ON p.personID = rp.person_id
JOIN "Identity" i ON i.identityID = p.currentIdentityID
LEFT JOIN student_email se ON se.person_id = p.personID AND rp.kind = 1
LEFT JOIN person_contact pc ON pc.person_id = p.personID
LEFT JOIN person_account pa ON pa.person_id = p.personID
ORDER BY p.personID, rp.kind, rp.school_id
