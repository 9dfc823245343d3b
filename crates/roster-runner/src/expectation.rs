//! When a district's files are expected, and what to tell when they do not come.
//!
//! All of it is a function of what the nights found and of the time: nothing here reads a clock.  What was published stays
//! as it is, whatever is told.

use jiff::{
    SignedDuration, ToSpan as _, ZonedDateTime,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use roster_core::{Actor, ErrorKind, value::Timestamp};
use roster_sink::{Outcome, RunReport};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When files are due where nothing else is said.
const DUE: &str = "18:30";
/// Where that is.
const TIME_ZONE: &str = "America/Chicago";

/// When a district's files are expected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectConfig {
    /// Local time by which the files of a day have come.  Default: `"18:30"`.  Example: `"21:00"`
    pub due: Option<String>,
    /// Time zone of that, by its IANA name.  Default: `"America/Chicago"`.  Example: `"America/New_York"`
    pub time_zone: Option<String>,
    /// Days on which files are expected.  Default: Monday to Friday.  Example: `["mon", "wed", "fri"]`
    pub days: Option<Vec<Day>>,
    /// Days on which none are, first and last, such as holidays.  Example: `[["2026-12-21", "2027-01-01"]]`
    pub except: Option<Vec<(String, String)>>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }
}

/// A checked [`ExpectConfig`].
#[derive(Clone, Debug)]
pub struct Expectation {
    due: Time,
    zone: TimeZone,
    days: Vec<Weekday>,
    except: Vec<(Date, Date)>,
}

impl ExpectConfig {
    /// Checks it.
    ///
    /// # Errors
    ///
    /// The first key that is wrong, and what is wrong with it.
    pub fn resolve(&self) -> Result<Expectation, (&'static str, String)> {
        let wrong = |key, message: &str| (key, message.to_owned());
        let due = self.due.as_deref().unwrap_or(DUE);
        let due = Time::strptime("%H:%M", due)
            .map_err(|_| wrong("due", "the time cannot be read; write it as 18:30"))?;
        let zone = TimeZone::get(self.time_zone.as_deref().unwrap_or(TIME_ZONE)).map_err(|_| {
            wrong(
                "time_zone",
                "there is no such time zone; take an IANA name, such as America/Chicago",
            )
        })?;
        let weekdays = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri];
        let days = self.days.clone().unwrap_or_else(|| weekdays.to_vec());
        let except =
            self.except.iter().flatten().map(|(from, to)| Ok((from.parse()?, to.parse()?)));
        let except = except.collect::<Result<Vec<_>, jiff::Error>>();
        let except =
            except.map_err(|_| wrong("except", "a day cannot be read; write it as 2026-12-21"))?;
        let days = days.into_iter().map(Day::weekday).collect();
        Ok(Expectation { due, zone, days, except })
    }
}

impl Default for Expectation {
    fn default() -> Self {
        ExpectConfig::default().resolve().expect("what is taken by default can be read")
    }
}

/// What a night found where a district sends its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Files with something new.
    New,
    /// Files with nothing new.
    Unchanged,
    /// Files that cannot be used.
    Refused,
    /// Nothing, or nothing complete.
    Nothing,
}

impl Delivery {
    /// What a run says of it; `None` if it failed for a reason of ours.
    #[must_use]
    pub fn of(report: &RunReport) -> Option<Self> {
        match (report.outcome, &report.error) {
            (Outcome::Published | Outcome::Held, _) => Some(Self::New),
            (Outcome::Unchanged, _) => Some(Self::Unchanged),
            (Outcome::Failed, Some(error)) => {
                let is = |kind: ErrorKind| error.kind == kind.code();
                let kinds = [ErrorKind::Damaged, ErrorKind::SchemaMismatch];
                debug_assert!(kinds.iter().all(|it| it.actor() == Actor::District));
                if is(ErrorKind::NotReady) || is(ErrorKind::NotFound) {
                    Some(Self::Nothing)
                } else {
                    kinds.into_iter().any(is).then_some(Self::Refused)
                }
            }
            (Outcome::Failed, None) => None,
        }
    }

    fn came(self) -> bool {
        self != Self::Nothing
    }
}

/// How a district's deliveries stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// What was due has come.
    OnTime,
    /// Nothing was ever due: no night has found anything yet.
    NotExpected,
    /// What has come is what came before.
    Unchanged,
    /// That has been so for many school nights.
    Stale,
    /// What has come cannot be used.
    Refused,
    /// What was due has not come yet.
    Late,
    /// What was due has not come, and by now the next is due.
    Missing,
}

impl DeliveryState {
    /// The stable word.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OnTime => "on_time",
            Self::NotExpected => "not_expected",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Refused => "refused",
            Self::Late => "late",
            Self::Missing => "missing",
        }
    }

    /// Whether somebody has to do something.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Stale | Self::Refused | Self::Late | Self::Missing)
    }
}

/// How a district's deliveries stand, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryNotice {
    /// The district.
    pub district: String,
    /// How they stand.
    pub state: DeliveryState,
    /// When the latest was due.
    pub due_at: Option<Timestamp>,
    /// When the last one came, whatever came.
    pub last_delivery_at: Option<Timestamp>,
    /// When the last one with something new came.
    pub last_new_at: Option<Timestamp>,
    /// How many deliveries that were due have not come, or came with nothing new, or could not be used.
    pub in_a_row: usize,
    /// A sentence.
    pub text: String,
}

