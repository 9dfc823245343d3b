-- Who works where, as what.  Reads: StaffMember, Person.
--
-- What people really are stands in their title, which every district words for itself.
SELECT p.personGUID, p.personID, st.school_id, st.title, st.is_teacher, st.is_supervisor, st.start_date, st.end_date,
       rd.district_id
FROM roster_staff st
CROSS JOIN roster_district rd
JOIN Person p ON p.personID = st.person_id
ORDER BY p.personID, st.school_id, st.start_date DESC
