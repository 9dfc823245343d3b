//! Every file of the OneRoster CSV binding, column by column.
//!
//! The one table that the reader, the writer, the checks and the documents are driven by.  Names, order, types and
//! obligations are those of the standard's tables for 1.1 and 1.2; those of 1.0 are as its sets in the wild have them.

mod gradebook;
mod resources;
mod rostering;
pub mod vocabularies;

use crate::{
    files::vocabularies::Vocabulary,
    version::{Version, Versions},
};
use roster_core::EntityKind;

/// The part of the standard a file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Organizations, sessions, courses, classes, people, enrollments.
    Rostering,
    /// Line items, results, score scales.
    Gradebook,
    /// Learning resources.
    Resources,
}

/// A file.
#[derive(Clone, Copy, Debug)]
pub struct FileSpec {
    /// Name, such as `orgs.csv`.
    pub name: &'static str,
    /// Its property in the manifest, such as `file.orgs`.
    pub property: &'static str,
    /// Other names it was seen under, apart from upper and lower case.
    pub aliases: &'static [&'static str],
    /// Its part of the standard.
    pub group: Group,
    /// The entity of its records.
    pub entity: EntityKind,
    /// Editions that have it.
    pub versions: Versions,
    /// Columns, in the order of every edition.
    pub columns: &'static [Column],
}

impl FileSpec {
    /// The columns of an edition, in its order.
    pub fn columns_of(&self, version: Version) -> impl Iterator<Item = &'static Column> + use<> {
        self.columns.iter().filter(move |it| it.versions.contains(version))
    }

    /// The column that fills a canonical field; the last one where an edition has its own.
    #[must_use]
    pub fn column_for(&self, field: &str) -> Option<&'static Column> {
        self.columns.iter().rfind(|it| it.fields().contains(&field))
    }
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in the latest edition that has it.
    pub name: &'static str,
    /// Other names it was seen under, apart from upper and lower case.
    pub aliases: &'static [&'static str],
    /// Editions in which the first of the aliases is its name.
    pub former_in: Versions,
    /// Editions that have it.
    pub versions: Versions,
    /// Editions that require a value in it.
    pub required: Versions,
    /// What its cells are.
    pub column_type: ColumnType,
    /// The file whose records it refers to.
    pub target: Option<&'static str>,
    /// What becomes of it.
    pub content: Content,
}

/// What a column's cells are.
#[derive(Clone, Copy, Debug)]
pub enum ColumnType {
    /// Key of the record, or of the record it belongs to.
    Guid,
    /// Keys, separated by commas.
    GuidList,
    /// Text.
    Text,
    /// Texts, separated by commas.
    TextList,
    /// `{type:id}` items, separated by commas.
    Identifiers,
    /// `true` or `false`.
    Boolean,
    /// `YYYY-MM-DD`.
    Date,
    /// A time in UTC.
    DateTime,
    /// The year in which a school year ends.
    Year,
    /// A number; the standard's integers are read with fractions too.
    Float,
    /// A term.
    Term(&'static Vocabulary),
    /// Terms, separated by commas.
    TermList(&'static Vocabulary),
    /// `primary` or `secondary`, which the model keeps as true or false.
    Primary,
}

/// What becomes of a column.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// It fills these fields of the model.
    Fields(&'static [&'static str]),
    /// It tells whether the record lives.
    Status,
    /// Checked in deltas and not kept: many exporters write the time of the export into every record.
    DateLastModified,
    /// A credential.  Never read.
    Password,
    /// The model has no field for it: kept among the extensions under its own name.
    Extension,
    /// Organizations in which the user has the role of [`Content::RoleOfUser`]; the first is the primary one.
    OrgsOfUser,
    /// The user's role in each of [`Content::OrgsOfUser`].
    RoleOfUser,
    /// The contacts of a student, or the students of a contact.
    Agents,
}

impl Column {
    const fn new(name: &'static str, column_type: ColumnType, content: Content) -> Self {
        Self {
            name,
            aliases: &[],
            former_in: Versions::NONE,
            versions: Versions::ALL,
            required: Versions::NONE,
            column_type,
            target: None,
            content,
        }
    }