impl Expectation {
    /// How deliveries stand at a time, by what the nights before it found, oldest first.
    #[must_use]
    pub fn notice(
        &self,
        district: &str,
        nights: &[(Timestamp, Delivery)],
        stale_after: u32,
        now: Timestamp,
    ) -> DeliveryNotice {
        let nights: Vec<_> = nights.iter().copied().filter(|it| it.0 <= now).collect();
        let last = |wanted: &dyn Fn(Delivery) -> bool| {
            nights.iter().rev().find(|it| wanted(it.1)).map(|it| it.0)
        };
        let (last_came, last_new) = (last(&Delivery::came), last(&|it| it == Delivery::New));
        let due_at = self.due_before(now);
        let (state, in_a_row) = match (last_came, due_at) {
            (None, _) | (_, None) => (DeliveryState::NotExpected, 0),
            (Some(came), Some(due)) => self.stand(&nights, came, due, last_new, stale_after),
        };
        let text = sentence(state, in_a_row);
        let district = district.to_owned();
        DeliveryNotice {
            district,
            state,
            due_at,
            last_delivery_at: last_came,
            last_new_at: last_new,
            in_a_row,
            text,
        }
    }

    fn stand(
        &self,
        nights: &[(Timestamp, Delivery)],
        came: Timestamp,
        due: Timestamp,
        last_new: Option<Timestamp>,
        stale_after: u32,
    ) -> (DeliveryState, usize) {
        let missed = self.dues(self.window_of(came), due);
        match missed {
            0 => {}
            1 => return (DeliveryState::Late, 1),
            missed => return (DeliveryState::Missing, missed),
        }
        let found = nights.iter().rev().map(|it| it.1).find(|it| it.came());
        match found {
            Some(Delivery::Refused) => {
                let refused = nights.iter().rev().map(|it| it.1).filter(|it| it.came());
                (DeliveryState::Refused, refused.take_while(|it| *it == Delivery::Refused).count())
            }
            Some(Delivery::Unchanged) => {
                let since =
                    last_new.map_or(0, |it| self.dues(self.window_of(it), self.window_of(came)));
                let stale = stale_after > 0 && since >= stale_after as usize;
                (if stale { DeliveryState::Stale } else { DeliveryState::Unchanged }, since)
            }
            _ => (DeliveryState::OnTime, 0),
        }
    }

    /// The due time that a delivery counts for: the next one after it came, or the one that it came too late for.
    ///
    /// What comes after a due time and before the next morning was late for that one; what comes from the morning on is for
    /// the next.
    fn window_of(&self, came: Timestamp) -> Timestamp {
        let local = came.to_zoned_datetime(self.zone.clone());
        let morning =
            |day: Date| day.at(MORNING, 0, 0, 0).to_zoned_datetime(self.zone.clone()).ok();
        let day = if local.time().hour() < MORNING {
            local.date().yesterday().unwrap_or(local.date())
        } else {
            local.date()
        };
        let from = morning(day).map_or(came, |it| it.timestamp());
        self.due_after(from).unwrap_or(came)
    }

    /// How many due times there are after one time, up to and with another.
    fn dues(&self, after: Timestamp, until: Timestamp) -> usize {
        let mut count = 0;
        let mut at = after;
        while let Some(next) = self.due_after(at).filter(|it| *it <= until) {
            (count, at) = (count + 1, next);
        }
        count
    }

    /// The last due time at or before a time.
    fn due_before(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned_datetime(self.zone.clone()).date();
        let days = (0..MOST_DAYS).filter_map(|it| today.checked_sub(it.days()).ok());
        days.filter_map(|it| self.due_on(it)).find(|it| *it <= now)
    }

    /// The first due time after a time.
    fn due_after(&self, time: Timestamp) -> Option<Timestamp> {
        let today = time.to_zoned_datetime(self.zone.clone()).date();
        let days = (0..MOST_DAYS).filter_map(|it| today.checked_add(it.days()).ok());
        days.filter_map(|it| self.due_on(it)).find(|it| *it > time)
    }

    fn due_on(&self, day: Date) -> Option<Timestamp> {
        let excepted = self.except.iter().any(|(from, to)| (*from..=*to).contains(&day));
        let expected = self.days.contains(&day.weekday()) && !excepted;
        let at = |day: Date| day.to_datetime(self.due).to_zoned_datetime(self.zone.clone()).ok();
        expected.then(|| at(day)).flatten().map(|it: ZonedDateTime| it.timestamp())
    }

    /// When it makes sense to look: a little after each due time, so that a drop in the last minute counts.
    #[must_use]
    pub fn next_look(&self, now: Timestamp) -> Option<Timestamp> {
        self.due_after(now)?.checked_add(GRACE).ok()
    }
}

/// The hour at which a day of deliveries starts.
const MORNING: i8 = 5;
/// How far due times are looked for: a long summer.
const MOST_DAYS: i64 = 200;
/// See [`Expectation::next_look`].
const GRACE: SignedDuration = SignedDuration::from_mins(15);

fn sentence(state: DeliveryState, in_a_row: usize) -> String {
    // A second look on the same day finds the same files.
    let in_a_row = in_a_row.max(1);
    let nights = if in_a_row == 1 { "1 night".to_owned() } else { format!("{in_a_row} nights") };
    match state {
        DeliveryState::OnTime => "what was due has come".to_owned(),
        DeliveryState::NotExpected => "no night has found files yet".to_owned(),
        DeliveryState::Unchanged => {
            format!("the files came and are the same as before, for {nights}")
        }
        DeliveryState::Stale => format!(
            "the files come and have been the same for {nights}: the export may stand still; what is published stays"
        ),
        DeliveryState::Refused => format!(
            "the files came and cannot be used, for {nights}; the run's report says why; what is published stays"
        ),
        DeliveryState::Late => {
            "the files that were due have not come; what is published stays".to_owned()
        }
        DeliveryState::Missing => {
            format!("no files have come for {nights}; what is published stays")
        }
    }
}

#[cfg(test)]
mod tests;
