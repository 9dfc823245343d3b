-- Students, each with the enrollment that counts: the primary one before others, the year's before the summer's, the
-- latest year's, and of two in one year the later.
roster_students (person_id, school_id, grade, start_date, end_date) AS (
  SELECT ranked.person_id, ranked.school_id, ranked.grade, ranked.start_date, ranked.end_date
  FROM (
    SELECT re.person_id, re.school_id, re.grade, re.start_date, re.end_date,
           ROW_NUMBER() OVER (
             PARTITION BY re.person_id
             ORDER BY re.is_primary DESC, re.is_summer, re.end_year DESC, re.start_date DESC, re.enrollment_id DESC)
             AS place
    FROM roster_enrollments re
  ) ranked
  WHERE ranked.place = 1
)
