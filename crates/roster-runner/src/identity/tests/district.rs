//! A made-up district for generated tests: few names, so that namesakes are common.

use roster_core::{
    EntityKind, Rows, derived_id,
    model::{
        CourseRow, DemographicsRow, EnrollmentRole, EnrollmentRow, OrgRow, OrgType, RoleRow,
        RoleType, SectionRow, TypedRow, UserRow,
    },
    value::{Identifier, Identifiers, TextList},
};

/// Sections with titles of their own; those beyond have the title of another.
pub(super) const DISTINCT_SECTIONS: usize = 5;
const SECTIONS: usize = 9;

/// A student; `who` tells them from everybody else, whatever their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Student {
    pub(super) who: usize,
    pub(super) given: usize,
    pub(super) family: usize,
    pub(super) birth: Option<u8>,
    pub(super) number: Option<usize>,
    pub(super) address: bool,
    pub(super) school: usize,
    pub(super) grade: usize,
    pub(super) sections: Vec<usize>,
}

impl Student {
    pub(super) fn names(&self) -> (usize, usize) {
        (self.given, self.family)
    }
}

/// The key of a record at the source, by its entity and by what it is.
pub(super) type Key<'k> = &'k dyn Fn(EntityKind, &str) -> String;

/// All rows of the district under these keys.
pub(super) fn rows(students: &[Student], key: Key<'_>) -> Vec<Rows> {
    let mut all = places(key);
    let mut people: Vec<Rows> =
        [EntityKind::User, EntityKind::Role, EntityKind::Demographics, EntityKind::Enrollment]
            .map(Rows::new)
            .into();
    for student in students {
        push_student(student, key, &mut people);
    }
    all.append(&mut people);
    all
}

/// What a record of a student is, whatever its key.
pub(super) fn user(who: usize) -> String {
    format!("user {who}")
}

fn section(number: usize) -> String {
    format!("section {number}")
}

fn school(number: usize) -> String {
    format!("school {number}")
}

fn push<'a, T: TypedRow<'a>>(all: &mut Vec<Rows>, row: &T) {
    let mut rows = Rows::new(T::ENTITY);
    rows.push(0, row);
    all.push(rows);
}

fn places(key: Key<'_>) -> Vec<Rows> {
    let mut all = Vec::new();
    for number in 0..3 {
        push(
            &mut all,
            &OrgRow {
                source_id: &key(EntityKind::Org, &school(number)),
                name: ["North", "South", "West"][number],
                org_type: Some(OrgType::School),
                ..OrgRow::default()
            },
        );
    }
    let course = key(EntityKind::Course, "course");
    push(&mut all, &CourseRow { source_id: &course, title: "Algebra", ..CourseRow::default() });
    for number in 0..SECTIONS {
        let title = if number < DISTINCT_SECTIONS { number } else { number / 2 * 2 };
        push(
            &mut all,
            &SectionRow {
                source_id: &key(EntityKind::Section, &section(number)),
                title: &format!("Period {title}"),
                course_source_id: Some(&course),
                school_source_id: &key(EntityKind::Org, &school(0)),
                ..SectionRow::default()
            },
        );
    }
    all
}

fn push_student(student: &Student, key: Key<'_>, people: &mut [Rows]) {
    let [users, roles, demographics, enrollments] = people else {
        unreachable!("students have four tables")
    };
    let who = user(student.who);
    let (own, school) =
        (key(EntityKind::User, &who), key(EntityKind::Org, &school(student.school)));
    let number = student.number.map(|it| it.to_string());
    let number = number.map(|it| Identifier { scheme: "state".to_owned(), identifier: it });
    users.push(
        0,
        &UserRow {
            source_id: &own,
            given_name: &format!("Given{}", student.given),
            family_name: &format!("Family{}", student.family),
            identifiers: Identifiers::new(&number.into_iter().collect()),
            email: student.address.then_some(format!("{}@example.org", student.who)).as_deref(),
            grades: TextList::new(&vec![student.grade.to_string()]),
            ..UserRow::default()
        },
    );
    roles.push(
        0,
        &RoleRow {
            source_id: &derived_id(&[&own, &school, "student"]),
            user_source_id: &own,
            org_source_id: &school,
            role: Some(RoleType::Student),
            ..RoleRow::default()
        },
    );
    if let Some(birth) = student.birth {
        let date = format!("2011-01-{:02}", birth + 1);
        let birth_date = Some(date.parse().unwrap());
        demographics.push(
            0,
            &DemographicsRow {
                source_id: &own,
                user_source_id: &own,
                birth_date,
                ..DemographicsRow::default()
            },
        );
    }
    for number in &student.sections {
        let section = section(*number);
        enrollments.push(
            0,
            &EnrollmentRow {
                source_id: &key(EntityKind::Enrollment, &format!("{who} in {section}")),
                user_source_id: &own,
                section_source_id: &key(EntityKind::Section, &section),
                role: Some(EnrollmentRole::Student),
                ..EnrollmentRow::default()
            },
        );
    }
}
