//! From what a driver says to an error that says who must act.
//!
//! Drivers disagree about SQLSTATEs, so the databases' own numbers count too.  The words of a driver are told only
//! where they speak of connections, rights and names: a conversion error quotes the value that could not be converted.

use crate::{block::Columns, database::Database, driver::Failure};
use roster_core::{Error, ErrorKind, Retry};

/// What a failure means.
struct Meaning {
    kind: ErrorKind,
    sentence: &'static str,
    /// Whether the words of the driver hold no value of a record.
    tells_words: bool,
}

const fn meaning(kind: ErrorKind, sentence: &'static str) -> Meaning {
    Meaning { kind, sentence, tells_words: true }
}

const LOGIN: Meaning = meaning(
    ErrorKind::AuthFailed,
    "the database refused the account or its password; check them with the district",
);
const LOST: Meaning = meaning(
    ErrorKind::Unavailable,
    "the connection to the database could not be made or was lost; it is tried again with the next night",
);
const TIMEOUT: Meaning = meaning(
    ErrorKind::Unavailable,
    "the database did not answer within its time limit; it is tried again with the next night",
);
const BUSY: Meaning = meaning(
    ErrorKind::Unavailable,
    "the database could not serve the query now; it is tried again with the next night",
);
const RIGHT: Meaning = meaning(
    ErrorKind::PermissionDenied,
    "the account may not read this; have the district grant it SELECT",
);
const TABLE: Meaning = meaning(
    ErrorKind::NotFound,
    "a table of the query is not there, or the account may not see it; check the schema and the account's rights",
);
const COLUMN: Meaning = meaning(
    ErrorKind::SchemaMismatch,
    "a column of the query is not there; check the query against the version of the database's schema",
);
const SYNTAX: Meaning =
    meaning(ErrorKind::ConfigInvalid, "the database does not understand the query; correct it");
const DATABASE: Meaning = meaning(
    ErrorKind::ConfigInvalid,
    "the server has no such database or service, or the account may not use it; correct its name",
);
const DRIVER: Meaning = meaning(
    ErrorKind::ConfigInvalid,
    "the driver could not be loaded; run `homeroom check` to see which drivers are there and what to install",
);
const WRITE: Meaning = meaning(
    ErrorKind::ConfigInvalid,
    "the query would write, which is refused; give a query that only reads",
);
const KEYWORD: Meaning = meaning(
    ErrorKind::ConfigInvalid,
    "the driver refused a connection option; check `driver_options` and `tls`",
);
const CERTIFICATE: Meaning = meaning(
    ErrorKind::ConfigInvalid,
    "the connection could not be encrypted as asked for; check `tls` and the server's certificate",
);
const FILE: Meaning =
    meaning(ErrorKind::NotFound, "the database file cannot be opened; check its path and rights");
const DAMAGED: Meaning =
    meaning(ErrorKind::Damaged, "the file is no SQLite database, or it is damaged");
const OTHER: Meaning = Meaning {
    kind: ErrorKind::Unavailable,
    sentence: "the database reported an error; it is tried again with the next night",
    tells_words: false,
};

/// The error for a failure of `operation`, about `query` where it is about one.
pub(crate) fn error(
    failure: Failure,
    operation: &'static str,
    database: Database,
    query: Option<&str>,
    columns: Option<&Columns>,
) -> Error {
    let error = match failure {
        Failure::Diagnostic { state, native, message } => {
            diagnostic(operation, database, &state, native, &message)
        }
        Failure::Truncated(column) => about_column(
            operation,
            columns,
            column,
            "the driver gave only a part of a value; raise `fetch.max_value_bytes`, or leave the column out",
        ),
        Failure::Encoding(column) => about_column(
            operation,
            columns,
            column,
            "a value is not UTF-8; have the driver convert text to UTF-8",
        ),
        Failure::NoResult => Error::new(
            ErrorKind::ConfigInvalid,
            operation,
            "the query gives no result set; give one that selects columns",
        ),
        Failure::Other(what) => Error::new(
            ErrorKind::Unavailable,
            operation,
            "the driver failed without saying why; look at the driver's own log",
        )
        .context("call", what),
    };
    match query {
        Some(query) => error.context("query", query),
        None => error,
    }
}

fn about_column(
    operation: &'static str,
    columns: Option<&Columns>,
    column: usize,
    message: &'static str,
) -> Error {
    let name = columns.and_then(|it| it.names.get(column)).map_or("?", |it| it);
    Error::new(ErrorKind::Damaged, operation, message).context("column", name)
}

