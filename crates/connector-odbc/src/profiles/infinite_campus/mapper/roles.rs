//! Roles, relationships, demographics and programs.

use super::{InfiniteCampusMapper, person_key, sort};
use crate::{
    map::{Cells, Output},
    profiles::{
        infinite_campus::queries::{
            contact_links, demographics, program_flags, programs, staff_roles, student_roles,
        },
        sis::{
            ContactLink, Race, Races, StaffRole, day_after, lowercased, one_day, push_staff_roles,
        },
    },
};
use roster_core::{
    DiagnosticCode, EntityKind,
    model::{DemographicsRow, RoleRow, RoleType, Sex},
    value::Date,
};

/// What one row says of a member of staff, until all rows about them have come.
#[derive(Debug)]
pub(super) struct StaffRow {
    person: String,
    /// The school, or the district.
    org: String,
    title: Option<String>,
    is_teacher: bool,
    is_supervisor: bool,
    begin: Option<Date>,
    end: Option<Date>,
}

impl InfiniteCampusMapper {
    pub(super) fn student_role(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let columns = (student_roles::personGUID, student_roles::personID);
        let Some(key) = person_key(&mut self.keys.user, self.settings.person_key, row, columns)
        else {
            return reject(EntityKind::Role, student_roles::personGUID, out);
        };
        let Some(school) = row.get(student_roles::school_id) else { return };
        let columns = (student_roles::start_date, student_roles::end_date);
        let (begin_date, end_date) = dates(row, columns, EntityKind::Role, key, out);
        let role = RoleRow {
            user_source_id: key,
            org_source_id: self.keys.school.of(sort::SCHOOL, school),
            role: Some(RoleType::Student),
            is_primary: row.flag(student_roles::is_main_school),
            begin_date,
            end_date,
            ..RoleRow::default()
        };
        self.state.roles.push(&role, out);
    }

    pub(super) fn staff_role(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let columns = (staff_roles::personGUID, staff_roles::personID);
        let Some(key) = person_key(&mut self.keys.user, self.settings.person_key, row, columns)
        else {
            return reject(EntityKind::Role, staff_roles::personGUID, out);
        };
        let columns = (staff_roles::start_date, staff_roles::end_date);
        let (begin, end) = dates(row, columns, EntityKind::Role, key, out);
        let (school, district) =
            (row.get(staff_roles::school_id), row.get(staff_roles::district_id));
        let org = match (school, district) {
            (Some(school), _) => self.keys.school.of(sort::SCHOOL, school),
            (None, Some(district)) => self.keys.school.of(sort::DISTRICT, district),
            (None, None) => return,
        };
        let staff = StaffRow {
            person: key.to_owned(),
            org: org.to_owned(),
            title: row.get(staff_roles::title).map(str::to_owned),
            is_teacher: row.flag(staff_roles::is_teacher) == Some(true),
            is_supervisor: row.flag(staff_roles::is_supervisor) == Some(true),
            begin,
            end,
        };
        if self.state.staff_roles.first().is_some_and(|it| it.person != staff.person) {
            self.give_staff_roles(out);
        }
        self.state.staff_roles.push(staff);
    }

    /// Campus does not tell which of several schools is the main one.
    pub(super) fn give_staff_roles(&mut self, out: &mut Output<'_>) {
        let rows = std::mem::take(&mut self.state.staff_roles);
        let one_place = rows.iter().all(|it| it.org == rows[0].org);
        for row in &rows {
            let place = RoleRow {
                user_source_id: &row.person,
                org_source_id: &row.org,
                is_primary: one_place.then_some(true),
                begin_date: row.begin,
                end_date: row.end,
                ..RoleRow::default()
            };
            let staff = StaffRole {
                title: row.title.as_deref(),
                is_teacher: row.is_teacher,
                is_supervisor: row.is_supervisor,
            };
            push_staff_roles(&staff, &self.settings.titles, &place, &mut self.state.roles, out);
        }
    }

