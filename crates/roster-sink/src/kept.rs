//! Files that a run leaves for review: findings, quarantined records, places in the feed, held changes.
//!
//! They hold personal data.  A night writes them into a folder inside its plan's, and the sink stores them with the run.

use crate::{private_file, private_folder};
use roster_core::{Error, ErrorKind, Result};
use std::{
    fs::{self, File},
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

/// Name of the folder inside a plan's.
const FOLDER: &str = "kept";

/// The files of one run, before the sink has them.
#[derive(Clone, Debug)]
pub struct KeptFolder {
    path: PathBuf,
}

impl KeptFolder {
    /// Makes the folder inside a plan's; nobody but its owner can read it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when it cannot be made.
    pub fn create(plan: &Path) -> Result<Self> {
        let path = plan.join(FOLDER);
        private_folder(&path).map_err(|err| failed("kept.create", &path, err))?;
        Ok(Self { path })
    }

    /// The folder inside a plan's; it may not be there.
    #[must_use]
    pub fn of(plan: &Path) -> Self {
        Self { path: plan.join(FOLDER) }
    }

    /// Where a file of this name is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Starts a file, such as `findings` or `places.users`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when it cannot be made.
    pub fn write(&self, name: &str) -> Result<BufWriter<File>> {
        let path = self.path(name);
        let file = private_file(&path).map_err(|err| failed("kept.write", &path, err))?;
        Ok(BufWriter::with_capacity(1 << 16, file))
    }

    /// The files by name, in order; none when the folder is not there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when it cannot be read.
    pub fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        let entries = match fs::read_dir(&self.path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|err| failed("kept.read", &self.path, err))?,
        };
        let named = |it: io::Result<fs::DirEntry>| {
            let path = it.map_err(|err| failed("kept.read", &self.path, err))?.path();
            let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default().to_owned();
            Ok((name, path))
        };
        let mut files: Vec<_> = entries.map(named).collect::<Result<_>>()?;
        files.sort();
        Ok(files)
    }
}

fn failed(operation: &'static str, path: &Path, err: io::Error) -> Error {
    let message = match err.kind() {
        io::ErrorKind::StorageFull => "the disk is full; free some space and run again",
        _ => "what the run keeps for review cannot be written or read",
    };
    Error::new(ErrorKind::Unavailable, operation, message)
        .context("path", path.display())
        .source(err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn files_are_listed_by_name_and_none_is_no_error() {
        let plan = tempfile::tempdir().unwrap();
        assert!(KeptFolder::of(plan.path()).files().unwrap().is_empty());
        let kept = KeptFolder::create(plan.path()).unwrap();
        for name in ["places.users", "findings"] {
            kept.write(name).unwrap().write_all(b"x").unwrap();
        }
        let names: Vec<_> = kept.files().unwrap().into_iter().map(|it| it.0).collect();
        assert_eq!(names, ["findings", "places.users"]);
    }
}
