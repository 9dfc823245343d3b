//! Other formats that are taken for OneRoster, and the sentence that says so.

use super::{entries::base, header::RawHeader, mismatch, naming::FirstLine};
use crate::files::FileSpec;
use roster_core::{EntityKind, Error, Result};
use roster_tabular::Entry;

/// Files of Clever's SFTP format.
const CLEVER: &[&str] =
    &["schools.csv", "students.csv", "teachers.csv", "sections.csv", "admins.csv"];

/// Files of Microsoft's School Data Sync format of 2016.
const SDS_V1: &[&str] = &[
    "school.csv",
    "section.csv",
    "student.csv",
    "teacher.csv",
    "studentenrollment.csv",
    "teacherroster.csv",
];

/// Names of columns that the formats have that are taken for OneRoster, and those of its REST binding.
pub(super) const COLUMNS: [&[&str]; 3] = [SDS_COLUMNS, OTHER_SDS_COLUMNS, CLEVER_COLUMNS];

/// Further columns of Microsoft's School Data Sync formats.
const OTHER_SDS_COLUMNS: &[&str] = &[
    "code",
    "number",
    "school number",
    "SIS",
    "student number",
    "teacher number",
    "section name",
    "section number",
    "course name",
    "course description",
    "course number",
    "periods",
    "status",
    "user flags",
    "relationshipUserSourcedId",
    "relationshipRole",
];

/// Columns of Clever's SFTP format, and plain words that home-made exports use for the same.
const CLEVER_COLUMNS: &[&str] = &[
    "id",
    "user id",
    "school id",
    "student id",
    "teacher id",
    "staff id",
    "section id",
    "course id",
    "term id",
    "sis id",
    "state id",
    "nces id",
    "school name",
    "last name",
    "first name",
    "middle name",
    "full name",
    "user name",
    "password",
    "gender",
    "dob",
    "birth date",
    "email address",
    "student email",
    "teacher email",
    "grade level",
    "graduation year",
    "subject",
    "period",
    "term name",
    "term start",
    "term end",
    "street",
    "address",
    "city",
    "state",
    "zip",
    "race",
    "home language",
    "contact name",
    "contact phone",
    "contact email",
    "contact relationship",
    "relationship",
];

/// Columns that only Microsoft's School Data Sync formats have.
const SDS_COLUMNS: &[&str] = &[
    "activeDirectoryMatchId",
    "sessionSourcedId",
    "sessionSourcedIds",
    "roleStartDate",
    "SIS ID",
    "School SIS ID",
    "Section SIS ID",
];

const WORKBOOK: &str =
    "this is an Excel workbook; save each sheet as a CSV file named as the standard has it";

/// Refuses sets whose file names are another format's.
pub(super) fn refuse_foreign_names(
    entries: &[Entry],
    known: &[(&'static FileSpec, Entry)],
) -> Result<()> {
    let names: Vec<String> = entries.iter().map(|it| base(&it.name).to_ascii_lowercase()).collect();
    let count =
        |set: &[&str]| set.iter().filter(|it| names.iter().any(|name| name == **it)).count();
    let has_users = known.iter().any(|it| it.0.entity == EntityKind::User);
    let ends = |extension: &str| names.iter().any(|it| it.ends_with(extension));
    let sentence = if !has_users && count(CLEVER) >= 2 {
        "these are files of Clever's SFTP format, not of OneRoster; use the connector for them"
    } else if !has_users && count(SDS_V1) >= 2 {
        SDS
    } else if known.is_empty() && (ends(".xlsx") || ends(".xls")) {
        WORKBOOK
    } else if known.is_empty() && ends(".xml") {
        "the set holds XML; OneRoster's filesets are CSV files"
    } else if known.is_empty() && ends(".zip") {
        "the set holds an archive and no CSV file; give or send that archive itself"
    } else {
        return Ok(());
    };
    Err(mismatch("fileset.open", sentence))
}

const SDS: &str = "these are files of Microsoft's School Data Sync format, which uses OneRoster's file names with \
                   other columns; have the SIS export OneRoster 1.1 or 1.2";

/// Refuses sets whose columns are another format's.
pub(super) fn refuse_foreign_headers(headers: &[RawHeader], has_manifest: bool) -> Result<()> {
    let lacks_status = headers.iter().all(|it| !it.has("status") && !it.has("dateLastModified"));
    if has_manifest || !lacks_status {
        return Ok(());
    }
    headers.iter().find(|it| is_sds(it)).map_or(Ok(()), |it| Err(school_data_sync(it)))
}

fn is_sds(header: &RawHeader) -> bool {
    let own_column = SDS_COLUMNS.iter().any(|it| header.has(it));
    own_column
        || match header.spec.entity {
            EntityKind::Enrollment => header.has("userSourcedId") && !header.has("sourcedId"),
            EntityKind::Section => header.has("orgSourcedId") && !header.has("schoolSourcedId"),
            _ => false,
        }
}

fn school_data_sync(header: &RawHeader) -> Error {
    mismatch("fileset.open", SDS)
        .context("file", &header.entry.name)
        .context("columns", header.shown(FirstLine::Unclear))
}
