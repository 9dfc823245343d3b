//! Contacts of students: what they are to them, and where.

use super::Roles;
use crate::map::Output;
use roster_core::{
    EntityKind,
    model::{RelationshipRow, RoleRow, RoleType},
    value::{Extensions, FieldValue as _},
};

/// What a record says of a contact and a student.
#[derive(Debug)]
pub(crate) struct ContactLink<'a> {
    pub(crate) contact: &'a str,
    pub(crate) student: &'a str,
    /// The student's school.
    pub(crate) org: Option<&'a str>,
    /// How they are related, in the district's words.
    pub(crate) relationship: Option<&'a str>,
    /// Whether the contact has custody or guardianship.
    pub(crate) is_guardian: bool,
    /// What the contact is for.
    pub(crate) contact_type: Option<&'a str>,
    pub(crate) sequence: Option<i64>,
}

/// Gives roles and relationships of contacts, who come one after the other: by school, then by student.
#[derive(Debug, Default)]
pub(crate) struct ContactLinks {
    roles: Roles,
    contact: String,
    first_org: String,
    /// Students whose relationship was given.
    students: Vec<String>,
}

impl ContactLinks {
    /// Gives the role in the student's school and the relationship, each once.
    pub(crate) fn push(&mut self, link: &ContactLink<'_>, out: &mut Output<'_>) {
        if self.contact != link.contact {
            link.contact.clone_into(&mut self.contact);
            self.first_org.clear();
            self.students.clear();
        }
        self.role(link, out);
        if !out.wants(EntityKind::Relationship) || self.students.iter().any(|it| it == link.student)
        {
            return;
        }
        relationship(link, out);
        self.students.push(link.student.to_owned());
    }

    fn role(&mut self, link: &ContactLink<'_>, out: &mut Output<'_>) {
        let Some(org) = link.org else { return };
        if self.first_org.is_empty() {
            org.clone_into(&mut self.first_org);
        }
        let role = RoleRow {
            user_source_id: link.contact,
            org_source_id: org,
            role: Some(role_of(link.relationship, link.is_guardian)),
            is_primary: Some(self.first_org == org),
            ..RoleRow::default()
        };
        self.roles.push(&role, out);
    }
}

/// Whether somebody is a guardian stands beside the model's fields, since a parent may be none.
fn relationship(link: &ContactLink<'_>, out: &mut Output<'_>) {
    let guardian =
        if link.is_guardian { r#"{"guardian":"true"}"# } else { r#"{"guardian":"false"}"# };
    out.push(&RelationshipRow {
        source_id: &format!("{}/{}", link.student, link.contact),
        extensions: Extensions::read(Some(guardian)),
        student_source_id: link.student,
        contact_source_id: link.contact,
        relationship: link.relationship,
        contact_type: link.contact_type,
        is_primary: link.sequence.map(|it| it == 1),
        sequence: link.sequence,
    });
}

/// The role of a contact: parents by the word for them, others by guardianship, then by kinship.
fn role_of(relationship: Option<&str>, is_guardian: bool) -> RoleType<'static> {
    const PARENTS: [&str; 4] = ["mother", "father", "parent", "mom"];
    const RELATIVES: [&str; 10] = [
        "grand", "aunt", "uncle", "sister", "brother", "sibling", "cousin", "relative", "niece",
        "nephew",
    ];
    let word = super::lowercased(relationship.unwrap_or_default());
    let has = |words: &[&str]| words.iter().any(|it| word.contains(it));
    if has(&PARENTS) && !word.contains("grand") && !word.contains("god") {
        RoleType::Parent
    } else if is_guardian || word.contains("guardian") {
        RoleType::Guardian
    } else if has(&RELATIVES) {
        RoleType::Relative
    } else {
        RoleType::Contact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_without_guardianship_are_no_guardians() {
        let check = |relationship, guardian, expected: RoleType<'_>| {
            assert!(role_of(relationship, guardian) == expected, "{relationship:?} {guardian}");
        };
        check(Some("Mother"), true, RoleType::Parent);
        check(Some("Stepfather"), false, RoleType::Parent);
        check(Some("Grandmother"), true, RoleType::Guardian);
        check(Some("Grandmother"), false, RoleType::Relative);
        check(Some("Godmother"), false, RoleType::Contact);
        check(Some("Legal guardian"), false, RoleType::Guardian);
        check(Some("Neighbor"), false, RoleType::Contact);
        check(None, true, RoleType::Guardian);
        check(None, false, RoleType::Contact);
    }
}
