-- The district, or those of a State Edition that are read.  Reads: District.
SELECT d.districtID, d.number AS district_number, d.name
FROM District d
WHERE COALESCE(d.districtID, 0) BETWEEN ? AND ?
ORDER BY d.districtID
