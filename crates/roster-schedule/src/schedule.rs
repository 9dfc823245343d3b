//! What a schedule comes to.

use crate::{
    Backoff, ConfigProblem, ScheduleConfig,
    day::{Season, Window, YearDay, parse_time},
    pattern::Pattern,
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How a district's roster comes in, which decides when its nights are planned by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The district sends files: 18:30, after the working day.
    Drop,
    /// Its source is read: 02:00, when nobody else reads it.
    Pull,
}

impl Delivery {
    fn cron(self) -> &'static str {
        match self {
            Self::Drop => "30 18 * * *",
            Self::Pull => "0 2 * * *",
        }
    }
}

/// Why no night is planned for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unplanned {
    /// Somebody paused the district.
    Paused,
    /// The slot is in a pause.
    Pause,
    /// The slot is in the summer pause.
    SummerPause,
    /// The slot's day is a blackout date.
    Blackout,
}

/// When the nights of a district run.
#[derive(Clone, Debug)]
pub struct Schedule {
    pattern: Pattern,
    jitter: SignedDuration,
    window: Option<Window>,
    /// See [`ScheduleConfig::catch_up_hours`].
    pub catch_up: SignedDuration,
    /// See [`ScheduleConfig::retry`].
    pub backoff: Backoff,
    /// See [`ScheduleConfig::time_limit_minutes`].
    pub time_limit: SignedDuration,
    /// See [`ScheduleConfig::heartbeat_minutes`].
    pub heartbeat: SignedDuration,
    paused: bool,
    pauses: Vec<(Date, Date)>,
    summer: Option<Season>,
    blackout: Vec<Date>,
}

/// First day of the summer pause that is offered.
const SUMMER_FROM: YearDay = YearDay::new(6, 20);
/// Last day of it.
const SUMMER_UNTIL: YearDay = YearDay::new(7, 31);

