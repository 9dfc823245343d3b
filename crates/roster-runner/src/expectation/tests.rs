//! What is told of deliveries, by days of one autumn.

use super::*;

/// Local times in Chicago.
fn at(text: &str) -> Timestamp {
    let time: jiff::civil::DateTime = text.parse().expect("it is a time");
    time.to_zoned_datetime(TimeZone::get(TIME_ZONE).expect("it is known"))
        .expect("it is there")
        .timestamp()
}

/// `nights` are times and what was found; `expected` are times and what is told then.
#[track_caller]
fn check(config: &ExpectConfig, nights: &[(&str, Delivery)], expected: &[(&str, &str, usize)]) {
    let expectation = config.resolve().expect("it is right");
    let nights: Vec<_> = nights.iter().map(|(time, it)| (at(time), *it)).collect();
    for (now, state, in_a_row) in expected {
        let told = expectation.notice("lakeside", &nights, 3, at(now));
        assert_eq!((told.state.code(), told.in_a_row), (*state, *in_a_row), "{now}");
    }
}

#[test]
fn deliveries_are_late_after_their_time_and_missing_a_day_later() {
    use Delivery::{New, Nothing};
    let nights = [
        ("2026-11-16T18:00", New), // A Monday.
        ("2026-11-17T18:31", Nothing),
        ("2026-11-17T22:00", New),
        ("2026-11-18T18:31", Nothing),
        ("2026-11-19T18:31", Nothing),
        ("2026-11-20T17:00", New),
    ];
    check(
        &ExpectConfig::default(),
        &nights,
        &[
            ("2026-11-15T19:00", "not_expected", 0),
            ("2026-11-16T19:00", "on_time", 0),
            ("2026-11-17T18:29", "on_time", 0),
            ("2026-11-17T18:31", "late", 1),
            ("2026-11-17T22:01", "on_time", 0),
            ("2026-11-18T18:29", "on_time", 0),
            ("2026-11-18T18:30", "late", 1),
            ("2026-11-19T18:31", "missing", 2),
            ("2026-11-20T17:01", "on_time", 0),
            ("2026-11-22T19:00", "on_time", 0), // A Sunday.
            ("2026-11-23T18:31", "late", 1),
        ],
    );
}

#[test]
fn what_comes_after_midnight_is_late_for_the_evening_before() {
    let nights = [("2026-11-16T18:00", Delivery::New), ("2026-11-18T01:00", Delivery::New)];
    check(
        &ExpectConfig::default(),
        &nights,
        &[
            ("2026-11-17T23:00", "late", 1),
            ("2026-11-18T02:00", "on_time", 0),
            ("2026-11-18T18:31", "late", 1),
        ],
    );
}

#[test]
fn files_that_never_change_are_told_after_some_school_nights() {
    use Delivery::{New, Unchanged};
    let nights = [
        ("2026-11-12T18:00", New), // A Thursday.
        ("2026-11-13T18:00", Unchanged),
        ("2026-11-14T18:00", Unchanged),
        ("2026-11-16T18:00", Unchanged),
        ("2026-11-17T18:00", Unchanged),
        ("2026-11-18T18:00", New),
    ];
    check(
        &ExpectConfig::default(),
        &nights,
        &[
            ("2026-11-13T19:00", "unchanged", 1),
            ("2026-11-16T19:00", "unchanged", 2),
            ("2026-11-17T19:00", "stale", 3),
            ("2026-11-18T19:00", "on_time", 0),
        ],
    );
}

#[test]
fn files_that_cannot_be_used_are_told_and_are_not_missing() {
    use Delivery::{New, Refused};
    let nights =
        [("2026-11-16T18:00", New), ("2026-11-17T18:00", Refused), ("2026-11-18T18:00", Refused)];
    check(
        &ExpectConfig::default(),
        &nights,
        &[
            ("2026-11-17T19:00", "refused", 1),
            ("2026-11-18T19:00", "refused", 2),
            ("2026-11-19T19:00", "late", 1),
        ],
    );
}

#[test]
fn days_times_and_holidays_are_the_districts_own() {
    let config = ExpectConfig {
        due: Some("21:00".to_owned()),
        days: Some(vec![Day::Mon, Day::Thu]),
        except: Some(vec![("2026-11-23".to_owned(), "2026-11-27".to_owned())]),
        ..ExpectConfig::default()
    };
    check(
        &config,
        &[("2026-11-19T20:00", Delivery::New)],
        &[
            ("2026-11-20T23:00", "on_time", 0),
            ("2026-11-26T23:00", "on_time", 0),
            ("2026-11-30T20:59", "on_time", 0),
            ("2026-11-30T21:01", "late", 1),
        ],
    );
}

#[test]
fn what_is_due_keeps_its_local_time_when_clocks_change() {
    // Daylight saving time ended on 2026-11-01, a Sunday.
    let nights = [("2026-10-30T18:29", Delivery::New)];
    check(
        &ExpectConfig::default(),
        &nights,
        &[("2026-11-02T18:29", "on_time", 0), ("2026-11-02T18:31", "late", 1)],
    );
}

#[test]
fn wrong_settings_are_named() {
    let check =
        |config: ExpectConfig, expected| assert_eq!(config.resolve().unwrap_err().0, expected);
    check(ExpectConfig { due: Some("6pm".to_owned()), ..Default::default() }, "due");
    check(
        ExpectConfig { time_zone: Some("Chicago".to_owned()), ..Default::default() },
        "time_zone",
    );
    let except = Some(vec![("christmas".to_owned(), "2027-01-01".to_owned())]);
    check(ExpectConfig { except, ..Default::default() }, "except");
}
