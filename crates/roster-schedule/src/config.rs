//! A schedule as it is written in `homeroom.toml`.

use crate::day::{YearDay, parse_time};
use crate::pattern::Pattern;
use jiff::{civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde::Deserialize;

/// One thing that is wrong with a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The key.
    pub key: &'static str,
    /// What was found, what is expected and what to do.
    pub message: String,
}

/// When nights run.
///
/// A district's own keys come before those of all districts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleConfig {
    /// When a night is planned, as cron writes it: minute, hour, day of the month, month, day of the week.  Default:
    /// `"30 18 * * *"` for a district that sends its files, `"0 2 * * *"` for one whose source is read.
    /// Example: `"0 2 * * MON-FRI"`
    pub cron: Option<String>,
    /// The time zone of all times here, by its name in the IANA database.  Default: `"America/Chicago"`.
    /// Example: `"America/New_York"`
    pub time_zone: Option<String>,
    /// Minutes over which the nights that are planned for one time are spread; each district has its own place in
    /// them.  Default: 15.  Example: `60`
    #[schemars(range(max = 720))]
    pub jitter_minutes: Option<u32>,
    /// Times of the day in which a night may start: planned, caught up or tried again.  Default: any.
    pub window: Option<WindowConfig>,
    /// Hours after its planned time in which a night that did not run, say because the program was down, is still
    /// caught up.  Default: 20.  Example: `6`
    #[schemars(range(max = 168))]
    pub catch_up_hours: Option<u32>,
    /// How a night that fails is tried again.
    pub retry: RetryConfig,
    /// Minutes after which a night that is still running is stopped.  Default: 240.  Example: `60`
    #[schemars(range(min = 1, max = 10_080))]
    pub time_limit_minutes: Option<u32>,
    /// Minutes without a sign of life (a row, a byte, a wait that the source asked for) after which a night is stopped.
    /// Default: 30.  Example: `10`
    #[schemars(range(min = 1, max = 10_080))]
    pub heartbeat_minutes: Option<u32>,
    /// Whether no night is planned until this is taken out again.  Example: `true`
    pub paused: Option<bool>,
    /// Days without nights.
    pub pause: Option<Vec<PauseConfig>>,
    /// Days of every summer without nights.  An empty table: 20 June to 31 July.
    pub summer_pause: Option<SummerPauseConfig>,
    /// Single days without nights.  Example: `["2027-01-01", "2027-07-04"]`
    pub blackout: Option<Vec<String>>,
}

/// Times of the day in which a night may start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowConfig {
    /// First time of the day.  Example: `"18:00"`
    pub from: String,
    /// First time of the day that is outside again; may be after midnight.  Example: `"06:00"`
    pub until: String,
}

/// How a night that fails is tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryConfig {
    /// Tries of a night in all.  Default: 3.  Example: `1`
    #[schemars(range(min = 1, max = 100))]
    pub tries: Option<u32>,
    /// Minutes between the first two tries; every further wait is twice as long.  Default: 10.  Example: `30`
    #[schemars(range(min = 1, max = 1_440))]
    pub first_wait_minutes: Option<u32>,
    /// Longest wait in minutes.  Default: 60.  Example: `120`
    #[schemars(range(min = 1, max = 1_440))]
    pub longest_wait_minutes: Option<u32>,
}

/// Days without nights, once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseConfig {
    /// First day.  Example: `"2026-12-21"`
    pub from: String,
    /// Last day.  Example: `"2027-01-03"`
    pub until: String,
    /// Why, for people.  Example: `"move to a new SIS"`
    #[serde(default)]
    pub reason: Option<String>,
}

/// Days of every summer without nights.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SummerPauseConfig {
    /// First day, month first.  Default: `"06-20"`.  Example: `"06-12"`
    pub from: Option<String>,
    /// Last day.  Default: `"07-31"`.  Example: `"08-15"`
    pub until: Option<String>,
}

