-- One name to sign in with for each person.  Reads: UserAccount, and of it no password.
--
-- The parameters are the lowest and the highest ldapConfigurationID: a district with several directories names one.
person_account (person_id, username) AS (
  SELECT u.personID, MIN(u.username)
  FROM UserAccount u
  WHERE COALESCE(u.ldapConfigurationID, 0) BETWEEN ? AND ?
  GROUP BY u.personID
)