fn diagnostic(
    operation: &'static str,
    database: Database,
    state: &str,
    native: i32,
    message: &str,
) -> Error {
    let meaning = by_number(database, native)
        .or_else(|| by_words(database, message))
        .or_else(|| by_state(state))
        .unwrap_or(OTHER);
    let mut error = Error::new(meaning.kind, operation, meaning.sentence);
    if meaning.kind == ErrorKind::Unavailable {
        error = error.retry(Retry::Backoff);
    }
    error = error.context("state", state).context("number", native);
    if meaning.tells_words { error.context("driver", first_line(message)) } else { error }
}

/// The databases' own numbers.
fn by_number(database: Database, number: i32) -> Option<Meaning> {
    match database {
        Database::SqlServer => of_sql_server(number),
        Database::Oracle => of_oracle(number),
        Database::MariaDb => of_mariadb(number),
        Database::Sqlite => of_sqlite(number),
        Database::PostgreSql => None,
    }
}

fn of_sql_server(number: i32) -> Option<Meaning> {
    Some(match number {
        18_452 | 18_456 | 18_470 | 18_487 | 18_488 => LOGIN,
        4_060 | 911 | 916 => DATABASE,
        229 | 230 | 262 | 297 | 300 => RIGHT,
        208 => TABLE,
        207 | 209 => COLUMN,
        1_205 | 3_960 | 1_222 => BUSY,
        3_906 => WRITE,
        _ => return None,
    })
}

fn of_oracle(number: i32) -> Option<Meaning> {
    Some(match number {
        1_005 | 1_017 | 28_000 | 28_001 | 1_045 => LOGIN,
        12_154 | 12_505 | 12_514 => DATABASE,
        1_031 => RIGHT,
        942 => TABLE,
        904 | 918 => COLUMN,
        1_555 | 60 | 4_021 => BUSY,
        1_456 | 16_000 => WRITE,
        3_113 | 3_114 | 3_135 | 12_170 | 12_537 | 12_541 | 12_545 | 1_033 | 1_034 => LOST,
        1_013 => TIMEOUT,
        900..=933 => SYNTAX,
        _ => return None,
    })
}

fn of_mariadb(number: i32) -> Option<Meaning> {
    Some(match number {
        1_045 | 1_698 | 4_151 => LOGIN,
        1_044 | 1_049 => DATABASE,
        1_142 | 1_143 | 1_227 => RIGHT,
        1_146 => TABLE,
        1_054 => COLUMN,
        1_064 => SYNTAX,
        1_205 | 1_213 => BUSY,
        1_792 => WRITE,
        2_026 => CERTIFICATE,
        1_969 | 3_024 => TIMEOUT,
        1_927 | 1_053 | 2_002 | 2_003 | 2_005 | 2_006 | 2_013 | 2_055 => LOST,
        _ => return None,
    })
}

fn of_sqlite(number: i32) -> Option<Meaning> {
    Some(match number {
        8 => WRITE,
        5 | 6 => BUSY,
        11 | 26 => DAMAGED,
        14 => FILE,
        _ => return None,
    })
}

/// SQLite's driver has one SQLSTATE and one number for nearly everything; the driver manager has its own words.
fn by_words(database: Database, message: &str) -> Option<Meaning> {
    let lower = message.to_ascii_lowercase();
    let says = |it: &str| lower.contains(it);
    if says("can't open lib") || says("data source name not found") || says("no default driver") {
        return Some(DRIVER);
    }
    // psqlODBC has one SQLSTATE for all that goes wrong with a login.
    if database == Database::PostgreSql {
        return [
            ("password authentication failed", LOGIN),
            ("no password supplied", LOGIN),
            ("not permitted to log in", LOGIN),
            ("no pg_hba.conf entry", LOGIN),
            ("fatal:  role", LOGIN),
            ("fatal:  database", DATABASE),
            ("certificate verify failed", CERTIFICATE),
            ("does not match host name", CERTIFICATE),
            ("does not support ssl", CERTIFICATE),
            ("root certificate file", CERTIFICATE),
        ]
        .into_iter()
        .find_map(|(words, meaning)| says(words).then_some(meaning));
    }
    if database != Database::Sqlite {
        return None;
    }
    [
        ("no such table", TABLE),
        ("no such column", COLUMN),
        ("syntax error", SYNTAX),
        ("no such function", SYNTAX),
        ("not a database", DAMAGED),
        ("malformed", DAMAGED),
        ("readonly database", WRITE),
        ("read-only", WRITE),
        ("unable to open", FILE),
        ("connect failed", FILE),
        ("locked", BUSY),
    ]
    .into_iter()
    .find_map(|(words, meaning)| says(words).then_some(meaning))
}

