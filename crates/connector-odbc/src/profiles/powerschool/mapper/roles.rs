//! Roles, relationships, demographics and programs.

use super::{Enrolled, Person, PowerSchoolMapper, number, sort};
use crate::{
    map::{Cells, Output},
    profiles::{
        powerschool::queries::{
            contact_links, demographics, programs, special_programs, staff_roles, student_roles,
        },
        sis::{ContactLink, Race, Races, StaffRole, lowercased, one_day, push_staff_roles, whole},
    },
};
use roster_core::{
    EntityKind,
    model::{DemographicsRow, RoleRow, RoleType, Sex},
    value::Date,
};

impl PowerSchoolMapper {
    /// Of several enrollments in one school the latest counts; the current one comes last.
    pub(super) fn student_role(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let column = student_roles::student_dcid;
        let Some(dcid) = number(row, column, EntityKind::Role, out) else { return };
        let student = self.keys.own.of(sort::STUDENT, dcid).to_owned();
        let Some(school) = row.get(student_roles::school_number).map(whole) else { return };
        let mut day = |column| one_day(row, column, EntityKind::Role, &student, out);
        let (begin, end) = (day(student_roles::entrydate), day(student_roles::exitdate));
        let is_current = row.flag(student_roles::is_current).unwrap_or(false);
        let same = |it: &Enrolled| it.student == student && it.school == school;
        if !self.state.enrolled.as_ref().is_some_and(same) {
            self.give_student_role(out);
        }
        let school = school.to_owned();
        self.state.enrolled = Some(Enrolled { student, school, begin, end, is_current });
    }

    pub(super) fn give_student_role(&mut self, out: &mut Output<'_>) {
        let Some(enrolled) = self.state.enrolled.take() else { return };
        let role = RoleRow {
            user_source_id: &enrolled.student,
            org_source_id: &enrolled.school,
            role: Some(RoleType::Student),
            is_primary: Some(enrolled.is_current),
            begin_date: enrolled.begin,
            end_date: enrolled.end,
            ..RoleRow::default()
        };
        self.state.roles.push(&role, out);
    }

    pub(super) fn staff_role(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let Some(dcid) = number(row, staff_roles::dcid, EntityKind::Role, out) else { return };
        let Some(school) = row.get(staff_roles::schoolid).map(whole) else { return };
        let home = row.get(staff_roles::homeschoolid).map(whole);
        let place = RoleRow {
            user_source_id: self.keys.own.of(sort::USER, dcid),
            org_source_id: school,
            is_primary: home.map(|it| it == school),
            ..RoleRow::default()
        };
        let staff = StaffRole {
            title: row.get(staff_roles::title),
            is_teacher: row.integer(staff_roles::staffstatus) == Some(1),
            is_supervisor: false,
        };
        push_staff_roles(&staff, &self.settings.titles, &place, &mut self.state.roles, out);
    }

    pub(super) fn contact_link(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let column = contact_links::person_id;
        let Some(id) = number(row, column, EntityKind::Role, out) else { return };
        let Some(dcid) = row.get(contact_links::student_dcid) else { return };
        let flag = |column| row.flag(column).unwrap_or(false);
        let is_guardian = flag(contact_links::is_custodial);
        let contact_type = if is_guardian || flag(contact_links::lives_with) {
            Some("Family")
        } else if flag(contact_links::is_emergency) {
            Some("Emergency")
        } else {
            flag(contact_links::may_pick_up).then_some("Pickup")
        };
        let link = ContactLink {
            contact: self.keys.own.of(sort::PERSON, id),
            student: self.keys.user.of(sort::STUDENT, dcid),
            org: row.get(contact_links::school_number).map(whole),
            relationship: row.get(contact_links::relationship),
            is_guardian,
            contact_type,
            sequence: row.integer(contact_links::priority_order),
        };
        self.state.links.push(&link, out);
    }

    pub(super) fn demographics(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let column = demographics::dcid;
        let Some(dcid) = number(row, column, EntityKind::Demographics, out) else { return };
        let key = self.keys.own.of(sort::STUDENT, dcid);
        if self.state.person.as_ref().is_none_or(|it| it.key != key) {
            let person = person(key.to_owned(), row, out);
            self.give_demographics(out);
            self.state.person = Some(person);
        }
        let code = row.get(demographics::racecd);
        if let (Some(person), Some(race)) =
            (&mut self.state.person, code.and_then(|it| self.settings.races.get(it)))
        {
            person.races.add(*race);
        }
    }

    /// Nothing is given of whom nothing is known.
    pub(super) fn give_demographics(&mut self, out: &mut Output<'_>) {
        let Some(person) = self.state.person.take() else { return };
        let known = person.birth_date.is_some() || person.sex.is_some();
        if !known && person.races == Races::default() {
            return;
        }
        let mut row = DemographicsRow {
            source_id: &person.key,
            user_source_id: &person.key,
            birth_date: person.birth_date,
            sex: person.sex.map(Sex::from_term),
            ..DemographicsRow::default()
        };
        person.races.fill(&mut row);
        out.push(&row);
    }

    /// A flag says so, or there is a first day.
    pub(super) fn program(&mut self, program: &str, row: &Cells<'_>, out: &mut Output<'_>) {
        let column = programs::student_dcid;
        let Some(dcid) = number(row, column, EntityKind::Program, out) else { return };
        let key = self.keys.own.of(sort::STUDENT, dcid);
        let dates = dates(row, (programs::begin_date, programs::end_date), key, out);
        if row.flag(programs::flag) == Some(true) || dates.0.is_some() {
            self.state.programs.push(key, program, row.get(programs::status), dates, out);
        }
    }

    pub(super) fn special_program(&mut self, row: &Cells<'_>, out: &mut Output<'_>) {
        let column = special_programs::student_dcid;
        let Some(dcid) = number(row, column, EntityKind::Program, out) else { return };
        let name = row.get(special_programs::program_name).map(lowercased);
        let settings = &self.settings.special_programs;
        let Some(program) = name.as_deref().and_then(|it| settings.term(it)) else { return };
        let key = self.keys.own.of(sort::STUDENT, dcid);
        let columns = (special_programs::begin_date, special_programs::end_date);
        let dates = dates(row, columns, key, out);
        self.state.programs.push(key, program, None, dates, out);
    }
}

fn dates(
    row: &Cells<'_>,
    (begin, end): (usize, usize),
    key: &str,
    out: &mut Output<'_>,
) -> (Option<Date>, Option<Date>) {
    let mut day = |column| one_day(row, column, EntityKind::Program, key, out);
    (day(begin), day(end))
}

/// What the rows of one student have in common.  Where the question of ethnicity was answered, that of race was too.
fn person(key: String, row: &Cells<'_>, out: &mut Output<'_>) -> Person {
    let birth_date = one_day(row, demographics::dob, EntityKind::Demographics, &key, out);
    let sex = row.get(demographics::gender).and_then(|it| match it.to_ascii_uppercase().as_str() {
        "M" => Some("male"),
        "F" => Some("female"),
        "X" | "N" => Some("other"),
        "U" => Some("unspecified"),
        _ => None,
    });
    let mut races = Races::default();
    match row.integer(demographics::fedethnicity) {
        Some(1) => races.add(Race::Hispanic),
        Some(0) => (races.answered, races.hispanic) = (true, Some(false)),
        _ => {}
    }
    Person { key, birth_date, sex, races }
}
