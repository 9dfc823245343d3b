//! Students, and what belongs to them alone.

use super::{
    Column, FileSpec, Fill, Kind, RecordKey, Table,
    vocabularies::{PROGRAM, SEX},
};
use roster_core::EntityKind;

/// A column that every file of people has.
pub(super) const FIRST_NAME: Column = Column::text("first_name", "Amara", "Legal first name.")
    .also(&["given_name", "legal_first_name"])
    .required();
pub(super) const LAST_NAME: Column = Column::text("last_name", "Okafor", "Legal last name.")
    .also(&["family_name", "surname", "legal_last_name"])
    .required();
pub(super) const MIDDLE_NAME: Column =
    Column::text("middle_name", "Grace", "Legal middle name.").also(&["legal_middle_name"]);
pub(super) const PREFERRED_FIRST_NAME: Column =
    Column::text("preferred_first_name", "Mara", "First name to be called by.")
        .also(&["nickname", "preferred_name"]);
pub(super) const PREFERRED_LAST_NAME: Column =
    Column::text("preferred_last_name", "", "Last name to be called by.");
pub(super) const PREFERRED_MIDDLE_NAME: Column =
    Column::text("preferred_middle_name", "", "Middle name to be called by.");
pub(super) const PRONOUNS: Column = Column::text("pronouns", "she/her", "Pronouns.");
pub(super) const USERNAME: Column =
    Column::text("username", "aokafor", "Name to sign in with. Never send passwords.")
        .also(&["user_name", "login"]);
pub(super) const EMAIL: Column = Column::text("email", "aokafor@cedar.example", "E-mail address.")
    .also(&["email_address", "student_email", "staff_email", "teacher_email", "contact_email"]);
pub(super) const MOBILE_PHONE: Column =
    Column::text("mobile_phone", "", "Number for text messages.").also(&[
        "sms",
        "cell_phone",
        "cell",
    ]);
pub(super) const PHONE: Column =
    Column::text("phone", "", "Telephone number.").also(&["home_phone", "contact_phone"]);
pub(super) const OTHER_IDS: Column =
    Column::new("other_ids", Kind::Identifiers, "", "Further numbers, such as ldap:aokafor.");
pub(super) const MASTER_ID: Column = Column::text(
    "master_id",
    "",
    "An identifier that spans systems, such as a single sign-on subject.",
);
pub(super) const ENABLED: Column =
    Column::new("enabled", Kind::Boolean, "Y", "N for a person who must not sign in for now.")
        .also(&["account_enabled", "is_active"]);

/// Students.
pub(super) const STUDENTS: FileSpec = FileSpec {
    name: "students.csv",
    title: "Students",
    about: "One row for each student who is enrolled now, at the school that counts as theirs. A student who attends \
            two schools has a row for each, the main school's first; what the rows say of the student is taken from \
            the first. Leave out students who have left.",
    required: true,
    key: &["student_id", "school_id"],
    since: "1.0",
    columns: &[
        Column::new(
            "student_id",
            Kind::Key,
            "0001001",
            "The number that your system gives the student for good. No member of staff and no contact may have the \
             same.",
        )
        .also(&["sis_id", "student_sis_id"])
        .required(),
        Column::school("The student's school.").required(),
        FIRST_NAME,
        LAST_NAME,
        MIDDLE_NAME,
        PREFERRED_FIRST_NAME,
        PREFERRED_LAST_NAME,
        PREFERRED_MIDDLE_NAME,
        PRONOUNS,
        Column::new("grade", Kind::Grades, "09", "The grade, or several.").also(&["grade_level", "grades"]),
        Column::text("student_number", "0001001", "The number that people use, where it is another one.")
            .also(&["local_id", "local_student_id"]),
        Column::text("state_id", "9900412001", "The number that the state gives.")
            .also(&["state_student_id", "ssid"]),
        OTHER_IDS,
        MASTER_ID,
        USERNAME,
        EMAIL,
        MOBILE_PHONE,
        PHONE,
        ENABLED,
        Column::start_date("2026-08-17", "The first day at the school."),
        Column::end_date("", "The last day at the school, once it is known."),
        Column::deleted(),
    ],
    tables: &[
        Table {
            entity: EntityKind::User,
            key: RecordKey::Column("student_id"),
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
                ("identifier", Fill::Column("student_number")),
                ("identifiers", Fill::Identifiers),
                ("master_identifier", Fill::Column("master_id")),
                ("grades", Fill::Column("grade")),
                ("enabled", Fill::Column("enabled")),
                ("primary_org_source_id", Fill::Column("school_id")),
            ],
        },
        Table {
            entity: EntityKind::Role,
            key: RecordKey::Fields(&["user_source_id", "org_source_id", "role"]),
            fields: &[
                ("user_source_id", Fill::Column("student_id")),
                ("org_source_id", Fill::Column("school_id")),
                ("role", Fill::Constant("student")),
                ("is_primary", Fill::IsFirstRow),
                ("begin_date", Fill::Column("start_date")),
                ("end_date", Fill::Column("end_date")),
            ],
        },
    ],
};

const STUDENT: Column =
    Column::new("student_id", Kind::Reference("students.csv"), "0001001", "The student.")
        .also(&["sis_id", "student_sis_id"])
        .required();

