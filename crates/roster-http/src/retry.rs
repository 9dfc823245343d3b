//! How often and when a failed request is sent again.

use crate::Clock;
use roster_core::{Error, ErrorKind, Result, Retry, RunContext, Signal};
use std::time::Duration;

/// How often and when a failed request is sent again.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// The most attempts, the first included.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles from attempt to attempt.
    pub first_wait: Duration,
    /// The longest wait of our own choosing.
    pub longest_wait: Duration,
    /// The longest wait that a service may ask for; one that asks for more fails the request.
    pub longest_asked: Duration,
}

impl Default for RetryPolicy {
    /// Six attempts, waits up to a second at first and a minute at last, ten minutes if the service asks for them.
    fn default() -> Self {
        Self {
            attempts: 6,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(1),
            longest_asked: Duration::from_mins(10),
        }
    }
}

impl RetryPolicy {
    /// How long to wait after attempt number `attempt` (from 1) failed so; `None` to give up.
    ///
    /// Our own waits are random between half of the longest and the longest, so that many districts that failed
    /// together do not return together.
    pub(crate) fn wait(&self, attempt: u32, verdict: Retry) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let longest = self.first_wait.saturating_mul(2_u32.saturating_pow(attempt - 1));
        let longest = longest.min(self.longest_wait);
        match verdict {
            Retry::Never | Retry::Exhausted => None,
            Retry::Backoff => Some(longest.mul_f64(0.5 + fastrand::f64() / 2.0)),
            Retry::After(asked) if asked > self.longest_asked => None,
            Retry::After(asked) => Some(asked + self.first_wait.mul_f64(fastrand::f64())),
        }
    }
}

/// The error of the last attempt, as one that was tried often enough.
pub(crate) fn exhausted(error: Error, attempt: u32) -> Error {
    if matches!(error.retry_verdict(), Retry::Never) {
        return error;
    }
    error.retry(Retry::Exhausted).context("attempts", attempt)
}

/// Waits before the next attempt and tells the runner.
///
/// # Errors
///
/// [`ErrorKind::Cancelled`].
pub(crate) async fn pause(
    ctx: &RunContext,
    clock: &dyn Clock,
    kind: ErrorKind,
    attempt: u32,
    wait: Duration,
) -> Result<()> {
    if kind == ErrorKind::RateLimited {
        ctx.signals.signal(Signal::RateLimited { wait });
    }
    ctx.signals.signal(Signal::Retrying { attempt });
    unless_cancelled(ctx, clock.sleep(wait)).await
}

/// Runs `work` unless the run is cancelled first.
///
/// # Errors
///
/// [`ErrorKind::Cancelled`].
pub(crate) async fn unless_cancelled<T>(
    ctx: &RunContext,
    work: impl Future<Output = T>,
) -> Result<T> {
    tokio::select! {
        biased;
        () = ctx.cancel.cancelled() => Err(cancelled()),
        done = work => Ok(done),
    }
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "http.request", "the run was cancelled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_within_bounds_and_end() {
        let policy = RetryPolicy { longest_wait: Duration::from_secs(6), ..RetryPolicy::default() };
        for (attempt, longest) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 6.0), (5, 6.0)] {
            let wait = policy.wait(attempt, Retry::Backoff).unwrap().as_secs_f64();
            assert!((longest / 2.0..=longest).contains(&wait), "{attempt}: {wait}");
        }
        assert_eq!(policy.wait(6, Retry::Backoff), None);
        assert_eq!(policy.wait(1, Retry::Never), None);
        let asked = policy.wait(1, Retry::After(Duration::from_secs(52))).unwrap().as_secs();
        assert!((52..=53).contains(&asked), "{asked}");
        assert_eq!(policy.wait(1, Retry::After(Duration::from_secs(601))), None);
    }
}
