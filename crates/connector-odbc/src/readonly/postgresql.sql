-- Rights to write of the account, at most five of each kind: none is what is hoped for.
SELECT 'superuser' FROM pg_catalog.pg_roles
WHERE rolname = current_user AND (rolsuper OR rolcreaterole OR rolcreatedb)
UNION ALL
SELECT 'member of ' || rolname FROM pg_catalog.pg_roles
WHERE rolname IN ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program')
  AND pg_has_role(oid, 'MEMBER')
UNION ALL
(SELECT 'write to ' || n.nspname || '.' || c.relname
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
   AND (has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
        OR has_any_column_privilege(c.oid, 'INSERT, UPDATE'))
 ORDER BY 1 LIMIT 5)
UNION ALL
(SELECT 'create in schema ' || nspname FROM pg_catalog.pg_namespace
 WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
   AND has_schema_privilege(oid, 'CREATE')
 ORDER BY 1 LIMIT 5)
UNION ALL
SELECT 'create in database' WHERE has_database_privilege(current_database(), 'CREATE')
