//! Lists the files of a folder.

use crate::bundle::{
    BundleLimits, Entry, FileState, Located, Place, damaged, entry_name::is_litter, open_error,
};
use roster_core::Result;
use std::{
    fs::{self, DirEntry},
    path::Path,
};

/// How deep folders may be nested.
const MAX_DEPTH: usize = 16;

/// Which files count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// All, in folders within folders too.
    All,
    /// Those at the top whose names end in `.csv`.
    CsvAtTop,
}

/// Lists the files of a folder by name.  Symbolic links are refused, since they can lead anywhere.
pub(super) fn open(path: &Path, limits: &BundleLimits, which: Which) -> Result<Vec<Located>> {
    let mut walk = Walk { limits, which, seen: 0, located: Vec::new() };
    walk.folder(path, "", 0)?;
    walk.located.sort_by(|one, other| one.0.name.cmp(&other.0.name));
    limits.check(&walk.located)?;
    Ok(walk.located)
}

struct Walk<'a> {
    limits: &'a BundleLimits,
    which: Which,
    seen: u64,
    located: Vec<Located>,
}

impl Walk<'_> {
    fn folder(&mut self, path: &Path, prefix: &str, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(damaged(format!("folders are nested deeper than {MAX_DEPTH}")));
        }
        for item in fs::read_dir(path).map_err(|it| open_error(it, path))? {
            let item = item.map_err(|it| open_error(it, path))?;
            let name = item.file_name().to_string_lossy().into_owned();
            if is_litter(&name) || !self.counts(&name) {
                continue;
            }
            self.seen += 1;
            self.limits.check_count(self.seen)?;
            self.item(&item, format!("{prefix}{name}"), depth)?;
        }
        Ok(())
    }

    fn counts(&self, name: &str) -> bool {
        self.which == Which::All || is_csv(name)
    }

    fn item(&mut self, item: &DirEntry, name: String, depth: usize) -> Result<()> {
        let path = item.path();
        let metadata = item.metadata().map_err(|it| open_error(it, &path))?;
        if metadata.is_symlink() {
            return Err(damaged(
                "a symbolic link, which is not followed; put the file itself there",
            )
            .context("file", name));
        }
        if metadata.is_dir() && self.which == Which::All {
            return self.folder(&path, &format!("{name}/"), depth + 1);
        }
        if metadata.is_file() {
            let state = FileState::of(&metadata).map_err(|it| open_error(it, &path))?;
            let entry = Entry { name: name.into(), bytes: state.bytes };
            self.located.push((entry, Place::File { path, state }));
        }
        Ok(())
    }
}

/// Whether a file name ends in `.csv`, in any case.
pub(crate) fn is_csv(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it.eq_ignore_ascii_case("csv"))
}
