//! The folder that sets are moved to once they were taken.
//!
//! A set is renamed to `<time>-<name>`, in UTC and to the microsecond.  Where it consists of loose files, they are gathered
//! in `.moving-<time>-<name>` first, so that a set whose move was interrupted is never taken for a new, smaller one.

use crate::{
    bundle::{Bundle, is_csv, is_litter},
    error::io_error,
    landing::last::Rank,
};
use jiff::{Timestamp, civil::DateTime, tz::Offset};
use roster_core::Result;
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The name of the folder.
pub(super) const TAKEN: &str = "taken";

/// A fraction of the second, so that sets of one second stay in order.
const TIME_FORMAT: &str = "%Y%m%dT%H%M%S%.6f";
/// As it is read: the fraction may be missing.
const TIME_PATTERN: &str = "%Y%m%dT%H%M%S%.f";
/// What stands between time and name.
const ZONE: &str = "Z-";
const MOVING: &str = ".moving-";

/// The folder of a landing folder.
#[derive(Debug)]
pub(super) struct Taken {
    path: PathBuf,
}

impl Taken {
    pub(super) fn of(landing: &Path) -> Self {
        Self { path: landing.join(TAKEN) }
    }

    /// The name of the set taken last.
    pub(super) fn last(&self) -> Option<String> {
        self.sets().pop()
    }

    /// The rank of the set taken last, also where that was deleted since.
    pub(super) fn last_rank(&self) -> Result<Option<Rank>> {
        Rank::read(&self.path)
    }

    /// Remembers which set is taken.
    pub(super) fn mark(&self, rank: &Rank) -> Result<()> {
        self.create()?;
        rank.write(&self.path)
    }

    /// When a move of loose files began that was not finished.
    pub(super) fn interrupted_at(&self) -> Option<SystemTime> {
        let moves = self.names().into_iter();
        moves.filter_map(|it| taken_at(it.strip_prefix(MOVING)?)).max()
    }

    /// Moves an archive or a folder here.
    pub(super) fn put_away(&self, set: &Path) -> Result<()> {
        self.create()?;
        rename(set, &self.free_path(set))
    }

    /// Moves the files of a bundle here, unless they changed since it was opened.
    pub(super) fn put_away_files(&self, bundle: &Bundle, landing: &Path) -> Result<()> {
        self.create()?;
        let target = self.free_path(landing);
        let moving = moving_path(&target);
        fs::create_dir(&moving).map_err(|it| move_error(it, &moving))?;
        for file in bundle.unchanged_files() {
            move_into(file, &moving)?;
        }
        rename(&moving, &target)
    }

    /// Finishes moves of loose files that were interrupted.
    pub(super) fn finish_interrupted(&self, landing: &Path) -> Result<()> {
        for name in self.names() {
            let Some(target) = name.strip_prefix(MOVING) else { continue };
            let Some(began) = taken_at(target) else { continue };
            for file in loose_files(landing, began)? {
                move_into(&file, &self.path.join(&name))?;
            }
            rename(&self.path.join(&name), &self.path.join(target))?;
        }
        Ok(())
    }

    /// Deletes all sets but the newest `keep`; what else lies here is left alone.
    pub(super) fn prune(&self, keep: usize) -> Result<()> {
        for name in self.sets().into_iter().rev().skip(keep) {
            let path = self.path.join(name);
            let deleted = fs::symlink_metadata(&path).and_then(|it| {
                if it.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }
            });
            deleted.map_err(|it| move_error(it, &path))?;
        }
        Ok(())
    }

    /// The sets here, oldest first.
    fn sets(&self) -> Vec<String> {
        let mut sets = self.names();
        sets.retain(|it| taken_at(it).is_some());
        sets.sort_unstable();
        sets
    }

    /// All names here; none if the folder is not there yet.
    fn names(&self) -> Vec<String> {
        let items = fs::read_dir(&self.path).into_iter().flatten().flatten();
        items.filter_map(|it| it.file_name().into_string().ok()).collect()
    }

    fn create(&self) -> Result<()> {
        fs::create_dir_all(&self.path).map_err(|it| move_error(it, &self.path))
    }

    /// A path here that nothing has yet, for what was at `set`.
    fn free_path(&self, set: &Path) -> PathBuf {
        let time = Timestamp::now().strftime(TIME_FORMAT);
        let name = set.file_name().unwrap_or_default().to_string_lossy();
        let mut path = self.path.join(format!("{time}{ZONE}{name}"));
        let mut number = 2;
        while path.exists() || moving_path(&path).exists() {
            path = self.path.join(format!("{time}{ZONE}{number}-{name}"));
            number += 1;
        }
        path
    }
}

/// Where files are gathered that will become `target`.
fn moving_path(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!("{MOVING}{name}"))
}

/// The time at the start of a set's name; `None` if the name was not given here.
fn taken_at(name: &str) -> Option<SystemTime> {
    let (time, _) = name.split_once(ZONE)?;
    let time = DateTime::strptime(TIME_PATTERN, time).ok()?;
    SystemTime::try_from(Offset::UTC.to_timestamp(time).ok()?).ok()
}

/// The CSV files at the top of a landing folder that were not modified after `time`.
fn loose_files(landing: &Path, time: SystemTime) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for item in fs::read_dir(landing).map_err(|it| move_error(it, landing))? {
        let item = item.map_err(|it| move_error(it, landing))?;
        let metadata = item.metadata().map_err(|it| move_error(it, landing))?;
        let name = item.file_name().to_string_lossy().into_owned();
        let old = metadata.modified().is_ok_and(|it| it <= time);
        if metadata.is_file() && old && is_csv(&name) && !is_litter(&name) {
            files.push(item.path());
        }
    }
    Ok(files)
}

fn move_into(file: &Path, folder: &Path) -> Result<()> {
    rename(file, &folder.join(file.file_name().unwrap_or_default()))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|it| move_error(it, from))
}

fn move_error(error: io::Error, path: &Path) -> roster_core::Error {
    io_error(error, "landing.put_away", &path.display().to_string())
}
