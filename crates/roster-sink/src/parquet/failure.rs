//! What can fail on an object store or in a Parquet file, and what to do about it.

use object_store::Error as StoreError;
use parquet::errors::ParquetError;
use roster_core::{Error, ErrorKind, Retry};
use std::{error, io, path::Path};

/// The boundary's error for what the store refused; `place` is the path of a file in it.
pub(super) fn store_failed(
    operation: &'static str,
    place: impl std::fmt::Display,
    err: StoreError,
) -> Error {
    let (kind, retry, message) = describe(&err);
    Error::new(kind, operation, message).retry(retry).context("file", place).source(err)
}

fn describe(err: &StoreError) -> (ErrorKind, Retry, &'static str) {
    use ErrorKind::{AuthFailed, Damaged, PermissionDenied, Unavailable};
    match err {
        StoreError::NotFound { .. } => (
            Damaged,
            Retry::Never,
            "a file is not there, although it should be; restore it from a backup, or publish to another place",
        ),
        StoreError::PermissionDenied { .. } => (
            PermissionDenied,
            Retry::Never,
            "the files may not be read or written; give this user or key the right to read, write and delete them",
        ),
        StoreError::Unauthenticated { .. } => (
            AuthFailed,
            Retry::Never,
            "the object store does not accept the key; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        other => match io_kind(other) {
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                (Unavailable, Retry::Backoff, "the disk is full; free some space, then run again")
            }
            Some(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => (
                PermissionDenied,
                Retry::Never,
                "the files may not be read or written; give this user the right to write the folder",
            ),
            _ => (
                Unavailable,
                Retry::Backoff,
                "the files cannot be read or written; look after the disk or the object store, then run again",
            ),
        },
    }
}

/// The system's own reason, when one is at the bottom of it.
fn io_kind(err: &(dyn error::Error + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(err);
    while let Some(err) = cause {
        if let Some(found) = err.downcast_ref::<io::Error>() {
            return Some(found.kind());
        }
        cause = err.source();
    }
    None
}

/// The boundary's error for a file that could not be written.
pub(super) fn not_written(
    operation: &'static str,
    place: impl std::fmt::Display,
    err: ParquetError,
) -> Error {
    let err = match into_io(err) {
        Ok(err) => match err.downcast::<StoreError>() {
            Ok(err) => return store_failed(operation, place, err),
            Err(err) => return unavailable(operation, place, err),
        },
        Err(err) => err,
    };
    // The cause is left out: what the encoder says may quote a value.
    _ = err;
    let message = "a Parquet file cannot be encoded; please report it";
    Error::new(ErrorKind::Internal, operation, message).context("file", place)
}

fn into_io(err: ParquetError) -> Result<io::Error, ParquetError> {
    match err {
        ParquetError::External(err) => match err.downcast::<io::Error>() {
            Ok(err) => Ok(*err),
            Err(err) => Err(ParquetError::External(err)),
        },
        err => Err(err),
    }
}

fn unavailable(operation: &'static str, place: impl std::fmt::Display, err: io::Error) -> Error {
    let message =
        "the files cannot be written; look after the disk or the object store, then run again";
    Error::new(ErrorKind::Unavailable, operation, message)
        .retry(Retry::Backoff)
        .context("file", place)
        .source(err)
}

/// A file that is there and is not what it should be.
pub(super) fn damaged(
    operation: &'static str,
    place: impl std::fmt::Display,
    what: impl std::fmt::Display,
) -> Error {
    let message = format!("{what}; restore the files from a backup, or publish to another place");
    Error::new(ErrorKind::Damaged, operation, message).context("file", place)
}

/// A local folder that could not be made, opened or locked.
pub(super) fn folder_failed(operation: &'static str, folder: &Path, err: io::Error) -> Error {
    let (kind, message) = match err.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => (
            ErrorKind::ConfigInvalid,
            "the folder for the Parquet files is not there; name another",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
            ErrorKind::PermissionDenied,
            "the folder for the Parquet files may not be written; give this user the right to",
        ),
        _ => (ErrorKind::Unavailable, "the folder for the Parquet files cannot be used"),
    };
    Error::new(kind, operation, message).context("folder", folder.display()).source(err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_told() {
        let check = |kind: io::ErrorKind, expected: ErrorKind, says: &str| {
            let source = Box::new(StoreError::Generic {
                store: "t",
                source: Box::new(io::Error::from(kind)),
            });
            let err = StoreError::Generic { store: "t", source };
            let err = ParquetError::External(Box::new(io::Error::other(err)));
            let error = not_written("t", "users-0.parquet", err);
            assert_eq!(error.kind(), expected, "{error}");
            assert!(error.message().contains(says), "{error}");
        };
        check(io::ErrorKind::StorageFull, ErrorKind::Unavailable, "disk is full");
        check(io::ErrorKind::ReadOnlyFilesystem, ErrorKind::PermissionDenied, "may not be");
        check(io::ErrorKind::TimedOut, ErrorKind::Unavailable, "cannot be read or written");
    }

    #[test]
    fn what_the_encoder_says_is_not_quoted() {
        let error = not_written("t", "users-0.parquet", ParquetError::General("CANARY".to_owned()));
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(!format!("{error:?}").contains("CANARY"));
    }
}
