//! The harness of every source that reads a set of CSV files.

mod files;
mod open_files;

pub use files::FileSet;

use crate::{Failed, Harness, Losses, Place, Seed, district::district_folder};
use async_trait::async_trait;
use roster_core::{EntityKind, Locus, RosterSource};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

/// How a set of files is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packaging {
    /// As the files of a folder.
    Folder,
    /// As a zip archive.
    Zip,
    /// As a zip archive in a landing folder.
    Landing,
}

impl Packaging {
    /// The path that the source is given, below the place's own folder.
    fn feed(self) -> &'static str {
        match self {
            Self::Folder | Self::Landing => "feed",
            Self::Zip => "feed.zip",
        }
    }
}

/// Makes a set of changes of a set and the name of a file: its first record once more, and its last record gone.
type Changes = fn(&FileSet, &str) -> Option<FileSet>;

type Open = dyn Fn(&Path) -> Arc<dyn RosterSource> + Send + Sync;

/// Seeds the fixture district as one of its file formats.
pub struct FilesetHarness {
    format: &'static str,
    packaging: Packaging,
    tables: &'static [(EntityKind, &'static str)],
    losses: Losses,
    changes: Changes,
    open: Arc<Open>,
}

impl FilesetHarness {
    /// A harness for `tests/district/<format>` with `tests/district/losses/<format>.toml`.
    ///
    /// `tables` names the files that entities are read from; `open` makes a source for a path, without any I/O.
    ///
    /// # Panics
    ///
    /// When the losses cannot be read.
    #[must_use]
    pub fn new(
        format: &'static str,
        packaging: Packaging,
        tables: &'static [(EntityKind, &'static str)],
        open: impl Fn(&Path) -> Arc<dyn RosterSource> + Send + Sync + 'static,
    ) -> Self {
        Self::with_losses_of(format, format, packaging, tables, open)
    }

    /// The same for a format that is another one in other words, and has its losses.
    ///
    /// # Panics
    ///
    /// When the losses cannot be read.
    #[must_use]
    pub fn with_losses_of(
        losses: &'static str,
        format: &'static str,
        packaging: Packaging,
        tables: &'static [(EntityKind, &'static str)],
        open: impl Fn(&Path) -> Arc<dyn RosterSource> + Send + Sync + 'static,
    ) -> Self {
        let losses = Losses::read(&district_folder().join(format!("losses/{losses}.toml")));
        let losses = losses.unwrap_or_else(|err| panic!("{}", err.message().unwrap_or_default()));
        Self { format, packaging, tables, losses, changes: FileSet::changes, open: Arc::new(open) }
    }

    /// The same for a format that tells of changes in its own way and not in OneRoster's.
    #[must_use]
    pub fn with_changes(self, changes: fn(&FileSet, &str) -> Option<FileSet>) -> Self {
        Self { changes, ..self }
    }

    /// The files of a seed, `None` when it cannot be made with files.
    fn files(&self, seed: Seed) -> Result<Option<FileSet>, Failed> {
        let files = FileSet::read(&district_folder().join(self.format))?;
        let file = |entity| self.tables.iter().find(|it| it.0 == entity).map(|it| it.1);
        Ok(match seed {
            Seed::Whole | Seed::Absent | Seed::CutOff | Seed::Corrupt => Some(files),
            Seed::Empty(entity) => file(entity).and_then(|it| files.with_header_only(it)),
            Seed::Twice(entity) => file(entity).and_then(|it| files.with_first_record_twice(it)),
            Seed::Changes(entity) => file(entity).and_then(|it| (self.changes)(&files, it)),
            Seed::Unreadable => files.with_unreadable_records(),
            Seed::Written(writing) => files.written(writing),
        })
    }

    fn deliver(&self, files: &FileSet, seed: Seed, feed: &Path) -> Result<(), Failed> {
        let archive = || match seed {
            Seed::CutOff => files.zip().map(|it| files::cut_off(&it)),
            Seed::Corrupt => files.zip().and_then(|it| files::corrupt(&it)),
            _ => files.zip(),
        };
        match self.packaging {
            _ if seed == Seed::Absent => {}
            Packaging::Folder => files.write(feed)?,
            Packaging::Zip => fs::write(feed, archive()?)?,
            Packaging::Landing => {
                fs::create_dir(feed)?;
                fs::write(feed.join("oneroster.zip"), archive()?)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for FilesetHarness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilesetHarness").field("name", &self.name()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Harness for FilesetHarness {
    fn name(&self) -> String {
        format!("{}-{:?}", self.format, self.packaging).to_lowercase()
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }

    async fn seed(&self, seed: Seed) -> Result<Option<Box<dyn Place>>, Failed> {
        // Nothing tells the reader of a folder that a file is shorter than it was.
        let damaged = matches!(seed, Seed::CutOff | Seed::Corrupt);
        if damaged && self.packaging == Packaging::Folder {
            return Ok(None);
        }
        let Some(files) = self.files(seed)? else { return Ok(None) };
        let folder = tempfile::tempdir()?;
        let feed = folder.path().join(self.packaging.feed());
        self.deliver(&files, seed, &feed)?;
        Ok(Some(Box::new(FilesetPlace { folder, feed, files, open: self.open.clone() })))
    }
}

/// A folder that holds one feed.
struct FilesetPlace {
    folder: TempDir,
    feed: PathBuf,
    /// What lies there.
    files: FileSet,
    open: Arc<Open>,
}

impl Place for FilesetPlace {
    fn source(&self) -> Arc<dyn RosterSource> {
        (self.open)(&self.feed)
    }

    fn close(&self) {
        fs::rename(&self.feed, self.folder.path().join("closed")).expect("the feed can be renamed");
    }

    fn open(&self) {
        fs::rename(self.folder.path().join("closed"), &self.feed).expect("the feed can be renamed");
    }

    fn record(&self, at: &Locus) -> Option<Vec<(String, String)>> {
        match at {
            Locus::File { file, line } => self.files.record(file, *line),
            _ => None,
        }
    }

    fn in_use(&self) -> Option<bool> {
        open_files::below(self.folder.path())
    }
}
