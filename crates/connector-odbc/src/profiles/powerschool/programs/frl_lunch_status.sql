-- Free and reduced-price lunch, by lunchstatus: F free, FDC free by direct certification, R reduced; P, E, T, blank and
-- whatever else stands there is neither.  Reads: students.
SELECT rst.student_dcid, '1' AS flag, CASE WHEN s.lunchstatus = 'R' THEN 'Reduced' ELSE 'Free' END AS status,
       NULL AS begin_date, NULL AS end_date
FROM roster_students rst
JOIN students s ON s.dcid = rst.student_dcid
WHERE s.lunchstatus IN ('F', 'FDC', 'R')
ORDER BY rst.student_dcid
