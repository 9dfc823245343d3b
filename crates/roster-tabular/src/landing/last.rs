//! The mark of the set taken last, by which older ones are known: taking one of them would undo what came since.

use crate::error::io_error;
use jiff::Timestamp;
use roster_core::{Error, ErrorKind, Result};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    time::SystemTime,
};

/// Name of the file in the folder of sets that were taken.
const MARK: &str = ".last";

/// Name of the file while it is written.
const UNFINISHED: &str = ".last.tmp";

/// The place of a set in the order of sets: by time of modification and then by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    modified: Timestamp,
    name: String,
}

impl Rank {
    /// The rank of a set; loose files have no name.
    pub(super) fn new(modified: SystemTime, name: &str) -> Self {
        let modified = Timestamp::try_from(modified).unwrap_or(Timestamp::MAX);
        Self { modified, name: name.to_owned() }
    }

    /// The rank that a set is remembered by: one that claims to be of the future does not shut out those that follow.
    pub(super) fn of_taken(modified: SystemTime, name: &str) -> Self {
        Self::new(modified.min(SystemTime::now()), name)
    }

    /// Reads the mark in `folder`; `None` if nothing was taken yet.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(MARK);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(mark_error(error, &path)),
        };
        let rank = text.split_once(' ').and_then(|(modified, name)| {
            Some(Self { modified: modified.parse().ok()?, name: name.to_owned() })
        });
        let message = "the note of the set taken last cannot be read; delete it, and see that no older set is left";
        let damaged = || Error::new(ErrorKind::Damaged, "landing.newest", message);
        rank.map(Some).ok_or_else(|| damaged().context("file", path.display()))
    }

    /// Writes the mark into `folder`, so that it is there whole or not at all.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let (unfinished, path) = (folder.join(UNFINISHED), folder.join(MARK));
        let written = File::create(&unfinished).and_then(|mut file| {
            write!(file, "{} {}", self.modified, self.name)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)
        });
        written.map_err(|it| mark_error(it, &path))
    }
}

fn mark_error(error: io::Error, path: &Path) -> Error {
    io_error(error, "landing.last", &path.display().to_string())
}
