//! Writing a whole fileset beside its place, and putting it there when it is whole.

use crate::Snapshot;
use futures::StreamExt as _;
use roster_core::{EntityKind, Error, ErrorKind, Result};
use roster_oneroster::{
    Version,
    export::{ExportReport, RowSource, RowsIter, write_fileset},
};
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufWriter},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tempfile::{Builder, NamedTempFile};
use tokio::{runtime::Handle, task::spawn_blocking};

/// Ending of a file's name while it is being written.
const PARTIAL: &str = "partial";
/// For so long a file may be there before its writer has locked it.
const UNLOCKED: Duration = Duration::from_secs(10);

/// A OneRoster zip that is written and not yet in its place; dropped, it is gone.
#[derive(Debug)]
pub struct OneRosterFile {
    partial: NamedTempFile,
    target: PathBuf,
    report: ExportReport,
}

impl OneRosterFile {
    /// Writes a district's published rows beside `target`, readable by its owner alone, with a comment that readers of
    /// the standard pass over.  Asks `proceed` before every batch; its error ends the writing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] and [`ErrorKind::PermissionDenied`] when it cannot be written, those of the rows, that
    /// of `proceed`, and [`ErrorKind::Unsupported`] for an edition that is only read.
    pub async fn write(
        rows: Arc<dyn Snapshot>,
        version: Version,
        target: &Path,
        comment: &str,
        proceed: impl Fn() -> Result<()> + Send + 'static,
    ) -> Result<Self> {
        let mut rows = PublishedRows { rows, proceed, runtime: Handle::current() };
        let (target, comment) = (target.to_owned(), comment.to_owned());
        let task = spawn_blocking(move || Self::write_whole(&mut rows, version, target, &comment));
        task.await.map_err(|err| {
            Error::new(ErrorKind::Internal, "oneroster.write", "the writing broke off").source(err)
        })?
    }

    fn write_whole(
        rows: &mut dyn RowSource,
        version: Version,
        target: PathBuf,
        comment: &str,
    ) -> Result<Self> {
        let unwritable = |err| write_error(&target, err);
        let partial = make_partial(&target).map_err(unwritable)?;
        let (out, report) = write_fileset(BufWriter::new(partial), version, rows, comment)?;
        let partial = out.into_inner().map_err(|err| unwritable(err.into_error()))?;
        partial.as_file().sync_all().map_err(unwritable)?;
        Ok(Self { partial, target, report })
    }

    /// Gives the file its name, which must be free.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when it is not, or the file cannot be moved.
    pub fn place(self) -> Result<ExportReport> {
        let Self { partial, target, report } = self;
        partial.persist_noclobber(&target).map_err(|err| write_error(&target, err.error))?;
        settle(&target);
        Ok(report)
    }

    /// Puts the file in the place of what is there, whose permissions it takes over.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] and [`ErrorKind::PermissionDenied`] when the file cannot be moved.
    pub fn replace(self) -> Result<ExportReport> {
        let Self { partial, target, report } = self;
        if let Ok(there) = fs::metadata(&target) {
            let taken_over = partial.as_file().set_permissions(there.permissions());
            taken_over.map_err(|err| write_error(&target, err))?;
        }
        partial.persist(&target).map_err(|err| write_error(&target, err.error))?;
        settle(&target);
        Ok(report)
    }
}

/// The rows, for a writer that waits for them.
struct PublishedRows<P> {
    rows: Arc<dyn Snapshot>,
    proceed: P,
    runtime: Handle,
}

impl<P: Fn() -> Result<()>> RowSource for PublishedRows<P> {
    fn rows(&mut self, entity: EntityKind) -> Result<RowsIter<'_>> {
        let mut batches = self.rows.rows(entity);
        Ok(Box::new(std::iter::from_fn(move || match (self.proceed)() {
            Ok(()) => self.runtime.block_on(batches.next()),
            Err(error) => Some(Err(error)),
        })))
    }
}

/// A hidden file beside another.
pub(super) fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".");
    name.push(ending);
    folder_of(target).join(name)
}

fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a file beside the target, locked while it is written.
fn make_partial(target: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push(".");
    let mut builder = Builder::new();
    let suffix = format!(".{PARTIAL}");
    let partial = builder.prefix(&prefix).suffix(&suffix).tempfile_in(folder_of(target))?;
    // Where files cannot be locked, nothing is removed either.
    _ = partial.as_file().try_lock();
    Ok(partial)
}

/// Removes what killed writers have left: half a file is of no use and holds personal data.
pub(super) fn remove_abandoned(target: &Path) {
    let prefix = format!(".{}.", target.file_name().unwrap_or_default().to_string_lossy());
    let suffix = format!(".{PARTIAL}");
    for entry in fs::read_dir(folder_of(target)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&prefix) && name.ends_with(&suffix) && is_abandoned(&entry.path()) {
            _ = fs::remove_file(entry.path());
        }
    }
}

fn is_abandoned(path: &Path) -> bool {
    let Ok(file) = File::options().write(true).open(path) else { return false };
    let modified = file.metadata().and_then(|it| it.modified());
    let old = modified.is_ok_and(|it| it.elapsed().is_ok_and(|it| it >= UNLOCKED));
    old && file.try_lock().is_ok()
}

/// Has the new name survive a power cut, where the system lets a folder be synchronized.
fn settle(target: &Path) {
    if let Ok(folder) = File::open(folder_of(target)) {
        _ = folder.sync_all();
    }
}

pub(super) fn write_error(path: &Path, err: io::Error) -> Error {
    let (kind, message) = match err.kind() {
        io::ErrorKind::PermissionDenied => {
            (ErrorKind::PermissionDenied, "the file or its folder may not be read or written")
        }
        io::ErrorKind::StorageFull => {
            (ErrorKind::Unavailable, "the disk is full; free some space and run again")
        }
        io::ErrorKind::NotFound => {
            (ErrorKind::ConfigInvalid, "the folder of the file is not there; make it")
        }
        io::ErrorKind::IsADirectory => {
            (ErrorKind::ConfigInvalid, "there is a folder of this name; name another file")
        }
        io::ErrorKind::AlreadyExists => {
            (ErrorKind::ConfigInvalid, "there is a file of this name already; name another one")
        }
        _ => (ErrorKind::Unavailable, "the file cannot be written or read; check its disk"),
    };
    Error::new(kind, "oneroster.write", message).context("path", path.display()).source(err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_writer_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.zip");
        let old = std::time::SystemTime::now() - 2 * UNLOCKED;
        let make = |name: &str, old: Option<_>| {
            let file = File::create(folder.path().join(name)).unwrap();
            if let Some(old) = old {
                file.set_modified(old).unwrap();
            }
            file
        };
        let names = [".out.zip.a.partial", ".other.zip.b.partial", "out.zip", ".out.zip.erasing"];
        for name in names {
            make(name, Some(old));
        }
        make(".out.zip.c.partial", None);
        let at_work = make(".out.zip.d.partial", Some(old));
        at_work.lock().unwrap();
        remove_abandoned(&target);
        let names = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name());
        let mut names: Vec<_> = names.map(|it| it.into_string().unwrap()).collect();
        names.sort();
        assert_eq!(
            names,
            [
                ".other.zip.b.partial",
                ".out.zip.c.partial",
                ".out.zip.d.partial",
                ".out.zip.erasing",
                "out.zip"
            ]
        );
    }
}
