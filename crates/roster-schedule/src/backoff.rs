//! How long to wait before the next try.

use jiff::SignedDuration;

/// Waits that double from try to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Tries of one night in all, from 1.
    pub tries: u32,
    /// Wait after the first try.
    pub first: SignedDuration,
    /// Longest wait.
    pub longest: SignedDuration,
}

impl Backoff {
    /// The wait after try number `attempt`, from 1; `None` when that was the last.
    #[must_use]
    pub fn after(&self, attempt: u32) -> Option<SignedDuration> {
        if attempt >= self.tries {
            return None;
        }
        let doublings = attempt.saturating_sub(1).min(16);
        let wait = self.first.checked_mul(1 << doublings).unwrap_or(self.longest);
        Some(wait.min(self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_end_with_the_tries() {
        let minutes = SignedDuration::from_mins;
        let backoff = Backoff { tries: 5, first: minutes(5), longest: minutes(15) };
        let waits: Vec<_> = (1..=6).map(|it| backoff.after(it)).collect();
        let expected = [5, 10, 15, 15].map(|it| Some(minutes(it)));
        assert_eq!((&waits[..4], &waits[4..]), (&expected[..], &[None, None][..]));
        let many = Backoff { tries: u32::MAX, ..backoff };
        assert_eq!(many.after(u32::MAX - 1), Some(minutes(15)));
    }
}
