//! What people are, where.

use super::{
    Output, People,
    places::read,
    values::{JsonObject, date},
};
use crate::wire::{Contact, Roles, Staff, Student, Teacher, Text};
use roster_core::{
    EntityKind, derived_id,
    model::{RoleRow, RoleType},
};
use std::collections::HashSet;

/// One role of a person.
#[allow(clippy::struct_field_names, reason = "the names are the model's")]
struct Role<'a> {
    user: &'a str,
    org: &'a str,
    role: RoleType<'a>,
    is_primary: Option<bool>,
    extensions: Option<&'a str>,
}

/// Writes all roles of a person.  Roles at schools that are not shared are left out.
pub(super) fn write(people: &People, id: &str, roles: &Roles<'_>, position: u64, out: &mut Output) {
    if !out.wants(EntityKind::Role) {
        return;
    }
    if let Some(student) = &roles.student {
        of_student(people, id, student, position, out);
    }
    if let Some(teacher) = &roles.teacher {
        of_teacher(people, id, teacher, position, out);
    }
    if let Some(staff) = &roles.staff {
        of_staff(people, id, staff, position, out);
    }
    let district = people.district.as_str();
    if let Some(leader) = &roles.district_admin {
        let mut ext = JsonObject::default();
        ext.field("title", leader.title.get());
        let role = RoleType::DistrictAdministrator;
        let extensions = ext.end();
        push(Role { user: id, org: district, role, is_primary: None, extensions }, position, out);
    }
    if let Some(contact) = &roles.contact {
        let role = role_of_contact(contact);
        push(
            Role { user: id, org: district, role, is_primary: None, extensions: None },
            position,
            out,
        );
    }
}

/// The school that counts as theirs, if it is shared.
pub(super) fn primary_org<'a>(
    schools: &HashSet<Box<str>>,
    roles: &'a Roles<'_>,
) -> Option<&'a str> {
    let student = roles.student.as_ref().and_then(|it| it.school.filled());
    let teacher = || roles.teacher.as_ref()?.school.filled();
    student.or_else(teacher).filter(|it| schools.contains(*it))
}

fn push(role: Role<'_>, position: u64, out: &mut Output) {
    let key = derived_id(&[role.user, role.org, role.role.term()]);
    let row = RoleRow {
        source_id: &key,
        user_source_id: role.user,
        org_source_id: role.org,
        role: Some(role.role),
        is_primary: role.is_primary,
        extensions: read(role.extensions),
        ..RoleRow::default()
    };
    out.push(position, &row);
}

/// Schools that are shared, each once, the primary one first.
fn shared<'a>(people: &People, primary: &'a Text<'_>, all: &'a [Text<'_>]) -> Vec<&'a str> {
    let mut schools: Vec<&str> = Vec::with_capacity(all.len() + 1);
    for school in std::iter::once(primary).chain(all).map(Text::get) {
        if people.schools.contains(school) && !schools.contains(&school) {
            schools.push(school);
        }
    }
    schools
}

/// A student's schools, with the dates of the last enrollment in each; past schools come from the enrollments alone.
fn of_student(people: &People, id: &str, student: &Student<'_>, position: u64, out: &mut Output) {
    let mut schools = shared(people, &student.school, &student.schools.0);
    for it in &student.enrollments.0 {
        let school = it.school.get();
        if people.schools.contains(school) && !schools.contains(&school) {
            schools.push(school);
        }
    }
    for school in schools {
        let last = student
            .enrollments
            .0
            .iter()
            .filter(|it| it.school.get() == school)
            .max_by_key(|it| date(it.start_date.get()));
        let key = derived_id(&[id, school, RoleType::Student.term()]);
        let row = RoleRow {
            source_id: &key,
            user_source_id: id,
            org_source_id: school,
            role: Some(RoleType::Student),
            is_primary: Some(school == student.school.get()),
            begin_date: last.and_then(|it| date(it.start_date.get())),
            end_date: last.and_then(|it| date(it.end_date.get())),
            ..RoleRow::default()
        };
        out.push(position, &row);
    }
}

fn of_teacher(people: &People, id: &str, teacher: &Teacher<'_>, position: u64, out: &mut Output) {
    let mut ext = JsonObject::default();
    ext.field("title", teacher.title.get());
    let extensions = ext.end();
    for school in shared(people, &teacher.school, &teacher.schools.0) {
        let is_primary = Some(school == teacher.school.get());
        let role = RoleType::Teacher;
        push(Role { user: id, org: school, role, is_primary, extensions }, position, out);
    }
}

/// Staff of schools, or of the district where no school is named.
fn of_staff(people: &People, id: &str, staff: &Staff<'_>, position: u64, out: &mut Output) {
    let mut ext = JsonObject::default();
    ext.field("title", staff.title.get());
    ext.field("department", staff.department.get());
    let roles: Vec<_> = staff.roles.0.iter().map(Text::get).filter(|it| !it.is_empty()).collect();
    ext.field("roles", &roles.join(", "));
    let extensions = ext.end();
    let none = Text::default();
    let mut schools = shared(people, &none, &staff.schools.0);
    if staff.schools.0.is_empty() {
        schools.push(&people.district);
    }
    for org in schools {
        let role = RoleType::Staff;
        push(Role { user: id, org, role, is_primary: None, extensions }, position, out);
    }
}

/// What a contact is by the closest of their relationships.
fn role_of_contact(contact: &Contact<'_>) -> RoleType<'static> {
    let all = &contact.student_relationships.0;
    let any = |words: &[&str]| all.iter().any(|it| words.contains(&it.relationship.get()));
    if any(&["Parent"]) {
        RoleType::Parent
    } else if all.iter().any(|it| it.r#type.get() == "Parent/Guardian") {
        RoleType::Guardian
    } else if any(&["Grandparent", "Aunt/Uncle", "Sibling"]) {
        RoleType::Relative
    } else {
        RoleType::Contact
    }
}
