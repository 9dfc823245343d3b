//! What can fail while a SQLite database is used, and what to do about it.

use roster_core::{Error, ErrorKind, Retry};
use rusqlite::{ErrorCode, ffi};
use std::{io, path::Path};

/// A failure before it is known in which operation and on which file.
#[derive(Debug)]
pub(super) enum Failure {
    /// SQLite's.
    Sqlite(rusqlite::Error),
    /// Our own.
    Homeroom(Error),
}

/// Result of work on a database.
pub(super) type Outcome<T> = std::result::Result<T, Failure>;

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Homeroom(error)
    }
}

impl Failure {
    /// A failure that we found; operation and path are added where it leaves this module.
    pub(super) fn new(
        kind: ErrorKind,
        operation: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::Homeroom(Error::new(kind, operation, message))
    }

    /// The boundary's error.
    pub(super) fn into_error(self, operation: &'static str, path: &Path) -> Error {
        match self {
            Self::Homeroom(error) => error.context("database", path.display()),
            Self::Sqlite(error) => {
                let (kind, retry, message) = describe(&error);
                Error::new(kind, operation, message)
                    .retry(retry)
                    .context("database", path.display())
                    .source(error)
            }
        }
    }
}

/// Kind, retry verdict and what to do.
fn describe(error: &rusqlite::Error) -> (ErrorKind, Retry, &'static str) {
    use ErrorKind::{ConfigInvalid, Damaged, Internal, PermissionDenied, Unavailable};
    let code = match error {
        rusqlite::Error::SqliteFailure(cause, _) => cause.code,
        rusqlite::Error::SqlInputError { error, .. } => error.code,
        _ => ErrorCode::InternalMalfunction,
    };
    match code {
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => (
            Unavailable,
            Retry::Backoff,
            "another program keeps the database locked; let it finish or close it, then run again",
        ),
        ErrorCode::DiskFull => (
            Unavailable,
            Retry::Backoff,
            "the disk is full; free some space on the database's disk and in the folder for temporary files, \
             then run again",
        ),
        ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory => (
            Unavailable,
            Retry::Backoff,
            "the database cannot be read or written; look after the disk and the memory, then run again",
        ),
        ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::AuthorizationForStatementDenied => (
            PermissionDenied,
            Retry::Never,
            "the database may not be written; give this user the right to write the file and its folder",
        ),
        ErrorCode::CannotOpen => (
            ConfigInvalid,
            Retry::Never,
            "the database cannot be opened; name a file in a folder that this user may read and write",
        ),
        ErrorCode::NotADatabase => (
            ConfigInvalid,
            Retry::Never,
            "the file is not an SQLite database; name another file, or move this one away",
        ),
        ErrorCode::DatabaseCorrupt => (
            Damaged,
            Retry::Never,
            "the database is damaged; restore it from a backup, or move it away and load every district again",
        ),
        _ => (Internal, Retry::Never, "SQLite refused what Homeroom asked for"),
    }
}

/// Whether another connection is in the way.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    let codes = [ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked];
    error.sqlite_error_code().is_some_and(|it| codes.contains(&it))
}

/// Whether a statement broke a unique index.
pub(super) fn is_duplicate(error: &rusqlite::Error) -> bool {
    let unique = [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY];
    error.sqlite_error().is_some_and(|it| unique.contains(&it.extended_code))
}

/// The file could not be made.
pub(super) fn not_made(error: io::Error) -> Error {
    let (kind, message) = match error.kind() {
        io::ErrorKind::NotFound => (
            ErrorKind::ConfigInvalid,
            "the database's folder does not exist; make it or name another",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
            ErrorKind::PermissionDenied,
            "the database may not be made here; give this user the right to write the folder",
        ),
        io::ErrorKind::StorageFull => {
            (ErrorKind::Unavailable, "the disk is full; free some space and run again")
        }
        _ => (
            ErrorKind::ConfigInvalid,
            "the database cannot be made; name a file in an existing folder",
        ),
    };
    Error::new(kind, "sqlite.create", message).source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_codes_say_who_must_act_and_whether_to_try_again() {
        let cases = [
            (ffi::SQLITE_BUSY, "unavailable", Retry::Backoff),
            (ffi::SQLITE_LOCKED, "unavailable", Retry::Backoff),
            (ffi::SQLITE_FULL, "unavailable", Retry::Backoff),
            (ffi::SQLITE_IOERR, "unavailable", Retry::Backoff),
            (ffi::SQLITE_READONLY, "permission_denied", Retry::Never),
            (ffi::SQLITE_PERM, "permission_denied", Retry::Never),
            (ffi::SQLITE_CANTOPEN, "config_invalid", Retry::Never),
            (ffi::SQLITE_NOTADB, "config_invalid", Retry::Never),
            (ffi::SQLITE_CORRUPT, "damaged", Retry::Never),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, "internal", Retry::Never),
        ];
        for (code, kind, retry) in cases {
            let cause = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = Failure::from(cause).into_error("sqlite.publish", Path::new("roster.db"));
            assert_eq!((error.kind().code(), error.retry_verdict()), (kind, retry), "{code}");
            assert!(error.to_string().ends_with("[database=roster.db]"), "{error}");
        }
    }

    #[test]
    fn write_to_a_database_that_may_only_be_read_is_a_missing_right() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roster.db");
        rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = rusqlite::Connection::open_with_flags(&path, flags).unwrap();
        let cause = connection.execute_batch("INSERT INTO t VALUES (1)").unwrap_err();
        let error = Failure::from(cause).into_error("sqlite.publish", &path);
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.message().contains("may not be written"));
    }
}
