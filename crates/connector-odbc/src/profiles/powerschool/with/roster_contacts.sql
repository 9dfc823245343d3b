-- Who is a contact of whom: the associations with a detail that is active.  Reads: studentcontactassoc,
-- studentcontactdetail, codeset.
--
-- A student is recorded as the own contact too ("Self"), with the own e-mail address and numbers; that is no contact.
roster_contacts (person_id, student_dcid, school_number, priority_order, relationship, is_custodial, lives_with,
                 is_emergency, may_pick_up, detail_id) AS (
  SELECT a.personid, rs.student_dcid, rs.school_number, a.contactpriorityorder, cs.code, d.iscustodial, d.liveswithflg,
         d.isemergency, d.schoolpickupflg, d.studentcontactdetailid
  FROM studentcontactassoc a
  JOIN roster_students rs ON rs.student_dcid = a.studentdcid
  JOIN studentcontactdetail d ON d.studentcontactassocid = a.studentcontactassocid AND d.isactive = 1
  LEFT JOIN codeset cs ON cs.codesetid = COALESCE(d.relationshiptypecodesetid, a.currreltypecodesetid)
  WHERE a.personid <> COALESCE(rs.person_id, 0)
)
