-- Teachers and others in sections, with their role.  Reads: sectionteacher, schoolstaff, roledef.
--
-- Roles are worded by each district, so the lead is taken from sections.teacher.  A section is joined to sectionteacher
-- by its own id; joined by its teacher it would get everybody who works with that teacher anywhere.
SELECT st.id, ss.users_dcid, rsec.section_dcid, rsec.school_number, rd.name AS role_name, st.start_date, st.end_date,
       CASE WHEN st.teacherid = rsec.lead_staff_id THEN 1 ELSE 0 END AS is_lead
FROM sectionteacher st
JOIN roster_sections rsec ON rsec.section_id = st.sectionid
JOIN schoolstaff ss ON ss.id = st.teacherid
LEFT JOIN roledef rd ON rd.id = st.roleid
ORDER BY st.id
