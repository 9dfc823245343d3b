//! How the program ends: exit codes and what stops a command.

use crate::config::ConfigErrors;
use roster_core::{Actor, Error};
use roster_sink::Outcome;
use std::{fmt, io};

/// Exit codes of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Published, or nothing to do.
    Done = 0,
    /// Something waits for a person.
    Held = 10,
    /// A district failed.
    DistrictFailed = 11,
    /// Bad usage or configuration.
    Usage = 2,
    /// A defect of ours.
    Defect = 1,
}

impl Exit {
    /// The worse of two.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |it: Self| match it {
            Self::Done => 0,
            Self::Held => 1,
            Self::DistrictFailed => 2,
            Self::Usage => 3,
            Self::Defect => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Published | Outcome::Unchanged => Self::Done,
            Outcome::Held => Self::Held,
            Outcome::Failed => Self::DistrictFailed,
        }
    }
}

/// What stops a command before it has a result.
#[derive(Debug)]
pub enum Failure {
    /// The command cannot be done as it was given.
    Usage(String),
    /// The configuration file is wrong.
    Config(ConfigErrors),
    /// An operation failed.
    Run(Error),
    /// Standard output cannot be written to, and there is nothing else to do.
    Output(io::Error),
}

impl Failure {
    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Run(error) => match error.kind().actor() {
                Actor::Operator => Exit::Usage,
                Actor::Time | Actor::District => Exit::DistrictFailed,
                Actor::Homeroom => Exit::Defect,
            },
            // Whoever reads the output has seen enough, as `homeroom runs | head` has.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Usage(_) | Self::Config(_) | Self::Output(_) => Exit::Usage,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => f.write_str(message),
            Self::Config(errors) => errors.fmt(f),
            Self::Run(error) => error.fmt(f),
            Self::Output(error) => write!(f, "standard output cannot be written to: {error}"),
        }
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Config(errors)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Run(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::ErrorKind;

    #[test]
    fn failures_have_the_documented_exit_codes() {
        #[track_caller]
        fn check(failure: impl Into<Failure>, code: u8) {
            let failure = failure.into();
            assert_eq!(failure.exit() as u8, code, "{failure}");
        }
        let error = |kind| Error::new(kind, "test", "it failed");
        check(Failure::Usage("no".to_owned()), 2);
        check(ConfigErrors(Vec::new()), 2);
        check(error(ErrorKind::ConfigInvalid), 2);
        check(error(ErrorKind::PermissionDenied), 2);
        check(error(ErrorKind::Damaged), 11);
        check(error(ErrorKind::Conflict), 11);
        check(error(ErrorKind::Internal), 1);
        check(io::Error::from(io::ErrorKind::BrokenPipe), 0);
        check(io::Error::from(io::ErrorKind::StorageFull), 2);
    }

    #[test]
    fn worst_district_decides() {
        let outcomes = |them: &[Outcome]| {
            them.iter().fold(Exit::Done, |exit, it| exit.worse(Exit::from(*it))) as u8
        };
        assert_eq!(outcomes(&[]), 0);
        assert_eq!(outcomes(&[Outcome::Unchanged, Outcome::Published]), 0);
        assert_eq!(outcomes(&[Outcome::Held, Outcome::Published]), 10);
        assert_eq!(outcomes(&[Outcome::Failed, Outcome::Held]), 11);
    }
}
