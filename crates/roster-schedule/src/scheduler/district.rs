//! One district between its slots.

use super::{Account, Action, Ending, Fate, Missed, Night, Standing, StopReason};
use crate::{Schedule, Unplanned};
use jiff::Timestamp;
use std::sync::Arc;

/// A try of a slot's night.
#[derive(Clone, Copy, Debug)]
pub(super) struct Try {
    slot: Timestamp,
    /// From 1.
    number: u32,
    first_started_at: Option<Timestamp>,
    /// Whether the slot is that of a request, and none of the schedule.
    requested: bool,
    /// Whether it starts outside the window too.
    urgent: bool,
}

impl Try {
    fn first(slot: Timestamp) -> Self {
        Self { slot, number: 1, first_started_at: None, requested: false, urgent: false }
    }

    pub(super) fn urgent(self) -> Self {
        Self { urgent: true, ..self }
    }

    pub(super) fn requested(now: Timestamp) -> Self {
        Self { requested: true, urgent: true, ..Self::first(now) }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    Idle,
    Waiting { attempt: Try, until: Timestamp },
    Queued { attempt: Try, order: i64 },
    Running { attempt: Try, since: Timestamp, beat: Timestamp, stopping: bool },
}

#[derive(Debug)]
pub(super) struct District {
    pub(super) name: Arc<str>,
    pub(super) upstream: Arc<str>,
    pub(super) schedule: Schedule,
    pub(super) paused: bool,
    /// Whether another night was asked for while one ran.
    pub(super) again: bool,
    pub(super) state: State,
    /// When it is looked at again.
    pub(super) wake: Option<Timestamp>,
    /// The first slot that was not taken yet.
    next: Option<Timestamp>,
}

impl District {
    pub(super) fn new(name: &str, upstream: &str, schedule: Schedule, since: Timestamp) -> Self {
        Self {
            name: name.into(),
            upstream: upstream.into(),
            next: schedule.slot_after(since),
            schedule,
            paused: false,
            again: false,
            state: State::Idle,
            wake: None,
        }
    }

    pub(super) fn reschedule(&mut self, schedule: Schedule, since: Timestamp) {
        self.next = schedule.slot_after(since);
        self.schedule = schedule;
    }

    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        match self.state {
            State::Idle => self.next,
            State::Waiting { attempt, until } if attempt.requested => Some(until),
            State::Waiting { until, .. } => Some(self.next.map_or(until, |it| it.min(until))),
            State::Queued { attempt, .. } => self.next.filter(|_| !attempt.requested),
            State::Running { stopping: true, .. } => None,
            State::Running { since, beat, .. } => {
                Some((since + self.schedule.time_limit).min(beat + self.schedule.heartbeat))
            }
        }
    }

    pub(super) fn standing(&self) -> Standing {
        match self.state {
            State::Idle => Standing::Idle,
            State::Waiting { attempt, until } => {
                Standing::Waiting { until, attempt: attempt.number }
            }
            State::Queued { attempt, .. } => Standing::Queued { attempt: attempt.number },
            State::Running { attempt, since, .. } => {
                Standing::Running { since, attempt: attempt.number }
            }
        }
    }

    /// Takes all slots that are due: the last one is what there is to do, those before were overtaken.
    pub(super) fn take_slots(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let busy = match self.state {
            State::Idle => false,
            State::Waiting { attempt, .. } | State::Queued { attempt, .. } => attempt.requested,
            State::Running { .. } => true,
        };
        if busy {
            return;
        }
        while let Some(slot) = self.next.filter(|it| *it <= now) {
            self.next = self.schedule.slot_after(slot);
            actions.extend(self.overtake().map(Action::Account));
            let unplanned = self.paused.then_some(Unplanned::Paused);
            if let Some(why) = unplanned.or_else(|| self.schedule.unplanned(slot)) {
                let account = self.account(&Try::first(slot), Fate::Unplanned(why), 0);
                actions.push(Action::Account(account));
            } else {
                let until = self.schedule.start_of(slot, &self.name);
                self.state = State::Waiting { attempt: Try::first(slot), until };
            }
        }
    }

    /// What was waiting when a later slot is due does not wait any longer.
    fn overtake(&mut self) -> Option<Account> {
        let (State::Waiting { attempt, .. } | State::Queued { attempt, .. }) = self.state else {
            return None;
        };
        self.state = State::Idle;
        let tried = attempt.number - 1;
        let fate = if tried == 0 { Fate::Missed(Missed::Overtaken) } else { Fate::Failed };
        Some(self.account(&attempt, fate, tried))
    }

    /// A try whose time has come.
    pub(super) fn ripe(&mut self, now: Timestamp, actions: &mut Vec<Action>) -> Option<Try> {
        let State::Waiting { attempt, until } = self.state else { return None };
        let too_late = attempt.number == 1 && now > attempt.slot + self.schedule.catch_up;
        if too_late && !attempt.requested {
            self.state = State::Idle;
            let account = self.account(&attempt, Fate::Missed(Missed::TooLate), 0);
            actions.push(Action::Account(account));
            return None;
        }
        if until > now {
            return None;
        }
        let open = if attempt.urgent { now } else { self.schedule.open_from(now) };
        if open > now {
            self.state = State::Waiting { attempt, until: open };
            return None;
        }
        Some(attempt)
    }

    pub(super) fn start(&mut self, now: Timestamp) -> Option<Night> {
        let State::Queued { mut attempt, .. } = self.state else { return None };
        attempt.first_started_at.get_or_insert(now);
        self.state = State::Running { attempt, since: now, beat: now, stopping: false };
        Some(Night {
            district: self.name.clone(),
            slot: attempt.slot,
            attempt: attempt.number,
            requested: attempt.requested,
        })
    }

    /// Stops a night that runs too long or gives no sign of life.
    pub(super) fn watch(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let State::Running { since, beat, stopping, .. } = &mut self.state else { return };
        let reason = if now >= *since + self.schedule.time_limit {
            StopReason::TimeLimit
        } else if now >= *beat + self.schedule.heartbeat {
            StopReason::NoHeartbeat
        } else {
            return;
        };
        if !std::mem::replace(stopping, true) {
            actions.push(Action::Stop { district: self.name.clone(), reason });
        }
    }

    /// A try has ended: its slot is accounted for, or tried again.
    pub(super) fn ended(
        &mut self,
        attempt: Try,
        now: Timestamp,
        ending: Ending,
    ) -> Option<Account> {
        self.state = State::Idle;
        let fate = match ending {
            Ending::Done => Fate::Ran,
            Ending::FailedForGood => Fate::Failed,
            Ending::Interrupted => return None,
            Ending::Failed => match self.schedule.backoff.after(attempt.number) {
                Some(wait) => {
                    let attempt = Try { number: attempt.number + 1, urgent: false, ..attempt };
                    self.state = State::Waiting { attempt, until: now + wait };
                    return None;
                }
                None => Fate::Failed,
            },
        };
        Some(self.account(&attempt, fate, attempt.number))
    }

    fn account(&self, attempt: &Try, fate: Fate, tries: u32) -> Account {
        Account {
            district: self.name.clone(),
            slot: attempt.slot,
            fate,
            started_at: attempt.first_started_at,
            tries,
            requested: attempt.requested,
        }
    }
}
