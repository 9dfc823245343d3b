//! Takes many districts through their slots.

mod district;
mod queue;

use crate::{Schedule, Unplanned};
use district::{District, State, Try};
use jiff::Timestamp;
use queue::Queue;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
};

pub use queue::Caps;

/// A night to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Night {
    /// Whose.
    pub district: Arc<str>,
    /// The slot; of a night that somebody asked for, the instant at which they did.
    pub slot: Timestamp,
    /// Which try of it, from 1.
    pub attempt: u32,
    /// Whether somebody asked for it.
    pub requested: bool,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start a night; its end is told with [`Scheduler::finished`].
    Start(Night),
    /// Stop a night that runs; its end is still to be told.
    Stop {
        /// Whose.
        district: Arc<str>,
        /// Why.
        reason: StopReason,
    },
    /// Remember what became of a slot.
    Account(Account),
}

/// Why a night is to be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It ran as long as a night may.
    TimeLimit,
    /// It gave no sign of life.
    NoHeartbeat,
}

/// What became of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub district: Arc<str>,
    /// The slot.
    pub slot: Timestamp,
    /// What became of it.
    pub fate: Fate,
    /// When its first try started; `None` when it never did.
    pub started_at: Option<Timestamp>,
    /// Tries that were made.
    pub tries: u32,
    /// Whether somebody asked for it.
    pub requested: bool,
}

/// What became of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its night ran to a good end.
    Ran,
    /// No try came to a good end.
    Failed,
    /// Its night did not run.
    Missed(Missed),
    /// No night was planned.
    Unplanned(Unplanned),
}

/// Why a planned night did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// A later slot was due before it could start; the night of that one reads the same.
    Overtaken,
    /// It could not start before the time to catch it up was over.
    TooLate,
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Well.
    Done,
    /// Not well; another try may help.
    Failed,
    /// Not well, and another try does not help before somebody acts.
    FailedForGood,
    /// The program stops: nothing is accounted for, and the slot is taken up again when the program is back.
    Interrupted,
}

/// Where a district is in its night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits for its next slot.
    Idle,
    /// A try waits: for its place in the spread, the window, or after a failed one.
    Waiting {
        /// Until when.
        until: Timestamp,
        /// Which try.
        attempt: u32,
    },
    /// A try waits until fewer nights run.
    Queued {
        /// Which try.
        attempt: u32,
    },
    /// A try runs.
    Running {
        /// Since when.
        since: Timestamp,
        /// Which try.
        attempt: u32,
    },
}

/// Takes many districts through their slots.
///
/// Call [`Self::tick`] at [`Self::next_wake`], and whenever something was told.
#[derive(Debug)]
pub struct Scheduler {
    districts: Vec<District>,
    by_name: HashMap<Arc<str>, usize>,
    wakes: BinaryHeap<Reverse<(Timestamp, usize)>>,
    queue: Queue,
    draining: bool,
}

impl Scheduler {
    /// Without districts.
    #[must_use]
    pub fn new(caps: Caps) -> Self {
        Self {
            districts: Vec::new(),
            by_name: HashMap::new(),
            wakes: BinaryHeap::new(),
            queue: Queue::new(caps),
            draining: false,
        }
    }

    /// Adds a district, or gives one another schedule.  Slots after `since` count: the last one that was accounted for,
    /// or now for a district that is new.  `upstream` is what it shares with others: nights of one upstream have a cap.
    pub fn add(&mut self, name: &str, upstream: &str, schedule: Schedule, since: Timestamp) {
        if let Some(number) = self.by_name.get(name).copied() {
            self.districts[number].reschedule(schedule, since);
            self.wake_at(number);
            return;
        }
        let number = self.districts.len();
        let district = District::new(name, upstream, schedule, since);
        self.by_name.insert(district.name.clone(), number);
        self.districts.push(district);
        self.wake_at(number);
    }

    /// Plans no more nights of a district, or plans them again.
    pub fn pause(&mut self, name: &str, paused: bool) {
        if let Some(district) = self.district_mut(name) {
            district.paused = paused;
        }
    }

    /// Starts no more nights; those that run may end.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Asks for a night of a district, now.  One that runs is followed by another, one that waits starts as soon as
    /// there is a place.  `false` when there is no such district.
    pub fn run_now(&mut self, name: &str, now: Timestamp) -> bool {
        let Some(number) = self.by_name.get(name).copied() else { return false };
        let district = &mut self.districts[number];
        match district.state {
            State::Running { .. } => district.again = true,
            State::Idle => {
                self.enqueue_first(number, Try::requested(now));
            }
            State::Waiting { attempt, .. } | State::Queued { attempt, .. } => {
                self.enqueue_first(number, attempt.urgent());
            }
        }
        true
    }

