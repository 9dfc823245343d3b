//! Keeps every session from writing: what the account may, and what the session is told.
//!
//! A driver's own read-only options stop nothing, or stop by the first keyword alone.  What holds is an account that
//! may only read, which is asked for here, and a session that the server itself keeps read-only, which is set here and
//! read back.

use crate::{
    config::Config,
    database::Database,
    driver::{Connection, Failure},
};
use std::time::Duration;

/// What a session is like once it is set up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// Rights to write that the account has, by name; at most a handful.
    pub(crate) rights: Vec<String>,
    /// Whether all queries see the database as of one moment.
    pub(crate) snapshot: bool,
    /// Whether the server itself refuses writes of the session; SQL Server cannot.
    pub(crate) read_only: bool,
}

/// Sets a session up: asks for rights to write, makes it read-only, begins the one transaction of an extract.
pub(crate) fn set_up(connection: &Connection<'_>, config: &Config) -> Result<Access, Failure> {
    let limit = config.time_limits.query();
    for statement in session(config) {
        connection.execute(&statement, limit)?;
    }
    let rights = rights(connection, config.database, limit)?;
    let snapshot = begin(connection, config.database, limit)?;
    let read_only = match read_back(config.database) {
        Some((query, expected)) => {
            connection.texts(query, limit)?.iter().any(|it| it.eq_ignore_ascii_case(expected))
        }
        None => config.database == Database::Oracle,
    };
    Ok(Access { rights, snapshot, read_only })
}

/// Statements that make the session read-only, and its values readable.
fn session(config: &Config) -> Vec<String> {
    let seconds = config.time_limits.query_secs;
    let mut statements = match config.database {
        Database::PostgreSql => vec![
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY".to_owned(),
            format!("SET statement_timeout = {}", seconds.get().saturating_mul(1_000).min(2_147_483_647)),
            "SET DateStyle = ISO".to_owned(),
        ],
        Database::MariaDb => vec![
            "SET SESSION TRANSACTION READ ONLY".to_owned(),
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ".to_owned(),
            format!("SET SESSION max_statement_time = {seconds}"),
        ],
        Database::Sqlite => vec!["PRAGMA query_only = ON".to_owned()],
        Database::Oracle => vec![
            "ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD' NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS' NLS_NUMERIC_CHARACTERS = '.,'"
                .to_owned(),
        ],
        Database::SqlServer => Vec::new(),
    };
    if let Some(schema) = &config.schema {
        match config.database {
            Database::Oracle => {
                statements.push(format!("ALTER SESSION SET CURRENT_SCHEMA = {schema}"));
            }
            Database::PostgreSql => statements.push(format!("SET search_path = {schema}")),
            Database::MariaDb | Database::SqlServer | Database::Sqlite => {}
        }
    }
    statements
}

/// Begins the transaction in which everything is read; tells whether it is a snapshot.
fn begin(
    connection: &Connection<'_>,
    database: Database,
    limit: Duration,
) -> Result<bool, Failure> {
    match database {
        Database::SqlServer => return begin_on_sql_server(connection, limit),
        // Where the driver itself knows of a transaction, it holds the whole of every result in memory.
        Database::Sqlite => {
            connection.execute("BEGIN", limit)?;
            // The first query of the transaction takes the snapshot.
            return connection.texts("SELECT COUNT(*) FROM sqlite_master", limit).map(|_| true);
        }
        Database::PostgreSql | Database::MariaDb | Database::Oracle => connection.begin()?,
    }
    match database {
        Database::PostgreSql => connection
            .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", limit)?,
        Database::MariaDb => {
            connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", limit)?;
        }
        Database::Oracle => connection.execute("SET TRANSACTION READ ONLY", limit)?,
        Database::Sqlite | Database::SqlServer => {}
    }
    Ok(true)
}

/// A snapshot is had only where the district's administrator allowed it for the database.
fn begin_on_sql_server(connection: &Connection<'_>, limit: Duration) -> Result<bool, Failure> {
    let allowed = connection.texts(SQL_SERVER_SNAPSHOT, limit)?;
    let snapshot = allowed.iter().any(|it| it == "1");
    if snapshot {
        connection.execute("SET TRANSACTION ISOLATION LEVEL SNAPSHOT", limit)?;
        connection.begin()?;
    }
    Ok(snapshot)
}

