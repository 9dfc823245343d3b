-- Rights to write of the account: in the database as a whole, on tables and views, and through a role of the server.
SELECT permission_name FROM fn_my_permissions(NULL, 'DATABASE')
WHERE permission_name IN ('INSERT', 'UPDATE', 'DELETE', 'ALTER', 'CONTROL', 'CREATE TABLE', 'CREATE VIEW',
                          'CREATE PROCEDURE', 'CREATE FUNCTION', 'ALTER ANY SCHEMA', 'TAKE OWNERSHIP')
UNION ALL
SELECT 'sysadmin' WHERE IS_SRVROLEMEMBER('sysadmin') = 1
UNION ALL
SELECT TOP 5 'write to ' + SCHEMA_NAME(o.schema_id) + '.' + o.name
FROM sys.objects o
WHERE o.type IN ('U', 'V')
  AND (HAS_PERMS_BY_NAME(QUOTENAME(SCHEMA_NAME(o.schema_id)) + '.' + QUOTENAME(o.name), 'OBJECT', 'INSERT') = 1
    OR HAS_PERMS_BY_NAME(QUOTENAME(SCHEMA_NAME(o.schema_id)) + '.' + QUOTENAME(o.name), 'OBJECT', 'UPDATE') = 1
    OR HAS_PERMS_BY_NAME(QUOTENAME(SCHEMA_NAME(o.schema_id)) + '.' + QUOTENAME(o.name), 'OBJECT', 'DELETE') = 1)