    /// A night that runs gives a sign of life.
    pub fn heartbeat(&mut self, name: &str, now: Timestamp) {
        if let Some(District { state: State::Running { beat, .. }, .. }) = self.district_mut(name) {
            *beat = now;
        }
    }

    /// A try that was started has ended.  Gives what became of its slot, unless it is tried again.
    pub fn finished(&mut self, name: &str, now: Timestamp, ending: Ending) -> Option<Account> {
        let number = self.by_name.get(name).copied()?;
        let district = &mut self.districts[number];
        let State::Running { attempt, .. } = district.state else { return None };
        self.queue.ended(&district.upstream);
        let account = district.ended(attempt, now, ending);
        if std::mem::take(&mut district.again) && !self.draining {
            match district.state {
                State::Idle => self.enqueue_first(number, Try::requested(now)),
                State::Waiting { attempt, .. } => {
                    self.enqueue_first(number, attempt.urgent());
                }
                _ => {}
            }
        }
        self.wake_at(number);
        account
    }

    /// What is to be done by now.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Action> {
        let mut actions = Vec::new();
        while let Some(Reverse((at, number))) = self.wakes.peek().copied() {
            if at > now {
                break;
            }
            self.wakes.pop();
            // Of several wakes of one district only the last that was set counts.
            if self.districts[number].wake == Some(at) {
                self.wake(number, now, &mut actions);
            }
        }
        if !self.draining {
            self.start_queued(now, &mut actions);
        }
        actions
    }

    /// When there is something to do without anything being told.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let valid = |it: &&Reverse<(Timestamp, usize)>| self.districts[it.0.1].wake == Some(it.0.0);
        let first = self.wakes.peek()?;
        // What no longer counts is woken for in vain, which costs less than to look for the next that counts.
        Some(self.wakes.iter().next().filter(valid).unwrap_or(first).0.0)
    }

    /// Where a district is in its night; `None` when there is no such district.
    #[must_use]
    pub fn standing(&self, name: &str) -> Option<Standing> {
        Some(self.district(name)?.standing())
    }

    /// Whether somebody paused the district here.
    #[must_use]
    pub fn is_paused(&self, name: &str) -> bool {
        self.district(name).is_some_and(|it| it.paused)
    }

    /// The next slots of a district that have a night.
    #[must_use]
    pub fn upcoming(&self, name: &str, now: Timestamp, most: usize) -> Vec<Timestamp> {
        let district = self.district(name).filter(|it| !it.paused);
        district.map_or_else(Vec::new, |it| it.schedule.upcoming(now, most))
    }

    /// Number of nights that run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.queue.running()
    }

    fn district(&self, name: &str) -> Option<&District> {
        Some(&self.districts[*self.by_name.get(name)?])
    }

    fn district_mut(&mut self, name: &str) -> Option<&mut District> {
        Some(&mut self.districts[*self.by_name.get(name)?])
    }

    fn wake_at(&mut self, number: usize) {
        let district = &mut self.districts[number];
        let wake = district.next_wake();
        if wake != district.wake {
            district.wake = wake;
            self.wakes.extend(wake.map(|it| Reverse((it, number))));
        }
    }

    fn wake(&mut self, number: usize, now: Timestamp, actions: &mut Vec<Action>) {
        let district = &mut self.districts[number];
        district.wake = None;
        district.take_slots(now, actions);
        if let Some(attempt) = district.ripe(now, actions) {
            let order = self.queue.push(&district.upstream, number);
            district.state = State::Queued { attempt, order };
        }
        district.watch(now, actions);
        self.wake_at(number);
    }

    fn enqueue_first(&mut self, number: usize, attempt: Try) {
        let district = &mut self.districts[number];
        let order = self.queue.push_first(&district.upstream, number);
        district.state = State::Queued { attempt, order };
        self.wake_at(number);
    }

    fn start_queued(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let districts = &self.districts;
        let waits = |number: usize, at: i64| matches!(districts[number].state, State::Queued { order, .. } if order == at);
        let mut started = Vec::new();
        while let Some(number) = self.queue.next(waits) {
            started.push(number);
        }
        for number in started {
            actions.extend(self.districts[number].start(now).map(Action::Start));
            self.wake_at(number);
        }
    }
}
