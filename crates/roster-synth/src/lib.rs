//! Made-up districts of any size as OneRoster filesets, for tests, demos and benchmarks.
//!
//! The proportions are those of a real district: schools of about 500 students, seven enrollments a student, 28
//! students a section, co-teachers in an eighth of the sections, demographics for every student, contacts for some.
//! A million students make about 9.65 million records and 1.0 GB of CSV.
//!
//! Everything is computed from the seed and a record's number, so that the same options always give the same bytes and
//! memory does not grow with the district.  [`write_next`] writes the night after, in which a given share of the
//! records changed, and tells exactly how many of each table did.
//!
//! ```
//! let folder = tempfile::tempdir()?;
//! let options = roster_synth::Options { students: 100, ..Default::default() };
//! let first = roster_synth::write_first(&options, &folder.path().join("first.zip"))?;
//! let changes = roster_synth::write_next(&options, 10, &folder.path().join("next.zip"))?;
//! assert_eq!(first.tables["demographics"], 100);
//! assert_eq!(changes["demographics"].created, 2);
//! # Ok::<(), std::io::Error>(())
//! ```

mod archive;
mod calendar;
mod catalog;
mod demographics;
mod district;
mod enrollments;
mod names;
mod night;
mod people;
mod random;
mod table;
mod users;

use crate::{archive::Archive, district::District, night::Night};
use serde::Serialize;
use std::{collections::BTreeMap, io, path::Path, str::FromStr};

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Number of students on the first night.
    pub students: u64,
    /// Start of everything random; other seeds give other districts of the same shape.
    pub seed: u64,
    /// Version of the files.
    pub version: Version,
}

impl Default for Options {
    fn default() -> Self {
        Self { students: 1_000, seed: 1, version: Version::V1_1 }
    }
}

/// A version of the OneRoster CSV binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 1.1: the role is a column of `users.csv`.
    V1_1,
    /// 1.2 as revised in 1.2.1: roles have their own file.
    V1_2,
}

impl Version {
    /// As `manifest.csv` writes it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "1.1" => Ok(Self::V1_1),
            "1.2" => Ok(Self::V1_2),
            other => Err(format!("`{other}` is not a version: expected 1.1 or 1.2")),
        }
    }
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Records and bytes of each file, by name.
    pub files: BTreeMap<String, FileSummary>,
    /// Records of each canonical table.
    pub tables: BTreeMap<&'static str, u64>,
}

/// What was written into one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileSummary {
    /// Records, without the header.
    pub rows: u64,
    /// Bytes before compression.
    pub bytes: u64,
}

/// What changed in each canonical table between the first night and the next.
pub type Changes = BTreeMap<&'static str, TableChanges>;

/// What changed in one canonical table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableChanges {
    /// Records that were not there on the first night.
    pub created: u64,
    /// Records with another value in some field.
    pub updated: u64,
    /// Records that are gone.
    pub deleted: u64,
    /// Records that are as they were.
    pub unchanged: u64,
}

/// The largest share of records, in percent, that [`write_next`] can change.
pub const MOST_CHANGED_PERCENT: u32 = 50;

/// Writes the first night's fileset as a zip to `path`.
///
/// # Errors
///
/// Whatever writing the file meets; [`io::ErrorKind::InvalidInput`] for a district without students.
pub fn write_first(options: &Options, path: &Path) -> io::Result<Summary> {
    Ok(write(options, Night::First, path)?.0)
}

/// Writes the fileset of the night after, in which about `percent` of the students and of the enrollments changed:
/// three fifths of them updated, a fifth removed, a fifth added.  Records that belong to a removed or added student
/// come and go with it.
///
/// # Errors
///
/// Whatever writing the file meets; [`io::ErrorKind::InvalidInput`] for a share above [`MOST_CHANGED_PERCENT`].
pub fn write_next(options: &Options, percent: u32, path: &Path) -> io::Result<Changes> {
    if percent > MOST_CHANGED_PERCENT {
        let message = format!("{percent} percent is more than {MOST_CHANGED_PERCENT}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    Ok(write(options, Night::Next { percent }, path)?.1)
}

fn write(options: &Options, night: Night, path: &Path) -> io::Result<(Summary, Changes)> {
    if options.students == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a district needs students"));
    }
    let district = District::new(*options, night);
    let mut archive = Archive::create(path)?;
    archive.manifest(options.version)?;
    catalog::write(&district, &mut archive)?;
    users::write(&district, &mut archive)?;
    demographics::write(&district, &mut archive)?;
    people::count(&district, &mut archive)?;
    enrollments::write(&district, &mut archive)?;
    archive.finish()
}
