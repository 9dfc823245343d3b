-- The sections that meet in those terms.  Reads: sections.
roster_sections (section_dcid, section_id, school_number, term_dcid, lead_staff_id) AS (
  SELECT se.dcid, se.id, se.schoolid, rt.term_dcid, se.teacher
  FROM sections se
  JOIN roster_terms rt ON rt.term_id = se.termid AND rt.school_number = se.schoolid
)
