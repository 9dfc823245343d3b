//! By which fields records of each entity are known again, strongest first.

use EntityKind::{
    AcademicSession, Category, Course, CourseResource, Demographics, Enrollment, LineItem,
    LineItemLearningObjective, LineItemScoreScale, Org, Program, Relationship, Resource,
    ResultLearningObjective, ResultScoreScale, Role, ScoreScale, Section, SectionResource,
    UserProfile, UserResource,
};
use roster_core::EntityKind;
use std::fmt;

/// What two records have in common that makes them the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct How(&'static str);

impl How {
    pub(super) const fn new(words: &'static str) -> Self {
        Self(words)
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Everything but the key, references by what they stand for.
pub(super) const SAME: How = How("everything but the key");
/// The same without extension fields, which may hold anything: old keys, times of export.
pub(super) const SAME_BUT_EXTENSIONS: How = How("everything but the key and extension fields");

/// One way to know records again: they alone have the same values.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) how: How,
    /// Fields that are filled and the same.
    pub(super) fields: &'static [&'static str],
    /// Fields that are the same where both records have them.
    pub(super) agree: &'static [&'static str],
    /// Whether one of the identifiers is the same as well.
    pub(super) identifiers: bool,
}

const fn by(how: &'static str, fields: &'static [&'static str]) -> Round {
    Round { how: How(how), fields, agree: &[], identifiers: false }
}

impl Round {
    const fn agreeing(self, agree: &'static [&'static str]) -> Self {
        Self { agree, ..self }
    }

    const fn identified(self) -> Self {
        Self { identifiers: true, ..self }
    }
}

/// Whether records of an entity are also known by everything but the key.  People are so in [`super::people`]; what
/// hangs between other records is fully told by its rounds.
pub(super) fn compares_everything(entity: EntityKind) -> bool {
    !matches!(entity, Role | Relationship | Demographics | Program | Enrollment | EntityKind::User)
}

/// The rounds of an entity after those by everything but the key.
pub(super) fn rounds(entity: EntityKind) -> &'static [Round] {
    let found = ROUNDS.iter().find(|it| it.0 == entity);
    found.map_or(&[], |it| it.1)
}

const TERMS: &str = "academic_session_source_ids";

const ROUNDS: &[(EntityKind, &[Round])] = &[
    (
        Org,
        &[
            by("identifier, type", &["org_type"]).identified(),
            by("type, name", &["org_type", "name"]),
            by("type, name, parent", &["org_type", "name", "parent_source_id"]),
        ],
    ),
    (
        AcademicSession,
        &[
            by("type, dates, title", &["session_type", "start_date", "end_date", "title"])
                .agreeing(&["school_source_id"]),
            by(
                "type, dates, school",
                &["session_type", "start_date", "end_date", "school_source_id"],
            ),
            by("type, dates", &["session_type", "start_date", "end_date"])
                .agreeing(&["school_source_id"]),
            by("dates, title", &["start_date", "end_date", "title"])
                .agreeing(&["school_source_id"]),
        ],
    ),
    (
        Course,
        &[
            by("code, organization, year", &["course_code", "org_source_id", SCHOOL_YEAR]),
            by("code, organization", &["course_code", "org_source_id"]).agreeing(&[SCHOOL_YEAR]),
            by("title, organization, year", &["title", "org_source_id", SCHOOL_YEAR]),
            by("title, organization", &["title", "org_source_id"])
                .agreeing(&[SCHOOL_YEAR, "course_code"]),
            by("code, title", &["course_code", "title"]).agreeing(&[SCHOOL_YEAR, "org_source_id"]),
        ],
    ),
    (
        Section,
        &[
            by("school, code, terms", &["school_source_id", "section_code", TERMS])
                .agreeing(&["course_source_id"]),
            by(
                "school, course, title, terms, periods",
                &["school_source_id", "course_source_id", "title", TERMS, "periods"],
            ),
            by(
                "school, course, title, terms",
                &["school_source_id", "course_source_id", "title", TERMS],
            ),
            by("school, title, terms", &["school_source_id", "title", TERMS]).agreeing(&[
                "course_source_id",
                "periods",
                "section_code",
            ]),
            by("school, course, code", &["school_source_id", "course_source_id", "section_code"])
                .agreeing(&[TERMS]),
            by(
                "school, course, title, periods",
                &["school_source_id", "course_source_id", "title", "periods"],
            )
            .agreeing(&[TERMS]),
        ],
    ),
    (
        UserProfile,
        &[
            by("user, vendor, application", &["user_source_id", "vendor_id", "application_id"]),
            by("user, type", &["user_source_id", "profile_type"])
                .agreeing(&["vendor_id", "application_id"]),
        ],
    ),
    (
        Role,
        &[
            by(
                "user, organization, role, first day",
                &["user_source_id", "org_source_id", "role", "begin_date"],
            ),
            by("user, organization, role", &["user_source_id", "org_source_id", "role"]),
        ],
    ),
    (Relationship, &[by("student, contact", &["student_source_id", "contact_source_id"])]),
    (Demographics, &[by("user", &["user_source_id"])]),
    (
        Program,
        &[
            by("user, program, first day", &["user_source_id", "program", "begin_date"]),
            by("user, program", &["user_source_id", "program"]),
        ],
    ),
    (
        Enrollment,
        &[
            by(
                "user, section, role, first day",
                &["user_source_id", "section_source_id", "role", "begin_date"],
            ),
            by("user, section, role", &["user_source_id", "section_source_id", "role"]),
        ],
    ),
    (Resource, &[by("vendor's identifier, vendor", &["vendor_resource_id", "vendor_id"])]),
    (SectionResource, &[by("section, resource", &["section_source_id", "resource_source_id"])]),
    (CourseResource, &[by("course, resource", &["course_source_id", "resource_source_id"])]),
    (UserResource, &[by("user, resource", &["user_source_id", "resource_source_id"])]),
    (Category, &[by("title", &["title"])]),
    (LineItem, &[by("section, title, due date", &["section_source_id", "title", "due_date"])]),
    (ScoreScale, &[by("title, section", &["title", "section_source_id"])]),
    (
        LineItemScoreScale,
        &[by("line item, scale", &["line_item_source_id", "score_scale_source_id"])],
    ),
    (
        LineItemLearningObjective,
        &[by("line item, objective", &["line_item_source_id", "learning_objective_id"])],
    ),
    (
        EntityKind::Result,
        &[by("line item, student", &["line_item_source_id", "student_source_id"])],
    ),
    (ResultScoreScale, &[by("result, scale", &["result_source_id", "score_scale_source_id"])]),
    (
        ResultLearningObjective,
        &[by("result, objective", &["result_source_id", "learning_objective_id"])],
    ),
];

const SCHOOL_YEAR: &str = "school_year_source_id";
