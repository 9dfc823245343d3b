//! Makes rows of the model from rows of PowerSchool's tables.

mod classes;
mod people;
mod places;
mod roles;

use super::{Settings, queries::Reads};
use crate::{
    block::Columns,
    map::{Cells, Mapper, Output},
    profiles::sis::{ContactLinks, Key, Programs, Races, Roles, Sessions},
};
use roster_core::{DiagnosticCode, EntityKind, Result, value::Date};
use std::sync::Arc;

/// The key of the district, by its number among the schools.
const DISTRICT: &str = "0";

/// Keys are numbers that repeat between tables, so each is told with what it counts; schools are told by their number.
mod sort {
    pub(super) const TERM: &str = "term";
    pub(super) const COURSE: &str = "course";
    pub(super) const SECTION: &str = "section";
    pub(super) const STUDENT: &str = "student";
    pub(super) const USER: &str = "user";
    pub(super) const PERSON: &str = "person";
    pub(super) const CC: &str = "cc";
    pub(super) const SECTION_TEACHER: &str = "sectionteacher";
}

/// Reads the rows of all queries of an extract.
#[derive(Debug)]
pub(super) struct PowerSchoolMapper {
    reads: Arc<[Reads]>,
    settings: Arc<Settings>,
    keys: Keys,
    state: State,
}

/// Memory for keys of one row.
#[derive(Debug, Default)]
struct Keys {
    own: Key,
    user: Key,
    section: Key,
    other: Key,
}

/// What is kept of rows that were read, of the query that is under way.
#[derive(Debug, Default)]
struct State {
    sessions: Sessions,
    /// The contact that came last.
    contact: String,
    roles: Roles,
    links: ContactLinks,
    programs: Programs,
    enrolled: Option<Enrolled>,
    person: Option<Person>,
}

/// Where a student is or was enrolled, until all rows about it have come.
#[derive(Debug)]
struct Enrolled {
    student: String,
    school: String,
    begin: Option<Date>,
    end: Option<Date>,
    is_current: bool,
}

/// A student's demographics, until all rows about them have come.
#[derive(Debug, Default)]
struct Person {
    key: String,
    birth_date: Option<Date>,
    sex: Option<&'static str>,
    races: Races,
}

impl PowerSchoolMapper {
    pub(super) fn new(reads: Arc<[Reads]>, settings: Arc<Settings>) -> Self {
        Self { reads, settings, keys: Keys::default(), state: State::default() }
    }
}

impl Mapper for PowerSchoolMapper {
    fn begin(&mut self, _: usize, _: &Columns) -> Result<()> {
        self.state = State::default();
        Ok(())
    }

    fn map(&mut self, query: usize, row: &Cells<'_>, out: &mut Output<'_>) {
        match self.reads[query] {
            Reads::Schools => places::school(row, out),
            Reads::Terms => self.term(row, out),
            Reads::Courses => self.course(row, out),
            Reads::Sections => self.section(row, out),
            Reads::Students => self.student(row, out),
            Reads::Staff => self.staff(row, out),
            Reads::Contacts => self.contact(row, out),
            Reads::StudentRoles => self.student_role(row, out),
            Reads::StaffRoles => self.staff_role(row, out),
            Reads::ContactLinks => self.contact_link(row, out),
            Reads::Demographics => self.demographics(row, out),
            Reads::Program(program) => self.program(program, row, out),
            Reads::SpecialPrograms => self.special_program(row, out),
            Reads::Enrollments => self.enrollment(row, out),
            Reads::SectionStaff => self.section_staff(row, out),
            Reads::LeadTeachers => self.lead_teacher(row, out),
        }
    }

    fn end(&mut self, query: usize, out: &mut Output<'_>) {
        match self.reads[query] {
            Reads::Schools => places::district(&self.settings, out),
            Reads::StudentRoles => self.give_student_role(out),
            Reads::Demographics => self.give_demographics(out),
            _ => {}
        }
    }
}

/// The number in a key's column; a row without one is rejected.
fn number<'a>(
    row: &Cells<'a>,
    column: usize,
    entity: EntityKind,
    out: &mut Output<'_>,
) -> Option<&'a str> {
    let number = row.get(column);
    if number.is_none() {
        out.reject(entity, None, DiagnosticCode::MissingRequired, column);
    }
    number
}