const SQL_SERVER_SNAPSHOT: &str =
    "SELECT snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()";

/// How a session tells that it is read-only, and the word for yes.
fn read_back(database: Database) -> Option<(&'static str, &'static str)> {
    match database {
        Database::PostgreSql => Some(("SHOW transaction_read_only", "on")),
        Database::MariaDb => Some(("SELECT @@session.tx_read_only", "1")),
        Database::Sqlite => Some(("PRAGMA query_only", "1")),
        Database::Oracle | Database::SqlServer => None,
    }
}

/// The rights to write that the account has.
fn rights(
    connection: &Connection<'_>,
    database: Database,
    limit: Duration,
) -> Result<Vec<String>, Failure> {
    Ok(match database {
        Database::PostgreSql => connection.texts(include_str!("readonly/postgresql.sql"), limit)?,
        Database::SqlServer => connection.texts(include_str!("readonly/sql-server.sql"), limit)?,
        Database::Oracle => connection.texts(include_str!("readonly/oracle.sql"), limit)?,
        Database::MariaDb => {
            let grants = connection.texts("SHOW GRANTS", limit)?;
            grants.iter().flat_map(|it| rights_of_grant(it)).collect()
        }
        // An SQLite file has no accounts: SQLite opens it read-only, and the session is set read-only beside that.
        Database::Sqlite => Vec::new(),
    })
}

/// The rights to write in a line of MariaDB's `SHOW GRANTS`, such as `INSERT on roster.*`.
///
/// Such a line may go on with the hash of a password, so nothing after the object is told.
fn rights_of_grant(grant: &str) -> Vec<String> {
    const READING: [&str; 14] = [
        "USAGE",
        "SELECT",
        "SHOW VIEW",
        "SHOW DATABASES",
        "PROCESS",
        "REPLICATION CLIENT",
        "BINLOG MONITOR",
        "SLAVE MONITOR",
        "REPLICA MONITOR",
        "REPLICATION SLAVE",
        "REPLICATION SLAVE ADMIN",
        "EXECUTE",
        "LOCK TABLES",
        "PROXY",
    ];
    let Some((rights, rest)) = grant.strip_prefix("GRANT ").and_then(|it| it.split_once(" ON "))
    else {
        return Vec::new();
    };
    let object = rest.split(" TO ").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut depth = 0;
    // Columns stand in parentheses behind a right.
    let parts = rights.split(|it: char| {
        depth += i32::from(it == '(') - i32::from(it == ')');
        it == ',' && depth == 0
    });
    for right in parts {
        let right = right.split('(').next().unwrap_or_default().trim();
        if !READING.contains(&right) {
            found.push(format!("{right} on {object}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement;

    #[test]
    fn grants_that_write_are_seen() {
        let check = |grant, expected: &[&str]| assert_eq!(rights_of_grant(grant), expected);
        check("GRANT USAGE ON *.* TO `r`@`%` IDENTIFIED BY PASSWORD '*CANARY'", &[]);
        check("GRANT SELECT, SHOW VIEW ON `sis`.* TO `r`@`%`", &[]);
        check(
            "GRANT SELECT (`a`, `b`), INSERT (`a`) ON `sis`.`t` TO `r`@`%`",
            &["INSERT on `sis`.`t`"],
        );
        check("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`", &["ALL PRIVILEGES on *.*"]);
        check("GRANT SELECT, DELETE ON `sis`.* TO `r`@`%`", &["DELETE on `sis`.*"]);
        check("GRANT `reader` TO `r`@`%`", &[]);
    }

    /// What cannot be run here is at least read in its own dialect.
    #[test]
    fn probes_are_queries_of_their_dialect() {
        use sqlparser::{dialect, parser::Parser};
        let oracle = include_str!("readonly/oracle.sql");
        assert!(Parser::parse_sql(&dialect::OracleDialect {}, oracle).is_ok());
        let sql_server = include_str!("readonly/sql-server.sql");
        assert!(Parser::parse_sql(&dialect::MsSqlDialect {}, sql_server).is_ok());
        assert_eq!(
            statement::refusal(
                SQL_SERVER_SNAPSHOT.split(" WHERE").next().unwrap_or_default(),
                Database::SqlServer
            ),
            None
        );
    }
}
