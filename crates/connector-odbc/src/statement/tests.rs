//! Which texts are taken for plain queries, and which never.

use super::*;

const ALL: [Database; 5] = [
    Database::Oracle,
    Database::SqlServer,
    Database::PostgreSql,
    Database::MariaDb,
    Database::Sqlite,
];

/// Refused by every dialect: whether it cannot be parsed or is seen through does not matter.
fn refused(sql: &str) {
    for database in ALL {
        assert!(refusal(sql, database).is_some(), "{database:?} {sql}");
    }
}

fn taken(sql: &str, databases: &[Database]) {
    for database in databases {
        assert_eq!(refusal(sql, *database), None, "{database:?} {sql}");
    }
}

#[test]
fn plain_queries_are_taken() {
    taken("SELECT id AS source_id, name FROM schools", &ALL);
    taken("-- schools\nSELECT id FROM schools s WHERE s.active = 1 ORDER BY id", &ALL);
    taken("/* all */ SELECT UPPER(a) FROM t UNION ALL SELECT COALESCE(b, '') FROM u;", &ALL);
    taken("WITH a AS (SELECT id FROM t) SELECT id FROM a WHERE EXISTS (SELECT 1 FROM u)", &ALL);
    taken(
        "SELECT x FROM (SELECT x, ROW_NUMBER() OVER (PARTITION BY y ORDER BY z) r FROM t) q WHERE r = 1",
        &ALL,
    );
    taken("SELECT c FROM t WHERE d <= ? AND CAST(e AS VARCHAR(20)) = 'DELETE FROM t'", &ALL);
    taken("SELECT classname, spin FROM t", &ALL);
    taken("SELECT [identity].lastName FROM [Identity] WITH (NOLOCK)", &[Database::SqlServer]);
    taken("SELECT NVL(a, 'x'), TO_CHAR(b) FROM ps.students", &[Database::Oracle]);
}

#[test]
fn writes_in_any_form_are_refused() {
    for sql in [
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "TRUNCATE TABLE t",
        "TRUNCATE t",
        "DROP TABLE t",
        "CREATE TABLE u AS SELECT 1",
        "ALTER TABLE t ADD b int",
        "GRANT SELECT ON t TO u",
        "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
        "SELECT wipe()",
        "SELECT s.wipe(1) FROM t",
        "SELECT 1 FROM wipe(1)",
        "SELECT 1 FROM t WHERE a = (SELECT wipe())",
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x",
        "WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x",
        "WITH x AS (UPDATE t SET a = 1 RETURNING a) SELECT a FROM x",
        "WITH x AS (SELECT 1) DELETE FROM t",
        "SELECT 1; INSERT INTO t VALUES (1)",
        "SELECT 1; SELECT 2",
        "/* c */ INSERT INTO t VALUES (1)",
        "-- c\nDELETE FROM t",
        "/* /* */ DELETE FROM t; -- */ SELECT 1",
        "SELECT 1 /* /* */ ; DELETE FROM t -- */",
        "DO $$ BEGIN DELETE FROM t; END $$",
        "BEGIN DELETE FROM t; END",
        "CALL wipe()",
        "EXEC wipe",
        "EXECUTE wipe",
        "SELECT a INTO u FROM t",
        "SELECT a FROM t FOR UPDATE",
        "SELECT a FROM (SELECT a FROM t FOR UPDATE) x",
        "SELECT nextval('s')",
        "SELECT pg_terminate_backend(1)",
        "SELECT lo_import('/etc/passwd')",
        "SELECT a FROM OPENROWSET('x', 'y', 'z')",
        "SELECT a INTO OUTFILE '/tmp/x' FROM t",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "SET default_transaction_read_only = off",
        "SET TRANSACTION READ WRITE; INSERT INTO t VALUES (1)",
        "PRAGMA query_only = OFF",
        "ATTACH 'x' AS y",
        "COMMIT",
        "COPY t FROM '/tmp/x'",
        "LOCK TABLE t",
        "VACUUM",
        "",
        "not sql",
    ] {
        refused(sql);
    }
    assert!(refusal("SELECT 1 /*! ; DELETE FROM t */", Database::MariaDb).is_some());
    assert!(refusal("SELECT 1 /*M!100 , wipe() */", Database::MariaDb).is_some());
    assert!(refusal("SELECT a FROM t WITH (UPDLOCK)", Database::SqlServer).is_some());
    assert!(refusal("SELECT a FROM t WITH (TABLOCKX, HOLDLOCK)", Database::SqlServer).is_some());
}

#[test]
fn columns_of_credentials_are_refused() {
    for column in ["student_web_password", "PASSWORD", "t.ssn", "api_token", "teacherloginpw_pwd"] {
        refused(&format!("SELECT {column} FROM t"));
        refused(&format!("SELECT a FROM t WHERE {column} = 'x'"));
    }
}

#[test]
fn comments_before_and_semicolons_after_are_cut() {
    let check = |sql, expected| assert_eq!(plain(sql), expected);
    check("SELECT 1", "SELECT 1");
    check("-- a\n  -- b\nSELECT 1 ;\n", "SELECT 1");
    check("/* a */ /* b */\nSELECT '-- c'", "SELECT '-- c'");
    check("-- nothing", "");
}
