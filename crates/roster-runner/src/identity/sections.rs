//! Knows sections again by the people in them, where fields do not tell them apart.

use super::{
    fields::agrees,
    keys::{NOBODY, Night},
    layout::Part,
    pairing::{Values, agreed},
    records::{Pair, Records},
    rounds::How,
    text::{NONE, combined},
};
use roster_core::EntityKind;

const BY_KEPT: How = How::new("school, enrollments that kept their keys");

/// What a section and its people must have in common besides.
const SUBJECTS: &[(How, &str)] = &[
    (How::new("school, course, people"), "course_source_id"),
    (How::new("school, title, people"), "title"),
];

/// Finds pairs of sections by the people in them.
pub(super) fn pair_by_people(records: &mut Records) {
    if records.is_settled(EntityKind::Section) {
        return;
    }
    let rows = Night::BOTH.map(|night| row_of_number(records, night));
    let kept = values(records, &rows, |_, _, enrollment| kept(records, enrollment));
    join(records, BY_KEPT, &kept);
    for (how, subject) in SUBJECTS {
        let (user, role) = enrollment_parts(records);
        let subject = records.layout(EntityKind::Section).part(subject);
        let by_people = values(records, &rows, |night, row, enrollment| {
            let of = |part| records.value(EntityKind::Enrollment, night, enrollment.row, part);
            let subject = records.value(EntityKind::Section, night, row, subject);
            (subject != NONE).then(|| combined([subject, of(user), of(role)]))
        });
        join(records, *how, &by_people);
    }
}

/// A row of enrollments.
#[derive(Clone, Copy)]
struct Enrolled {
    night: Night,
    row: u32,
}

fn enrollment_parts(records: &Records) -> (Part, Part) {
    let layout = records.layout(EntityKind::Enrollment);
    (layout.part("user_source_id"), layout.part("role"))
}

/// The key of an enrollment that both nights have.
fn kept(records: &Records, enrollment: Enrolled) -> Option<u64> {
    let Enrolled { night, row } = enrollment;
    let stays = records.stays(EntityKind::Enrollment, night, row);
    stays.then(|| u64::from(records.side(EntityKind::Enrollment, night).number(row)))
}

/// Rows of moving sections by the numbers of their keys.
fn row_of_number(records: &Records, night: Night) -> Vec<u32> {
    let mut rows = vec![NOBODY; records.keys(EntityKind::Section).len()];
    let side = records.side(EntityKind::Section, night);
    for row in records.moving(EntityKind::Section, night) {
        rows[side.number(row) as usize] = row;
    }
    rows
}

/// The values that `value` gives for the enrollments of moving sections, together with their schools.
fn values(
    records: &Records,
    rows: &[Vec<u32>; 2],
    value: impl Fn(Night, u32, Enrolled) -> Option<u64>,
) -> Values {
    let school = records.layout(EntityKind::Section).part("school_source_id");
    let layout = records.layout(EntityKind::Enrollment);
    let Part::Reference(section) = layout.part("section_source_id") else {
        unreachable!("enrollments refer to sections")
    };
    Values::new(Night::BOTH.map(|night| {
        let side = records.side(EntityKind::Enrollment, night);
        let keyed = (0..side.len()).filter_map(|enrollment| {
            let number = side.reference(layout, section, enrollment);
            let row = *rows[night as usize].get(number as usize)?;
            if row == NOBODY {
                return None;
            }
            let school = records.value(EntityKind::Section, night, row, school);
            let value = value(night, row, Enrolled { night, row: enrollment })?;
            Some((combined([school, value]), row))
        });
        keyed.collect()
    }))
}

/// Takes what most of a section's people agree on, unless it meets in other terms.
fn join(records: &mut Records, how: How, values: &Values) {
    for (old, new) in agreed(values.votes()) {
        if agrees(records, EntityKind::Section, old, new, Part::List) {
            records.join(EntityKind::Section, Pair { old, new, how });
        }
    }
}
