//! Days of the year and times of the day, as they are written in a configuration.

use jiff::civil::{Date, Time};

/// A day of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct YearDay {
    month: i8,
    day: i8,
}

impl YearDay {
    pub(crate) const fn new(month: i8, day: i8) -> Self {
        Self { month, day }
    }

    /// Reads `MM-DD`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // A leap year, so that the 29th of February is one.
        let date: Date = format!("2024-{text}").parse().ok()?;
        Some(Self::of(date)).filter(|_| text.len() == 5)
    }

    pub(crate) fn of(date: Date) -> Self {
        Self { month: date.month(), day: date.day() }
    }
}

/// Days of every year, both ends included; they may reach over new year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Season {
    pub(crate) from: YearDay,
    pub(crate) until: YearDay,
}

impl Season {
    pub(crate) fn contains(self, date: Date) -> bool {
        around(&self.from, &self.until, &YearDay::of(date)) || YearDay::of(date) == self.until
    }
}

/// Reads `HH:MM`.
pub(crate) fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |it: &str| it.len() == 2 && it.bytes().all(|it| it.is_ascii_digit());
    if !two(hour) || !two(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// Times of the day, the end not included; they may reach over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Time,
    pub(crate) until: Time,
}

impl Window {
    pub(crate) fn contains(self, time: Time) -> bool {
        around(&self.from, &self.until, &time)
    }
}

/// Whether `it` lies from `from` on and before `until`, on a circle.
fn around<T: Ord>(from: &T, until: &T, it: &T) -> bool {
    if from <= until { from <= it && it < until } else { from <= it || it < until }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn windows_may_reach_over_midnight() {
        let check = |from: &str, until: &str, inside: &[i8], outside: &[i8]| {
            let window =
                Window { from: parse_time(from).unwrap(), until: parse_time(until).unwrap() };
            for (hours, expected) in [(inside, true), (outside, false)] {
                for hour in hours {
                    assert_eq!(
                        window.contains(time(*hour, 0, 0, 0)),
                        expected,
                        "{window:?} {hour}"
                    );
                }
            }
        };
        check("18:00", "06:00", &[18, 23, 0, 5], &[6, 12, 17]);
        check("01:00", "05:00", &[1, 4], &[0, 5, 23]);
    }

    #[test]
    fn seasons_include_both_ends_and_may_reach_over_new_year() {
        let season = |from, until| Season {
            from: YearDay::parse(from).unwrap(),
            until: YearDay::parse(until).unwrap(),
        };
        let summer = season("06-20", "07-31");
        assert!(summer.contains(date(2027, 6, 20)) && summer.contains(date(2027, 7, 31)));
        assert!(!summer.contains(date(2027, 6, 19)) && !summer.contains(date(2027, 8, 1)));
        let winter = season("12-24", "01-02");
        assert!(winter.contains(date(2027, 12, 31)) && winter.contains(date(2028, 1, 2)));
        assert!(!winter.contains(date(2028, 1, 3)));
    }

    #[test]
    fn other_forms_are_refused() {
        assert_eq!(parse_time("6:00"), None);
        assert_eq!(parse_time("24:00"), None);
        assert_eq!(parse_time("+1:00"), None);
        assert_eq!(YearDay::parse("6-1"), None);
        assert_eq!(YearDay::parse("02-30"), None);
        assert!(YearDay::parse("02-29").is_some());
    }
}
