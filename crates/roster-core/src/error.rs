//! One error type for the whole boundary: a kind, a retry verdict, an operation, context pairs and a cause.

use std::{error, fmt, time::Duration};

/// Result whose error is the boundary's [`struct@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in terms a runner can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration can never work; a person must change it.
    ConfigInvalid,
    /// Credentials were refused.
    AuthFailed,
    /// Credentials work, the right is missing.
    PermissionDenied,
    /// The endpoint, table, file or entity is not there.
    NotFound,
    /// The feed is still being delivered; it is neither failed nor empty.
    NotReady,
    /// The source asked us to slow down.
    RateLimited,
    /// Network, disk or server trouble that may pass.
    Unavailable,
    /// The source's shape is not the declared one (missing column, wrong header, not JSON, another format).
    SchemaMismatch,
    /// The input is damaged or hostile: truncated, wrong checksum, over a size cap.
    Damaged,
    /// A saved cursor cannot be used; only a snapshot can continue.
    CursorInvalid,
    /// The request asks for what the catalog does not offer.
    Unsupported,
    /// What was published moved since the plan was made.
    Conflict,
    /// The run was cancelled.
    Cancelled,
    /// A defect on our side.
    Internal,
}

impl ErrorKind {
    /// Who has to act before the same thing can succeed.
    #[must_use]
    pub fn actor(self) -> Actor {
        match self {
            Self::ConfigInvalid | Self::AuthFailed | Self::PermissionDenied | Self::Unsupported => {
                Actor::Operator
            }
            Self::NotReady
            | Self::RateLimited
            | Self::Unavailable
            | Self::Cancelled
            | Self::Conflict => Actor::Time,
            Self::NotFound | Self::SchemaMismatch | Self::Damaged => Actor::District,
            Self::CursorInvalid | Self::Internal => Actor::Homeroom,
        }
    }

    /// The stable word for reports, such as `schema_mismatch`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ConfigInvalid => "config_invalid",
            Self::AuthFailed => "auth_failed",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::NotReady => "not_ready",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::SchemaMismatch => "schema_mismatch",
            Self::Damaged => "damaged",
            Self::CursorInvalid => "cursor_invalid",
            Self::Unsupported => "unsupported",
            Self::Conflict => "conflict",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Whoever runs Homeroom: configuration, credentials, rights.
    Operator,
    /// Nobody: it may pass by itself.
    Time,
    /// The district or the vendor of its SIS: the feed is not what was agreed.
    District,
    /// Us.
    Homeroom,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operator => "operator",
            Self::Time => "nobody, it may pass",
            Self::District => "district or SIS vendor",
            Self::Homeroom => "Homeroom's developers",
        })
    }
}

/// May the same call be tried again?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Never.
    Never,
    /// Yes, with the runner's own backoff.
    Backoff,
    /// Yes, not before this delay (from `Retry-After` and friends).
    After(Duration),
    /// Already tried until the budget was gone.
    Exhausted,
}

/// The boundary's error.  One pointer wide.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    retry: Retry,
    operation: &'static str,
    message: String,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

impl Error {
    /// New error; `message` is lowercase, without a final dot, and holds no record data.
    pub fn new(kind: ErrorKind, operation: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            retry: Retry::Never,
            operation,
            message: message.into(),
            context: Vec::new(),
            source: None,
        }))
    }

    /// Sets the retry verdict.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Adds a context pair; never a record value.
    #[must_use]
    pub fn context(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The retry verdict.
    #[must_use]
    pub fn retry_verdict(&self) -> Retry {
        self.0.retry
    }

    /// The operation that failed, such as `bundle.open`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// What was found, what was expected and what to do; without context and cause.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The context pairs, in the order they were added.
    pub fn contexts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.context.iter().map(|(key, value)| (*key, value.as_str()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.operation, self.0.message)?;
        for (i, (key, value)) in self.0.context.iter().enumerate() {
            write!(f, "{}{key}={value}", if i == 0 { " [" } else { ", " })?;
        }
        if !self.0.context.is_empty() {
            f.write_str("]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("retry", &self.0.retry)
            .field("operation", &self.0.operation)
            .field("message", &self.0.message)
            .field("context", &self.0.context)
            .field("source", &self.0.source)
            .finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.source.as_ref().map(|it| it.as_ref() as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn display_is_one_line_with_context_and_without_cause() {
        let error = Error::new(ErrorKind::Damaged, "bundle.open", "not a zip archive")
            .context("file", "oneroster.zip")
            .context("bytes", 12)
            .source("cause");
        assert_eq!(
            error.to_string(),
            "bundle.open: not a zip archive [file=oneroster.zip, bytes=12]"
        );
    }
}
