//! What a scheduler does at single moments.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::{SignedDuration, Timestamp};
use roster_schedule::{
    Action, Caps, Clock as _, Delivery, Ending, FakeClock, Fate, Missed, Schedule, ScheduleConfig,
    Scheduler, Standing, StopReason, Unplanned, WindowConfig,
};

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn plan(change: impl FnOnce(&mut ScheduleConfig)) -> Schedule {
    let mut config = ScheduleConfig {
        time_zone: Some("UTC".to_owned()),
        jitter_minutes: Some(0),
        ..ScheduleConfig::default()
    };
    change(&mut config);
    Schedule::new(&config, Delivery::Pull).unwrap()
}

/// What was done, in words.
fn words(actions: &[Action]) -> Vec<String> {
    let word = |it: &Action| match it {
        Action::Start(it) => format!("start {} #{}", it.district, it.attempt),
        Action::Stop { district, reason } => format!("stop {district} {reason:?}"),
        Action::Account(it) => format!("{} {:?} after {}", it.district, it.fate, it.tries),
    };
    actions.iter().map(word).collect()
}

struct Stage {
    clock: FakeClock,
    scheduler: Scheduler,
}

impl Stage {
    fn new(caps: Caps) -> Self {
        let clock = FakeClock::at(instant("2026-11-24T00:00:00Z"));
        Self { clock, scheduler: Scheduler::new(caps) }
    }

    fn add(&mut self, name: &str, upstream: &str, schedule: Schedule) {
        self.scheduler.add(name, upstream, schedule, self.clock.now());
    }

    #[track_caller]
    fn at(&mut self, time: &str, expected: &[&str]) {
        self.clock.set(instant(&format!("2026-11-{time}:00Z")));
        assert_eq!(words(&self.scheduler.tick(self.clock.now())), expected);
    }

    fn end(&mut self, name: &str, ending: Ending) -> Option<Fate> {
        self.scheduler.finished(name, self.clock.now(), ending).map(|it| it.fate)
    }
}

#[test]
fn failed_night_is_tried_again_later_and_later_and_then_accounted_for() {
    let mut stage = Stage::new(Caps::default());
    stage.add("a", "u", plan(|_| {}));
    stage.at("24T01:59", &[]);
    stage.at("24T02:00", &["start a #1"]);
    assert_eq!(stage.end("a", Ending::Failed), None);
    stage.at("24T02:09", &[]);
    stage.at("24T02:10", &["start a #2"]);
    assert_eq!(stage.end("a", Ending::Failed), None);
    stage.at("24T02:30", &["start a #3"]);
    assert_eq!(stage.end("a", Ending::Failed), Some(Fate::Failed));
    stage.at("25T02:00", &["start a #1"]);
    assert_eq!(stage.end("a", Ending::FailedForGood), Some(Fate::Failed));
    stage.at("26T02:00", &["start a #1"]);
    assert_eq!(stage.end("a", Ending::Done), Some(Fate::Ran));
}

