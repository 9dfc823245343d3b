//! What people belong to: sections, schools, contacts, and records that kept their keys.

use super::{People, USER, keyed as by_value};
use crate::identity::{
    keys::{NOBODY, Night, Number},
    layout::Part,
    pairing::{Keyed, Values},
    records::Records,
    text::{NONE, combined},
};
use EntityKind::{Demographics, Enrollment, Relationship, Role};
use roster_core::EntityKind;

/// Fields by which records of other entities name people.
const NAMING: &[(EntityKind, &str)] = &[
    (Enrollment, "user_source_id"),
    (Role, "user_source_id"),
    (Demographics, "user_source_id"),
    (Relationship, "student_source_id"),
    (Relationship, "contact_source_id"),
];

/// Calls `each` for every row of an entity with the number of the key that a field of it names.
pub(super) fn each(
    records: &Records,
    night: Night,
    entity: EntityKind,
    field: &str,
    mut each: impl FnMut(u32, Number),
) {
    let (layout, side) = (records.layout(entity), records.side(entity, night));
    let Part::Reference(place) = layout.part(field) else { return };
    for row in 0..side.len() {
        let number = side.reference(layout, place, row);
        if number != NOBODY {
            each(row, number);
        }
    }
}

/// Records that both nights have and that name somebody else now.
pub(super) fn kept(records: &Records, people: &People) -> Values {
    Values::new(Night::BOTH.map(|night| {
        let mut keyed = Vec::new();
        for (number, (entity, field)) in NAMING.iter().enumerate() {
            named(records, people, night, (*entity, *field), &mut keyed, |row| {
                let own = records.side(*entity, night).number(row);
                let stays = records.stays(*entity, night, row);
                stays.then(|| combined([number as u64, u64::from(own)]))
            });
        }
        keyed
    }))
}

/// Sections, each by itself: a pair needs not share all of them.
pub(super) fn sections(records: &Records, people: &People) -> Values {
    let section = records.layout(Enrollment).part("section_source_id");
    Values::new(Night::BOTH.map(|night| {
        let mut keyed = Vec::new();
        named(records, people, night, (Enrollment, "user_source_id"), &mut keyed, |row| {
            Some(records.value(Enrollment, night, row, section))
        });
        keyed
    }))
}

/// Contacts of students and students of contacts.
pub(super) fn contacts(records: &Records, people: &People) -> Values {
    let sides = ["student_source_id", "contact_source_id"];
    Values::new(Night::BOTH.map(|night| {
        let mut keyed = Vec::new();
        for (own, other) in [(0, 1), (1, 0)] {
            let part = records.layout(Relationship).part(sides[other]);
            named(records, people, night, (Relationship, sides[own]), &mut keyed, |row| {
                let other = records.value(Relationship, night, row, part);
                (other != NONE).then(|| combined([own as u64, other]))
            });
        }
        keyed
    }))
}

/// Schools and grades: those of roles, and the one that counts as theirs.
pub(super) fn schools(records: &Records, people: &People) -> Values {
    let organization = records.layout(Role).part("org_source_id");
    let primary = records.layout(USER).part("primary_org_source_id");
    Values::new(Night::BOTH.map(|night| {
        let mut keyed = by_value(records, night, |row| {
            let school = records.value(USER, night, row, primary);
            (school != NONE && people.names_of(night, row) != NONE)
                .then(|| combined([people.names_of(night, row), school]))
        });
        named(records, people, night, (Role, "user_source_id"), &mut keyed, |row| {
            Some(records.value(Role, night, row, organization))
        });
        let grades = |row| records.side(USER, night).hash(people.parts.grades, row);
        let with_grade = keyed.into_iter().filter(|it| grades(it.1) != NONE);
        with_grade.map(|(value, row)| (combined([value, grades(row)]), row)).collect()
    }))
}

/// Adds the people that rows of an entity name, by their names and what `value` gives for the row.
fn named(
    records: &Records,
    people: &People,
    night: Night,
    (entity, field): (EntityKind, &str),
    keyed: &mut Vec<Keyed>,
    value: impl Fn(u32) -> Option<u64>,
) {
    each(records, night, entity, field, |row, number| {
        let Some(person) = people.row(night, number) else { return };
        let names = people.names_of(night, person);
        let value = value(row).filter(|it| *it != NONE && names != NONE);
        keyed.extend(value.map(|it| (combined([names, it]), person)));
    });
}
