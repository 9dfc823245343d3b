-- Students with an individualized education program, by the latest plan.  Reads: v_LearningPlanDetail.
SELECT p.personGUID, p.personID, '1' AS flag, x.disability1 AS status, x.planStartDate AS begin_date,
       x.planEndDate AS end_date
FROM roster_students rst
JOIN Person p ON p.personID = rst.person_id
JOIN v_LearningPlanDetail x ON x.personID = rst.person_id
ORDER BY p.personID, x.planStartDate DESC
