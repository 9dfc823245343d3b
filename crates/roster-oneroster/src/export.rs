//! Writes canonical rows as a OneRoster fileset: a zip archive of 1.1 or 1.2, everything in bulk.
//!
//! What the edition has no place for is not written, and the report says how much that was.  Names of extensions
//! become columns of the same name behind the standard's.  A set of 1.2 that was read, written as 1.2 and read again
//! gives the same rows.

mod cells;
mod people;
mod table;

use crate::{
    files::{FILES, FileSpec, MANIFEST},
    version::Version,
};
use people::People;
use roster_core::{EntityKind, Error, ErrorKind, Result, Rows};
use std::{
    collections::BTreeSet,
    io::{Read, Seek, Write},
};
use table::Table;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// Where the rows come from.
pub trait RowSource {
    /// All active rows of an entity, in batches of any size; none where there is none.
    ///
    /// Asked for several times: once to learn which extensions there are, once to write, and for roles, relationships
    /// and organizations once more to put users together.
    ///
    /// # Errors
    ///
    /// Whatever reading them gives; it ends the export.
    fn rows(&mut self, entity: EntityKind) -> Result<RowsIter<'_>>;
}

/// Rows in batches.
pub type RowsIter<'a> = Box<dyn Iterator<Item = Result<Rows>> + 'a>;

/// What was written, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportReport {
    /// Files and their numbers of records, in load order.
    pub files: Vec<(&'static str, u64)>,
    /// What the edition has no place for.
    pub losses: Vec<Loss>,
}

/// Something that was not written as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Of which entity.
    pub entity: EntityKind,
    /// The field, when it is about one.
    pub field: Option<&'static str>,
    /// Why.
    pub why: LossReason,
    /// How many records it concerns.
    pub records: u64,
}

/// Why something is not written as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LossReason {
    /// The edition has no file for the entity.
    NoFile,
    /// The edition has no column for the field.
    NoColumn,
    /// 1.1 knows one role a user: the others are left out.
    OtherRole,
    /// 1.1 requires a role, and the user has none.
    NoRole,
    /// The edition does not know the term: the nearest one that it knows is written.
    OtherTerm,
    /// An item of a list has a comma, which no item may have: a space is written.
    CommaInItem,
    /// An extension has the name of one of the standard's columns.
    NameTaken,
}

impl LossReason {
    /// The stable word for reports.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoFile => "no_file",
            Self::NoColumn => "no_column",
            Self::OtherRole => "other_role",
            Self::NoRole => "no_role",
            Self::OtherTerm => "other_term",
            Self::CommaInItem => "comma_in_item",
            Self::NameTaken => "name_taken",
        }
    }
}

impl ExportReport {
    fn lose(&mut self, entity: EntityKind, field: Option<&'static str>, why: LossReason) {
        self.lose_many(entity, field, why, 1);
    }

    fn lose_many(
        &mut self,
        entity: EntityKind,
        field: Option<&'static str>,
        why: LossReason,
        records: u64,
    ) {
        let same = |it: &&mut Loss| (it.entity, it.field, it.why) == (entity, field, why);
        match self.losses.iter_mut().find(same) {
            Some(loss) => loss.records += records,
            None if records > 0 => self.losses.push(Loss { entity, field, why, records }),
            None => {}
        }
    }
}

/// What one pass over an entity's rows tells before they are written.
#[derive(Debug, Default)]
struct Survey {
    records: u64,
    bytes: u64,
    extensions: BTreeSet<String>,
}

/// Writes a fileset; gives the writer back.
///
/// `comment` becomes the archive's, which readers of the standard pass over; it may be empty.  The same rows and the
/// same comment give the same bytes.  1.2 is written as it stands in 1.2.1.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] for 1.0, whatever the source gives, and what the writer says.
pub fn write_fileset<W: Write + Seek>(
    out: W,
    version: Version,
    source: &mut dyn RowSource,
    comment: &str,
) -> Result<(W, ExportReport)> {
    if version == Version::V1_0 {
        let message = "OneRoster 1.0 is only read; export 1.1 or 1.2";
        return Err(Error::new(ErrorKind::Unsupported, "fileset.write", message));
    }
    let mut zip = ZipWriter::new(out);
    zip.set_comment(comment).map_err(|it| unwritable(it.into()))?;
    let mut report = ExportReport::default();
    let people = People::gather(version, source, &mut report)?;
    for entity in EntityKind::ALL {
        let survey = survey(source.rows(*entity)?)?;
        let file = FILES.iter().find(|it| it.entity == *entity && it.versions.contains(version));
        match file {
            _ if survey.records == 0 => {}
            Some(file) => {
                start(&mut zip, file.name, survey.bytes)?;
                let mut table = Table::new(file, version, survey.extensions, &people, &mut report);
                for rows in source.rows(*entity)? {
                    zip.write_all(table.encode(&rows?)).map_err(unwritable)?;
                }
                report.files.push((file.name, survey.records));
            }
            None if is_told_otherwise(*entity, version) => {}
            None => report.lose_many(*entity, None, LossReason::NoFile, survey.records),
        }
    }
    start(&mut zip, MANIFEST, 0)?;
    zip.write_all(manifest(version, &report).as_bytes()).map_err(unwritable)?;
    let out = zip.finish().map_err(|it| unwritable(it.into()))?;
    Ok((out, report))
}

/// The comment of an archive; `None` where it is none, or has none that is text.
pub fn comment_of<R: Read + Seek>(archive: R) -> Option<String> {
    let archive = ZipArchive::new(archive).ok()?;
    String::from_utf8(archive.comment().to_vec()).ok()
}

/// Entities that `users.csv` tells of.
fn is_told_otherwise(entity: EntityKind, version: Version) -> bool {
    match entity {
        EntityKind::Relationship => true,
        EntityKind::Role => version == Version::V1_1,
        _ => false,
    }
}

fn survey(batches: RowsIter<'_>) -> Result<Survey> {
    let mut survey = Survey::default();
    for rows in batches {
        let rows = rows?;
        survey.records += rows.len() as u64;
        survey.bytes += rows.bytes() as u64;
        for row in rows.iter() {
            for (key, _) in cells::extensions(&row) {
                survey.extensions.insert(key);
            }
        }
    }
    Ok(survey)
}

fn start<W: Write + Seek>(zip: &mut ZipWriter<W>, name: &str, bytes: u64) -> Result<()> {
    /// From here on an entry might not fit the sizes of a plain zip archive.
    const LARGE: u64 = 2 << 30;
    let options = SimpleFileOptions::default().large_file(bytes > LARGE);
    zip.start_file(name, options).map_err(|it| unwritable(it.into()))
}

fn unwritable(error: std::io::Error) -> Error {
    let message = "the archive could not be written; check the disk and the rights on it";
    Error::new(ErrorKind::Unavailable, "fileset.write", message).source(error)
}

fn manifest(version: Version, report: &ExportReport) -> String {
    let mut text = String::from("propertyName,value\r\nmanifest.version,1.0\r\n");
    let mut line = |property: &str, value: &str| {
        for part in [property, ",", value, "\r\n"] {
            text.push_str(part);
        }
    };
    line("oneroster.version", version.declared());
    let mut files: Vec<&FileSpec> =
        FILES.iter().copied().filter(|it| it.versions.contains(version)).collect();
    files.sort_by_key(|it| it.property);
    for file in files {
        let written = report.files.iter().any(|it| it.0 == file.name);
        line(file.property, if written { "bulk" } else { "absent" });
    }
    line("source.systemName", "Homeroom");
    line("source.systemCode", "homeroom");
    text
}
