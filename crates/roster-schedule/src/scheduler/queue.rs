//! Nights that wait for a place, first come, first served, and how many may run at once.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// How many nights run at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Of all districts.
    pub total: usize,
    /// Of one upstream.
    pub upstream: usize,
    /// Of certain upstreams.
    pub upstreams: HashMap<String, usize>,
}

impl Default for Caps {
    fn default() -> Self {
        Self { total: 1, upstream: usize::MAX, upstreams: HashMap::new() }
    }
}

/// Districts of one upstream.
#[derive(Debug)]
struct Lane {
    cap: usize,
    running: usize,
    waiting: VecDeque<(i64, usize)>,
}

#[derive(Debug)]
pub(super) struct Queue {
    caps: Caps,
    lanes: HashMap<Arc<str>, Lane>,
    running: usize,
    last: i64,
    first: i64,
}

impl Queue {
    pub(super) fn new(caps: Caps) -> Self {
        Self { caps, lanes: HashMap::new(), running: 0, last: 0, first: 0 }
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// Lets a district wait; gives the place, which tells this wait from an earlier one.
    pub(super) fn push(&mut self, upstream: &Arc<str>, number: usize) -> i64 {
        self.last += 1;
        let order = self.last;
        self.lane(upstream).waiting.push_back((order, number));
        order
    }

    /// The same before all others.
    pub(super) fn push_first(&mut self, upstream: &Arc<str>, number: usize) -> i64 {
        self.first -= 1;
        let order = self.first;
        self.lane(upstream).waiting.push_front((order, number));
        order
    }

    /// The next district that has a place, which it takes; one that no longer waits is passed over.
    pub(super) fn next(&mut self, waits: impl Fn(usize, i64) -> bool) -> Option<usize> {
        if self.running >= self.caps.total.max(1) {
            return None;
        }
        for lane in self.lanes.values_mut() {
            while lane.waiting.front().is_some_and(|it| !waits(it.1, it.0)) {
                lane.waiting.pop_front();
            }
        }
        let free = self.lanes.values_mut().filter(|it| it.running < it.cap);
        let lane = free
            .filter(|it| !it.waiting.is_empty())
            .min_by_key(|it| it.waiting.front().map(|it| it.0))?;
        let (_, number) = lane.waiting.pop_front()?;
        lane.running += 1;
        self.running += 1;
        Some(number)
    }

    /// A night ended.
    pub(super) fn ended(&mut self, upstream: &Arc<str>) {
        self.running = self.running.saturating_sub(1);
        let lane = self.lane(upstream);
        lane.running = lane.running.saturating_sub(1);
    }

    fn lane(&mut self, upstream: &Arc<str>) -> &mut Lane {
        let caps = &self.caps;
        self.lanes.entry(upstream.clone()).or_insert_with(|| {
            let cap = caps.upstreams.get(&**upstream).copied().unwrap_or(caps.upstream);
            Lane { cap: cap.max(1), running: 0, waiting: VecDeque::new() }
        })
    }
}
