//! An upload that does not go on: for how long a set that is half there is taken for one that is still coming.

use roster_core::{Error, ErrorKind};
use std::time::{Duration, SystemTime};

/// An upload that has written nothing for so long was broken off.  A night comes once a day, so it fails the second time.
const LONGEST_PAUSE: Duration = Duration::from_hours(6);

/// The error of a set that is half there, by the time at which it was last written to: that it is not ready, or that it is
/// damaged, when nothing has come for six hours.
#[must_use]
pub fn overdue(error: Error, modified: SystemTime) -> Error {
    let paused = SystemTime::now().duration_since(modified).unwrap_or_default();
    if error.kind() != ErrorKind::NotReady || paused < LONGEST_PAUSE {
        return error;
    }
    let message = "the set is half there and nothing was written to it for hours: its upload was broken off; have it \
                   sent again";
    Error::new(ErrorKind::Damaged, error.operation(), message)
        .context("hours", paused.as_secs() / 3600)
        .source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_set_is_damaged_once_nothing_has_come_for_long() {
        let check = |kind: ErrorKind, hours: u64, expected: ErrorKind| {
            let modified = SystemTime::now() - Duration::from_hours(hours);
            let error = Error::new(kind, "test", "half");
            assert_eq!(overdue(error, modified).kind(), expected, "{kind:?} {hours}");
        };
        check(ErrorKind::NotReady, 0, ErrorKind::NotReady);
        check(ErrorKind::NotReady, 5, ErrorKind::NotReady);
        check(ErrorKind::NotReady, 7, ErrorKind::Damaged);
        check(ErrorKind::NotFound, 7, ErrorKind::NotFound);
    }
}