fn by_state(state: &str) -> Option<Meaning> {
    Some(match state {
        "28000" | "28P01" => LOGIN,
        "42501" => RIGHT,
        "42P01" | "42S02" | "3F000" => TABLE,
        "42703" | "42S22" => COLUMN,
        "3D000" => DATABASE,
        "25006" => WRITE,
        "HYT00" | "HYT01" | "57014" => TIMEOUT,
        "40001" | "40P01" | "53300" | "55P03" => BUSY,
        "IM002" | "IM003" | "IM004" => DRIVER,
        "01S00" => KEYWORD,
        other => match &other[..2.min(other.len())] {
            "08" | "57" => LOST,
            "42" | "37" => SYNTAX,
            _ => return None,
        },
    })
}

/// Servers quote the statement on the lines that follow.
fn first_line(message: &str) -> String {
    const LONGEST: usize = 200;
    let line = message.lines().next().unwrap_or_default().trim();
    line.chars().take(LONGEST).filter(|it| !it.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::Actor;

    fn check(database: Database, state: &str, native: i32, words: &str, kind: ErrorKind) {
        let failure =
            Failure::Diagnostic { state: state.into(), native, message: words.to_owned() };
        let error = error(failure, "odbc.query", database, Some("users"), None);
        assert_eq!(error.kind(), kind, "{database:?} {state} {native}");
        assert!(error.to_string().contains("query=users"), "{error}");
        if kind == ErrorKind::Unavailable {
            assert_eq!(error.retry_verdict(), Retry::Backoff);
        }
    }

    #[test]
    fn failures_say_who_must_act() {
        use Database::{MariaDb, Oracle, PostgreSql, SqlServer, Sqlite};
        use ErrorKind::{
            AuthFailed, ConfigInvalid, Damaged, NotFound, PermissionDenied, SchemaMismatch,
            Unavailable,
        };
        check(PostgreSql, "28P01", 101, "FATAL", AuthFailed);
        check(PostgreSql, "08001", 101, "password authentication failed for user", AuthFailed);
        check(PostgreSql, "42501", 1, "permission denied for table users", PermissionDenied);
        check(PostgreSql, "42P01", 1, "relation does not exist", NotFound);
        check(PostgreSql, "42703", 1, "column does not exist", SchemaMismatch);
        check(PostgreSql, "42601", 1, "syntax error", ConfigInvalid);
        check(PostgreSql, "57P01", 1, "terminating connection", Unavailable);
        check(PostgreSql, "57014", 1, "canceling statement", Unavailable);
        check(PostgreSql, "25006", 1, "read-only transaction", ConfigInvalid);
        check(MariaDb, "HY000", 2_013, "Lost connection", Unavailable);
        check(MariaDb, "HY000", 1_142, "SELECT command denied", PermissionDenied);
        check(Oracle, "HY000", 1_017, "ORA-01017", AuthFailed);
        check(Oracle, "42S02", 942, "ORA-00942", NotFound);
        check(SqlServer, "42000", 229, "The SELECT permission was denied", PermissionDenied);
        check(SqlServer, "42000", 18_456, "Login failed", AuthFailed);
        check(Sqlite, "HY000", 1, "no such table: x (1)", NotFound);
        check(Sqlite, "HY000", 26, "file is not a database", Damaged);
        check(Sqlite, "01000", 0, "Can't open lib 'x' : file not found", ConfigInvalid);
        check(PostgreSql, "22P02", 1, "invalid input syntax", Unavailable);
        assert_eq!(ErrorKind::PermissionDenied.actor(), Actor::Operator);
    }

    #[test]
    fn what_a_server_says_of_a_value_is_not_told() {
        let message = "Conversion failed when converting the varchar value 'CANARY'".to_owned();
        let failure = Failure::Diagnostic { state: "22018".into(), native: 245, message };
        let error = error(failure, "odbc.query", Database::SqlServer, None, None);
        assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    }

    #[test]
    fn a_value_that_was_cut_names_query_and_column() {
        let columns = Columns::new(["id".to_owned(), "name".to_owned()]);
        let failure = Failure::Truncated(1);
        let error = error(failure, "odbc.fetch", Database::Sqlite, Some("users"), Some(&columns));
        assert_eq!(error.kind(), ErrorKind::Damaged);
        assert!(error.to_string().ends_with("[column=name, query=users]"), "{error}");
    }
}
