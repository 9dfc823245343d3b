-- The sections of those calendars.  Reads: Section, Trial, Course.
--
-- A trial is a draft of a schedule, and its sections stand beside the real ones.  Only the active trial is real.
roster_sections (section_id, trial_id, course_id, calendar_id, school_id, teacher_person_id) AS (
  SELECT s.sectionID, s.trialID, co.courseID, rc.calendar_id, rc.school_id, s.teacherPersonID
  FROM Section s
  JOIN Course co ON co.courseID = s.courseID
  JOIN roster_calendars rc ON rc.calendar_id = co.calendarID
  JOIN Trial t ON t.trialID = s.trialID AND t.calendarID = co.calendarID AND t.active = 1
)
