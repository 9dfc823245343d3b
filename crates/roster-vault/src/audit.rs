//! Who did what with which credential.

use jiff::Timestamp;
use roster_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind as Io, Write as _},
    path::Path,
};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It was given out for use.
    Use,
    /// It was put in, in place of one that was there or not.
    Put,
    /// It was taken out for good.
    Remove,
    /// It was sealed with another key.
    Rotate,
}

/// An entry of the vault's audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: Action,
    /// The credential's name.
    pub name: String,
    /// Who: a person as they named themselves, or `homeroom`.
    pub by: String,
}

fn failed(error: std::io::Error) -> Error {
    let message = "the vault's audit log cannot be used, and no credential is used without it";
    Error::new(ErrorKind::Unavailable, "vault.audit", message).source(error)
}

/// Adds an entry.
pub(crate) fn write(file: &Path, entry: &Entry) -> Result<()> {
    let mut line = serde_json::to_string(entry).map_err(|err| failed(err.into()))?;
    line.push('\n');
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file).map_err(failed)?;
    file.write_all(line.as_bytes()).map_err(failed)
}

/// The last entries, newest first.
pub(crate) fn read(file: &Path, most: usize) -> Result<Vec<Entry>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(err) if err.kind() == Io::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(failed(err)),
    };
    // A line that a crash cut off is passed over.
    let entries = text.lines().rev().filter_map(|it| serde_json::from_str(it).ok());
    Ok(entries.take(most).collect())
}
