//! What can fail while a PostgreSQL database is used, and what to do about it.
//!
//! Of the server's messages only the SQLSTATE is passed on: the rest may quote rows.

use super::address::Address;
use roster_core::{Error, ErrorKind, Retry};
use std::{error::Error as _, io};
use tokio_postgres::error::SqlState;

/// A failure before it is known in which operation and on which database.
#[derive(Debug)]
pub(super) enum Failure {
    /// The driver's or the server's, while connecting.
    Connect(tokio_postgres::Error),
    /// The driver's or the server's.
    Postgres(tokio_postgres::Error),
    /// Our own.
    Homeroom(Error),
}

/// Result of work on a database.
pub(super) type Outcome<T> = std::result::Result<T, Failure>;

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Homeroom(error)
    }
}

impl Failure {
    /// A failure that we found; the database is added where it leaves this module.
    pub(super) fn new(
        kind: ErrorKind,
        operation: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::Homeroom(Error::new(kind, operation, message))
    }

    /// The boundary's error.
    pub(super) fn into_error(self, operation: &'static str, address: &Address) -> Error {
        let (error, verdict) = match self {
            Self::Homeroom(error) => return error.context("database", address),
            Self::Postgres(error) => {
                let verdict = refusal(&error).unwrap_or_else(|| lost(&error));
                (error, verdict)
            }
            Self::Connect(error) => {
                let verdict = refusal(&error).unwrap_or_else(|| unreachable(&error));
                (error, verdict)
            }
        };
        let retry = if verdict.0 == ErrorKind::Unavailable { Retry::Backoff } else { Retry::Never };
        let told =
            Error::new(verdict.0, operation, verdict.1).retry(retry).context("database", address);
        match error.code() {
            Some(code) => told.context("sqlstate", code.code()),
            None => told,
        }
    }

    /// Whether it is unknown what became of the work: the connection was lost.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Postgres(error) if error.code().is_none_or(ends_connection))
    }

    /// Whether a statement broke a unique index.
    pub(super) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Postgres(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION))
    }
}

/// Kind, and what to do.
type Verdict = (ErrorKind, String);

/// What the server's code means; `None` when the server said nothing.
fn refusal(error: &tokio_postgres::Error) -> Option<Verdict> {
    let (kind, message) = meaning(error.code()?.code());
    Some((kind, message.to_owned()))
}

/// What a SQLSTATE means, see appendix A of PostgreSQL's documentation.
fn meaning(code: &str) -> (ErrorKind, &'static str) {
    use ErrorKind::{AuthFailed, ConfigInvalid, Damaged, Internal, PermissionDenied, Unavailable};
    match code {
        "28P01" | "28000" => (
            AuthFailed,
            "the server refused the user or the password; check both in the URL, PGPASSWORD or the password file, and \
             that the server's pg_hba.conf lets them in from here",
        ),
        "3D000" => {
            (ConfigInvalid, "there is no such database on the server; create it or name another")
        }
        "42501" => (
            PermissionDenied,
            "the user may not do this in the database; the sync needs a user that owns the schema homeroom or may make \
             it (GRANT CREATE ON DATABASE)",
        ),
        "25006" => (
            PermissionDenied,
            "the database may only be read; name the primary server instead of a standby",
        ),
        "42P01" | "3F000" => (
            ConfigInvalid,
            "Homeroom's tables are not in the database; check its name, or sync a district to make them",
        ),
        "53100" => {
            (Unavailable, "the server's disk is full; free some space there, then run again")
        }
        "53300" => (
            Unavailable,
            "the server has no connection left; raise max_connections or run fewer districts at once",
        ),
        "55P03" => (
            Unavailable,
            "another program keeps the tables or the district locked; let it finish, then run again",
        ),
        "57014" => (
            Unavailable,
            "an administrator or the server's statement_timeout stopped the statement; run again",
        ),
        "57P03" => (Unavailable, "the server is starting or stopping; run again when it is up"),
        "40001" | "40P01" => (Unavailable, "another transaction was in the way; run again"),
        "XX001" | "XX002" => {
            (Damaged, "the database is damaged; restore it from a backup and load it again")
        }
        code if code.starts_with("57P") || code.starts_with("08") => {
            (Unavailable, "the server ended the connection; nothing was changed; run again")
        }
        code if code.starts_with("53") || code.starts_with("58") => (
            Unavailable,
            "the server lacks memory or cannot use its files; look after it, then run again",
        ),
        "0A000" | "42883" => (
            ConfigInvalid,
            "the server lacks something that Homeroom needs; use PostgreSQL 13 or newer",
        ),
        _ => (Internal, "PostgreSQL refused what Homeroom asked for"),
    }
}

fn ends_connection(code: &SqlState) -> bool {
    code.code().starts_with("57P") || code.code().starts_with("08")
}

/// Why no connection came about.
fn unreachable(error: &tokio_postgres::Error) -> Verdict {
    let cause = error.source();
    let told = error.to_string();
    if told.contains("TLS") {
        let reason = cause.map(ToString::to_string).unwrap_or_default();
        let message = format!(
            "no encrypted connection came about ({reason}); check sslmode and sslrootcert, and the server's certificate"
        );
        return (ErrorKind::ConfigInvalid, message);
    }
    if told.contains("authentication") || told.contains("configuration") {
        let message = "the server asks for a password and none is known, or for a way to log in that is not offered; \
                       put a password into the URL, PGPASSWORD or the password file";
        return (ErrorKind::AuthFailed, message.to_owned());
    }
    let message = match cause.and_then(|it| it.downcast_ref::<io::Error>()).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
            "nothing answers at the database's address; check host and port, and that the server runs"
        }
        Some(io::ErrorKind::TimedOut) => {
            "the database's server does not answer in time; check host, port and firewalls"
        }
        _ => "the database's server cannot be reached; check its name and the network",
    };
    (ErrorKind::Unavailable, message.to_owned())
}

/// What failed on a connection that was there.
fn lost(error: &tokio_postgres::Error) -> Verdict {
    let broken = error.is_closed()
        || error.source().is_some_and(|it| it.downcast_ref::<io::Error>().is_some());
    if broken {
        let message = "the connection to the server was lost; nothing half is left; run again";
        return (ErrorKind::Unavailable, message.to_owned());
    }
    (ErrorKind::Internal, "the server's answer is not what Homeroom expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_who_must_act() {
        let cases = [
            ("28P01", "auth_failed"),
            ("3D000", "config_invalid"),
            ("42P01", "config_invalid"),
            ("42501", "permission_denied"),
            ("25006", "permission_denied"),
            ("53100", "unavailable"),
            ("53200", "unavailable"),
            ("55P03", "unavailable"),
            ("57P01", "unavailable"),
            ("58030", "unavailable"),
            ("08006", "unavailable"),
            ("40P01", "unavailable"),
            ("XX001", "damaged"),
            ("23505", "internal"),
        ];
        for (code, kind) in cases {
            assert_eq!(meaning(code).0.code(), kind, "{code}");
        }
    }
}