    const fn field(
        name: &'static str,
        column_type: ColumnType,
        fields: &'static [&'static str],
    ) -> Self {
        Self::new(name, column_type, Content::Fields(fields))
    }

    const fn text(name: &'static str, fields: &'static [&'static str]) -> Self {
        Self::field(name, ColumnType::Text, fields)
    }

    const fn list(name: &'static str, fields: &'static [&'static str]) -> Self {
        Self::field(name, ColumnType::TextList, fields)
    }

    const fn date(name: &'static str, fields: &'static [&'static str]) -> Self {
        Self::field(name, ColumnType::Date, fields)
    }

    const fn boolean(name: &'static str, fields: &'static [&'static str]) -> Self {
        Self::field(name, ColumnType::Boolean, fields)
    }

    const fn float(name: &'static str, fields: &'static [&'static str]) -> Self {
        Self::field(name, ColumnType::Float, fields)
    }

    const fn term(
        name: &'static str,
        vocabulary: &'static Vocabulary,
        fields: &'static [&'static str],
    ) -> Self {
        Self::field(name, ColumnType::Term(vocabulary), fields)
    }

    const fn reference(
        name: &'static str,
        target: &'static str,
        fields: &'static [&'static str],
    ) -> Self {
        Self { target: Some(target), ..Self::field(name, ColumnType::Guid, fields) }
    }

    const fn key() -> Self {
        Self::field("sourcedId", ColumnType::Guid, &["source_id"]).also(&["sourceId"]).required()
    }

    const fn status() -> Self {
        Self::new("status", ColumnType::Term(&vocabularies::STATUS), Content::Status)
    }

    const fn date_last_modified() -> Self {
        Self::new("dateLastModified", ColumnType::DateTime, Content::DateLastModified)
            .also(&["dataLastModified"])
    }

    const fn password() -> Self {
        Self::new("password", ColumnType::Text, Content::Password)
    }

    const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn formerly(self, former_in: Versions, aliases: &'static [&'static str]) -> Self {
        Self { aliases, former_in, ..self }
    }

    const fn of(self, versions: Versions) -> Self {
        Self { versions, required: self.required.and(versions), ..self }
    }

    /// Required by every edition from 1.1 that has it; 1.0 is read leniently.
    const fn required(self) -> Self {
        self.required_in(Versions::FROM_1_1)
    }

    const fn required_in(self, versions: Versions) -> Self {
        Self { required: versions.and(self.versions), ..self }
    }

    const fn to(self, target: &'static str) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Its name in an edition.
    #[must_use]
    pub fn name_in(&self, version: Version) -> &'static str {
        match self.aliases.first() {
            Some(former) if self.former_in.contains(version) => former,
            _ => self.name,
        }
    }

    /// The canonical fields it fills.
    #[must_use]
    pub fn fields(&self) -> &'static [&'static str] {
        match self.content {
            Content::Fields(fields) => fields,
            Content::OrgsOfUser => &["primary_org_source_id"],
            _ => &[],
        }
    }
}

/// All files, in the load order of their entities.
pub const FILES: &[&FileSpec] = &[
    &rostering::ORGS,
    &rostering::ACADEMIC_SESSIONS,
    &rostering::COURSES,
    &rostering::CLASSES,
    &rostering::USERS,
    &rostering::USER_PROFILES,
    &rostering::ROLES,
    &rostering::DEMOGRAPHICS,
    &rostering::ENROLLMENTS,
    &resources::RESOURCES,
    &resources::CLASS_RESOURCES,
    &resources::COURSE_RESOURCES,
    &resources::USER_RESOURCES,
    &gradebook::CATEGORIES,
    &gradebook::LINE_ITEMS,
    &gradebook::SCORE_SCALES,
    &gradebook::LINE_ITEM_SCORE_SCALES,
    &gradebook::LINE_ITEM_LEARNING_OBJECTIVE_IDS,
    &gradebook::RESULTS,
    &gradebook::RESULT_SCORE_SCALES,
    &gradebook::RESULT_LEARNING_OBJECTIVE_IDS,
];

/// Name of the manifest.
pub const MANIFEST: &str = "manifest.csv";

/// The file whose records are this entity's.
#[must_use]
pub fn file_of(entity: EntityKind) -> Option<&'static FileSpec> {
    FILES.iter().copied().find(|it| it.entity == entity)
}

/// Name of the file an entity's records are read from, also where they are made from another entity's records.
#[must_use]
pub fn file_name(entity: EntityKind) -> Option<&'static str> {
    match entity {
        EntityKind::Relationship => Some(rostering::USERS.name),
        other => file_of(other).map(|it| it.name),
    }
}

