-- The terms of the school years that are read.  Reads: terms.
--
-- terms.id repeats in every school, so a term is told by its school and its id; terms.dcid is unique.
-- The two parameters are the first and the last school year, counted as PowerSchool does (36 is 2026-27).
roster_terms (term_dcid, term_id, school_number) AS (
  SELECT t.dcid, t.id, t.schoolid
  FROM terms t
  JOIN roster_schools rs ON rs.school_number = t.schoolid
  WHERE t.yearid BETWEEN ? AND ?
)
