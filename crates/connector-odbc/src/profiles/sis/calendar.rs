//! Days, school years, and which session is part of which.

use crate::map::{Cells, Output};
use jiff::{Timestamp, ToSpan as _, tz::Offset};
use roster_core::{EntityKind, value::Date};

/// The day after.
pub(crate) fn day_after(date: Date) -> Option<Date> {
    date.tomorrow().ok()
}

/// The date in a cell, without those that stand for none: databases fill in 1899 or 1900.
pub(crate) fn one_day(
    row: &Cells<'_>,
    column: usize,
    entity: EntityKind,
    source_id: &str,
    out: &mut Output<'_>,
) -> Option<Date> {
    row.date(column, entity, source_id, out).filter(|it| it.year() > 1900)
}

/// Today in UTC: a few hours more or less do not matter to what is asked of it.
pub(crate) fn today() -> Date {
    Offset::UTC.to_datetime(Timestamp::now()).date()
}

/// The first and the last school year to read, by the year in which it ends.
///
/// Where none is configured: the one that today is in, and from a month before it begins the next one too.  A school
/// year is taken to begin in the middle of July, when no school is in session, so that nothing is withdrawn between the
/// last day of one and the first day of the next.
pub(crate) fn school_years(configured: &[i32], today: Date) -> (i32, i32) {
    let ends = |date: Date| {
        let next = (date.month(), date.day()) >= (7, 15);
        i32::from(date.year()) + i32::from(next)
    };
    match (configured.iter().min(), configured.iter().max()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => (ends(today), today.checked_add(30.days()).map_or(ends(today), ends)),
    }
}

/// Sessions that have come, to find which one a session is part of.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    group: String,
    seen: Vec<(Date, Date, String)>,
}

impl Sessions {
    /// Forgets the sessions of other groups: only those of one school and year can be part of one another.
    pub(crate) fn enter(&mut self, group: &str) {
        if self.group != group {
            group.clone_into(&mut self.group);
            self.seen.clear();
        }
    }

    /// The shortest session so far that is longer than these dates and has them in it.
    pub(crate) fn parent(&self, start: Date, end: Date) -> Option<&str> {
        let around = |it: &&(Date, Date, String)| {
            it.0 <= start && end <= it.1 && (it.0, it.1) != (start, end)
        };
        let shortest = self.seen.iter().filter(around).min_by_key(|it| (it.1 - it.0).get_days());
        shortest.map(|it| it.2.as_str())
    }

    /// Remembers a session.
    pub(crate) fn add(&mut self, start: Date, end: Date, source_id: &str) {
        self.seen.push((start, end, source_id.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn years_that_are_read_follow_the_calendar() {
        let check = |today, expected| assert_eq!(school_years(&[], today), expected, "{today}");
        check(date(2026, 11, 23), (2027, 2027));
        check(date(2027, 6, 1), (2027, 2027));
        check(date(2027, 6, 20), (2027, 2028));
        check(date(2027, 7, 14), (2027, 2028));
        check(date(2027, 7, 15), (2028, 2028));
        assert_eq!(school_years(&[2027, 2026], date(2030, 1, 1)), (2026, 2027));
    }

    #[test]
    fn a_session_is_part_of_the_shortest_one_around_it() {
        let mut sessions = Sessions::default();
        sessions.enter("110/36");
        sessions.add(date(2026, 8, 17), date(2027, 6, 12), "year");
        sessions.add(date(2026, 8, 17), date(2026, 12, 19), "fall");
        let check = |start, end, expected| assert_eq!(sessions.parent(start, end), expected);
        check(date(2026, 8, 17), date(2026, 10, 17), Some("fall"));
        check(date(2027, 1, 4), date(2027, 1, 16), Some("year"));
        check(date(2026, 8, 17), date(2027, 6, 12), None);
        check(date(2026, 6, 15), date(2026, 7, 25), None);
        sessions.enter("120/36");
        assert_eq!(sessions.parent(date(2026, 8, 17), date(2026, 10, 17)), None);
    }
}
