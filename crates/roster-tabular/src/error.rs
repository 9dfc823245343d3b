//! Turns I/O errors into the boundary's error, so that the kind says who must act.

use roster_core::{Error, ErrorKind, Retry};
use std::io;

/// The boundary's error for an I/O error.
///
/// Readers of this crate wrap their own [`roster_core::Error`] into the I/O error that [`io::Read`] asks for; this
/// takes it out again, so that a damaged archive stays damaged on its way through a generic reader.  Every other
/// I/O error gets its kind from the operating system's reason.  `operation` names the step, such as `csv.read`;
/// `file` goes into the context and may be empty.
#[must_use]
pub fn io_error(error: io::Error, operation: &'static str, file: &str) -> Error {
    match error.downcast::<Error>() {
        Ok(own) => own,
        Err(foreign) => foreign_error(foreign, operation, file),
    }
}

/// Wraps the boundary's error for a signature that asks for an I/O error; [`io_error`] is the way back.
pub(crate) fn into_io(error: Error) -> io::Error {
    io::Error::other(error)
}

/// The error for reading on after an error: what broke off must never look like what ended.
pub(crate) fn read_after_failure(operation: &'static str) -> Error {
    let message = "the file was read on after an error; stop at the first error instead";
    Error::new(ErrorKind::Internal, operation, message)
}

fn foreign_error(error: io::Error, operation: &'static str, file: &str) -> Error {
    use io::ErrorKind as Io;
    let (kind, message) = match error.kind() {
        Io::NotFound => (ErrorKind::NotFound, "the file or folder is not there"),
        Io::PermissionDenied | Io::ReadOnlyFilesystem => (
            ErrorKind::PermissionDenied,
            "no right to use the file or folder; grant it to the user that runs this",
        ),
        Io::NotADirectory | Io::IsADirectory | Io::InvalidFilename | Io::InvalidInput => {
            (ErrorKind::ConfigInvalid, "the path cannot be used as it is; correct it")
        }
        Io::InvalidData | Io::UnexpectedEof => {
            (ErrorKind::Damaged, "the content is damaged or ends too early")
        }
        Io::StorageFull | Io::QuotaExceeded => {
            (ErrorKind::Unavailable, "no space is left; make room")
        }
        _ => (ErrorKind::Unavailable, "reading or writing failed"),
    };
    let retry = if kind == ErrorKind::Unavailable { Retry::Backoff } else { Retry::Never };
    let ours = Error::new(kind, operation, message).retry(retry);
    let ours = if file.is_empty() { ours } else { ours.context("file", file) };
    ours.context("reason", error.kind()).source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_says_who_must_act() {
        fn check(found: io::ErrorKind, expected: ErrorKind) {
            let error = io_error(io::Error::from(found), "bundle.open", "users.csv");
            assert_eq!(error.kind(), expected, "{found}");
            assert!(error.to_string().contains("file=users.csv"), "{error}");
        }
        check(io::ErrorKind::NotFound, ErrorKind::NotFound);
        check(io::ErrorKind::PermissionDenied, ErrorKind::PermissionDenied);
        check(io::ErrorKind::NotADirectory, ErrorKind::ConfigInvalid);
        check(io::ErrorKind::UnexpectedEof, ErrorKind::Damaged);
        check(io::ErrorKind::StorageFull, ErrorKind::Unavailable);
        check(io::ErrorKind::ConnectionReset, ErrorKind::Unavailable);
    }

    #[test]
    fn own_error_survives_the_io_signature() {
        let own = Error::new(ErrorKind::NotReady, "bundle.read", "the file is still growing");
        let back = io_error(into_io(own), "csv.read", "users.csv");
        assert_eq!((back.kind(), back.operation()), (ErrorKind::NotReady, "bundle.read"));
    }
}
