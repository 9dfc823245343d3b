-- Everybody, once as what they are: 1 student, 2 staff, 3 contact.  A teacher who is a mother comes twice and is told
-- as what comes first.  Reads: SectionStaffHistory, and the lists above.
roster_people (kind, person_id, school_id, schools, grade, end_date) AS (
  SELECT 1, rst.person_id, rst.school_id, 1, rst.grade, rst.end_date
  FROM roster_students rst
  UNION ALL
  SELECT 2, st.person_id, MIN(st.school_id), COUNT(DISTINCT st.school_id), NULL,
         CASE WHEN COUNT(st.end_date) = COUNT(st.person_id) THEN MAX(st.end_date) END
  FROM roster_staff st
  GROUP BY st.person_id
  UNION ALL
  SELECT 2, h.personID, MIN(rsec.school_id), COUNT(DISTINCT rsec.school_id), NULL, NULL
  FROM SectionStaffHistory h
  JOIN roster_sections rsec ON rsec.section_id = h.sectionID AND rsec.trial_id = h.trialID
  WHERE NOT EXISTS (
    SELECT 1
    FROM roster_staff st
    WHERE st.person_id = h.personID)
  GROUP BY h.personID
  UNION ALL
  SELECT 3, rc.contact_person_id, MIN(rc.school_id), 1, NULL, NULL
  FROM roster_contacts rc
  GROUP BY rc.contact_person_id
)
