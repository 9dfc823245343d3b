-- Who works where, as what.  Reads: schoolstaff, users.
--
-- staffstatus is 1 for teachers, 2 for staff, 3 for lunch staff, 4 for substitutes and 0 where nobody said; what people
-- really are stands in their title, which every district words for itself.  School 0 is the district office.
SELECT u.dcid, ss.schoolid, ss.staffstatus, u.title, u.homeschoolid
FROM schoolstaff ss
JOIN users u ON u.dcid = ss.users_dcid
LEFT JOIN roster_schools rs ON rs.school_number = ss.schoolid
WHERE ss.status = 1
  AND (rs.school_number IS NOT NULL OR ss.schoolid = 0)
ORDER BY u.dcid, ss.schoolid, ss.dcid