/// Demographics.
pub(super) const DEMOGRAPHICS: FileSpec = FileSpec {
    name: "demographics.csv",
    title: "Demographics",
    about: "One row for each student of whom you share birth date, sex, race or ethnicity. A file of its own, so that \
            it can be left out.",
    required: false,
    key: &["student_id"],
    since: "1.0",
    columns: &[
        STUDENT,
        Column::new("birth_date", Kind::Date, "2012-03-04", "Date of birth.").also(&[
            "dob",
            "date_of_birth",
            "birthdate",
        ]),
        Column::new("sex", Kind::Term(&SEX), "F", "Sex as recorded.").also(&["gender"]),
        Column::new("american_indian_or_alaska_native", Kind::Boolean, "N", "Race, as recorded.")
            .also(&["american_indian"]),
        Column::new("asian", Kind::Boolean, "N", "Race, as recorded."),
        Column::new("black_or_african_american", Kind::Boolean, "Y", "Race, as recorded.")
            .also(&["black"]),
        Column::new(
            "native_hawaiian_or_other_pacific_islander",
            Kind::Boolean,
            "N",
            "Race, as recorded.",
        )
        .also(&["pacific_islander"]),
        Column::new("white", Kind::Boolean, "N", "Race, as recorded."),
        Column::new("two_or_more_races", Kind::Boolean, "N", "Race, as recorded.")
            .also(&["multiracial"]),
        Column::new("hispanic_or_latino", Kind::Boolean, "N", "Ethnicity, as recorded.")
            .also(&["hispanic"]),
        Column::text("country_of_birth", "US", "Country of birth, in two letters."),
        Column::text("state_of_birth", "CA", "State of birth, in two letters."),
        Column::text("city_of_birth", "Cedar Falls", "City of birth."),
        Column::text(
            "residence_status",
            "",
            "Residence status for public schools, as a CEDS code.",
        ),
        Column::deleted(),
    ],
    tables: &[Table {
        entity: EntityKind::Demographics,
        key: RecordKey::Column("student_id"),
        fields: &[
            ("user_source_id", Fill::Column("student_id")),
            ("birth_date", Fill::Column("birth_date")),
            ("sex", Fill::Column("sex")),
            ("american_indian_or_alaska_native", Fill::Column("american_indian_or_alaska_native")),
            ("asian", Fill::Column("asian")),
            ("black_or_african_american", Fill::Column("black_or_african_american")),
            (
                "native_hawaiian_or_other_pacific_islander",
                Fill::Column("native_hawaiian_or_other_pacific_islander"),
            ),
            ("white", Fill::Column("white")),
            ("demographic_race_two_or_more_races", Fill::Column("two_or_more_races")),
            ("hispanic_or_latino_ethnicity", Fill::Column("hispanic_or_latino")),
            ("country_of_birth_code", Fill::Column("country_of_birth")),
            ("state_of_birth_abbreviation", Fill::Column("state_of_birth")),
            ("city_of_birth", Fill::Column("city_of_birth")),
            ("public_school_residence_status", Fill::Column("residence_status")),
        ],
    }],
};

/// Programs.
pub(super) const PROGRAMS: FileSpec = FileSpec {
    name: "programs.csv",
    title: "Programs",
    about: "One row for each program that a student is in, such as ELL, FRL or IEP. A file of its own, so that it can \
            be left out.",
    required: false,
    key: &["student_id", "program"],
    since: "1.0",
    columns: &[
        STUDENT,
        Column::new("program", Kind::Term(&PROGRAM), "ell", "The program.")
            .also(&["program_code", "program_name"])
            .required(),
        Column::text(
            "status",
            "Level 3",
            "The status in it, in your words: Free or Reduced, a level.",
        )
        .also(&["program_status"]),
        Column::start_date("2026-08-17", "The first day."),
        Column::end_date("", "The last day, once it is known."),
        Column::deleted(),
    ],
    tables: &[Table {
        entity: EntityKind::Program,
        key: RecordKey::Fields(&["user_source_id", "program"]),
        fields: &[
            ("user_source_id", Fill::Column("student_id")),
            ("program", Fill::Column("program")),
            ("status", Fill::Column("status")),
            ("begin_date", Fill::Column("start_date")),
            ("end_date", Fill::Column("end_date")),
        ],
    }],
};

/// Enrollments.
pub(super) const ENROLLMENTS: FileSpec = FileSpec {
    name: "enrollments.csv",
    title: "Enrollments",
    about: "One row for each student in each section, also of sections that have not begun. Leave out students who \
            have dropped the section, or give the last day.",
    required: true,
    key: &["enrollment_id"],
    since: "1.0",
    columns: &[
        Column::new(
            "enrollment_id",
            Kind::Text,
            "E1",
            "The key of the enrollment. Needed only if a student can be in one section twice; empty means that \
             student and section are the key.",
        ),
        Column::new("section_id", Kind::Reference("sections.csv"), "ALG1-01", "The section.")
            .also(&["class_id"])
            .required(),
        STUDENT,
        Column::school("The school of the section."),
        Column::start_date("2026-08-17", "The first day in the section."),
        Column::end_date("2027-06-11", "The last day in the section."),
        Column::deleted(),
    ],
    tables: &[Table {
        entity: EntityKind::Enrollment,
        key: RecordKey::ColumnOr("enrollment_id", &["user_source_id", "section_source_id", "role"]),
        fields: &[
            ("user_source_id", Fill::Column("student_id")),
            ("section_source_id", Fill::Column("section_id")),
            ("school_source_id", Fill::Column("school_id")),
            ("role", Fill::Constant("student")),
            ("begin_date", Fill::Column("start_date")),
            ("end_date", Fill::Column("end_date")),
        ],
    }],
};
