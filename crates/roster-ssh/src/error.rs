//! From the errors of the SSH libraries to the boundary's.

use roster_core::{Error, ErrorKind, Retry};
use russh::AlgorithmKind;
use russh_sftp::{client::error::Error as SftpError, protocol::StatusCode};

/// What a connection ended with.
pub(crate) fn ssh(operation: &'static str, error: russh::Error) -> Error {
    if let russh::Error::NoCommonAlgo { kind, theirs, .. } = &error {
        return no_common(operation, kind, theirs);
    }
    let message = match &error {
        russh::Error::IO(it) if it.kind() == std::io::ErrorKind::ConnectionRefused => {
            "nothing answers at this address and port, or a firewall refuses the connection"
        }
        russh::Error::Disconnect | russh::Error::HUP => {
            "the server ended the connection; it may be busy, or may not let this address in"
        }
        russh::Error::KeepaliveTimeout | russh::Error::InactivityTimeout => {
            "the server no longer answers"
        }
        russh::Error::Version => "what answers at this address and port does not speak SSH 2",
        _ => "the connection failed",
    };
    unavailable(operation, message).source(error)
}

/// Names what would have to be allowed.
fn no_common(operation: &'static str, kind: &AlgorithmKind, theirs: &[String]) -> Error {
    let message = "the server speaks none of the algorithms that are allowed; have it updated, or name one of its own in \
                   legacy_algorithms";
    Error::new(ErrorKind::Unsupported, operation, message)
        .context("kind", format!("{kind:?}").to_lowercase())
        .context("server_offers", theirs.join(","))
}

pub(crate) fn unavailable(operation: &'static str, message: &str) -> Error {
    Error::new(ErrorKind::Unavailable, operation, message).retry(Retry::Backoff)
}

/// What an SFTP request ended with; the server's own words are not passed on, for they may quote a file.
pub(crate) fn sftp(operation: &'static str, error: &SftpError) -> Error {
    let SftpError::Status(status) = error else {
        return unavailable(operation, "the SFTP session failed; the connection may be lost")
            .context("cause", cause(error));
    };
    let (kind, message) = match status.status_code {
        StatusCode::NoSuchFile => {
            (ErrorKind::NotFound, "the file or folder is not on the server; check the path")
        }
        StatusCode::PermissionDenied => (
            ErrorKind::PermissionDenied,
            "the server does not allow it; ask those who run it for the right",
        ),
        StatusCode::OpUnsupported => (ErrorKind::Unsupported, "the server cannot do it"),
        _ => (ErrorKind::Unavailable, "the server failed to do it"),
    };
    let error = Error::new(kind, operation, message).context("status", status.status_code);
    if kind == ErrorKind::Unavailable { error.retry(Retry::Backoff) } else { error }
}

fn cause(error: &SftpError) -> &'static str {
    match error {
        SftpError::Timeout => "no answer in time",
        SftpError::Limited(_) => "a limit of the server",
        SftpError::UnexpectedPacket | SftpError::UnexpectedBehavior(_) => {
            "an answer that does not fit"
        }
        _ => "input or output",
    }
}
