//! What a token allows, so that "not shared" and "blank" differ.
//!
//! Names of scopes as recorded: `read:students`, `read:students_basic`, `read:students_limited`, and so on for
//! `teachers`, `school_admins` (staff), `district_admins`, `sections`; `read:student_contacts`; `read:ell_status`,
//! `read:iep_status`.

use roster_core::EntityKind;
use std::collections::BTreeSet;

/// What a token allows; everything where the service does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scopes(Option<BTreeSet<String>>);

/// What a district can share, as Clever's scopes call it and as people do.
const SHARES: &[(&str, &str)] = &[
    ("schools", "schools"),
    ("sections", "sections, terms, courses"),
    ("students", "students"),
    ("teachers", "teachers"),
    ("school_admins", "staff"),
    ("district_admins", "district leaders"),
    ("student_contacts", "contacts"),
    ("ell_status", "English language learner status"),
    ("iep_status", "individualized education programs"),
];

impl Scopes {
    /// From what a service tells; an empty list tells nothing.
    pub(crate) fn new(scopes: impl IntoIterator<Item = String>) -> Self {
        let scopes: BTreeSet<_> = scopes.into_iter().collect();
        Self((!scopes.is_empty()).then_some(scopes))
    }

    /// Whether records of a kind are shared, such as `students`, in whatever depth.
    pub(crate) fn allow(&self, what: &str) -> bool {
        let Some(scopes) = &self.0 else { return true };
        scopes.iter().filter_map(|it| it.strip_prefix("read:")).any(|scope| {
            scope
                .strip_prefix(what)
                .is_some_and(|it| matches!(it, "" | "_basic" | "_limited" | "_full" | "_launchpad"))
        })
    }

    /// Whether any person is shared.
    pub(crate) fn allow_people(&self) -> bool {
        const PEOPLE: [&str; 5] =
            ["students", "teachers", "school_admins", "district_admins", "student_contacts"];
        PEOPLE.iter().any(|it| self.allow(it))
    }

    /// Whether records of an entity can be among what is shared.
    pub(crate) fn allow_entity(&self, entity: EntityKind) -> bool {
        match entity {
            EntityKind::Org => true,
            EntityKind::AcademicSession
            | EntityKind::Course
            | EntityKind::Section
            | EntityKind::Enrollment => self.allow("sections"),
            EntityKind::User | EntityKind::Role => self.allow_people(),
            EntityKind::Relationship => self.allow("student_contacts"),
            EntityKind::Demographics | EntityKind::Program => self.allow("students"),
            _ => false,
        }
    }

    /// What is shared, in words for people; empty where the service does not tell.
    pub(crate) fn shared(&self) -> Vec<&'static str> {
        let told = self.0.is_some();
        SHARES.iter().filter(|it| told && self.allow(it.0)).map(|it| it.1).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_tell_what_is_shared() {
        let check = |scopes: &[&str], expected: &[&str]| {
            let scopes = Scopes::new(scopes.iter().map(|it| format!("read:{it}")));
            assert_eq!(scopes.shared(), expected);
        };
        check(&["students_basic", "schools"], &["schools", "students"]);
        check(&["student_contacts", "user_id"], &["contacts"]);
        check(&["sections_limited"], &["sections, terms, courses"]);
        check(&[], &[]);
        let contacts = Scopes::new(["read:student_contacts".to_owned()]);
        assert!(!contacts.allow("students") && contacts.allow_entity(EntityKind::Relationship));
        assert!(!contacts.allow_entity(EntityKind::Enrollment));
        assert!(Scopes::default().allow_entity(EntityKind::Enrollment));
    }
}
