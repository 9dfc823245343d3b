//! Staff and contacts.

use super::{
    Column, FileSpec, Fill, Kind, RecordKey, Table,
    students::{
        EMAIL, ENABLED, FIRST_NAME, LAST_NAME, MASTER_ID, MIDDLE_NAME, MOBILE_PHONE, OTHER_IDS,
        PHONE, PREFERRED_FIRST_NAME, PREFERRED_LAST_NAME, PREFERRED_MIDDLE_NAME, PRONOUNS,
        USERNAME,
    },
    vocabularies::{CONTACT_ROLE, SECTION_ROLE, STAFF_ROLE},
};
use roster_core::EntityKind;

/// Staff.
pub(super) const STAFF: FileSpec = FileSpec {
    name: "staff.csv",
    title: "Staff",
    about: "One row for each person who works for the district, for each school and each role that they have there: \
            teachers, school administrators, district leaders and others. The row of the main school and role comes \
            first; what the rows say of the person is taken from it.",
    required: true,
    key: &["staff_id", "school_id", "role"],
    since: "1.0",
    columns: &[
        Column::new(
            "staff_id",
            Kind::Key,
            "T001",
            "The number that your system gives the person for good. No student and no other contact may have the same.",
        )
        .also(&["teacher_id", "sis_id", "employee_id"])
        .required(),
        Column::school("Where they have the role: a school, or the district's row.").required(),
        Column::new("role", Kind::Term(&STAFF_ROLE), "teacher", "What they are there.")
            .also(&["staff_role", "user_type"])
            .required(),
        FIRST_NAME,
        LAST_NAME,
        MIDDLE_NAME,
        PREFERRED_FIRST_NAME,
        PREFERRED_LAST_NAME,
        PREFERRED_MIDDLE_NAME,
        PRONOUNS,
        Column::text("staff_number", "", "The number that people use, where it is another one.")
            .also(&["teacher_number", "employee_number"]),
        Column::text("state_id", "", "The number that the state gives.")
            .also(&["state_staff_id", "state_teacher_id"]),
        OTHER_IDS,
        MASTER_ID,
        USERNAME,
        EMAIL,
        MOBILE_PHONE,
        PHONE,
        ENABLED,
        Column::start_date("2020-08-17", "The first day in the role."),
        Column::end_date("", "The last day in the role, once it is known."),
        Column::deleted(),
    ],
    tables: &[
        Table {
            entity: EntityKind::User,
            key: RecordKey::Column("staff_id"),
            fields: &[
                ("given_name", Fill::Column("first_name")),
                ("family_name", Fill::Column("last_name")),
                ("middle_name", Fill::Column("middle_name")),
                ("preferred_given_name", Fill::Column("preferred_first_name")),
                ("preferred_family_name", Fill::Column("preferred_last_name")),
                ("preferred_middle_name", Fill::Column("preferred_middle_name")),
                ("pronouns", Fill::Column("pronouns")),
                ("username", Fill::Column("username")),
                ("email", Fill::Column("email")),
                ("sms", Fill::Column("mobile_phone")),
                ("phone", Fill::Column("phone")),
                ("identifier", Fill::Column("staff_number")),
                ("identifiers", Fill::Identifiers),
                ("master_identifier", Fill::Column("master_id")),
                ("enabled", Fill::Column("enabled")),
                ("primary_org_source_id", Fill::Column("school_id")),
            ],
        },
        Table {
            entity: EntityKind::Role,
            key: RecordKey::Fields(&["user_source_id", "org_source_id", "role"]),
            fields: &[
                ("user_source_id", Fill::Column("staff_id")),
                ("org_source_id", Fill::Column("school_id")),
                ("role", Fill::Column("role")),
                ("is_primary", Fill::IsFirstRow),
                ("begin_date", Fill::Column("start_date")),
                ("end_date", Fill::Column("end_date")),
            ],
        },
    ],
};

