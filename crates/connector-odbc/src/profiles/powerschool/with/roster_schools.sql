-- The schools that a roster may speak of.  Reads: schools.
--
-- PowerSchool keeps numbers for what is no school: 0 is the district office, 999999 those who graduated, 777777 and
-- 888888 what districts park there.  Everything else refers to schools.school_number, never to schools.id or dcid.
roster_schools (school_number) AS (
  SELECT sc.school_number
  FROM schools sc
  WHERE sc.school_number NOT IN (0, 777777, 888888, 999999)
)
