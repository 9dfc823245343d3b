-- The district that staff without a school belong to; where several are read, nobody can tell.  Reads: District.
roster_district (district_id) AS (
  SELECT CASE WHEN MIN(d.districtID) = MAX(d.districtID) THEN MIN(d.districtID) END
  FROM District d
  WHERE COALESCE(d.districtID, 0) BETWEEN ? AND ?
)
