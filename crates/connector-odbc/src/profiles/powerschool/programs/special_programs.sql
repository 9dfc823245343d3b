-- Special programs, which every district names for itself; the latest entry first.  Reads: spenrollments, gen.
SELECT rst.student_dcid, g.name AS program_name, sp.enter_date AS begin_date, sp.exit_date AS end_date
FROM spenrollments sp
JOIN roster_students rst ON rst.student_id = sp.studentid
JOIN gen g ON g.id = sp.programid AND g.cat = 'specprog'
ORDER BY rst.student_dcid, g.name, sp.enter_date DESC
