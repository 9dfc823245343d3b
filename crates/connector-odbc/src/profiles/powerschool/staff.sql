-- Teachers and other staff: those who work somewhere today, and those who taught a section that is read.
-- Reads: users, schoolstaff, sectionteacher.
--
-- A person is one row of users and, for every school they work in, one of schoolstaff.  Status 1 is current.
SELECT u.dcid, u.first_name, u.middle_name, u.last_name, u.preferredname, u.email_addr, u.loginid, u.teacherloginid,
       u.teachernumber, u.sif_stateprid, u.homeschoolid, COALESCE(active.schools, 0) AS active_schools
FROM users u
LEFT JOIN (
  SELECT ss.users_dcid, COUNT(ss.dcid) AS schools
  FROM schoolstaff ss
  WHERE ss.status = 1
  GROUP BY ss.users_dcid
) active ON active.users_dcid = u.dcid
WHERE active.users_dcid IS NOT NULL
  OR EXISTS (
    SELECT 1
    FROM schoolstaff ss
    JOIN sectionteacher st ON st.teacherid = ss.id
    JOIN roster_sections rsec ON rsec.section_id = st.sectionid
    WHERE ss.users_dcid = u.dcid)
  OR EXISTS (
    SELECT 1
    FROM schoolstaff ss
    JOIN roster_sections rsec ON rsec.lead_staff_id = ss.id
    WHERE ss.users_dcid = u.dcid)
ORDER BY u.dcid