impl Schedule {
    /// Resolves a configuration.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn new(config: &ScheduleConfig, delivery: Delivery) -> Result<Self, Vec<ConfigProblem>> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let tell = |key| move |message| vec![ConfigProblem { key, message }];
        let zone = config.time_zone.as_deref().unwrap_or("America/Chicago");
        let zone = Pattern::zone(zone).map_err(tell("time_zone"))?;
        let cron = config.cron.as_deref().unwrap_or(delivery.cron());
        let pattern = Pattern::parse(cron, zone).map_err(tell("cron"))?;
        let date = |it: &String| it.parse::<Date>().ok();
        let pauses = config.pause.iter().flatten();
        let minutes = |given: Option<u32>, default| {
            SignedDuration::from_mins(given.map_or(default, i64::from))
        };
        Ok(Self {
            pattern,
            jitter: minutes(config.jitter_minutes, 15),
            window: config.window.as_ref().and_then(|it| {
                Some(Window { from: parse_time(&it.from)?, until: parse_time(&it.until)? })
            }),
            catch_up: SignedDuration::from_hours(config.catch_up_hours.map_or(20, i64::from)),
            backoff: Backoff {
                tries: config.retry.tries.unwrap_or(3),
                first: minutes(config.retry.first_wait_minutes, 10),
                longest: minutes(config.retry.longest_wait_minutes, 60),
            },
            time_limit: minutes(config.time_limit_minutes, 240),
            heartbeat: minutes(config.heartbeat_minutes, 30),
            paused: config.paused.unwrap_or(false),
            pauses: pauses.filter_map(|it| Some((date(&it.from)?, date(&it.until)?))).collect(),
            summer: config.summer_pause.as_ref().map(|it| Season {
                from: it.from.as_deref().and_then(YearDay::parse).unwrap_or(SUMMER_FROM),
                until: it.until.as_deref().and_then(YearDay::parse).unwrap_or(SUMMER_UNTIL),
            }),
            blackout: config.blackout.iter().flatten().filter_map(date).collect(),
        })
    }

    /// The time zone of its times.
    #[must_use]
    pub fn time_zone(&self) -> &TimeZone {
        self.pattern.time_zone()
    }

    /// The first slot after an instant.
    #[must_use]
    pub fn slot_after(&self, instant: Timestamp) -> Option<Timestamp> {
        self.pattern.after(instant)
    }

    /// When the night of a slot starts: the slot, and the district's place in the time over which nights are spread.
    #[must_use]
    pub fn start_of(&self, slot: Timestamp, district: &str) -> Timestamp {
        let seconds = self.jitter.as_secs().unsigned_abs();
        if seconds == 0 {
            return slot;
        }
        let place =
            xxh3_64_with_seed(district.as_bytes(), slot.as_second().unsigned_abs()) % seconds;
        slot + SignedDuration::from_secs(i64::try_from(place).unwrap_or_default())
    }

    /// Why there is no night for a slot, where there is none.
    #[must_use]
    pub fn unplanned(&self, slot: Timestamp) -> Option<Unplanned> {
        if self.paused {
            return Some(Unplanned::Paused);
        }
        if self.pauses.is_empty() && self.blackout.is_empty() && self.summer.is_none() {
            return None;
        }
        let day = self.time_zone().to_datetime(slot).date();
        if self.blackout.contains(&day) {
            return Some(Unplanned::Blackout);
        }
        if self.pauses.iter().any(|it| it.0 <= day && day <= it.1) {
            return Some(Unplanned::Pause);
        }
        self.summer.filter(|it| it.contains(day)).map(|_| Unplanned::SummerPause)
    }

    /// The first instant from `now` on at which a night may start.
    #[must_use]
    pub fn open_from(&self, now: Timestamp) -> Timestamp {
        let Some(window) = self.window else { return now };
        let local = self.time_zone().to_datetime(now);
        if window.contains(local.time()) {
            return now;
        }
        let today = local.date();
        let opening = |day: Date| self.time_zone().to_timestamp(day.to_datetime(window.from)).ok();
        let days = [Some(today), today.tomorrow().ok()];
        days.into_iter().flatten().filter_map(opening).find(|it| *it > now).unwrap_or(now)
    }

    /// The next slots that have a night, for people.
    #[must_use]
    pub fn upcoming(&self, now: Timestamp, most: usize) -> Vec<Timestamp> {
        // A pause of a year is passed over; one without an end is not searched for ever.
        const LOOKED_AT: usize = 800;
        let slots = std::iter::successors(self.slot_after(now), |it| self.slot_after(*it));
        let slots = slots.take(LOOKED_AT).filter(|it| self.unplanned(*it).is_none());
        slots.take(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PauseConfig, SummerPauseConfig, WindowConfig};

    fn schedule(config: &ScheduleConfig) -> Schedule {
        Schedule::new(config, Delivery::Pull).unwrap()
    }

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn drops_are_read_in_the_evening_and_sources_at_night() {
        let check = |delivery, expected: &str| {
            let schedule = Schedule::new(&ScheduleConfig::default(), delivery).unwrap();
            let slot = schedule.slot_after(instant("2026-11-24T12:00:00Z")).unwrap();
            assert_eq!(slot, instant(expected));
        };
        check(Delivery::Drop, "2026-11-25T00:30:00Z");
        check(Delivery::Pull, "2026-11-25T08:00:00Z");
    }

    #[test]
    fn each_district_has_its_own_place_in_the_jitter_every_time_the_same() {
        let schedule = schedule(&ScheduleConfig::default());
        let slot = instant("2026-11-25T08:00:00Z");
        let start = |it: &str| schedule.start_of(slot, it);
        let starts: std::collections::BTreeSet<_> =
            (0..50).map(|it| start(&format!("d{it}"))).collect();
        assert!(starts.len() > 40, "{}", starts.len());
        let most = slot + SignedDuration::from_mins(15);
        assert!(starts.iter().all(|it| slot <= *it && *it < most));
        assert_eq!(start("d1"), start("d1"));
    }

    #[test]
    fn pauses_count_by_the_days_of_the_time_zone() {
        let schedule = schedule(&ScheduleConfig {
            blackout: Some(vec!["2027-01-01".to_owned()]),
            pause: Some(vec![PauseConfig {
                from: "2027-02-01".to_owned(),
                until: "2027-02-02".to_owned(),
                reason: None,
            }]),
            summer_pause: Some(SummerPauseConfig::default()),
            ..ScheduleConfig::default()
        });
        let check = |slot: &str, expected| assert_eq!(schedule.unplanned(instant(slot)), expected);
        check("2027-01-01T05:59:00Z", None);
        check("2027-01-01T06:00:00Z", Some(Unplanned::Blackout));
        check("2027-02-03T05:59:00Z", Some(Unplanned::Pause));
        check("2027-02-03T06:00:00Z", None);
        check("2027-07-01T08:00:00Z", Some(Unplanned::SummerPause));
        check("2027-08-01T08:00:00Z", None);
        let next = schedule.upcoming(instant("2027-06-19T12:00:00Z"), 1);
        assert_eq!(next, [instant("2027-08-01T07:00:00Z")]);
    }

    #[test]
    fn a_window_opens_today_or_tomorrow() {
        let schedule = schedule(&ScheduleConfig {
            window: Some(WindowConfig { from: "01:00".to_owned(), until: "05:00".to_owned() }),
            ..ScheduleConfig::default()
        });
        let check = |now: &str, expected: &str| {
            assert_eq!(schedule.open_from(instant(now)), instant(expected));
        };
        check("2026-11-25T08:00:00Z", "2026-11-25T08:00:00Z");
        check("2026-11-25T06:00:00Z", "2026-11-25T07:00:00Z");
        check("2026-11-25T11:00:00Z", "2026-11-26T07:00:00Z");
    }
}
