//! Why something is not answered.

use crate::exit::Failure;
use roster_core::{Error, ErrorKind};
use std::{error, fmt};

/// Why something is not answered.
#[derive(Debug)]
pub enum Refusal {
    /// Nobody is known by this token or session, or no longer.
    Unauthenticated,
    /// The viewer may not do this, or not with this district.
    Forbidden,
    /// There is no such thing, or none that the viewer may know of.
    NotFound(String),
    /// The request is not one: what is wrong with it.
    Invalid(String),
    /// The state does not allow it: why.
    Conflict(String),
    /// It could not be done.
    Failed(Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthenticated => f.write_str("a valid token is needed"),
            Self::Forbidden => f.write_str("this is not allowed"),
            Self::NotFound(text) | Self::Invalid(text) | Self::Conflict(text) => f.write_str(text),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl error::Error for Refusal {}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound(error.message().to_owned()),
            ErrorKind::Conflict => Self::Conflict(error.message().to_owned()),
            _ => Self::Failed(error),
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Run(error) => error.into(),
            other => Self::Invalid(other.to_string()),
        }
    }
}
