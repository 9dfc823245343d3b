-- Who works in which school: everybody who still does, or did in a year that is read.  Reads: StaffMember.
--
-- Staff without a school belong to the district.
roster_staff (person_id, school_id, title, is_teacher, is_supervisor, start_date, end_date) AS (
  SELECT sm.personID, sm.schoolID, sm.title, COALESCE(sm.teacher, 0), COALESCE(sm.supervisor, 0), sm.startDate,
         sm.endDate
  FROM StaffMember sm
  LEFT JOIN roster_schools rs ON rs.school_id = sm.schoolID
  WHERE (rs.school_id IS NOT NULL OR sm.schoolID IS NULL)
    AND (sm.endDate IS NULL
      OR EXISTS (
        SELECT 1
        FROM roster_calendars rc
        WHERE sm.endDate >= rc.start_date AND rc.school_id = sm.schoolID))
)
