//! Districts, schools, calendars, terms, courses and sections.

use super::{InfiniteCampusMapper, required, sort};
use crate::{
    map::{Cells, Output},
    profiles::{
        infinite_campus::queries::{calendars, courses, districts, schools, sections, terms},
        sis::{day_after, grade, one_day, whole},
    },
};
use roster_core::{
    DiagnosticCode, EntityKind,
    model::{
        AcademicSessionRow, CourseRow, Org, OrgRow, OrgType, Section as OwnedSection, SectionRow,
        SectionType, SessionType,
    },
    value::{Date, Identifier, Identifiers, TextList},
};

/// A school, until all its grades have come.
#[derive(Debug)]
pub(super) struct School(Org);

/// A section, until all its terms and periods have come.
#[derive(Debug)]
pub(super) struct Section(OwnedSection);

impl InfiniteCampusMapper {
    pub(super) fn district(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(id) = required(row, districts::districtID, EntityKind::Org, None, out) else {
            return;
        };
        let key = self.keys.own.of(sort::DISTRICT, id);
        let Some(name) = required(row, districts::name, EntityKind::Org, Some(key), out) else {
            return;
        };
        let number = row.get(districts::district_number);
        out.push(&OrgRow {
            source_id: key,
            name,
            org_type: Some(OrgType::District),
            identifier: number,
            identifiers: Identifiers::new(&state_numbers(number)),
            ..OrgRow::default()
        });
    }

    pub(super) fn school(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(id) = required(row, schools::schoolID, EntityKind::Org, None, out) else { return };
        let key = self.keys.own.of(sort::SCHOOL, id);
        if self.state.school.as_ref().is_none_or(|it| it.0.source_id != key) {
            let Some(name) = required(row, schools::name, EntityKind::Org, Some(key), out) else {
                return;
            };
            let text = |column| row.get(column).map(str::to_owned);
            let district = row.get(schools::districtID);
            let school = Org {
                source_id: key.to_owned(),
                name: name.to_owned(),
                org_type: Some(OrgType::School),
                identifier: text(schools::school_number),
                identifiers: state_numbers(row.get(schools::school_number)),
                parent_source_id: district
                    .map(|it| self.keys.other.of(sort::DISTRICT, it).to_owned()),
                address_line1: text(schools::address),
                city: text(schools::city),
                state: text(schools::state),
                postal_code: text(schools::zip),
                phone: text(schools::phone),
                ..Org::default()
            };
            self.give_school(out);
            self.state.school = Some(School(school));
        }
        let grade = row.get(schools::state_grade).and_then(grade);
        if let (Some(school), Some(grade)) = (&mut self.state.school, grade) {
            school.0.grades.push(grade.into_owned());
        }
    }

    pub(super) fn give_school(&mut self, out: &mut Output<'_>) {
        let Some(School(mut school)) = self.state.school.take() else { return };
        school.grades.sort_by_key(|it| (grade_order(it), it.clone()));
        school.grades.dedup();
        out.push(&OrgRow::borrow(&school));
    }

    pub(super) fn calendar(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        const ENTITY: EntityKind = EntityKind::AcademicSession;
        let Some(id) = required(row, calendars::calendarID, ENTITY, None, out) else { return };
        let key = self.keys.own.of(sort::CALENDAR, id);
        let school = row.get(calendars::school_id);
        let session = AcademicSessionRow {
            source_id: key,
            session_type: Some(SessionType::SchoolYear),
            school_year: row.integer(calendars::end_year),
            school_source_id: school.map(|it| self.keys.school.of(sort::SCHOOL, it)),
            ..AcademicSessionRow::default()
        };
        let columns = [calendars::name, calendars::startDate, calendars::endDate];
        give_session(row, columns, &session, out);
    }

    pub(super) fn term(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        const ENTITY: EntityKind = EntityKind::AcademicSession;
        let Some(id) = required(row, terms::termID, ENTITY, None, out) else { return };
        let key = self.keys.own.of(sort::TERM, id);
        let calendar = row.get(terms::calendar_id).unwrap_or_default();
        let calendar = self.keys.other.of(sort::CALENDAR, calendar);
        let sessions = &mut self.state.sessions;
        sessions.enter(calendar);
        let start = one_day(row, terms::startDate, ENTITY, key, out);
        let end = one_day(row, terms::endDate, ENTITY, key, out).and_then(day_after);
        let around = start.zip(end).and_then(|(start, end)| sessions.parent(start, end));
        let parent = around.unwrap_or(calendar).to_owned();
        let school = row.get(terms::school_id);
        let session = AcademicSessionRow {
            source_id: key,
            session_type: Some(session_type(row.integer(terms::terms_in_schedule))),
            parent_source_id: Some(&parent),
            school_year: row.integer(terms::end_year),
            school_source_id: school.map(|it| self.keys.school.of(sort::SCHOOL, it)),
            ..AcademicSessionRow::default()
        };
        let columns = [terms::name, terms::startDate, terms::endDate];
        if let Some((start, end)) = give_session(row, columns, &session, out) {
            sessions.add(start, end, key);
        }
    }

