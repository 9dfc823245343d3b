-- Lead teachers of sections for whom sectionteacher has no row, as in sections of older years.
-- Reads: schoolstaff, sectionteacher.
SELECT rsec.section_dcid, ss.users_dcid, rsec.school_number
FROM roster_sections rsec
JOIN schoolstaff ss ON ss.id = rsec.lead_staff_id
WHERE NOT EXISTS (
  SELECT 1
  FROM sectionteacher st
  WHERE st.sectionid = rsec.section_id AND st.teacherid = rsec.lead_staff_id)
ORDER BY rsec.section_dcid
