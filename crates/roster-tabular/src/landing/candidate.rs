//! What lies in a landing folder, and which of it is a set.

use crate::{
    bundle::{Bundle, BundleLimits, is_csv, is_litter},
    error::io_error,
    landing::{last::Rank, not_ready, taken::TAKEN},
    overdue::overdue,
};
use roster_core::{ErrorKind, Result};
use std::{
    fs::{self, DirEntry, Metadata},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// What upload and download programs append to a name while they write.
const TEMPORARY_EXTENSIONS: [&str; 9] =
    ["part", "partial", "tmp", "temp", "filepart", "crdownload", "download", "upload", "uploading"];

/// A set that might be the newest.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) modified: SystemTime,
    name: String,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A zip archive or a sub-folder.
    Own,
    /// The CSV files at the top of the landing folder.
    Loose,
}

/// What lies in a landing folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    candidates: Vec<Candidate>,
    uploading: Option<String>,
    others: usize,
}

impl Candidate {
    pub(super) fn rank(&self) -> Rank {
        Rank::new(self.modified, &self.name)
    }

    pub(super) fn open(&self, limits: &BundleLimits) -> Result<Bundle> {
        let bundle = match self.form {
            Form::Own => Bundle::open(&self.path, limits),
            Form::Loose => Bundle::open_csv_files(&self.path, limits),
        };
        bundle.map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let message =
                    "a file disappeared while the set was looked at; it is being replaced";
                not_ready(message, &self.path).source(error)
            }
            _ => overdue(error, self.modified),
        })
    }
}

impl Listing {
    /// Lists a landing folder.  CSV files at its top that were modified before `passed_over` belong to a set that is
    /// already being put away.
    pub(super) fn read(
        path: &Path,
        limits: &BundleLimits,
        passed_over: Option<SystemTime>,
    ) -> Result<Self> {
        let mut listing = Self::default();
        let mut loose = None;
        for item in fs::read_dir(path).map_err(|it| list_error(it, path))? {
            let item = item.map_err(|it| list_error(it, path))?;
            let found = item.metadata().and_then(|it| Ok((it.modified()?, it)));
            match found {
                Ok((modified, metadata)) if is_loose(&item, &metadata) => {
                    if passed_over.is_none_or(|it| modified > it) {
                        loose = loose.max(Some(modified));
                    }
                }
                Ok((modified, metadata)) => listing.add(&item, &metadata, modified, limits),
                // It was renamed since the folder was listed, as uploads are when they are complete.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(list_error(error, &item.path())),
            }
        }
        if let Some(modified) = loose {
            let (path, name) = (path.to_owned(), String::new());
            listing.candidates.push(Candidate { path, modified, name, form: Form::Loose });
        }
        Ok(listing)
    }

    fn add(
        &mut self,
        item: &DirEntry,
        metadata: &Metadata,
        modified: SystemTime,
        limits: &BundleLimits,
    ) {
        let (name, path) = (name_of(item), item.path());
        if name == TAKEN || is_litter(&name) {
            return;
        }
        if is_temporary(&name) {
            self.uploading = Some(name);
        } else if metadata.is_dir() {
            let modified = content_modified(&path, limits).unwrap_or(modified);
            self.candidates.push(Candidate { path, modified, name, form: Form::Own });
        } else if metadata.is_file() && has_extension(&name, &["zip"]) {
            self.candidates.push(Candidate { path, modified, name, form: Form::Own });
        } else {
            self.others += 1;
        }
    }

    pub(super) fn newest(&self) -> Option<&Candidate> {
        self.candidates.iter().max_by_key(|it| it.rank())
    }

    /// The sets that are not older than the last one taken, the newest first.
    pub(super) fn pending(&self, last: Option<&Rank>) -> Vec<&Candidate> {
        let is_pending = |it: &&Candidate| last.is_none_or(|last| it.rank() >= *last);
        let mut pending: Vec<_> = self.candidates.iter().filter(is_pending).collect();
        pending.sort_by_key(|it| std::cmp::Reverse(it.rank()));
        pending
    }

    /// A file that is being uploaded under a temporary name.
    pub(super) fn uploading(&self) -> Option<&str> {
        self.uploading.as_deref()
    }

    /// The number of files that can be no set.
    pub(super) fn others(&self) -> usize {
        self.others
    }
}

/// Whether an item is a CSV file at the top of the landing folder.
fn is_loose(item: &DirEntry, metadata: &Metadata) -> bool {
    let name = name_of(item);
    metadata.is_file() && is_csv(&name) && !is_litter(&name) && !is_temporary(&name)
}

/// When the last file in a folder was modified, which the folder's own time does not tell.
///
/// `None` if it is empty or cannot be opened; the error comes up if it turns out to be the newest set.
fn content_modified(path: &Path, limits: &BundleLimits) -> Option<SystemTime> {
    let bundle = Bundle::open(path, limits).ok()?;
    (!bundle.entries().is_empty()).then(|| bundle.stamp().modified)
}

fn name_of(item: &DirEntry) -> String {
    item.file_name().to_string_lossy().into_owned()
}

/// Whether a name is one that programs use while they write.
fn is_temporary(name: &str) -> bool {
    name.starts_with('~') || name.ends_with('~') || has_extension(name, &TEMPORARY_EXTENSIONS)
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|it| extensions.iter().any(|one| it.eq_ignore_ascii_case(one)))
}

fn list_error(error: io::Error, path: &Path) -> roster_core::Error {
    io_error(error, "landing.newest", &path.display().to_string())
}
