//! A rate limit that all districts of one credential share.

use crate::{Clock, retry, status};
use http::HeaderMap;
use roster_core::{Result, RunContext, Signal};
use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher as _, RandomState},
    num::NonZeroU32,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

/// How many requests are allowed in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests.
    pub requests: NonZeroU32,
    /// In any span of this length.
    pub window: Duration,
}

impl Rate {
    /// So many requests in any minute.
    #[must_use]
    pub const fn per_minute(requests: NonZeroU32) -> Self {
        Self { requests, window: Duration::from_mins(1) }
    }
}

/// Keeps requests within a rate, whenever the service's own window begins.
///
/// A request counts from when it is let go until a whole window after its answer came, since only then it is certain
/// that the service counts it no more.
#[derive(Debug)]
pub struct RateLimiter {
    rate: Option<Rate>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    under_way: u32,
    /// When the answers of the last window came, oldest first.
    answered: VecDeque<Duration>,
    /// The service said that nothing is left until then.
    closed_until: Duration,
}

/// Leave to send one request; give it back when the answer is there.
#[derive(Debug)]
pub struct Permit<'a> {
    limiter: &'a RateLimiter,
    clock: &'a dyn Clock,
}

type Shared = Mutex<HashMap<(u64, String), Weak<RateLimiter>>>;

static SHARED: LazyLock<Shared> = LazyLock::new(Shared::default);

/// Credentials are kept as hashes of this process alone.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl RateLimiter {
    /// One of its own.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate: Some(rate), state: Mutex::default() }
    }

    /// One that only keeps to what the service's headers say.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { rate: None, state: Mutex::default() }
    }

    /// The one of this process for a service and a credential; the first caller's rate holds.
    #[must_use]
    pub fn shared(service: &str, credential: &str, rate: Rate) -> Arc<Self> {
        let key = (HASHER.hash_one(credential), service.to_owned());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.retain(|_, it| it.strong_count() > 0);
        if let Some(limiter) = shared.get(&key).and_then(Weak::upgrade) {
            return limiter;
        }
        let limiter = Arc::new(Self::new(rate));
        shared.insert(key, Arc::downgrade(&limiter));
        limiter
    }

    /// Waits until a request may go.
    ///
    /// # Errors
    ///
    /// [`roster_core::ErrorKind::Cancelled`].
    pub async fn acquire<'a>(
        &'a self,
        ctx: &RunContext,
        clock: &'a dyn Clock,
    ) -> Result<Permit<'a>> {
        loop {
            let Some(wait) = self.try_acquire(clock.now()) else {
                return Ok(Permit { limiter: self, clock });
            };
            if wait >= Duration::from_secs(1) {
                ctx.signals.signal(Signal::RateLimited { wait });
            }
            retry::unless_cancelled(ctx, clock.sleep(wait)).await?;
        }
    }

    /// Takes a place, or tells how long to wait before asking again.
    fn try_acquire(&self, now: Duration) -> Option<Duration> {
        /// Places become free when others' answers come; how soon nobody knows.
        const SOON: Duration = Duration::from_millis(20);
        let mut state = self.state();
        if let Some(wait) = state.closed_until.checked_sub(now).filter(|it| !it.is_zero()) {
            return Some(wait);
        }
        let Some(rate) = self.rate else {
            state.under_way += 1;
            return None;
        };
        while state.answered.front().is_some_and(|it| *it + rate.window <= now) {
            state.answered.pop_front();
        }
        if state.answered.len() + (state.under_way as usize) < rate.requests.get() as usize {
            state.under_way += 1;
            return None;
        }
        let oldest = state.answered.front();
        Some(oldest.map_or(SOON, |it| (*it + rate.window).saturating_sub(now).max(SOON)))
    }

    /// Takes note of what an answer says about the limit: others may use the same credential.
    pub fn observe(&self, headers: &HeaderMap, clock: &dyn Clock) {
        /// A service that closes for longer than this is not believed.
        const LONGEST: Duration = Duration::from_mins(2);
        let now = clock.now();
        if status::remaining(headers) == Some(0)
            && let Some(reset) = status::reset(headers, now).filter(|it| *it <= LONGEST)
        {
            let mut state = self.state();
            state.closed_until = state.closed_until.max(now + reset);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let now = self.clock.now();
        let mut state = self.limiter.state();
        state.under_way -= 1;
        if self.limiter.rate.is_some() {
            state.answered.push_back(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TestClock;

    fn rate(requests: u32) -> Rate {
        Rate::per_minute(NonZeroU32::new(requests).unwrap())
    }

    #[tokio::test]
    async fn no_minute_has_more_requests_than_allowed() {
        let (clock, limiter) = (TestClock::at(1_000), RateLimiter::new(rate(10)));
        let ctx = RunContext::detached();
        let mut sent = Vec::new();
        for number in 0..100_u64 {
            let permit = limiter.acquire(&ctx, &clock).await.unwrap();
            sent.push(clock.now());
            clock.advance(Duration::from_millis(number * 37 % 4_000));
            sent.push(clock.now());
            drop(permit);
        }
        // Whenever between letting go and answer each arrived.
        for arrivals in [sent.iter().step_by(2), sent[1..].iter().step_by(2)] {
            let arrivals: Vec<_> = arrivals.collect();
            for (index, first) in arrivals.iter().enumerate() {
                let end = **first + Duration::from_mins(1);
                assert!(arrivals[index..].iter().take_while(|it| ***it < end).count() <= 10);
            }
        }
        assert!(clock.now() < Duration::from_secs(1_000 + 60 * 14), "{:?}", clock.now());
    }

    #[tokio::test]
    async fn waits_when_the_service_says_that_nothing_is_left() {
        let (clock, limiter) = (TestClock::at(1_700_000_000), RateLimiter::unlimited());
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", "0".parse().unwrap());
        headers.insert("x-ratelimit-reset", "1700000052".parse().unwrap());
        limiter.observe(&headers, &clock);
        drop(limiter.acquire(&RunContext::detached(), &clock).await.unwrap());
        assert!(clock.now() >= Duration::from_secs(1_700_000_052));
    }

    #[test]
    fn one_credential_has_one_limiter() {
        let limiter = |credential: &str| RateLimiter::shared("https://a", credential, rate(1));
        let (first, second, other) = (limiter("x"), limiter("x"), limiter("y"));
        assert!(Arc::ptr_eq(&first, &second) && !Arc::ptr_eq(&first, &other));
    }
}
