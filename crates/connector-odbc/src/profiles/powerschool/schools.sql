-- Schools.  Reads: schools.
--
-- The key is school_number, since every other table refers to it.
SELECT sc.school_number, sc.name, sc.alternate_school_number, sc.low_grade, sc.high_grade, sc.schooladdress,
       sc.schoolcity, sc.schoolstate, sc.schoolzip, sc.schoolphone
FROM schools sc
JOIN roster_schools rs ON rs.school_number = sc.school_number
ORDER BY sc.school_number
