//! The zip file and the account of what goes into it.

use crate::{Changes, FileSummary, Summary, TableChanges, Version, night::Fate, table::Table};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};
use zip::{DateTime, ZipWriter, write::SimpleFileOptions};

/// A fileset being written.
pub(crate) struct Archive {
    zip: ZipWriter<BufWriter<File>>,
    summary: Summary,
    changes: Changes,
}

impl Archive {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let zip = ZipWriter::new(BufWriter::new(File::create(path)?));
        Ok(Self { zip, summary: Summary::default(), changes: Changes::new() })
    }

    /// Writes `manifest.csv`: the files that are written are complete, all others absent.
    pub(crate) fn manifest(&mut self, version: Version) -> io::Result<()> {
        let mut table = Table::start(self, "manifest.csv", &["propertyName", "value"])?;
        let mut property = |name: &str, value: &str| table.text(name).text(value).end_row();
        property("manifest.version", "1.0")?;
        property("oneroster.version", version.text())?;
        let (newer, common) = (FILES_OF_1_2.iter(), FILES.iter());
        for file in common.chain(newer.take_while(|_| version == Version::V1_2)) {
            let written = WRITTEN.contains(file) || *file == "roles";
            property(&format!("file.{file}"), if written { "bulk" } else { "absent" })?;
        }
        property("source.systemName", "Homeroom synth")?;
        property("source.systemCode", "homeroom-synth")?;
        table.finish()
    }

    pub(crate) fn start_file(&mut self, name: &str) -> io::Result<()> {
        // A fixed time, so that the same options give the same bytes; zip64 because sizes are not known beforehand.
        let options =
            SimpleFileOptions::default().last_modified_time(DateTime::default()).large_file(true);
        self.zip.start_file(name, options).map_err(io::Error::from)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.zip.write_all(bytes)
    }

    pub(crate) fn file_written(&mut self, name: &str, written: FileSummary) {
        self.summary.files.insert(name.to_owned(), written);
    }

    /// Takes into account what became of `count` records of a canonical table.
    pub(crate) fn count(&mut self, table: &'static str, fate: Fate, count: u64) {
        let changes: &mut TableChanges = self.changes.entry(table).or_default();
        *match fate {
            Fate::Kept => &mut changes.unchanged,
            Fate::Updated => &mut changes.updated,
            Fate::Removed => &mut changes.deleted,
            Fate::Added => &mut changes.created,
        } += count;
        if fate.present() {
            *self.summary.tables.entry(table).or_default() += count;
        }
    }

    pub(crate) fn finish(self) -> io::Result<(Summary, Changes)> {
        self.zip.finish().map_err(io::Error::from)?.into_inner()?.sync_all()?;
        Ok((self.summary, self.changes))
    }
}

/// The files of OneRoster 1.1, in its order.
const FILES: &[&str] = &[
    "academicSessions",
    "categories",
    "classes",
    "classResources",
    "courses",
    "courseResources",
    "demographics",
    "enrollments",
    "lineItems",
    "orgs",
    "resources",
    "results",
    "users",
];

/// The files that OneRoster 1.2 adds.
const FILES_OF_1_2: &[&str] = &[
    "lineItemLearningObjectiveIds",
    "lineItemScoreScales",
    "resultLearningObjectiveIds",
    "resultScoreScales",
    "roles",
    "scoreScales",
    "userProfiles",
    "userResources",
];

/// What is written in both versions.
const WRITTEN: &[&str] =
    &["academicSessions", "classes", "courses", "demographics", "enrollments", "orgs", "users"];
