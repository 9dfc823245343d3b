//! Homeroom's file specification: every file and column, as one table.
//!
//! The reader, its checks, the document for districts, the templates and the JSON schema are all made of it.

mod courses;
mod people;
mod schools;
mod students;
pub mod vocabularies;

use roster_core::EntityKind;
use vocabularies::Vocabulary;

/// An edition of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edition {
    /// Its number, such as `1.0`.
    pub number: &'static str,
    /// The day it was published, `YYYY-MM-DD`.
    pub published: &'static str,
    /// What changed, one sentence each.
    pub changes: &'static [&'static str],
}

/// Every edition, newest first.  Later editions only add optional files and columns: what was right stays right.
pub const EDITIONS: &[Edition] =
    &[Edition { number: "1.0", published: "2026-11-23", changes: &["First edition."] }];

/// A file.
#[derive(Clone, Copy, Debug)]
pub struct FileSpec {
    /// Name, such as `students.csv`.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What a row is, in sentences.
    pub about: &'static str,
    /// Whether a full set has to have it.
    pub required: bool,
    /// The columns that tell one row from another.
    pub key: &'static [&'static str],
    /// The edition that it came with.
    pub since: &'static str,
    /// Its columns, in the order of the templates.
    pub columns: &'static [Column],
    /// What its rows become.
    pub tables: &'static [Table],
}

impl FileSpec {
    /// The name without `.csv`.
    #[must_use]
    pub fn stem(&self) -> &'static str {
        self.name.trim_end_matches(".csv")
    }

    /// The place of a column in [`Self::columns`].
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|it| it.name == name)
    }

    /// Whether its rows are about a person, of whom there may be several rows.
    #[must_use]
    pub fn is_of_people(&self) -> bool {
        self.tables.iter().any(|it| it.entity == EntityKind::User)
    }
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name; upper and lower case, spaces, `_` and `-` do not matter.
    pub name: &'static str,
    /// Other names that are read as this one.
    pub aliases: &'static [&'static str],
    /// What its values are.
    pub kind: Kind,
    /// Whether a row without a value is left out.
    pub required: bool,
    /// What it says, in sentences.
    pub about: &'static str,
    /// A value, as in the filled example.
    pub example: &'static str,
    /// The edition that it came with.
    pub since: &'static str,
}

/// What a column's values are.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// The row's own key.
    Key,
    /// The key of a row in that file.
    Reference(&'static str),
    /// Keys of rows in that file.
    References(&'static str),
    /// Text.
    Text,
    /// Texts.
    List,
    /// Items of the form `type:id`.
    Identifiers,
    /// A date.
    Date,
    /// A date: the last day of something.
    LastDay,
    /// Yes or no.
    Boolean,
    /// A year.
    Year,
    /// A whole number.
    Number,
    /// Grades.
    Grades,
    /// A word of a list.
    Term(&'static Vocabulary),
    /// Whether the record is gone.
    Deleted,
}

/// What the rows of a file become in the model.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The entity.
    pub entity: EntityKind,
    /// Where the record's key comes from.
    pub key: RecordKey,
    /// Fields and where they come from; the others stay empty.
    pub fields: &'static [(&'static str, Fill)],
}

