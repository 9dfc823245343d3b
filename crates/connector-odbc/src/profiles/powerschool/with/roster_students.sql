-- The students who are read: those enrolled (enroll_status 0) or registered for later (-1), and those who transferred
-- out (2) or graduated (3) after they had a section in the school years that are read: their enrollments come with
-- the day on which they ended, and they are disabled.  Reads: students, cc.
--
-- Status 1 is what PowerSchool calls invalid, and dcid -100 is a placeholder; neither is a student.
roster_students (student_dcid, student_id, person_id, school_number, enroll_status) AS (
  SELECT s.dcid, s.id, s.person_id, s.schoolid, s.enroll_status
  FROM students s
  WHERE s.dcid >= 1
    AND (s.enroll_status IN (0, -1)
      OR (s.enroll_status IN (2, 3)
        AND EXISTS (
          SELECT 1
          FROM cc c
          JOIN roster_sections rsec ON rsec.section_id = ABS(c.sectionid)
          WHERE c.studentid = s.id)))
)
