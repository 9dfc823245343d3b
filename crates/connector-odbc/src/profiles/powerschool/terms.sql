-- School years, semesters, quarters and other terms, each school its own.  Reads: terms.
--
-- firstday and lastday are both school days, so the first day after is the one behind lastday.  portion tells how long a
-- term is (1 a year, 2 a semester, 4 a quarter); the order puts longer terms before those that are part of them.
SELECT t.dcid, t.schoolid, t.yearid, t.name, t.firstday, t.lastday, t.isyearrec, t.portion
FROM terms t
JOIN roster_terms rt ON rt.term_dcid = t.dcid
ORDER BY t.schoolid, t.yearid, COALESCE(t.isyearrec, 0) DESC, t.portion, t.dcid