/// Contacts.
pub(super) const CONTACTS: FileSpec = FileSpec {
    name: "contacts.csv",
    title: "Contacts",
    about: "One row for each parent, guardian or other contact of each student. A contact of two students has two \
            rows with the same contact_id; what the rows say of the contact is taken from the first. A member of \
            staff who is also a contact keeps the staff_id here.",
    required: false,
    key: &["contact_id", "student_id", "school_id"],
    since: "1.0",
    columns: &[
        Column::new(
            "contact_id",
            Kind::Key,
            "C001",
            "The number that your system gives the contact for good. No student may have the same.",
        )
        .also(&["contact_sis_id", "guardian_id", "parent_id"])
        .required(),
        Column::new(
            "student_id",
            Kind::Reference("students.csv"),
            "0001001",
            "The student. Empty for a contact of nobody in particular.",
        )
        .also(&["student_sis_id"]),
        FIRST_NAME,
        LAST_NAME,
        Column::text("relationship", "Mother", "How they are related, in your words.")
            .also(&["contact_relationship"]),
        Column::text(
            "contact_type",
            "Family",
            "What the contact is for, in your words: Family, Emergency, Pickup.",
        )
        .also(&["type"]),
        Column::new(
            "role",
            Kind::Term(&CONTACT_ROLE),
            "parent",
            "What the contact is. Empty means what the relationship says, else contact.",
        ),
        Column::new("primary", Kind::Boolean, "Y", "Y for the student's first contact.")
            .also(&["is_primary", "primary_contact"]),
        Column::new(
            "sequence",
            Kind::Number,
            "1",
            "The order among the student's contacts, from 1.",
        )
        .also(&["priority", "contact_order"]),
        Column::school("A school of the contact. Empty means the main school of the student."),
        MIDDLE_NAME,
        PREFERRED_FIRST_NAME,
        PREFERRED_LAST_NAME,
        PREFERRED_MIDDLE_NAME,
        PRONOUNS,
        OTHER_IDS,
        MASTER_ID,
        USERNAME,
        EMAIL,
        MOBILE_PHONE,
        PHONE,
        ENABLED,
        Column::deleted(),
    ],
    tables: &[
        Table {
            entity: EntityKind::User,
            key: RecordKey::Column("contact_id"),
            fields: &[
                ("given_name", Fill::Column("first_name")),
                ("family_name", Fill::Column("last_name")),
                ("middle_name", Fill::Column("middle_name")),
                ("preferred_given_name", Fill::Column("preferred_first_name")),
                ("preferred_family_name", Fill::Column("preferred_last_name")),
                ("preferred_middle_name", Fill::Column("preferred_middle_name")),
                ("pronouns", Fill::Column("pronouns")),
                ("username", Fill::Column("username")),
                ("email", Fill::Column("email")),
                ("sms", Fill::Column("mobile_phone")),
                ("phone", Fill::Column("phone")),
                ("identifiers", Fill::Identifiers),
                ("master_identifier", Fill::Column("master_id")),
                ("enabled", Fill::Column("enabled")),
                ("primary_org_source_id", Fill::ContactSchool),
            ],
        },
        Table {
            entity: EntityKind::Role,
            key: RecordKey::Fields(&["user_source_id", "org_source_id", "role"]),
            fields: &[
                ("user_source_id", Fill::Column("contact_id")),
                ("org_source_id", Fill::ContactSchool),
                ("role", Fill::ContactRole),
                ("is_primary", Fill::IsFirstRow),
            ],
        },
        Table {
            entity: EntityKind::Relationship,
            key: RecordKey::Fields(&["student_source_id", "contact_source_id"]),
            fields: &[
                ("student_source_id", Fill::Column("student_id")),
                ("contact_source_id", Fill::Column("contact_id")),
                ("relationship", Fill::Column("relationship")),
                ("contact_type", Fill::Column("contact_type")),
                ("is_primary", Fill::Column("primary")),
                ("sequence", Fill::Column("sequence")),
            ],
        },
    ],
};

/// Who of the staff is in which section.
pub(super) const SECTION_STAFF: FileSpec = FileSpec {
    name: "section_staff.csv",
    title: "Section staff",
    about: "One row for each teacher, aide or other member of staff in each section.",
    required: true,
    key: &["assignment_id"],
    since: "1.0",
    columns: &[
        Column::new(
            "assignment_id",
            Kind::Text,
            "A1",
            "The key of the assignment. Needed only if a person can be in one section twice; empty means that \
             person, section and role are the key.",
        )
        .also(&["enrollment_id"]),
        Column::new("section_id", Kind::Reference("sections.csv"), "ALG1-01", "The section.")
            .also(&["class_id"])
            .required(),
        Column::new("staff_id", Kind::Reference("staff.csv"), "T001", "The person.")
            .also(&["teacher_id", "employee_id"])
            .required(),
        Column::new("role", Kind::Term(&SECTION_ROLE), "teacher", "What they are there. Empty means teacher."),
        Column::new("primary", Kind::Boolean, "Y", "Y for the section's first teacher.")
            .also(&["is_primary", "primary_teacher", "lead"]),
        Column::school("The school of the section."),
        Column::start_date("2026-08-17", "The first day in the section."),
        Column::end_date("2027-06-11", "The last day in the section."),
        Column::deleted(),
    ],
    tables: &[Table {
        entity: EntityKind::Enrollment,
        key: RecordKey::ColumnOr("assignment_id", &["user_source_id", "section_source_id", "role"]),
        fields: &[
            ("user_source_id", Fill::Column("staff_id")),
            ("section_source_id", Fill::Column("section_id")),
            ("school_source_id", Fill::Column("school_id")),
            ("role", Fill::ColumnOr("role", "teacher")),
            ("is_primary", Fill::Column("primary")),
            ("begin_date", Fill::Column("start_date")),
            ("end_date", Fill::Column("end_date")),
        ],
    }],
};
