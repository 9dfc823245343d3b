//! What the calendar explains: sections whose terms are over, enrollments that have ended, students who graduate.
//!
//! At a term's end an SIS stops sending its sections and enrollments, and in summer those who have left the last grade.
//! That is no accident, so such deletions do not count towards the limits.

use roster_core::{EntityKind, Row, model::SessionType, value::Date};
use roster_sink::key_of;
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// Grades after which students leave, by the code sets that OneRoster and Clever use (CEDS, state variants).
const LAST_GRADES: [&str; 6] = ["12", "13", "PS", "Adult", "AE", "Postsecondary"];
const DAY: Duration = Duration::from_hours(24);
/// How long before the end of a school year graduates may be gone.
const BEFORE: Duration = DAY.saturating_mul(14);
/// How long after the end of a school year graduates may be gone.
const AFTER: Duration = DAY.saturating_mul(120);

/// What has ended, as far as rows have told.
#[derive(Debug)]
pub(super) struct Calendar {
    today: Date,
    /// First day after each academic session.
    ends: HashMap<u128, Date>,
    /// Sections that are over.
    over: HashSet<u128>,
    any_over: bool,
    /// Whether a school year ends about now.
    graduation: bool,
}

impl Calendar {
    pub(super) fn new(today: Date) -> Self {
        let (ends, over) = (HashMap::new(), HashSet::new());
        Self { today, ends, over, any_over: false, graduation: false }
    }

    /// Notes what an accepted or published row tells.  Rows come in load order.
    pub(super) fn see(&mut self, row: &Row<'_>, key: u128) {
        match row.entity() {
            EntityKind::AcademicSession => self.see_session(row, key),
            // Reading the terms of every section is for nothing in the middle of a year.
            EntityKind::Section if self.any_over && self.terms_are_over(row) => {
                self.over.insert(key);
            }
            _ => {}
        }
    }

    /// Whether the calendar alone explains that this published row is gone; it was seen before.
    pub(super) fn explains(&self, row: &Row<'_>, key: u128) -> bool {
        let names = |field: &str, known: &dyn Fn(u128) -> bool| {
            text(row, field).is_some_and(|it| known(key_of(it)))
        };
        let ended = |key: u128| self.ends.get(&key).is_some_and(|it| self.is_past(*it));
        let over = |key: u128| self.over.contains(&key);
        match row.entity() {
            EntityKind::AcademicSession => ended(key),
            EntityKind::Course => names("school_year_source_id", &ended),
            EntityKind::Section => over(key),
            EntityKind::User => self.graduates(row),
            EntityKind::LineItem => {
                names("section_source_id", &over) || names("academic_session_source_id", &ended)
            }
            _ => {
                names("section_source_id", &over)
                    || date(row, "end_date").is_some_and(|it| self.is_past(it))
            }
        }
    }

    fn see_session(&mut self, row: &Row<'_>, key: u128) {
        let Some(end) = date(row, "end_date") else { return };
        self.ends.insert(key, end);
        self.any_over |= self.is_past(end);
        let from = end.checked_sub(BEFORE).unwrap_or(end);
        let to = end.checked_add(AFTER).unwrap_or(end);
        let now = from <= self.today && self.today <= to;
        let year = text(row, "session_type") == Some(SessionType::SchoolYear.term());
        self.graduation |= year && now;
    }

    fn graduates(&self, row: &Row<'_>) -> bool {
        let grades = list(row, "grades");
        self.graduation
            && !grades.is_empty()
            && grades.iter().all(|it| LAST_GRADES.iter().any(|last| it.eq_ignore_ascii_case(last)))
    }

    fn terms_are_over(&self, row: &Row<'_>) -> bool {
        let terms = list(row, "academic_session_source_ids");
        let over = |it: &String| self.ends.get(&key_of(it)).is_some_and(|end| self.is_past(*end));
        !terms.is_empty() && terms.iter().all(over)
    }

    fn is_past(&self, end: Date) -> bool {
        end <= self.today
    }
}