    pub(super) fn course(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(id) = required(row, courses::courseID, EntityKind::Course, None, out) else {
            return;
        };
        let key = whole(id);
        let Some(title) = required(row, courses::name, EntityKind::Course, Some(key), out) else {
            return;
        };
        let (calendar, school) = (row.get(courses::calendar_id), row.get(courses::school_id));
        let subject = row.get(courses::department).map(str::to_owned);
        out.push(&CourseRow {
            source_id: key,
            title,
            course_code: row.get(courses::course_number),
            school_year_source_id: calendar.map(|it| self.keys.other.of(sort::CALENDAR, it)),
            org_source_id: school.map(|it| self.keys.school.of(sort::SCHOOL, it)),
            subjects: TextList::new(&subject.into_iter().collect()),
            ..CourseRow::default()
        });
    }

    /// A section comes with a row for each term and period.
    pub(super) fn section(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(id) = required(row, sections::sectionID, EntityKind::Section, None, out) else {
            return;
        };
        let key = whole(id);
        if self.state.section.as_ref().is_none_or(|it| it.0.source_id != key) {
            self.give_section(out);
            let column = sections::course_name;
            let Some(title) = required(row, column, EntityKind::Section, Some(key), out) else {
                return;
            };
            let school = row.get(sections::school_id).unwrap_or_default();
            let homeroom = row.flag(sections::homeroomSection) == Some(true);
            let section_type =
                if homeroom { SectionType::Homeroom } else { SectionType::Scheduled };
            self.state.section = Some(Section(OwnedSection {
                source_id: key.to_owned(),
                title: title.to_owned(),
                section_code: row.get(sections::section_number).map(str::to_owned),
                section_type: Some(section_type),
                course_source_id: row.get(sections::courseID).map(|it| whole(it).to_owned()),
                school_source_id: self.keys.school.of(sort::SCHOOL, school).to_owned(),
                location: row.get(sections::room_name).map(str::to_owned),
                ..OwnedSection::default()
            }));
        }
        let Some(Section(section)) = &mut self.state.section else { return };
        if let Some(term) = row.get(sections::termID) {
            add(&mut section.academic_session_source_ids, self.keys.other.of(sort::TERM, term));
        }
        if let Some(period) = row.get(sections::period_name) {
            add(&mut section.periods, period);
        }
    }

    pub(super) fn give_section(&mut self, out: &mut Output<'_>) {
        if let Some(Section(section)) = self.state.section.take() {
            out.push(&SectionRow::borrow(&section));
        }
    }
}

/// Gives a session with the title and the dates that stand in three columns; both dates are days of school.
fn give_session(
    row: &Cells<'_>,
    [title, start, end]: [usize; 3],
    session: &AcademicSessionRow<'_>,
    out: &mut Output<'_>,
) -> Option<(Date, Date)> {
    const ENTITY: EntityKind = EntityKind::AcademicSession;
    let key = session.source_id;
    let start_date = one_day(row, start, ENTITY, key, out);
    let end_date = one_day(row, end, ENTITY, key, out).and_then(day_after);
    let (Some(text), Some(first), Some(after)) = (row.get(title), start_date, end_date) else {
        let dates = if start_date.is_none() { start } else { end };
        let missing = if row.get(title).is_none() { title } else { dates };
        out.reject(ENTITY, Some(key), DiagnosticCode::MissingRequired, missing);
        return None;
    };
    out.push(&AcademicSessionRow { title: text, start_date, end_date, ..session.clone() });
    Some((first, after))
}

fn session_type(terms_in_schedule: Option<i64>) -> SessionType<'static> {
    match terms_in_schedule {
        Some(2) => SessionType::Semester,
        Some(4) => SessionType::GradingPeriod,
        _ => SessionType::Term,
    }
}

fn state_numbers(number: Option<&str>) -> Vec<Identifier> {
    let identifier = |it: &str| Identifier { scheme: "state".into(), identifier: it.into() };
    number.map(identifier).into_iter().collect()
}

/// Grades before the first one come before it.
fn grade_order(grade: &str) -> i64 {
    match grade {
        "IT" => -4,
        "PR" => -3,
        "PK" => -2,
        "TK" => -1,
        "KG" => 0,
        other => other.parse().unwrap_or(99),
    }
}

fn add(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|it| it == text) {
        list.push(text.to_owned());
    }
}
