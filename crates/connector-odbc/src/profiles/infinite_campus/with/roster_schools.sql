-- The schools of the district.  Reads: School.
--
-- A State Edition database holds many districts; the two parameters are the lowest and the highest districtID to read.
roster_schools (school_id, district_id) AS (
  SELECT s.schoolID, s.districtID
  FROM School s
  WHERE COALESCE(s.districtID, 0) BETWEEN ? AND ?
)
