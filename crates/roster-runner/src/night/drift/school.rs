//! Nights before which there was school, as far as the academic sessions tell.

use jiff::{Span, civil::Weekday};
use roster_core::{
    Row,
    model::{AcademicSessionRow, SessionType, TypedRow as _},
    value::Date,
};

/// After the last session that is known, no summer is longer: then the sessions of a new year should have come.
const LONGEST_SUMMER_DAYS: i64 = 80;
/// Sessions that are kept apart; more than any district has.
const MOST_STRETCHES: usize = 100;

/// First day, and the day after the last.
type Stretch = (Date, Date);

/// Academic sessions of the feed.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    years: Vec<Stretch>,
    /// Terms, semesters and grading periods: between them there are holidays.
    parts: Vec<Stretch>,
}

impl Sessions {
    /// Notes a session.
    pub(super) fn row(&mut self, row: &Row<'_>) {
        let session = AcademicSessionRow::read(row);
        let (Some(start), Some(end)) = (session.start_date, session.end_date) else { return };
        let years = session.session_type == Some(SessionType::SchoolYear);
        let stretches = if years { &mut self.years } else { &mut self.parts };
        stretches.push((start, end));
        if stretches.len() > 2 * MOST_STRETCHES {
            *stretches = merged(std::mem::take(stretches));
        }
    }

    /// When there is school; `before` holds as well.
    pub(super) fn stretches(self, before: &[Stretch]) -> Vec<Stretch> {
        let mut stretches = if self.parts.is_empty() { self.years } else { self.parts };
        stretches.extend(before);
        merged(stretches)
    }
}

/// The stretches apart and in order, the last ones.
fn merged(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.retain(|(start, end)| start < end);
    stretches.sort();
    let mut apart: Vec<Stretch> = Vec::new();
    for (start, end) in stretches {
        match apart.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => apart.push((start, end)),
        }
    }
    apart.drain(..apart.len().saturating_sub(MOST_STRETCHES));
    apart
}

/// Whether a day is one from Monday to Friday that is not between sessions, before the first or in the summer after the
/// last.
pub(super) fn is_school_night(school: &[Stretch], day: Date) -> bool {
    if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
        return false;
    }
    let Some((_, last)) = school.last() else { return true };
    let summer = last.checked_add(Span::new().days(LONGEST_SUMMER_DAYS)).unwrap_or(*last);
    day >= summer || school.iter().any(|(start, end)| *start <= day && day < *end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::{EntityKind, Rows};

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// Stretches of sessions as `type start end`.
    fn stretches(sessions: &[&str], before: &[Stretch]) -> Vec<Stretch> {
        let mut rows = Rows::new(EntityKind::AcademicSession);
        for session in sessions {
            let parts: Vec<_> = session.split(' ').collect();
            rows.push(
                1,
                &AcademicSessionRow {
                    session_type: Some(SessionType::from_term(parts[0])),
                    start_date: Some(date(parts[1])),
                    end_date: Some(date(parts[2])),
                    ..AcademicSessionRow::default()
                },
            );
        }
        let mut found = Sessions::default();
        rows.iter().for_each(|it| found.row(&it));
        found.stretches(before)
    }

    #[test]
    fn terms_leave_their_holidays_out_and_years_count_where_nothing_else_is_known() {
        let check = |sessions: &[&str], before: &[Stretch], expected: &[[&str; 2]]| {
            let expected: Vec<_> = expected.iter().map(|it| (date(it[0]), date(it[1]))).collect();
            assert_eq!(stretches(sessions, before), expected);
        };
        let year = "schoolYear 2026-08-01 2027-07-01";
        let fall = "term 2026-08-20 2026-12-19";
        let spring = "semester 2027-01-05 2027-06-05";
        check(&[], &[], &[]);
        check(&[year], &[], &[["2026-08-01", "2027-07-01"]]);
        let both = [["2026-08-20", "2026-12-19"], ["2027-01-05", "2027-06-05"]];
        check(&[spring, year, fall], &[], &both);
        check(&[spring], &[(date("2026-08-20"), date("2026-12-19"))], &both);
        check(&[fall, "term 2026-10-01 2027-01-05", spring], &[], &[["2026-08-20", "2027-06-05"]]);
        check(&["term 2026-08-20 2026-08-20"], &[], &[]);
    }

    #[test]
    fn school_nights_are_weekdays_of_sessions() {
        let terms =
            [(date("2026-08-20"), date("2026-12-19")), (date("2027-01-05"), date("2027-06-05"))];
        let check = |school: &[Stretch], day: &str, expected: bool| {
            assert_eq!(is_school_night(school, date(day)), expected, "{day}");
        };
        check(&[], "2026-11-23", true);
        check(&[], "2026-11-22", false);
        check(&[], "2026-11-21", false);
        check(&terms, "2026-11-23", true);
        check(&terms, "2026-11-22", false);
        check(&terms, "2026-12-22", false);
        check(&terms, "2026-08-10", false);
        check(&terms, "2027-01-05", true);
        check(&terms, "2027-07-01", false);
        check(&terms, "2027-09-01", true);
    }
}
