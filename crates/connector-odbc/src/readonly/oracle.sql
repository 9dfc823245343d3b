-- Rights to write of the account: privileges of the session, those on objects of others, and objects of its own.
-- What everyone may (PUBLIC) is left out: Oracle grants it on tables of its own.
SELECT privilege FROM session_privs
WHERE privilege LIKE 'INSERT ANY%' OR privilege LIKE 'UPDATE ANY%' OR privilege LIKE 'DELETE ANY%'
   OR privilege LIKE 'ALTER ANY%' OR privilege LIKE 'DROP ANY%' OR privilege LIKE 'GRANT ANY%'
   OR privilege LIKE 'EXECUTE ANY%' OR (privilege LIKE 'CREATE %' AND privilege <> 'CREATE SESSION')
UNION ALL
SELECT p.privilege || ' on ' || p.table_schema || '.' || p.table_name FROM all_tab_privs p
WHERE p.privilege IN ('INSERT', 'UPDATE', 'DELETE', 'ALTER')
  AND (p.grantee = USER OR p.grantee IN (SELECT r.role FROM session_roles r))
UNION ALL
SELECT 'owner of ' || t.table_name FROM user_tables t
