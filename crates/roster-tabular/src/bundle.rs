//! A set of named files, from a folder or a zip archive, with limits on what it may cost to read.
//!
//! Archives are read by code of this crate rather than by the `zip` crate (against which it is tested): the list of
//! entries is checked against [`BundleLimits`] before anything is allocated for it, entries are readable at once from
//! several threads, and an archive that is not there yet can be told from one that is broken.

mod archive;
mod archive_directory;
mod entry_name;
mod entry_reader;
mod fingerprint;
mod folder;
mod recognize;

pub(crate) use entry_name::is_litter;
pub use entry_reader::EntryReader;
pub(crate) use folder::is_csv;

use crate::error::io_error;
use roster_core::{Error, ErrorKind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, Metadata},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// What a bundle may cost at most.  A bundle that exceeds a limit is refused as damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BundleLimits {
    /// The most entries, folders included; default 1,000.
    pub max_entries: usize,
    /// The most bytes one file may have, uncompressed; default 16 GiB.
    pub max_entry_bytes: u64,
    /// The most bytes all files together may have, uncompressed; default 32 GiB.
    pub max_total_bytes: u64,
    /// How many times larger than compressed a file may be; files up to 1 MiB are exempt; default 400.
    pub max_ratio: u64,
}

impl Default for BundleLimits {
    fn default() -> Self {
        Self {
            max_entries: 1_000,
            max_entry_bytes: 16 << 30,
            max_total_bytes: 32 << 30,
            max_ratio: 400,
        }
    }
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name; files in folders have the path before it, with `/`.
    pub name: Arc<str>,
    /// Its size in bytes, uncompressed, as declared.
    pub bytes: u64,
}

/// What tells one state of a bundle from the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The folder or archive.
    pub path: PathBuf,
    /// The size of the archive, or of all files in the folder, in bytes.
    pub bytes: u64,
    /// When the archive, or the last of the files in the folder, was modified.
    pub modified: SystemTime,
}

/// A set of named files.  Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bundle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stamp: Stamp,
    entries: Vec<Entry>,
    places: Vec<Place>,
}

/// An entry and where it is.
type Located = (Entry, Place);

/// Where an entry's bytes are.
#[derive(Clone, Debug)]
enum Place {
    /// In a file of its own.
    File { path: PathBuf, state: FileState },
    /// In an archive.
    Member(archive_directory::Member),
}

/// What tells whether a file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileState {
    bytes: u64,
    modified: SystemTime,
}

impl Bundle {
    /// Opens a folder, or a zip archive (stored or deflated, zip64 or not).
    ///
    /// Reads the list of files, not the files.  Files that operating systems leave behind (hidden ones, `__MACOSX`,
    /// `Thumbs.db`) are left out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`]; [`ErrorKind::PermissionDenied`]; [`ErrorKind::NotReady`] if the archive is only half
    /// there (empty, or without its end); [`ErrorKind::Damaged`] if it is hostile or broken (a name that leads
    /// elsewhere, two entries of one name, encrypted, compressed by another method, over a limit) or no zip archive.
    pub fn open(path: &Path, limits: &BundleLimits) -> Result<Self> {
        let metadata = fs::metadata(path).map_err(|it| open_error(it, path))?;
        if metadata.is_dir() {
            return Self::open_folder(path, limits, folder::Which::All);
        }
        if !metadata.is_file() {
            let message = "neither a folder nor a regular file; name a folder or a zip archive";
            return Err(Error::new(ErrorKind::ConfigInvalid, "bundle.open", message)
                .context("path", path.display()));
        }
        let state = FileState::of(&metadata).map_err(|it| open_error(it, path))?;
        let located = archive::open(path, state.bytes, limits)?;
        Ok(Self::new(path, state, located))
    }

    /// Opens the files at the top of a folder whose names end in `.csv`, leaving all others alone.
    pub(crate) fn open_csv_files(path: &Path, limits: &BundleLimits) -> Result<Self> {
        Self::open_folder(path, limits, folder::Which::CsvAtTop)
    }

    /// The paths of those files that have not changed since [`Self::open`]; of an archive, none.
    pub(crate) fn unchanged_files(&self) -> impl Iterator<Item = &Path> {
        self.0.places.iter().filter_map(|place| match place {
            Place::File { path, state } => {
                let now = fs::metadata(path).and_then(|it| FileState::of(&it));
                now.is_ok_and(|it| it == *state).then_some(path.as_path())
            }
            Place::Member(_) => None,
        })
    }

