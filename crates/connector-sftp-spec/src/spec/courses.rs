//! Courses and sections.

use super::{Column, FileSpec, Fill, Kind, RecordKey, Table, vocabularies::SECTION_TYPE};
use roster_core::EntityKind;

const SUBJECT_CODES: &str =
    "Codes of the subjects, such as SCED codes, as many as there are subjects.";

/// Courses.
pub(super) const COURSES: FileSpec = FileSpec {
    name: "courses.csv",
    title: "Courses",
    about: "One row for each course that sections teach.",
    required: false,
    key: &["course_id"],
    since: "1.0",
    columns: &[
        Column::new("course_id", Kind::Key, "02052", "The key of the course.").required(),
        Column::text("name", "Algebra I", "The name.").also(&["course_name", "title"]).required(),
        Column::text("course_code", "02052", "The code that people use.")
            .also(&["course_number", "code"]),
        Column::new(
            "school_year_id",
            Kind::Reference("terms.csv"),
            "2026",
            "The term_id of the school year in which it is offered.",
        ),
        Column::school("The school that offers it, or the district's row where all do."),
        Column::new("grades", Kind::Grades, "09,10", "The grades that it is for.").also(&["grade"]),
        Column::new("subjects", Kind::List, "Mathematics", "The subjects.").also(&["subject"]),
        Column::new("subject_codes", Kind::List, "02052", SUBJECT_CODES).also(&["subject_code"]),
        Column::deleted(),
    ],
    tables: &[Table {
        entity: EntityKind::Course,
        key: RecordKey::Column("course_id"),
        fields: &[
            ("title", Fill::Column("name")),
            ("course_code", Fill::Column("course_code")),
            ("school_year_source_id", Fill::Column("school_year_id")),
            ("org_source_id", Fill::Column("school_id")),
            ("grades", Fill::Column("grades")),
            ("subjects", Fill::Column("subjects")),
            ("subject_codes", Fill::Column("subject_codes")),
        ],
    }],
};

/// Sections.
pub(super) const SECTIONS: FileSpec = FileSpec {
    name: "sections.csv",
    title: "Sections",
    about: "One row for each section, also called class: a group of students who meet with a teacher. A section that \
            meets in several terms has one row, with all of its terms in term_ids.",
    required: true,
    key: &["section_id"],
    since: "1.0",
    columns: &[
        Column::new(
            "section_id",
            Kind::Key,
            "ALG1-01",
            "The key of the section, never used again for another one.",
        )
        .also(&["class_id"])
        .required(),
        Column::school("The school in which it meets.").required(),
        Column::text("name", "Algebra I, period 1", "The name that students and teachers see.")
            .also(&["section_name", "class_name", "title"])
            .required(),
        Column::text("section_number", "1", "The number that people use.").also(&["section_code"]),
        Column::new("type", Kind::Term(&SECTION_TYPE), "scheduled", "What it is.")
            .also(&["section_type", "class_type"]),
        Column::new(
            "course_id",
            Kind::Reference("courses.csv"),
            "02052",
            "The course that it teaches.",
        ),
        Column::new(
            "term_ids",
            Kind::References("terms.csv"),
            "2026-S1,2026-S2",
            "The terms in which it meets.",
        )
        .also(&["term_id", "terms", "term"]),
        Column::text("room", "Room 12", "Where it meets.").also(&["location", "room_number"]),
        Column::new("periods", Kind::List, "1", "When in the day it meets.").also(&["period"]),
        Column::new("grades", Kind::Grades, "09", "The grades that it is for.").also(&["grade"]),
        Column::new("subjects", Kind::List, "Mathematics", "The subjects.").also(&["subject"]),
        Column::new("subject_codes", Kind::List, "02052", SUBJECT_CODES).also(&["subject_code"]),
        Column::deleted(),
    ],
    tables: &[Table {
        entity: EntityKind::Section,
        key: RecordKey::Column("section_id"),
        fields: &[
            ("title", Fill::Column("name")),
            ("section_code", Fill::Column("section_number")),
            ("section_type", Fill::Column("type")),
            ("course_source_id", Fill::Column("course_id")),
            ("school_source_id", Fill::Column("school_id")),
            ("academic_session_source_ids", Fill::Column("term_ids")),
            ("location", Fill::Column("room")),
            ("periods", Fill::Column("periods")),
            ("grades", Fill::Column("grades")),
            ("subjects", Fill::Column("subjects")),
            ("subject_codes", Fill::Column("subject_codes")),
        ],
    }],
};
