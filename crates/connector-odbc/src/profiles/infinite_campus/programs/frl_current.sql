-- Free and reduced-price meals.  Reads: v_POSEligibilityCurrent.
--
-- Families consent to the disclosure one by one (POSEligibilityPermission); a district that lets this be read has to
-- see to that.
SELECT p.personGUID, p.personID, '1' AS flag, x.eligibility AS status, NULL AS begin_date, x.elig_endDate AS end_date
FROM roster_students rst
JOIN Person p ON p.personID = rst.person_id
JOIN v_POSEligibilityCurrent x ON x.personID = rst.person_id
WHERE x.eligibility IN ('Free', 'Reduced')
ORDER BY p.personID, x.eligibility
