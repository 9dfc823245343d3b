//! Schools and terms.

use super::{
    Column, FileSpec, Fill, Kind, RecordKey, Table,
    vocabularies::{ORG_TYPE, SESSION_TYPE},
};
use roster_core::EntityKind;

/// Schools, and the district above them.
pub(super) const SCHOOLS: FileSpec = FileSpec {
    name: "schools.csv",
    title: "Schools",
    about: "One row for each school, and one for the district itself if it has staff of its own. Every other file \
            refers to schools by their school_id.",
    required: true,
    key: &["school_id"],
    since: "1.0",
    columns: &[
        Column::new("school_id", Kind::Key, "0110", "The number that your system gives the school.")
            .also(&["school_code", "site_id", "sis_id"])
            .required(),
        Column::text("name", "Cedar Elementary School", "The name.")
            .also(&["school_name"])
            .required(),
        Column::new(
            "type",
            Kind::Term(&ORG_TYPE),
            "school",
            "What it is. Empty means school.",
        )
        .also(&["school_type", "org_type"]),
        Column::new(
            "parent_id",
            Kind::Reference("schools.csv"),
            "0001",
            "What it belongs to: the school_id of the district's row, or of the school that a department is part of.",
        )
        .also(&["district_id"]),
        Column::text("school_number", "110", "A number that people use, where it is another one.")
            .also(&["local_number"]),
        Column::text("state_id", "06-10013-0110", "The number that the state gives.")
            .also(&["state_school_id"]),
        Column::text("nces_id", "061001300110", "The number of the National Center for Education Statistics.")
            .also(&["nces_number"]),
        Column::new("other_ids", Kind::Identifiers, "", "Further numbers, such as ceeb:050123."),
        Column::text("address", "12 Cedar Street", "First line of the street address.")
            .also(&["street", "address_1", "address_line_1", "school_address"]),
        Column::text("address_line_2", "", "Second line of the street address.").also(&["address_2"]),
        Column::text("city", "Cedar Falls", "City.").also(&["school_city"]),
        Column::text("state", "CA", "State, in two letters.").also(&["school_state"]),
        Column::text("zip", "01234", "Postal code. Mind its leading zeros.")
            .also(&["zip_code", "postal_code", "school_zip"]),
        Column::text("country", "US", "Country, in two letters."),
        Column::text("phone", "+1 555 0110", "Telephone number.").also(&["school_phone"]),
        Column::new("grades", Kind::Grades, "PK,KG,01,02,03,04,05", "The grades that it teaches."),
        Column::deleted(),
    ],
    tables: &[Table {
        entity: EntityKind::Org,
        key: RecordKey::Column("school_id"),
        fields: &[
            ("name", Fill::Column("name")),
            ("org_type", Fill::ColumnOr("type", "school")),
            ("identifier", Fill::Column("school_number")),
            ("parent_source_id", Fill::Column("parent_id")),
            ("identifiers", Fill::Identifiers),
            ("address_line1", Fill::Column("address")),
            ("address_line2", Fill::Column("address_line_2")),
            ("city", Fill::Column("city")),
            ("state", Fill::Column("state")),
            ("postal_code", Fill::Column("zip")),
            ("country", Fill::Column("country")),
            ("phone", Fill::Column("phone")),
            ("grades", Fill::Column("grades")),
        ],
    }],
};

/// School years and what they are divided into.
pub(super) const TERMS: FileSpec = FileSpec {
    name: "terms.csv",
    title: "Terms",
    about: "One row for each school year, semester, trimester, quarter or other term in which sections meet. Send the \
            terms of the whole school year, not only the one that runs.",
    required: false,
    key: &["term_id"],
    since: "1.0",
    columns: &[
        Column::new("term_id", Kind::Key, "2026-S1", "The key of the term.")
            .also(&["session_id"])
            .required(),
        Column::text("name", "Fall Semester", "The name.").also(&["term_name", "title"]).required(),
        Column::new("type", Kind::Term(&SESSION_TYPE), "semester", "What it is. Empty means term.")
            .also(&["term_type"]),
        Column::new("start_date", Kind::Date, "2026-08-17", "The first day.")
            .also(&["term_start", "first_day", "begin_date"])
            .required(),
        Column::new("end_date", Kind::LastDay, "2026-12-18", "The last day.")
            .also(&["term_end", "last_day"])
            .required(),
        Column::new(
            "parent_id",
            Kind::Reference("terms.csv"),
            "2026",
            "The term that it is part of: of a quarter the semester, of a semester the school year.",
        )
        .also(&["parent_term_id"]),
        Column::new(
            "school_year",
            Kind::Year,
            "2027",
            "The year in which the school year ends: 2027 for 2026-2027.",
        ),
        Column::school("The school, where terms differ from school to school."),
        Column::deleted(),
    ],
    tables: &[Table {
        entity: EntityKind::AcademicSession,
        key: RecordKey::Column("term_id"),
        fields: &[
            ("title", Fill::Column("name")),
            ("session_type", Fill::ColumnOr("type", "term")),
            ("start_date", Fill::Column("start_date")),
            ("end_date", Fill::Column("end_date")),
            ("parent_source_id", Fill::Column("parent_id")),
            ("school_year", Fill::Column("school_year")),
            ("school_source_id", Fill::Column("school_id")),
        ],
    }],
};
