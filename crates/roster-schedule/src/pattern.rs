//! A cron expression in a time zone.

use croner::{
    Cron,
    errors::CronError,
    parser::{CronParser, Seconds, Year},
    time::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday},
};
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use std::cmp::Ordering;

/// When nights are planned: five fields of cron, read in a time zone.
///
/// At the changes of daylight-saving time a planned time may not exist, or exist twice.  One that does not exist is moved
/// on by the hour that is left out, as RFC 5545 (section 3.3.5) has it; of one that exists twice, the first counts.  So
/// each day has its night once.
#[derive(Clone, Debug)]
pub struct Pattern {
    cron: Cron,
    zone: TimeZone,
}

impl Pattern {
    /// Reads an expression of five fields: minute, hour, day of the month, month, day of the week.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with it.
    pub fn parse(expression: &str, zone: TimeZone) -> Result<Self, String> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed);
        let cron = parser.build().parse(expression).map_err(|err| {
            format!(
                "{expression:?} is not a cron expression of five fields, as \"0 2 * * *\": {err}"
            )
        })?;
        Ok(Self { cron, zone })
    }

    /// The time zone with a name, as `America/Chicago`.
    ///
    /// # Errors
    ///
    /// A sentence that says what is expected.
    pub fn zone(name: &str) -> Result<TimeZone, String> {
        TimeZone::get(name).map_err(|_| {
            format!("time zone {name:?} is not known; name one of the IANA database, as \"America/Chicago\"")
        })
    }

    /// The time zone.
    #[must_use]
    pub fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The first planned instant after another; `None` when there is none in the years the calendar has.
    #[must_use]
    pub fn after(&self, instant: Timestamp) -> Option<Timestamp> {
        let mut local = Local(self.zone.to_datetime(instant));
        loop {
            local = self.cron.find_next_occurrence(&local, false).ok()?;
            // In the second of two equal hours, what was planned for the first is over.
            let planned = self.zone.to_timestamp(local.0).ok()?;
            if planned > instant {
                return Some(planned);
            }
        }
    }
}

/// A time as clocks on the wall show it; the time zone is no matter of the search.
#[derive(Clone, Copy, Debug)]
struct Local(DateTime);

impl CronDateTime for Local {
    fn to_civil(&self) -> CivilDateTime {
        let number = |it: i8| u32::from(it.unsigned_abs());
        let it = self.0;
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(
                i32::from(it.year()),
                number(it.month()),
                number(it.day()),
            ),
            CivilTime::from_parts_unchecked(
                number(it.hour()),
                number(it.minute()),
                number(it.second()),
            ),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        let days = self.0.weekday().to_sunday_zero_offset();
        Weekday::from_days_from_sunday(u32::from(days.unsigned_abs()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let number = |it: u32| i8::try_from(it).map_err(|_| CronError::InvalidDate);
        let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
        let (month, day) = (number(civil.month())?, number(civil.day())?);
        let (hour, minute, second) =
            (number(civil.hour())?, number(civil.minute())?, number(civil.second())?);
        let local = DateTime::new(year, month, day, hour, minute, second, 0);
        local.map(|it| Resolution::Single(Self(it))).map_err(|_| CronError::InvalidDate)
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, zone: &str, after: &str, expected: &[&str]) {
        let zone = Pattern::zone(zone).unwrap();
        let pattern = Pattern::parse(expression, zone.clone()).unwrap();
        let mut instant: Timestamp = after.parse().unwrap();
        let found: Vec<String> = expected
            .iter()
            .map(|_| {
                instant = pattern.after(instant).unwrap();
                instant.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M%:z").to_string()
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn time_that_does_not_exist_is_moved_on_by_the_hour_that_is_left_out() {
        // In Chicago, 02:00 to 03:00 does not exist on 2027-03-14.
        let expected =
            ["2027-03-13T02:00-06:00", "2027-03-14T03:00-05:00", "2027-03-15T02:00-05:00"];
        check("0 2 * * *", "America/Chicago", "2027-03-12T12:00:00Z", &expected);
        let expected = ["2027-03-14T03:30-05:00", "2027-03-15T02:30-05:00"];
        check("30 2 * * *", "America/Chicago", "2027-03-13T12:00:00Z", &expected);
    }

    #[test]
    fn hour_that_exists_twice_has_one_night() {
        // In Chicago, 01:00 to 02:00 exists twice on 2027-11-07.
        let expected = ["2027-11-07T01:30-05:00", "2027-11-08T01:30-06:00"];
        check("30 1 * * *", "America/Chicago", "2027-11-06T12:00:00Z", &expected);
        // In the middle of the hour that comes again.
        check("30 1 * * *", "America/Chicago", "2027-11-07T06:30:00Z", &expected[1..]);
        check("30 1 * * *", "America/Chicago", "2027-11-07T07:10:00Z", &expected[1..]);
        let expected = ["2027-11-07T02:00-06:00", "2027-11-08T02:00-06:00"];
        check("0 2 * * *", "America/Chicago", "2027-11-06T12:00:00Z", &expected);
    }

    #[test]
    fn days_of_the_week_and_zones_without_changes_count() {
        let expected = ["2027-03-15T02:00-07:00", "2027-03-16T02:00-07:00"];
        check("0 2 * * MON-FRI", "America/Phoenix", "2027-03-13T12:00:00Z", &expected);
    }

    #[test]
    fn other_expressions_and_zones_are_refused() {
        for wrong in ["", "0 2 * *", "0 0 2 * * *", "61 2 * * *", "midnight"] {
            assert!(Pattern::parse(wrong, TimeZone::UTC).is_err(), "{wrong}");
        }
        let message = Pattern::zone("Chicago").unwrap_err();
        assert!(message.contains("America/Chicago"), "{message}");
    }
}
