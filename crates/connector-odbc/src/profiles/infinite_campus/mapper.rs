//! Makes rows of the model from rows of Infinite Campus's tables and views.

mod classes;
mod people;
mod places;
mod roles;

use super::{PersonKey, Settings, queries::Reads};
use crate::{
    block::Columns,
    map::{Cells, Mapper, Output},
    profiles::sis::{ContactLinks, Key, Programs, Roles, Sessions, whole},
};
use classes::SectionStaff;
use places::{School, Section};
use roles::StaffRow;
use roster_core::{DiagnosticCode, EntityKind, Result};
use std::sync::Arc;

/// Districts, schools, calendars and terms are told by numbers that repeat between these, so each is told with what it
/// counts.  Sections and courses have tables of their own.
mod sort {
    pub(super) const DISTRICT: &str = "district";
    pub(super) const SCHOOL: &str = "school";
    pub(super) const CALENDAR: &str = "calendar";
    pub(super) const TERM: &str = "term";
    pub(super) const ROSTER: &str = "roster";
}

/// Reads the rows of all queries of an extract.
#[derive(Debug)]
pub(super) struct InfiniteCampusMapper {
    reads: Arc<[Reads]>,
    settings: Arc<Settings>,
    keys: Keys,
    state: State,
}

/// Memory for keys of one row.
#[derive(Debug, Default)]
struct Keys {
    own: Key,
    school: Key,
    other: Key,
    user: String,
    student: String,
}

/// What is kept of rows that were read, of the query that is under way.
#[derive(Debug, Default)]
struct State {
    sessions: Sessions,
    /// The person that came last.
    person: String,
    roles: Roles,
    links: ContactLinks,
    programs: Programs,
    school: Option<School>,
    section: Option<Section>,
    staff: Option<SectionStaff>,
    staff_roles: Vec<StaffRow>,
}

impl InfiniteCampusMapper {
    pub(super) fn new(reads: Arc<[Reads]>, settings: Arc<Settings>) -> Self {
        let (keys, state) = (Keys::default(), State::default());
        Self { reads, settings, keys, state }
    }
}

impl Mapper for InfiniteCampusMapper {
    fn begin(&mut self, _: usize, _: &Columns) -> Result<()> {
        self.state = State::default();
        Ok(())
    }

    fn map(&mut self, query: usize, row: &Cells<'_>, out: &mut Output<'_>) {
        match self.reads[query] {
            Reads::Districts => self.district(row, out),
            Reads::Schools => self.school(row, out),
            Reads::Calendars => self.calendar(row, out),
            Reads::Terms => self.term(row, out),
            Reads::Courses => self.course(row, out),
            Reads::Sections => self.section(row, out),
            Reads::People => self.person(row, out),
            Reads::StudentRoles => self.student_role(row, out),
            Reads::StaffRoles => self.staff_role(row, out),
            Reads::ContactLinks => self.contact_link(row, out),
            Reads::Demographics => self.demographics(row, out),
            Reads::Program(program) => self.program(program, row, out),
            Reads::ProgramFlags => self.program_flag(row, out),
            Reads::Enrollments => self.enrollment(row, out),
            Reads::SectionStaff => self.section_staff(row, out),
            Reads::LeadTeachers => self.lead_teacher(row, out),
        }
    }

    fn end(&mut self, query: usize, out: &mut Output<'_>) {
        match self.reads[query] {
            Reads::Schools => self.give_school(out),
            Reads::Sections => self.give_section(out),
            Reads::StaffRoles => self.give_staff_roles(out),
            Reads::SectionStaff => self.give_section_staff(out),
            _ => {}
        }
    }
}

/// A text that must be there; a row without it is rejected.
fn required<'a>(
    row: &Cells<'a>,
    column: usize,
    entity: EntityKind,
    source_id: Option<&str>,
    out: &mut Output<'_>,
) -> Option<&'a str> {
    let text = row.get(column);
    if text.is_none() {
        out.reject(entity, source_id, DiagnosticCode::MissingRequired, column);
    }
    text
}

/// A person's key from the columns of the GUID and the number.  GUIDs come in capitals or not, as the driver likes.
fn person_key<'k>(
    key: &'k mut String,
    kind: PersonKey,
    row: &Cells<'_>,
    (guid, id): (usize, usize),
) -> Option<&'k str> {
    key.clear();
    match kind {
        PersonKey::Guid => key.extend(row.get(guid)?.chars().map(|it| it.to_ascii_lowercase())),
        PersonKey::Id => key.push_str(whole(row.get(id)?)),
    }
    Some(key)
}
