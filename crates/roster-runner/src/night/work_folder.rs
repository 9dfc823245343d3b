//! The folder that a night keeps its plan in: private, removed when the night ends, and cleared away by the next night
//! beside it when the process was killed.

use roster_core::{DistrictId, Error, ErrorKind, Result};
use roster_sink::{RunId, private_file, private_folder};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// What the names of nights' folders start with.
const PREFIX: &str = "homeroom-";

/// Ending of the file beside the folder that is locked while the night runs; the system lets go of it however the
/// process ends.
const LOCK: &str = "lock";

/// A night's own folder; dropping it removes it.
#[derive(Debug)]
pub(super) struct WorkFolder {
    path: PathBuf,
    lock: Option<File>,
}

impl WorkFolder {
    /// Makes the folder inside `base`, after removing what killed nights have left there.
    pub(super) fn create(base: &Path, district: &DistrictId, run: &RunId) -> Result<Self> {
        remove_abandoned(base);
        let path = base.join(name(district, run));
        let lock = make(&path).map_err(|err| failed(&path, err))?;
        Ok(Self { path, lock: Some(lock) })
    }

    /// Where the plan goes.
    pub(super) fn plan(&self) -> PathBuf {
        self.path.join("plan")
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        let removed = remove(&self.path);
        drop(self.lock.take());
        if let Err(error) = removed {
            let folder = self.path.display();
            tracing::warn!(%folder, %error, "the work folder could not be removed; remove it by hand");
        }
    }
}

/// The lock comes first, so that nothing is ever there that no lock speaks of.
fn make(path: &Path) -> io::Result<File> {
    let base = path.parent().unwrap_or(path);
    if !base.is_dir() {
        private_folder(base)?;
    }
    let lock = make_lock(&lock_of(path))?;
    private_folder(path)?;
    Ok(lock)
}

/// Makes and locks the file.  Between the two another night may take it for a killed one's and remove it; then it is
/// made again.
fn make_lock(path: &Path) -> io::Result<File> {
    loop {
        let lock = private_file(path)?;
        lock.lock()?;
        if is_at(&lock, path) {
            return Ok(lock);
        }
    }
}

/// The lock of a night that no longer runs; to be held until what it speaks of is gone.
fn take_abandoned(path: &Path) -> Option<File> {
    let lock = File::options().write(true).open(path).ok()?;
    (lock.try_lock().is_ok() && is_at(&lock, path)).then_some(lock)
}

/// Whether the file is still the one at this path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |it: fs::Metadata| (it.dev(), it.ino());
    let (file, there) = (file.metadata().map(identity), fs::metadata(path).map(identity));
    file.is_ok_and(|it| there.is_ok_and(|there| there == it))
}

/// Whether the file is still the one at this path: run ids are unique, so nobody else makes one there.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Removes the folder and then its lock.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => Err(err),
        _ => fs::remove_file(lock_of(path)),
    }
}

/// Removes folders whose nights no longer run, of every district: one that is configured no more has no next night that
/// would do it.  One that cannot be removed is said and left.
fn remove_abandoned(base: &Path) {
    let files = fs::read_dir(base).into_iter().flatten().flatten().map(|it| it.path());
    for path in files.filter(|it| is_lock(it)) {
        let Some(lock) = take_abandoned(&path) else { continue };
        let folder = path.with_extension("");
        match remove(&folder) {
            Ok(()) => {
                tracing::info!(folder = %folder.display(), "removed what a killed night had left");
            }
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "what a killed night has left cannot be removed");
            }
        }
        drop(lock);
    }
}

/// Name of a night's folder.  Neither ids of districts nor of runs hold a `~`, and those of runs hold no dot.
fn name(district: &DistrictId, run: &RunId) -> String {
    format!("{PREFIX}{district}~{run}")
}

/// Whether a file has the name of a night's lock.
fn is_lock(path: &Path) -> bool {
    let named = path.file_stem().and_then(|it| it.to_str());
    named.is_some_and(|it| it.starts_with(PREFIX) && it.contains('~'))
        && path.extension().is_some_and(|it| it == LOCK)
}

fn lock_of(path: &Path) -> PathBuf {
    path.with_added_extension(LOCK)
}

fn failed(path: &Path, err: io::Error) -> Error {
    let (kind, message) = match err.kind() {
        io::ErrorKind::PermissionDenied => (
            ErrorKind::PermissionDenied,
            "the work folder may not be written; set another one as night.work_folder",
        ),
        io::ErrorKind::StorageFull => {
            (ErrorKind::Unavailable, "the disk is full; free some space and run again")
        }
        _ => (ErrorKind::Unavailable, "the work folder cannot be made"),
    };
    Error::new(kind, "night.work_folder", message).context("path", path.display()).source(err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(base: &Path, district: &str, run: &str) -> WorkFolder {
        let district = district.parse().unwrap();
        WorkFolder::create(base, &district, &RunId::from_text(run)).unwrap()
    }

    fn names(base: &Path) -> Vec<String> {
        let files = base.read_dir().unwrap().map(|it| it.unwrap().file_name());
        let mut names: Vec<_> = files.map(|it| it.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn folders_of_killed_nights_are_removed_and_those_of_running_ones_are_not() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path();
        for killed in ["homeroom-a~killed", "homeroom-gone~killed"] {
            drop(make(&base.join(killed)).unwrap());
            fs::write(base.join(killed).join("users.rows"), "").unwrap();
        }
        for others in ["homeroom-notes.lock", "other~1.lock", "homeroom-a~1.txt"] {
            fs::write(base.join(others), "mine").unwrap();
        }
        let running = open(base, "a", "1");
        let second = open(base, "b", "2");
        let others = ["homeroom-a~1.txt", "homeroom-notes.lock", "other~1.lock"];
        let own = ["homeroom-a~1", "homeroom-a~1.lock", "homeroom-b~2", "homeroom-b~2.lock"];
        let mut all: Vec<_> = own.into_iter().chain(others).collect();
        all.sort_unstable();
        assert_eq!(names(base), all);
        drop((running, second));
        assert_eq!(names(base), others);
    }

    #[test]
    fn night_that_starts_beside_another_keeps_its_folder() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path();
        let nights = |name: &'static str| {
            for run in 0..400 {
                let folder = open(base, "a", &format!("{name}{run}"));
                let lost = !folder.path.is_dir() || !lock_of(&folder.path).is_file();
                assert!(!lost, "run {run} of {name} lost its folder or its lock");
            }
        };
        std::thread::scope(|scope| {
            for name in ["a", "b", "c"] {
                scope.spawn(move || nights(name));
            }
        });
        assert_eq!(names(base), [""; 0]);
    }
}
