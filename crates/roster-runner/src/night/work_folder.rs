//! The folder that a night keeps its plan in: private, removed when the night ends, and cleared away by the next night
//! when the process was killed.

use roster_core::{DistrictId, Error, ErrorKind, Result};
use roster_sink::RunId;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

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
    /// Makes the folder inside `base`, after removing what killed nights of the district have left there.
    pub(super) fn create(base: &Path, district: &DistrictId, run: &RunId) -> Result<Self> {
        remove_abandoned(base, &prefix(district));
        let path = base.join(format!("{}{run}", prefix(district)));
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

/// A district id holds no `~`, so no district's folders look like another's.
fn prefix(district: &DistrictId) -> String {
    format!("homeroom-{district}~")
}

/// The lock comes first, so that nothing is ever there that no lock speaks of.
fn make(path: &Path) -> io::Result<File> {
    private_folder(path.parent().unwrap_or(path))?;
    let lock = File::create_new(lock_of(path))?;
    lock.lock()?;
    private_folder(path)?;
    Ok(lock)
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Removes the folder and then its lock.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => Err(err),
        _ => fs::remove_file(lock_of(path)),
    }
}

/// Removes folders whose nights no longer run.  One that cannot be removed is said and left.
fn remove_abandoned(base: &Path, prefix: &str) {
    let files = fs::read_dir(base).into_iter().flatten().flatten().map(|it| it.path());
    let of_district = |it: &Path| {
        let name = it.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with(prefix) && it.extension().is_some_and(|it| it == LOCK)
    };
    for path in files.filter(|it| of_district(it)) {
        let free = File::open(&path).is_ok_and(|it| it.try_lock().is_ok());
        let folder = path.with_extension("");
        if !free {
            continue;
        }
        match remove(&folder) {
            Ok(()) => {
                tracing::info!(folder = %folder.display(), "removed what a killed night had left");
            }
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "what a killed night has left cannot be removed");
            }
        }
    }
}

/// Run ids hold no dot, so the ending is the lock's alone.
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

    #[test]
    fn folders_of_killed_nights_are_removed_and_those_of_running_ones_are_not() {
        let base = tempfile::tempdir().unwrap();
        let district = "a".parse().unwrap();
        let open =
            |run: &str| WorkFolder::create(base.path(), &district, &RunId::from_text(run)).unwrap();
        let names = || {
            let mut names: Vec<_> =
                base.path().read_dir().unwrap().map(|it| it.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let killed = base.path().join("homeroom-a~killed");
        drop(make(&killed).unwrap());
        drop(make(&base.path().join("homeroom-a.b~other")).unwrap());
        let running = open("1");
        assert!(!killed.exists());
        let second = open("2");
        let others = ["homeroom-a.b~other", "homeroom-a.b~other.lock"];
        assert_eq!(names().len(), 6);
        assert!(base.path().join("homeroom-a~1").exists());
        drop((running, second));
        assert_eq!(names(), others);
    }
}
