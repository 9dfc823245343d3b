//! A thousand districts through a year: both changes of daylight-saving time, failures and outages.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::{SignedDuration, Timestamp};
use roster_schedule::{
    Account, Action, Backoff, Caps, Delivery, Ending, Fate, Missed, Night, Schedule,
    ScheduleConfig, Scheduler, SummerPauseConfig, Unplanned,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
    sync::Arc,
};

const DISTRICTS: usize = 1_000;
const ZONES: [&str; 4] =
    ["America/New_York", "America/Chicago", "America/Phoenix", "America/Los_Angeles"];
/// Cron, and how districts deliver.
const PLANS: [(Option<&str>, Delivery); 4] = [
    (None, Delivery::Pull),
    (None, Delivery::Drop),
    (Some("30 2 * * *"), Delivery::Pull),
    (Some("30 1 * * MON-FRI"), Delivery::Pull),
];

fn config(number: usize) -> (ScheduleConfig, Delivery) {
    let (cron, delivery) = PLANS[number / ZONES.len() % PLANS.len()];
    let config = ScheduleConfig {
        cron: cron.map(str::to_owned),
        time_zone: Some(ZONES[number % ZONES.len()].to_owned()),
        summer_pause: (number.is_multiple_of(10)).then(SummerPauseConfig::default),
        ..ScheduleConfig::default()
    };
    (config, delivery)
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Times in which the program is down; the second is longer than any night is caught up.
fn outages() -> [(Timestamp, Timestamp); 2] {
    let outage = |from, until| (instant(from), instant(until));
    [
        outage("2027-01-20T06:50:00Z", "2027-01-20T14:00:00Z"),
        outage("2027-11-06T20:00:00Z", "2027-11-10T09:10:00Z"),
    ]
}

/// One try of ten fails, the same ones every time.
fn fails(night: &Night) -> bool {
    let text = format!("{} {} {}", night.attempt, night.district, night.slot);
    let mix = |sum: u64, it: u8| (sum ^ u64::from(it)).wrapping_mul(0x0100_0000_01b3);
    (text.bytes().fold(0xcbf2_9ce4_8422_2325, mix) >> 32).is_multiple_of(10)
}

/// The program over the year.
struct Year {
    now: Timestamp,
    scheduler: Scheduler,
    /// Nights that run: their end, and what they are.
    running: BinaryHeap<Reverse<(Timestamp, Arc<str>, bool)>>,
    /// What is remembered over restarts: the last slot that was accounted for.
    last: HashMap<Arc<str>, Timestamp>,
    accounts: BTreeMap<(Arc<str>, Timestamp), Account>,
    tries: u64,
    most_at_once: usize,
    begin: Timestamp,
}

impl Year {
    fn begin(begin: Timestamp) -> Self {
        let mut year = Self {
            now: begin,
            scheduler: Scheduler::new(Caps::default()),
            running: BinaryHeap::new(),
            last: HashMap::new(),
            accounts: BTreeMap::new(),
            tries: 0,
            most_at_once: 0,
            begin,
        };
        year.start_program();
        year
    }

    /// What a program does that starts: it goes on after what it remembers.
    fn start_program(&mut self) {
        let upstreams = HashMap::from([("u0".to_owned(), 40)]);
        self.scheduler = Scheduler::new(Caps { total: 200, upstream: 100, upstreams });
        self.running.clear();
        for number in 0..DISTRICTS {
            let name = format!("d{number}");
            let (config, delivery) = config(number);
            let schedule = Schedule::new(&config, delivery).unwrap();
            let since = self.last.get(name.as_str()).copied().unwrap_or(self.begin);
            self.scheduler.add(&name, &format!("u{}", number % 7), schedule, since);
        }
    }

    fn run_until(&mut self, end: Timestamp) {
        loop {
            self.act();
            let ends = self.running.peek().map(|it| it.0.0);
            let next = [self.scheduler.next_wake(), ends].into_iter().flatten().min();
            let Some(next) = next.filter(|it| *it < end) else { break };
            self.now = self.now.max(next);
            while let Some(Reverse((at, name, failed))) = self.running.peek().cloned() {
                if at > self.now {
                    break;
                }
                self.running.pop();
                let ending = if failed { Ending::Failed } else { Ending::Done };
                let account = self.scheduler.finished(&name, self.now, ending);
                if let Some(account) = account {
                    self.remember(account);
                }
            }
        }
        self.now = end;
    }

    fn act(&mut self) {
        for action in self.scheduler.tick(self.now) {
            match action {
                Action::Start(night) => {
                    self.tries += 1;
                    let end = self.now + SignedDuration::from_mins(2);
                    self.running.push(Reverse((end, night.district.clone(), fails(&night))));
                }
                Action::Stop { district, .. } => panic!("{district} was stopped"),
                Action::Account(account) => self.remember(account),
            }
        }
        self.most_at_once = self.most_at_once.max(self.scheduler.running());
    }

    fn remember(&mut self, account: Account) {
        let last = self.last.entry(account.district.clone()).or_insert(account.slot);
        *last = (*last).max(account.slot);
        let earlier = self.accounts.insert((account.district.clone(), account.slot), account);
        assert_eq!(earlier, None, "a slot was accounted for twice");
    }
}

#[test]
fn every_night_of_a_year_ran_once_or_is_accounted_for() {
    let (begin, end) = (instant("2026-11-24T12:00:00Z"), instant("2027-11-25T12:00:00Z"));
    let mut year = Year::begin(begin);
    for (down, up) in outages() {
        year.run_until(down);
        year.now = up;
        year.start_program();
    }
    year.run_until(end);

    let mut fates: BTreeMap<String, u64> = BTreeMap::new();
    for number in 0..DISTRICTS {
        let name: Arc<str> = format!("d{number}").into();
        let (config, delivery) = config(number);
        let schedule = Schedule::new(&config, delivery).unwrap();
        let slots =
            std::iter::successors(schedule.slot_after(begin), |it| schedule.slot_after(*it));
        // The last night may still be tried again when the year ends.
        let settled = end - SignedDuration::from_hours(24);
        for slot in slots.take_while(|it| *it < settled) {
            let account = year.accounts.get(&(name.clone(), slot));
            let account = account.unwrap_or_else(|| panic!("{name} {slot} is lost"));
            *fates.entry(format!("{:?}", account.fate)).or_default() += 1;
            check(account, &schedule);
        }
    }
    let count = |fate: Fate| fates.get(&format!("{fate:?}")).copied().unwrap_or_default();
    let total: u64 = fates.values().sum();
    assert!(total > 330_000, "{fates:?}");
    // One night in a thousand fails three times; the long outage costs three nights of most districts.
    assert!((total / 2_000..total / 500).contains(&count(Fate::Failed)), "{fates:?}");
    assert!(count(Fate::Missed(Missed::Overtaken)) > 1_500, "{fates:?}");
    assert!(count(Fate::Unplanned(Unplanned::SummerPause)) > 3_000, "{fates:?}");
    assert!(count(Fate::Ran) * 100 > total * 97, "{fates:?}");
    assert!(year.tries > count(Fate::Ran) && year.most_at_once <= 200, "{}", year.most_at_once);
}

/// What must hold for every slot.
fn check(account: &Account, schedule: &Schedule) {
    let late = account.started_at.map(|it| it - account.slot);
    match account.fate {
        Fate::Ran | Fate::Failed => {
            let late = late.expect("a night that ended has started");
            assert!(!late.is_negative() && late <= schedule.catch_up, "{account:?}");
            let Backoff { tries, .. } = schedule.backoff;
            assert!((1..=tries).contains(&account.tries), "{account:?}");
        }
        Fate::Unplanned(why) => assert_eq!(schedule.unplanned(account.slot), Some(why)),
        Fate::Missed(_) => {
            let down = |it: &(Timestamp, Timestamp)| {
                it.0 - SignedDuration::from_hours(2) <= account.slot && account.slot <= it.1
            };
            assert!(outages().iter().any(down), "{account:?}");
            assert_eq!(account.tries, 0, "{account:?}");
        }
    }
}