#[test]
fn night_that_runs_too_long_or_gives_no_sign_of_life_is_stopped_once() {
    let mut stage = Stage::new(Caps::default());
    stage.add("a", "u", plan(|it| it.time_limit_minutes = Some(60)));
    stage.at("24T02:00", &["start a #1"]);
    stage.at("24T02:29", &[]);
    stage.scheduler.heartbeat("a", stage.clock.now());
    stage.at("24T02:31", &[]);
    stage.at("24T02:59", &["stop a NoHeartbeat"]);
    stage.at("24T03:30", &[]);
    assert_eq!(stage.end("a", Ending::Failed), None);
    stage.at("24T03:40", &["start a #2"]);
    for minutes in 0..3 {
        stage.clock.advance(SignedDuration::from_mins(20));
        stage.scheduler.heartbeat("a", stage.clock.now());
        let expected: &[_] = if minutes == 2 { &[StopReason::TimeLimit] } else { &[] };
        let actions = stage.scheduler.tick(stage.clock.now());
        let stops = actions.iter().filter_map(|it| match it {
            Action::Stop { reason, .. } => Some(*reason),
            _ => None,
        });
        assert_eq!(stops.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn upstreams_and_the_whole_have_caps_and_places_are_given_in_order() {
    let upstreams = [("clever".to_owned(), 1)].into();
    let mut stage = Stage::new(Caps { total: 2, upstream: 9, upstreams });
    for (name, upstream) in [("a", "clever"), ("b", "clever"), ("c", "x"), ("d", "x")] {
        stage.add(name, upstream, plan(|_| {}));
    }
    stage.at("24T02:00", &["start a #1", "start c #1"]);
    assert_eq!(stage.scheduler.standing("b"), Some(Standing::Queued { attempt: 1 }));
    stage.end("c", Ending::Done);
    stage.at("24T02:01", &["start d #1"]);
    stage.end("a", Ending::Done);
    stage.at("24T02:02", &["start b #1"]);
    assert_eq!(stage.scheduler.running(), 2);
}

#[test]
fn night_is_asked_for_before_during_and_after_its_slot() {
    let mut stage = Stage::new(Caps::default());
    let window = WindowConfig { from: "01:00".to_owned(), until: "05:00".to_owned() };
    stage.add("a", "u", plan(|it| it.window = Some(window)));
    assert!(!stage.scheduler.run_now("b", stage.clock.now()));
    // Outside the window: whoever asks has a reason.
    assert!(stage.scheduler.run_now("a", stage.clock.now()));
    stage.at("24T00:30", &["start a #1"]);
    assert!(stage.scheduler.run_now("a", stage.clock.now()));
    stage.at("24T00:40", &[]);
    assert_eq!(stage.end("a", Ending::Done), Some(Fate::Ran));
    stage.at("24T00:41", &["start a #1"]);
    // The slot comes while the night that was asked for runs: it has its own night afterwards.
    stage.at("24T02:30", &["stop a NoHeartbeat"]);
    assert_eq!(stage.end("a", Ending::Done), Some(Fate::Ran));
    stage.at("24T02:31", &["start a #1"]);
    assert_eq!(stage.end("a", Ending::Failed), None);
    // One that waits to be tried again starts at once.
    assert!(stage.scheduler.run_now("a", stage.clock.now()));
    stage.at("24T02:32", &["start a #2"]);
}

#[test]
fn what_was_missed_is_caught_up_once_in_its_window_or_told() {
    let mut stage = Stage::new(Caps::default());
    stage.add("a", "u", plan(|it| it.catch_up_hours = Some(30)));
    let window = WindowConfig { from: "22:00".to_owned(), until: "05:00".to_owned() };
    stage.add(
        "b",
        "v",
        plan(|it| {
            it.window = Some(window);
            it.catch_up_hours = Some(9);
        }),
    );
    let expected = ["a Missed(Overtaken) after 0", "b Missed(Overtaken) after 0", "start a #1"];
    stage.at("25T09:00", &expected);
    stage.end("a", Ending::Done);
    stage.at("25T22:00", &["b Missed(TooLate) after 0"]);
    let fate = Fate::Missed(Missed::TooLate);
    assert_ne!(stage.end("b", Ending::Done), Some(fate), "it does not run");
}

#[test]
fn paused_district_runs_when_asked_and_a_stopping_program_starts_nothing() {
    let mut stage = Stage::new(Caps::default());
    stage.add("a", "u", plan(|_| {}));
    stage.scheduler.pause("a", true);
    let paused = format!("a {:?} after 0", Fate::Unplanned(Unplanned::Paused));
    stage.at("24T02:00", &[&paused]);
    assert_eq!(stage.scheduler.upcoming("a", stage.clock.now(), 1), []);
    assert!(stage.scheduler.run_now("a", stage.clock.now()));
    stage.at("24T02:01", &["start a #1"]);
    stage.scheduler.drain();
    stage.scheduler.pause("a", false);
    assert_eq!(stage.end("a", Ending::Interrupted), None);
    stage.at("25T02:00", &[]);
    assert_eq!(stage.scheduler.running(), 0);
}