/// Where a record's key comes from.
#[derive(Clone, Copy, Debug)]
pub enum RecordKey {
    /// A column.
    Column(&'static str),
    /// A column, or what is made of the fields where it is empty.
    ColumnOr(&'static str, &'static [&'static str]),
    /// Made of the fields.
    Fields(&'static [&'static str]),
}

/// Where a field comes from.
#[derive(Clone, Copy, Debug)]
pub enum Fill {
    /// A column.
    Column(&'static str),
    /// A column, or this where it is empty.
    ColumnOr(&'static str, &'static str),
    /// This.
    Constant(&'static str),
    /// The columns `state_id`, `nces_id` and `other_ids`, as far as the file has them.
    Identifiers,
    /// Whether the row is the person's first.
    IsFirstRow,
    /// The column `role`, or what the column `relationship` says.
    ContactRole,
    /// The column `school_id`, or the main school of the contact's student.
    ContactSchool,
}

/// All files, in the order in which they are read.
pub const FILES: &[&FileSpec] = &[
    &schools::SCHOOLS,
    &schools::TERMS,
    &courses::COURSES,
    &courses::SECTIONS,
    &students::STUDENTS,
    &people::STAFF,
    &people::CONTACTS,
    &students::DEMOGRAPHICS,
    &students::PROGRAMS,
    &students::ENROLLMENTS,
    &people::SECTION_STAFF,
];

/// Name of the optional list of files.
pub const MANIFEST: &str = "manifest.csv";

/// What the name of a column begins with that the district adds.
pub const EXTENSION_PREFIX: &str = "ext.";

/// The file of a name, with or without `.csv`.
#[must_use]
pub fn file(name: &str) -> Option<&'static FileSpec> {
    FILES.iter().copied().find(|it| it.name == name || it.stem() == name)
}

/// The files that an entity's records come from.
pub fn files_of(entity: EntityKind) -> impl Iterator<Item = &'static FileSpec> {
    FILES.iter().copied().filter(move |it| it.tables.iter().any(|table| table.entity == entity))
}

/// Name of the file, or of the files, that an entity's records come from.
#[must_use]
pub fn file_name(entity: EntityKind) -> Option<&'static str> {
    match entity {
        EntityKind::User | EntityKind::Role => Some("students.csv, staff.csv, contacts.csv"),
        EntityKind::Enrollment => Some("enrollments.csv, section_staff.csv"),
        other => files_of(other).next().map(|it| it.name),
    }
}

/// What the specification calls a field of the model, for reports in the district's own words.
#[must_use]
pub fn column_name(entity: EntityKind, field: &str) -> Option<&'static str> {
    let mut tables = files_of(entity).flat_map(|it| it.tables).filter(|it| it.entity == entity);
    let own = |table: &'static Table| match (field, table.key) {
        ("source_id", RecordKey::Column(name) | RecordKey::ColumnOr(name, _)) => Some(name),
        ("identifiers", _) => Some("other_ids"),
        _ => table.fields.iter().find(|it| it.0 == field).and_then(|it| match it.1 {
            Fill::Column(name) | Fill::ColumnOr(name, _) => Some(name),
            Fill::ContactRole => Some("role"),
            Fill::ContactSchool => Some("school_id"),
            Fill::Constant(_) | Fill::Identifiers | Fill::IsFirstRow => None,
        }),
    };
    tables.find_map(own)
}

impl Column {
    const fn new(
        name: &'static str,
        kind: Kind,
        example: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, aliases: &[], kind, required: false, about, example, since: "1.0" }
    }

    const fn text(name: &'static str, example: &'static str, about: &'static str) -> Self {
        Self::new(name, Kind::Text, example, about)
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn deleted() -> Self {
        const ABOUT: &str = "Only in a set of changes: Y for a record that is gone.";
        Self::new("deleted", Kind::Deleted, "N", ABOUT).also(&["is_deleted", "inactive"])
    }

    const fn school(about: &'static str) -> Self {
        Self::new("school_id", Kind::Reference("schools.csv"), "0110", about).also(&[
            "school",
            "school_code",
            "site_id",
        ])
    }

    const fn start_date(example: &'static str, about: &'static str) -> Self {
        Self::new("start_date", Kind::Date, example, about).also(&[
            "begin_date",
            "entry_date",
            "date_enrolled",
        ])
    }

    const fn end_date(example: &'static str, about: &'static str) -> Self {
        Self::new("end_date", Kind::LastDay, example, about).also(&[
            "exit_date",
            "leave_date",
            "date_left",
        ])
    }

    /// The file that it refers to.
    #[must_use]
    pub fn target(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Reference(file) | Kind::References(file) => Some(file),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
