//! Who knocks: connections per address, failed logins, and how long the next answer takes.

use crate::DropLimits;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The first failed login makes the next answer take so long, each further one twice that.
const FIRST_DELAY: Duration = Duration::from_millis(250);
/// But no longer than this.
const LONGEST_DELAY: Duration = Duration::from_secs(8);
/// Failed logins are forgotten after this.
const MEMORY: Duration = Duration::from_mins(30);
/// How many addresses are remembered; then those that do nothing are forgotten.
const MOST_ADDRESSES: usize = 20_000;

/// Counts what addresses do.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: DropLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    connections: usize,
    addresses: HashMap<IpAddr, Address>,
}

#[derive(Debug, Default)]
struct Address {
    connections: usize,
    failed: u32,
    last_failed: Option<Instant>,
}

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// All connections are taken.
    Full,
    /// This address has all that it may have.
    AddressFull,
    /// This address failed to log in too often.
    LockedOut,
}

/// A connection that is counted; dropping it ends that.
#[derive(Debug)]
pub(crate) struct Ticket {
    guard: Arc<Guard>,
    address: IpAddr,
}

impl Guard {
    pub(crate) fn new(limits: DropLimits) -> Arc<Self> {
        Arc::new(Self { limits, state: Mutex::default() })
    }

    /// Lets a connection in.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr, now: Instant) -> Result<Ticket, Closed> {
        let address = who(address);
        let mut state = self.state();
        if state.connections >= self.limits.max_connections {
            return Err(Closed::Full);
        }
        state.forget(now);
        let own = state.addresses.entry(address).or_default();
        if own.is_locked_out(&self.limits, now) {
            return Err(Closed::LockedOut);
        }
        if own.connections >= self.limits.max_connections_per_address {
            return Err(Closed::AddressFull);
        }
        own.connections += 1;
        state.connections += 1;
        Ok(Ticket { guard: self.clone(), address })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Notes a failed login; tells how long to wait with the answer.
    pub(crate) fn failed(&self, now: Instant) -> Duration {
        let mut state = self.guard.state();
        let own = state.addresses.entry(self.address).or_default();
        own.failed = own.failed.saturating_add(1);
        own.last_failed = Some(now);
        let times = 1_u32 << own.failed.saturating_sub(1).min(16);
        FIRST_DELAY.saturating_mul(times).min(LONGEST_DELAY)
    }

    /// Whether the address is locked out by now, also by what its other connections did.
    pub(crate) fn is_locked_out(&self, now: Instant) -> bool {
        let state = self.guard.state();
        let own = state.addresses.get(&self.address);
        own.is_some_and(|it| it.is_locked_out(&self.guard.limits, now))
    }

    /// Forgets the failed logins of this address.
    pub(crate) fn succeeded(&self) {
        if let Some(own) = self.guard.state().addresses.get_mut(&self.address) {
            (own.failed, own.last_failed) = (0, None);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.guard.state();
        state.connections = state.connections.saturating_sub(1);
        if let Some(own) = state.addresses.get_mut(&self.address) {
            own.connections = own.connections.saturating_sub(1);
            if own.connections == 0 && own.failed == 0 {
                state.addresses.remove(&self.address);
            }
        }
    }
}

impl Address {
    fn is_locked_out(&self, limits: &DropLimits, now: Instant) -> bool {
        let lockout = Duration::from_secs(limits.lockout_secs);
        let lately = self.last_failed.is_some_and(|it| now.saturating_duration_since(it) < lockout);
        lately && self.failed >= limits.max_failed_logins
    }

    fn is_forgotten(&self, now: Instant) -> bool {
        let old = self.last_failed.is_none_or(|it| now.saturating_duration_since(it) > MEMORY);
        self.connections == 0 && old
    }
}

impl State {
    fn forget(&mut self, now: Instant) {
        if self.addresses.len() < MOST_ADDRESSES {
            return;
        }
        self.addresses.retain(|_, it| !it.is_forgotten(now));
        if self.addresses.len() >= MOST_ADDRESSES {
            self.addresses.retain(|_, it| it.connections > 0);
        }
    }
}

/// Whoever has one IPv6 address has a whole network of them.
fn who(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(it) => it.to_ipv4_mapped().map_or_else(
            || {
                let [a, b, c, d, ..] = it.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            },
            IpAddr::V4,
        ),
        it @ IpAddr::V4(_) => it,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Arc<Guard> {
        let limits = DropLimits {
            max_connections: 3,
            max_connections_per_address: 2,
            max_failed_logins: 4,
            lockout_secs: 60,
            ..DropLimits::default()
        };
        Guard::new(limits)
    }

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn connections_are_counted_for_all_and_for_each_address() {
        let (guard, now) = (guard(), Instant::now());
        let first = guard.enter(ONE, now).unwrap();
        let second = guard.enter(ONE, now).unwrap();
        assert_eq!(guard.enter(ONE, now).err(), Some(Closed::AddressFull));
        let _third = guard.enter(OTHER, now).unwrap();
        assert_eq!(guard.enter(OTHER, now).err(), Some(Closed::Full));
        drop((first, second));
        assert!(guard.enter(ONE, now).is_ok());
    }

    #[test]
    fn each_failure_makes_the_next_answer_slower_and_at_last_there_is_none() {
        let (guard, now) = (guard(), Instant::now());
        let ticket = guard.enter(ONE, now).unwrap();
        let delays: Vec<_> = (0..4).map(|_| ticket.failed(now).as_millis()).collect();
        assert_eq!(delays, [250, 500, 1000, 2000]);
        assert!(ticket.is_locked_out(now));
        assert_eq!(guard.enter(ONE, now).err(), Some(Closed::LockedOut));
        assert!(guard.enter(OTHER, now).is_ok(), "the others are let in");
        assert!(guard.enter(ONE, now + Duration::from_secs(61)).is_ok());
        ticket.succeeded();
        assert!(guard.enter(ONE, now).is_ok());
    }

    #[test]
    fn neighbours_in_an_ipv6_network_are_one() {
        let check = |one: &str, other: &str, expected: bool| {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(who(one) == who(other), expected);
        };
        check("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true);
        check("2001:db8:1:2::1", "2001:db8:1:3::1", false);
        check("::ffff:192.0.2.1", "192.0.2.1", true);
    }
}