/// What the standard calls a canonical field of an entity, for reports in the district's own words.
#[must_use]
pub fn column_name(entity: EntityKind, field: &str) -> Option<&'static str> {
    match (entity, field) {
        (EntityKind::Relationship, "student_source_id") => Some("sourcedId"),
        (EntityKind::Relationship, "contact_source_id") => Some("agentSourcedIds"),
        _ => file_of(entity)?.column_for(field).map(|it| it.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::value::FieldType;

    fn fits(column: &Column, field: FieldType) -> bool {
        match column.column_type {
            ColumnType::Guid | ColumnType::Text => field == FieldType::Text,
            ColumnType::GuidList if matches!(column.content, Content::OrgsOfUser) => {
                field == FieldType::Text
            }
            ColumnType::GuidList | ColumnType::TextList | ColumnType::TermList(_) => {
                field == FieldType::TextList
            }
            ColumnType::Identifiers => field == FieldType::Identifiers,
            ColumnType::Boolean | ColumnType::Primary => field == FieldType::Boolean,
            ColumnType::Date => field == FieldType::Date,
            ColumnType::DateTime => field == FieldType::DateTime,
            ColumnType::Year => field == FieldType::Integer,
            ColumnType::Float => field == FieldType::Decimal,
            ColumnType::Term(_) => matches!(field, FieldType::Vocabulary(_)),
        }
    }

    #[test]
    fn every_column_fills_a_field_of_its_type() {
        for file in FILES {
            let schema = file.entity.schema();
            for column in file.columns {
                for name in column.fields() {
                    let field = schema.field(name).map(|it| &schema.fields[it]);
                    let field = field.unwrap_or_else(|| panic!("{} fills {name}", file.name));
                    assert!(fits(column, field.field_type), "{}: {}", file.name, column.name);
                }
            }
        }
    }

    #[test]
    fn references_go_to_the_file_of_the_fields_entity() {
        for file in FILES {
            let schema = file.entity.schema();
            for column in file.columns {
                let target = column.target.map(|name| {
                    let target = FILES.iter().find(|it| it.name == name);
                    target.unwrap_or_else(|| panic!("{} refers to {name}", file.name)).entity
                });
                for name in column.fields().iter().filter(|it| **it != "source_id") {
                    let field = schema.field(name).map(|it| &schema.fields[it]).unwrap();
                    let expected = field.reference.map(|it| it.entity);
                    assert_eq!(target, expected, "{}: {}", file.name, column.name);
                }
            }
        }
    }

    #[test]
    fn names_and_aliases_of_a_file_are_distinct_however_they_are_written() {
        let folded = |it: &str| it.to_lowercase().replace(['_', '-', ' '], "");
        for file in FILES {
            let mut seen = Vec::new();
            for column in file.columns {
                seen.push(folded(column.name));
                // 1.0 writes one name in another case.
                let aliases = column.aliases.iter().map(|it| folded(it));
                seen.extend(aliases.filter(|it| *it != folded(column.name)));
                assert!(!column.former_in.includes(Versions::ALL), "{}", column.name);
                assert!(column.former_in == Versions::NONE || !column.aliases.is_empty());
                assert!(column.versions.includes(column.required), "{}", column.name);
                assert!(file.versions.and(column.versions) != Versions::NONE, "{}", column.name);
            }
            let all = seen.len();
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), all, "{}", file.name);
        }
    }

    #[test]
    fn files_are_as_many_as_the_standard_has_and_in_load_order() {
        let count = |version| FILES.iter().filter(|it| it.versions.contains(version)).count();
        assert_eq!(Version::ALL.iter().map(|it| count(*it)).collect::<Vec<_>>(), [7, 13, 21, 21]);
        assert!(FILES.is_sorted_by_key(|it| it.entity));
        for file in FILES {
            assert_eq!(file.columns[0].fields()[0], "source_id");
            assert_eq!(format!("{}.csv", &file.property["file.".len()..]), file.name);
        }
    }

    #[test]
    fn headers_are_those_of_the_editions() {
        let width =
            |file: &FileSpec| Version::ALL.iter().map(|it| file.columns_of(*it).count()).collect();
        let widths: Vec<Vec<usize>> = FILES.iter().map(|it| width(it)).collect();
        assert_eq!(widths[4], [14, 18, 23, 22], "users.csv");
        assert_eq!(widths[14], [12, 12, 13, 13], "lineItems.csv");
        let users = &rostering::USERS;
        let names: Vec<_> =
            users.columns_of(Version::V1_0).map(|it| it.name_in(Version::V1_0)).collect();
        assert!(names.contains(&"agents") && names.contains(&"userId"));
    }

    #[test]
    fn reports_name_columns_in_the_standards_words() {
        assert_eq!(column_name(EntityKind::User, "given_name"), Some("givenName"));
        assert_eq!(
            column_name(EntityKind::User, "primary_org_source_id"),
            Some("primaryOrgSourcedId")
        );
        assert_eq!(column_name(EntityKind::Demographics, "user_source_id"), Some("sourcedId"));
        assert_eq!(column_name(EntityKind::Program, "status"), None);
        assert_eq!(file_name(EntityKind::Section), Some("classes.csv"));
        assert_eq!(file_name(EntityKind::Relationship), Some("users.csv"));
    }
}