    pub(super) fn contact_link(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let kind = self.settings.person_key;
        let of_contact = (contact_links::contact_guid, contact_links::contact_person_id);
        let of_student = (contact_links::student_guid, contact_links::student_person_id);
        let contact = person_key(&mut self.keys.user, kind, row, of_contact);
        let student = person_key(&mut self.keys.student, kind, row, of_student);
        let (Some(contact), Some(student)) = (contact, student) else {
            return reject(EntityKind::Role, of_contact.0, out);
        };
        let is_guardian = row.flag(contact_links::is_guardian) == Some(true);
        let school = row.get(contact_links::school_id);
        let link = ContactLink {
            contact,
            student,
            org: school.map(|it| self.keys.school.of(sort::SCHOOL, it)),
            relationship: row.get(contact_links::relationship),
            is_guardian,
            contact_type: Some(if is_guardian { "Family" } else { "Emergency" }),
            sequence: row.integer(contact_links::seq),
        };
        self.state.links.push(&link, out);
    }

    /// Nothing is given of whom nothing is known.
    pub(super) fn demographics(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let columns = (demographics::personGUID, demographics::personID);
        let Some(key) = person_key(&mut self.keys.user, self.settings.person_key, row, columns)
        else {
            return reject(EntityKind::Demographics, demographics::personGUID, out);
        };
        let races = races(row);
        let birth_date = one_day(row, demographics::birthdate, EntityKind::Demographics, key, out);
        let sex = row.get(demographics::gender).and_then(sex);
        let country = row.get(demographics::birthCountry);
        let known = birth_date.is_some() || sex.is_some() || country.is_some();
        if !known && races == Races::default() {
            return;
        }
        let mut demographics = DemographicsRow {
            source_id: key,
            user_source_id: key,
            birth_date,
            sex,
            country_of_birth_code: country,
            ..DemographicsRow::default()
        };
        races.fill(&mut demographics);
        out.push(&demographics);
    }

    /// A flag says so, or there is a first day.
    pub(super) fn program(&mut self, program: &str, row: &Cells<'_>, out: &mut Output<'_>) {
        let columns = (programs::personGUID, programs::personID);
        let Some(key) = person_key(&mut self.keys.user, self.settings.person_key, row, columns)
        else {
            return reject(EntityKind::Program, programs::personGUID, out);
        };
        let columns = (programs::begin_date, programs::end_date);
        let dates = dates(row, columns, EntityKind::Program, key, out);
        if row.flag(programs::flag) == Some(true) || dates.0.is_some() {
            self.state.programs.push(key, program, row.get(programs::status), dates, out);
        }
    }

    pub(super) fn program_flag(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let name = row.get(program_flags::program_name).map(lowercased);
        let Some(program) = name.as_deref().and_then(|it| self.settings.flags.term(it)) else {
            return;
        };
        let columns = (program_flags::personGUID, program_flags::personID);
        let Some(key) = person_key(&mut self.keys.user, self.settings.person_key, row, columns)
        else {
            return reject(EntityKind::Program, program_flags::personGUID, out);
        };
        let columns = (program_flags::begin_date, program_flags::end_date);
        let dates = dates(row, columns, EntityKind::Program, key, out);
        self.state.programs.push(key, program, None, dates, out);
    }
}

/// A row without the key of its person.
fn reject(entity: EntityKind, column: usize, out: &mut Output<'_>) {
    out.reject(entity, None, DiagnosticCode::MissingRequired, column);
}

/// A first and a last day, as the first day and the one after the last.
pub(super) fn dates(
    row: &Cells<'_>,
    (begin, end): (usize, usize),
    entity: EntityKind,
    key: &str,
    out: &mut Output<'_>,
) -> (Option<Date>, Option<Date>) {
    let begin = one_day(row, begin, entity, key, out);
    (begin, one_day(row, end, entity, key, out).and_then(day_after))
}

fn sex(gender: &str) -> Option<Sex<'static>> {
    Some(match gender.to_ascii_uppercase().as_str() {
        "M" => Sex::Male,
        "F" => Sex::Female,
        "X" | "N" => Sex::Other("other".into()),
        _ => return None,
    })
}

fn races(row: &Cells<'_>) -> Races {
    let mut races = Races::default();
    races.hispanic = row.flag(demographics::hispanicEthnicity);
    let race = match row.integer(demographics::raceEthnicityFed) {
        Some(1) => Race::Hispanic,
        Some(2) => Race::AmericanIndian,
        Some(3) => Race::Asian,
        Some(4) => Race::Black,
        Some(5) => Race::PacificIslander,
        Some(6) => Race::White,
        Some(7) => Race::TwoOrMore,
        _ => return races,
    };
    races.add(race);
    races
}