fn text<'r>(row: &Row<'r>, field: &str) -> Option<&'r str> {
    row.schema().field(field).and_then(|it| row.get(it))
}

fn list(row: &Row<'_>, field: &str) -> Vec<String> {
    text(row, field).and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default()
}

fn date(row: &Row<'_>, field: &str) -> Option<Date> {
    text(row, field)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::{
        Rows,
        model::{AcademicSessionRow, EnrollmentRow, SectionRow, TypedRow, UserRow},
        value::TextList,
    };

    fn rows<'a, T: TypedRow<'a>>(row: &T) -> Rows {
        let mut rows = Rows::new(T::ENTITY);
        rows.push(0, row);
        rows
    }

    /// A day of a year that has a term to 23 November 2026 and goes on to 1 June 2027.
    fn calendar(today: &str) -> Calendar {
        let mut calendar = Calendar::new(today.parse().unwrap());
        let sessions = [
            ("fall", "2026-11-23", SessionType::Term),
            ("spring", "2027-06-01", SessionType::Term),
            ("year", "2027-06-01", SessionType::SchoolYear),
        ];
        for (source_id, end, session_type) in sessions {
            let end_date = end.parse().ok();
            let session_type = Some(session_type);
            let row =
                AcademicSessionRow { source_id, end_date, session_type, ..Default::default() };
            calendar.see(&rows(&row).get(0).unwrap(), key_of(source_id));
        }
        calendar
    }

    fn explains<'a, T: TypedRow<'a>>(calendar: &mut Calendar, row: &T) -> bool {
        let rows = rows(row);
        let row = rows.get(0).unwrap();
        let key = key_of(row.source_id());
        calendar.see(&row, key);
        calendar.explains(&row, key)
    }

    #[test]
    fn sections_end_with_the_last_of_their_terms() {
        #[track_caller]
        fn check(terms: &[&str], expected: bool) {
            let terms: Vec<String> = terms.iter().map(|it| (*it).to_owned()).collect();
            let list = TextList::new(&terms);
            let row = SectionRow {
                source_id: "x",
                academic_session_source_ids: list.clone(),
                ..Default::default()
            };
            assert_eq!(explains(&mut calendar("2026-11-23"), &row), expected, "{terms:?}");
        }
        check(&["fall"], true);
        check(&["fall", "spring"], false);
        check(&["unknown"], false);
        check(&[], false);
    }

    #[test]
    fn enrollments_end_by_their_own_date_or_with_their_section() {
        let mut calendar = calendar("2026-11-23");
        let terms = TextList::new(&vec!["fall".to_owned()]);
        let section =
            SectionRow { source_id: "x", academic_session_source_ids: terms, ..Default::default() };
        assert!(explains(&mut calendar, &section));
        let mut check = |section_source_id, end: &str, expected| {
            let end_date = end.parse().ok();
            let row =
                EnrollmentRow { source_id: "e", section_source_id, end_date, ..Default::default() };
            assert_eq!(explains(&mut calendar, &row), expected, "{section_source_id} {end}");
        };
        check("x", "", true);
        check("y", "2026-11-01", true);
        check("y", "2026-12-24", false);
        check("y", "", false);
    }

    #[test]
    fn the_last_grade_leaves_when_the_school_year_ends() {
        #[track_caller]
        fn check(today: &str, grades: &[&str], expected: bool) {
            let grades: Vec<String> = grades.iter().map(|it| (*it).to_owned()).collect();
            let row =
                UserRow { source_id: "u", grades: TextList::new(&grades), ..Default::default() };
            let found = explains(&mut calendar(today), &row);
            assert_eq!(found, expected, "{today} {grades:?}");
        }
        check("2027-06-02", &["12"], true);
        check("2027-05-20", &["12"], true);
        check("2027-09-01", &["12"], true);
        check("2027-10-15", &["12"], false);
        check("2026-11-24", &["12"], false);
        check("2027-06-02", &["11"], false);
        check("2027-06-02", &["11", "12"], false);
        check("2027-06-02", &[], false);
    }
}
