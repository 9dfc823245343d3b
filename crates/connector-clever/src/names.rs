//! Clever's own names for tables and fields, so that reports speak its language.

use roster_core::EntityKind;

/// The list of the API that an entity comes from.
#[must_use]
pub fn table(entity: EntityKind) -> Option<&'static str> {
    Some(match entity {
        EntityKind::Org => "schools",
        EntityKind::AcademicSession => "terms",
        EntityKind::Course => "courses",
        EntityKind::Section | EntityKind::Enrollment => "sections",
        EntityKind::User
        | EntityKind::Role
        | EntityKind::Relationship
        | EntityKind::Demographics
        | EntityKind::Program => "users",
        _ => return None,
    })
}

/// The field of the API that a field comes from.
#[must_use]
pub fn field(entity: EntityKind, name: &str) -> Option<&'static str> {
    if name == "source_id" && !matches!(entity, EntityKind::Role | EntityKind::Enrollment) {
        return Some("id");
    }
    let names: &[(&str, &'static str)] = match entity {
        EntityKind::Org => ORG,
        EntityKind::AcademicSession => TERM,
        EntityKind::Course => &[("title", "name"), ("course_code", "number")],
        EntityKind::Section => SECTION,
        EntityKind::User => USER,
        EntityKind::Role => &[("org_source_id", "schools"), ("role", "roles")],
        EntityKind::Relationship => RELATIONSHIP,
        EntityKind::Demographics => DEMOGRAPHICS,
        EntityKind::Enrollment => &[("section_source_id", "id"), ("school_source_id", "school")],
        _ => &[],
    };
    names.iter().find(|it| it.0 == name).map(|it| it.1)
}

const ORG: &[(&str, &str)] = &[
    ("name", "name"),
    ("identifier", "school_number"),
    ("address_line1", "location.address"),
    ("city", "location.city"),
    ("state", "location.state"),
    ("postal_code", "location.zip"),
    ("phone", "phone"),
    ("grades", "low_grade"),
    ("extensions", "ext"),
];

const TERM: &[(&str, &str)] =
    &[("title", "name"), ("start_date", "start_date"), ("end_date", "end_date")];

const SECTION: &[(&str, &str)] = &[
    ("title", "name"),
    ("section_code", "section_number"),
    ("course_source_id", "course"),
    ("school_source_id", "school"),
    ("academic_session_source_ids", "term_id"),
    ("periods", "period"),
    ("grades", "grade"),
    ("subjects", "subject"),
    ("extensions", "ext"),
];

const USER: &[(&str, &str)] = &[
    ("given_name", "name.first"),
    ("family_name", "name.last"),
    ("middle_name", "name.middle"),
    ("preferred_given_name", "roles.student.preferred_name.first"),
    ("preferred_family_name", "roles.student.preferred_name.last"),
    ("preferred_middle_name", "roles.student.preferred_name.middle"),
    ("username", "credentials.district_username"),
    ("email", "email"),
    ("phone", "roles.contact.phone"),
    ("grades", "roles.student.grade"),
    ("primary_org_source_id", "school"),
    ("extensions", "ext"),
];

const RELATIONSHIP: &[(&str, &str)] = &[
    ("student_source_id", "student_relationships.student"),
    ("relationship", "student_relationships.relationship"),
    ("contact_type", "student_relationships.type"),
];

const DEMOGRAPHICS: &[(&str, &str)] = &[
    ("birth_date", "roles.student.dob"),
    ("sex", "roles.student.gender"),
    ("hispanic_or_latino_ethnicity", "roles.student.hispanic_ethnicity"),
];
