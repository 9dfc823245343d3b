//! The district, schools, terms, courses and sections.

use super::{DISTRICT, PowerSchoolMapper, number, sort};
use crate::{
    map::{Cells, Output},
    profiles::{
        powerschool::{
            Settings,
            queries::{courses, schools, sections, terms},
        },
        sis::{day_after, one_day, whole},
    },
};
use roster_core::{
    DiagnosticCode, EntityKind,
    model::{AcademicSessionRow, CourseRow, OrgRow, OrgType, SectionRow, SessionType},
    value::{Identifier, Identifiers, TextList},
};

/// The district, of which PowerSchool has no row.
pub(super) fn district(settings: &Settings, out: &mut Output<'_>) {
    out.push(&OrgRow {
        source_id: DISTRICT,
        name: &settings.district_name,
        org_type: Some(OrgType::District),
        ..OrgRow::default()
    });
}

pub(super) fn school(row: &Cells<'_>, out: &mut Output<'_>) {
    let Some(key) = number(row, schools::school_number, EntityKind::Org, out).map(whole) else {
        return;
    };
    let Some(name) = row.get(schools::name) else {
        let code = DiagnosticCode::MissingRequired;
        return out.reject(EntityKind::Org, Some(key), code, schools::name);
    };
    let identifier = row.get(schools::alternate_school_number).map(whole);
    let state = identifier.map(|it| Identifier { scheme: "state".into(), identifier: it.into() });
    out.push(&OrgRow {
        source_id: key,
        name,
        org_type: Some(OrgType::School),
        identifier,
        identifiers: Identifiers::new(&state.into_iter().collect()),
        parent_source_id: Some(DISTRICT),
        address_line1: row.get(schools::schooladdress),
        city: row.get(schools::schoolcity),
        state: row.get(schools::schoolstate),
        postal_code: row.get(schools::schoolzip),
        phone: row.get(schools::schoolphone),
        grades: grades(row.integer(schools::low_grade), row.integer(schools::high_grade)),
        ..OrgRow::default()
    });
}

/// All grades from the lowest to the highest; the two before kindergarten are one in the model.
fn grades<'a>(low: Option<i64>, high: Option<i64>) -> TextList<'a> {
    let (Some(low), Some(high)) = (low, high) else { return TextList::default() };
    let numbers = low.max(-1)..=high.min(13);
    let name = |it: i64| match it {
        ..=-1 => "PK".to_owned(),
        0 => "KG".to_owned(),
        _ => format!("{it:02}"),
    };
    TextList::new(&numbers.map(name).collect())
}

impl PowerSchoolMapper {
    pub(super) fn term(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        const ENTITY: EntityKind = EntityKind::AcademicSession;
        let Some(dcid) = number(row, terms::dcid, ENTITY, out) else { return };
        let key = self.keys.own.of(sort::TERM, dcid);
        let start = one_day(row, terms::firstday, ENTITY, key, out);
        let end = one_day(row, terms::lastday, ENTITY, key, out).and_then(day_after);
        let (Some(title), Some(start), Some(end)) = (row.get(terms::name), start, end) else {
            let code = DiagnosticCode::MissingRequired;
            let missing = if start.is_none() { terms::firstday } else { terms::lastday };
            let missing = if row.get(terms::name).is_none() { terms::name } else { missing };
            return out.reject(ENTITY, Some(key), code, missing);
        };
        let (school, year) = (row.get(terms::schoolid).map(whole), row.integer(terms::yearid));
        let sessions = &mut self.state.sessions;
        sessions.enter(&format!("{school:?}/{year:?}"));
        out.push(&AcademicSessionRow {
            source_id: key,
            title,
            session_type: Some(session_type(row)),
            start_date: Some(start),
            end_date: Some(end),
            parent_source_id: sessions.parent(start, end),
            // The school year of 1990-91 has the number 0.
            school_year: year.map(|it| it + 1991),
            school_source_id: school,
            ..AcademicSessionRow::default()
        });
        sessions.add(start, end, key);
    }

    pub(super) fn course(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(dcid) = number(row, courses::dcid, EntityKind::Course, out) else { return };
        let key = self.keys.own.of(sort::COURSE, dcid);
        let code = row.get(courses::course_number);
        let Some(title) = row.get(courses::course_name).or(code) else {
            let code = DiagnosticCode::MissingRequired;
            return out.reject(EntityKind::Course, Some(key), code, courses::course_name);
        };
        let subject = row.get(courses::sched_department).or_else(|| row.get(courses::credittype));
        out.push(&CourseRow {
            source_id: key,
            title,
            course_code: code,
            org_source_id: Some(row.get(courses::school_number).map_or(DISTRICT, whole)),
            subjects: TextList::new(&subject.map(str::to_owned).into_iter().collect()),
            ..CourseRow::default()
        });
    }

    pub(super) fn section(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(dcid) = number(row, sections::dcid, EntityKind::Section, out) else { return };
        let key = self.keys.own.of(sort::SECTION, dcid);
        let title = row.get(sections::course_name).or_else(|| row.get(sections::section_number));
        let school = row.get(sections::school_number).map(whole);
        let (Some(title), Some(school)) = (title, school) else {
            let code = DiagnosticCode::MissingRequired;
            return out.reject(EntityKind::Section, Some(key), code, sections::course_name);
        };
        let term =
            row.get(sections::term_dcid).map(|it| self.keys.other.of(sort::TERM, it).to_owned());
        let course =
            row.get(sections::course_dcid).map(|it| self.keys.section.of(sort::COURSE, it));
        let when = row.get(sections::external_expression).or_else(|| row.get(sections::expression));
        out.push(&SectionRow {
            source_id: key,
            title,
            section_code: row.get(sections::section_number),
            course_source_id: course,
            school_source_id: school,
            academic_session_source_ids: TextList::new(&term.into_iter().collect()),
            location: row.get(sections::room),
            periods: periods(when.unwrap_or_default()),
            ..SectionRow::default()
        });
    }
}

fn session_type(row: &Cells<'_>) -> SessionType<'static> {
    match (row.flag(terms::isyearrec), row.integer(terms::portion)) {
        (Some(true), _) => SessionType::SchoolYear,
        (_, Some(2)) => SessionType::Semester,
        (_, Some(4)) => SessionType::GradingPeriod,
        _ => SessionType::Term,
    }
}

/// The periods of an expression such as `2(A-B) 4(A)`: what stands before the days.
fn periods<'a>(expression: &str) -> TextList<'a> {
    let mut periods = Vec::<String>::new();
    for part in expression.split_whitespace() {
        let names = part.split_once('(').map_or(part, |it| it.0);
        for name in names.split(',').filter(|it| !it.is_empty()) {
            if !periods.iter().any(|it| it == name) {
                periods.push(name.to_owned());
            }
        }
    }
    TextList::new(&periods)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_from_expressions() {
        let check =
            |text, expected: &[&str]| assert_eq!(periods(text).decode(), expected, "{text}");
        check("1(A)", &["1"]);
        check("2(A-B) 4(A)", &["2", "4"]);
        check("1,3(A) 1(B)", &["1", "3"]);
        check("2-4(A)", &["2-4"]);
        check("", &[]);
    }

    #[test]
    fn grades_go_from_the_lowest_to_the_highest() {
        let check = |low, high, expected: &[&str]| {
            assert_eq!(grades(low, high).decode(), expected, "{low:?} {high:?}");
        };
        check(Some(-2), Some(2), &["PK", "KG", "01", "02"]);
        check(Some(9), Some(10), &["09", "10"]);
        check(None, Some(10), &[]);
    }
}
