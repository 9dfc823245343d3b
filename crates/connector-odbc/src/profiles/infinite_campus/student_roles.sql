-- Where students are and were enrolled: for each school the enrollment that counts.  Reads: Enrollment, Person.
SELECT p.personGUID, p.personID, ranked.school_id, ranked.start_date, ranked.end_date,
       CASE WHEN ranked.school_id = rst.school_id THEN 1 ELSE 0 END AS is_main_school
FROM (
  SELECT re.person_id, re.school_id, re.start_date, re.end_date,
         ROW_NUMBER() OVER (
           PARTITION BY re.person_id, re.school_id
           ORDER BY re.is_primary DESC, re.is_summer, re.end_year DESC, re.start_date DESC, re.enrollment_id DESC)
           AS place
  FROM roster_enrollments re
) ranked
JOIN roster_students rst ON rst.person_id = ranked.person_id
JOIN Person p ON p.personID = ranked.person_id
WHERE ranked.place = 1
ORDER BY p.personID, ranked.school_id