impl ScheduleConfig {
    /// These keys, and those of `other` where there is none.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        let other = other.clone();
        Self {
            cron: self.cron.or(other.cron),
            time_zone: self.time_zone.or(other.time_zone),
            jitter_minutes: self.jitter_minutes.or(other.jitter_minutes),
            window: self.window.or(other.window),
            catch_up_hours: self.catch_up_hours.or(other.catch_up_hours),
            retry: RetryConfig {
                tries: self.retry.tries.or(other.retry.tries),
                first_wait_minutes: self
                    .retry
                    .first_wait_minutes
                    .or(other.retry.first_wait_minutes),
                longest_wait_minutes: self
                    .retry
                    .longest_wait_minutes
                    .or(other.retry.longest_wait_minutes),
            },
            time_limit_minutes: self.time_limit_minutes.or(other.time_limit_minutes),
            heartbeat_minutes: self.heartbeat_minutes.or(other.heartbeat_minutes),
            paused: self.paused.or(other.paused),
            pause: self.pause.or(other.pause),
            summer_pause: self.summer_pause.or(other.summer_pause),
            blackout: self.blackout.or(other.blackout),
        }
    }

    /// Everything that is wrong with these keys.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut tell = |key, message| problems.push(ConfigProblem { key, message });
        if let Some(Err(message)) = self.cron.as_deref().map(|it| Pattern::parse(it, TimeZone::UTC))
        {
            tell("cron", message);
        }
        if let Some(Err(message)) = self.time_zone.as_deref().map(Pattern::zone) {
            tell("time_zone", message);
        }
        if let Some(window) = &self.window
            && let Some(message) = window.problem()
        {
            tell("window", message);
        }
        for pause in self.pause.iter().flatten() {
            if let Some(message) = pause.problem() {
                tell("pause", message);
            }
        }
        let days = self.summer_pause.iter().flat_map(|it| [&it.from, &it.until]).flatten();
        for day in days.filter(|it| YearDay::parse(it).is_none()) {
            tell(
                "summer_pause",
                format!("{day:?} is not a day of the year; write MM-DD, as \"06-20\""),
            );
        }
        for day in self.blackout.iter().flatten().filter(|it| it.parse::<Date>().is_err()) {
            tell("blackout", not_a_date(day));
        }
        problems
    }
}

impl WindowConfig {
    fn problem(&self) -> Option<String> {
        let wrong = [&self.from, &self.until].into_iter().find(|it| parse_time(it).is_none());
        if let Some(wrong) = wrong {
            return Some(format!("{wrong:?} is not a time of the day; write HH:MM, as \"18:00\""));
        }
        let empty = self.from == self.until;
        empty
            .then(|| "the window begins when it ends; leave it out, or give it a length".to_owned())
    }
}

impl PauseConfig {
    fn problem(&self) -> Option<String> {
        let date = |it: &str| it.parse::<Date>().map_err(|_| not_a_date(it));
        match (date(&self.from), date(&self.until)) {
            (Err(message), _) | (_, Err(message)) => Some(message),
            (Ok(from), Ok(until)) if until < from => {
                Some(format!("the pause ends on {until}, before it begins on {from}"))
            }
            _ => None,
        }
    }
}

fn not_a_date(text: &str) -> String {
    format!("{text:?} is not a date; write YYYY-MM-DD")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_told_at_once() {
        let config = ScheduleConfig {
            cron: Some("2am".to_owned()),
            time_zone: Some("Central".to_owned()),
            window: Some(WindowConfig { from: "18:00".to_owned(), until: "18:00".to_owned() }),
            pause: Some(vec![PauseConfig {
                from: "2027-02-01".to_owned(),
                until: "2027-01-01".to_owned(),
                reason: None,
            }]),
            summer_pause: Some(SummerPauseConfig { from: Some("June".to_owned()), until: None }),
            blackout: Some(vec!["2027-02-30".to_owned(), "2027-02-01".to_owned()]),
            ..ScheduleConfig::default()
        };
        let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
        assert_eq!(keys, ["cron", "time_zone", "window", "pause", "summer_pause", "blackout"]);
        assert_eq!(ScheduleConfig::default().problems(), []);
    }

    #[test]
    fn a_districts_own_keys_come_first() {
        let all = ScheduleConfig {
            cron: Some("0 3 * * *".to_owned()),
            retry: RetryConfig { tries: Some(5), ..RetryConfig::default() },
            ..ScheduleConfig::default()
        };
        let own =
            ScheduleConfig { cron: Some("0 4 * * *".to_owned()), ..ScheduleConfig::default() };
        let both = own.or(&all);
        assert_eq!((both.cron.as_deref(), both.retry.tries), (Some("0 4 * * *"), Some(5)));
    }
}