    fn open_folder(path: &Path, limits: &BundleLimits, which: folder::Which) -> Result<Self> {
        let located = folder::open(path, limits, which)?;
        let mut state = FileState { bytes: 0, modified: SystemTime::UNIX_EPOCH };
        for (_, place) in &located {
            if let Place::File { state: it, .. } = place {
                state.bytes += it.bytes;
                state.modified = state.modified.max(it.modified);
            }
        }
        Ok(Self::new(path, state, located))
    }

    fn new(path: &Path, state: FileState, located: Vec<Located>) -> Self {
        let stamp = Stamp { path: path.to_owned(), bytes: state.bytes, modified: state.modified };
        let (entries, places) = located.into_iter().unzip();
        Self(Arc::new(Inner { stamp, entries, places }))
    }

    /// The files: in the archive's order, or, of a folder, by name.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.0.entries
    }

    /// Opens an entry for reading.  Each reader has its own file handle, so that several entries can be read at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotReady`] if the archive or file changed since [`Self::open`], [`ErrorKind::Damaged`] if the
    /// entry is not where the archive says, [`ErrorKind::Internal`] if the entry is not one of this bundle.  The
    /// reader itself fails the same ways, also when an entry holds more than declared or its checksum is wrong; use
    /// [`crate::io_error`] on its errors.
    pub fn read(&self, entry: &Entry) -> Result<EntryReader> {
        let index = self.0.entries.iter().position(|it| it.name == entry.name);
        let place = index.and_then(|it| self.0.places.get(it)).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "bundle.read", "the entry is not one of this bundle")
                .context("file", &entry.name)
        })?;
        match place {
            Place::File { path, state } => EntryReader::of_file(entry, path, *state),
            Place::Member(member) => {
                let stamp = &self.0.stamp;
                let state = FileState { bytes: stamp.bytes, modified: stamp.modified };
                EntryReader::of_member(entry, &stamp.path, state, member)
            }
        }
    }

    /// Whether it is an archive, which comes in one piece and has checksums; a folder's files come one by one.
    #[must_use]
    pub fn is_archive(&self) -> bool {
        self.0.places.iter().any(|it| matches!(it, Place::Member(_)))
    }

    /// A digest that changes when a file comes, goes or changes: of the files' names and sizes, and of their checksums in
    /// an archive, their times of modification in a folder.  Where the set lies has no part in it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint::of(&self.0.entries, &self.0.places)
    }

    /// Size and time of modification, to see whether the set changed.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.0.stamp.clone()
    }
}

impl FileState {
    fn of(metadata: &Metadata) -> std::io::Result<Self> {
        Ok(Self { bytes: metadata.len(), modified: metadata.modified()? })
    }
}

impl BundleLimits {
    /// Checks the declared sizes of the entries, of which there are no more than allowed.
    fn check(&self, located: &[Located]) -> Result<()> {
        let mut total = 0u64;
        for (entry, place) in located {
            self.check_entry(entry, place)?;
            total = total.saturating_add(entry.bytes);
        }
        if total > self.max_total_bytes {
            return Err(damaged("the files are larger together than max_total_bytes allows")
                .context("bytes", total)
                .context("max_total_bytes", self.max_total_bytes));
        }
        Ok(())
    }

    fn check_entry(&self, entry: &Entry, place: &Place) -> Result<()> {
        if entry.bytes > self.max_entry_bytes {
            return Err(damaged("a file is larger than max_entry_bytes allows")
                .context("file", &entry.name)
                .context("bytes", entry.bytes)
                .context("max_entry_bytes", self.max_entry_bytes));
        }
        let Place::Member(member) = place else { return Ok(()) };
        if entry.bytes > 1 << 20 && entry.bytes / self.max_ratio.max(1) > member.compressed_bytes {
            return Err(damaged(
                "a file is compressed more than max_ratio allows, as in a zip bomb",
            )
            .context("file", &entry.name)
            .context("bytes", entry.bytes)
            .context("compressed_bytes", member.compressed_bytes)
            .context("max_ratio", self.max_ratio));
        }
        Ok(())
    }

    fn check_count(&self, entries: u64) -> Result<()> {
        if usize::try_from(entries).is_ok_and(|it| it <= self.max_entries) {
            return Ok(());
        }
        Err(damaged("more entries than max_entries allows")
            .context("entries", entries)
            .context("max_entries", self.max_entries))
    }
}

fn damaged(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Damaged, "bundle.open", message)
}

fn open_error(error: std::io::Error, path: &Path) -> Error {
    io_error(error, "bundle.open", &path.display().to_string())
}

#[cfg(test)]
mod tests;
