//! What a session may do with the files of its login.  All of it blocks.

use crate::{
    account::{Account, Ended},
    folder::{self, UPLOAD},
    name::{self, Inside, Refused},
};
use roster_tabular::is_temporary_name;
use russh_sftp::protocol::{FileAttributes, FileType, OpenFlags, StatusCode};
use std::{
    collections::HashMap,
    fs::{self, File, Metadata},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};
use tracing::{info, warn};

/// How many files and folders a session may have open.
const MOST_HANDLES: usize = 32;
/// How many names are told at once.
const NAMES_AT_ONCE: usize = 64;

/// Why something was not done: the protocol's code, and a sentence for whoever reads the client's log.
pub(crate) type Refusal = (StatusCode, &'static str);

/// A result for the client.
pub(crate) type Outcome<T = ()> = Result<T, Refusal>;

/// The files of a login, as one session sees them.
#[derive(Debug)]
pub(crate) struct Files {
    account: Arc<Account>,
    handles: HashMap<String, Handle>,
    opened: u64,
    /// Whether this session has sent files of a set in several files.
    sending: bool,
    /// Whether a file could not be written: then the set is not all there, however the session ends.
    failed: bool,
}

#[derive(Debug)]
enum Handle {
    Upload(Upload),
    Folder(Vec<(String, FileAttributes)>),
}

/// A file that is being sent.
#[derive(Debug)]
struct Upload {
    file: File,
    position: u64,
    bytes: u64,
    append: bool,
    /// Whether a piece of it could not be written: then it must not get its name, although clients close it all the same.
    failed: bool,
    target: PathBuf,
    /// Where it is until it is complete; `None` for names that say themselves that the file is not.
    staged: Option<PathBuf>,
}

impl Upload {
    fn write(&mut self, account: &Account, offset: u64, data: &[u8]) -> Outcome {
        let offset = if self.append { self.bytes } else { offset };
        let end = offset.checked_add(data.len() as u64).ok_or((StatusCode::Failure, FULL))?;
        let more = end.saturating_sub(self.bytes);
        if more > 0 && !account.grow(more) {
            return Err((StatusCode::Failure, FULL));
        }
        self.bytes += more;
        if self.position != offset {
            self.file.seek(SeekFrom::Start(offset)).map_err(|it| trouble(&it))?;
        }
        // Whatever comes of it, the next write has to find its place anew.
        self.position = u64::MAX;
        self.file.write_all(data).map_err(|it| trouble(&it))?;
        self.position = end;
        Ok(())
    }

    fn set_size(&mut self, account: &Account, bytes: u64) -> Outcome {
        if bytes > self.bytes && !account.grow(bytes - self.bytes) {
            return Err((StatusCode::Failure, FULL));
        }
        account.shrink(self.bytes.saturating_sub(bytes));
        self.file.set_len(bytes).map_err(|it| trouble(&it))?;
        self.bytes = bytes;
        Ok(())
    }
}

impl Files {
    pub(crate) fn new(account: Arc<Account>) -> Self {
        Self { account, handles: HashMap::new(), opened: 0, sending: false, failed: false }
    }

    /// Opens a file to be sent.
    pub(crate) fn open(&mut self, path: &str, flags: OpenFlags) -> Outcome<String> {
        if !flags.contains(OpenFlags::WRITE) && !flags.contains(OpenFlags::APPEND) {
            return Err((StatusCode::PermissionDenied, "files can be sent here, not fetched"));
        }
        self.check_handles()?;
        let (inside, target) = self.inside(path)?;
        if inside.is_root() {
            return Err((StatusCode::Failure, "this is a folder"));
        }
        let there = look(&target)?;
        if there.as_ref().is_some_and(|it| !it.is_file()) {
            return Err((StatusCode::Failure, "something else than a file has this name"));
        }
        if there.is_some() && flags.contains(OpenFlags::EXCLUDE) {
            return Err((StatusCode::Failure, "there is such a file"));
        }
        if there.is_none() && !flags.contains(OpenFlags::CREATE) {
            return Err((StatusCode::NoSuchFile, "there is no such file"));
        }
        let usage = self.account.begin().map_err(|it| trouble(&it))?;
        let opened = if there.is_none() && usage.files >= self.account.limits.max_files {
            Err((StatusCode::Failure, "there are too many files in this folder; delete some"))
        } else {
            self.start(&target, flags, there.as_ref())
        };
        match opened {
            Ok(upload) => Ok(self.keep(Handle::Upload(upload))),
            Err(refusal) => {
                self.account.end();
                Err(refusal)
            }
        }
    }

    fn start(
        &mut self,
        target: &Path,
        flags: OpenFlags,
        there: Option<&Metadata>,
    ) -> Outcome<Upload> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        if !name::is_archive(&name) {
            self.start_sending()?;
        }
        let keeps = there.filter(|_| !flags.contains(OpenFlags::TRUNCATE)).map(Metadata::len);
        let mut staged = None;
        let mut options = fs::OpenOptions::new();
        options.write(true);
        let path = if is_temporary_name(&name) {
            options.create(true).truncate(keeps.is_none());
            target.to_owned()
        } else {
            let path = self.free_path();
            if let Some(bytes) = keeps {
                self.grow(bytes)?;
                fs::copy(target, &path).map_err(|it| trouble(&it))?;
            } else {
                options.create_new(true);
            }
            staged = Some(path.clone());
            path
        };
        let file = options.open(path).map_err(|it| trouble(&it))?;
        let append = flags.contains(OpenFlags::APPEND);
        let bytes = keeps.unwrap_or_default();
        Ok(Upload {
            file,
            position: 0,
            bytes,
            append,
            failed: false,
            target: target.to_owned(),
            staged,
        })
    }

    /// Files that are no archives are parts of a set: nobody is to take it before the session has ended well.
    fn start_sending(&mut self) -> Outcome {
        if !self.sending {
            self.account.start_sending().map_err(|it| trouble(&it))?;
            self.sending = true;
        }
        Ok(())
    }

    fn free_path(&self) -> PathBuf {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        self.account.root.join(format!("{UPLOAD}{}-{number}", std::process::id()))
    }

    /// Writes a piece of a file.
    pub(crate) fn write(&mut self, handle: &str, offset: u64, data: &[u8]) -> Outcome {
        let account = self.account.clone();
        let upload = self.upload(handle)?;
        let written = upload.write(&account, offset, data);
        upload.failed |= written.is_err();
        written
    }

    /// Cuts off or extends a file that is being sent.
    pub(crate) fn set_size(&mut self, handle: &str, bytes: u64) -> Outcome {
        let account = self.account.clone();
        let upload = self.upload(handle)?;
        let set = upload.set_size(&account, bytes);
        upload.failed |= set.is_err();
        set
    }
    /// Closes a file, which then gets its name, or a folder.
    pub(crate) fn close(&mut self, handle: &str) -> Outcome {
        match self.handles.remove(handle) {
            None => Err(NO_HANDLE),
            Some(Handle::Folder(_)) => Ok(()),
            Some(Handle::Upload(upload)) => {
                self.account.end();
                if upload.failed {
                    self.failed = true;
                    self.throw_away(upload);
                    return Err((
                        StatusCode::Failure,
                        "a part of the file could not be written; send it again",
                    ));
                }
                self.complete(upload)
            }
        }
    }

    fn complete(&self, upload: Upload) -> Outcome {
        let Upload { file, bytes, target, staged, .. } = upload;
        // What the client is told to be there is there after a power cut, too.
        file.sync_data().map_err(|it| trouble(&it))?;
        drop(file);
        let replaced = look(&target)?.map_or(0, |it| it.len());
        if let Some(staged) = staged {
            fs::rename(&staged, &target).map_err(|it| {
                _ = fs::remove_file(&staged);
                trouble(&it)
            })?;
            self.account.shrink(replaced);
        }
        self.account.changed();
        self.tell(&target, "a file was sent", bytes);
        Ok(())
    }

    fn tell(&self, target: &Path, what: &str, bytes: u64) {
        let file = target.strip_prefix(&self.account.root).unwrap_or(target).display();
        info!(login = self.account.name, %file, bytes, "{what}");
    }

    /// Opens a folder to be listed.
    pub(crate) fn open_folder(&mut self, path: &str) -> Outcome<String> {
        self.check_handles()?;
        let (inside, folder) = self.inside(path)?;
        if !inside.is_root() && !look(&folder)?.ok_or(NO_FILE)?.is_dir() {
            return Err((StatusCode::Failure, "this is no folder"));
        }
        let mut listed = Vec::new();
        for (path, name) in folder::entries(&folder).map_err(|it| trouble(&it))? {
            let hidden = name::is_reserved(&name);
            if let Some(found) = look(&path)?.filter(|it| !hidden && (it.is_file() || it.is_dir()))
            {
                listed.push((name, attributes(&found)));
            }
        }
        listed.sort_by(|a, b| b.0.cmp(&a.0));
        Ok(self.keep(Handle::Folder(listed)))
    }

    /// The next names of a folder; none at its end.
    pub(crate) fn names(&mut self, handle: &str) -> Outcome<Vec<(String, FileAttributes)>> {
        let Some(Handle::Folder(left)) = self.handles.get_mut(handle) else {
            return Err(NO_HANDLE);
        };
        let from = left.len().saturating_sub(NAMES_AT_ONCE);
        Ok(left.drain(from..).rev().collect())
    }

    /// What is at a path.
    pub(crate) fn stat(&self, path: &str) -> Outcome<FileAttributes> {
        let (_, path) = self.inside(path)?;
        let found = look(&path)?.filter(|it| it.is_file() || it.is_dir()).ok_or(NO_FILE)?;
        Ok(attributes(&found))
    }

    /// What is behind a handle.
    pub(crate) fn stat_handle(&self, handle: &str) -> Outcome<FileAttributes> {
        match self.handles.get(handle).ok_or(NO_HANDLE)? {
            Handle::Upload(upload) => {
                upload.file.metadata().map(|it| attributes(&it)).map_err(|it| trouble(&it))
            }
            Handle::Folder(_) => fs::metadata(&self.account.root)
                .map(|it| attributes(&it))
                .map_err(|it| trouble(&it)),
        }
    }

    /// Gives a file or folder another name; a file that has it is replaced.
    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Outcome {
        let ((from_inside, from), (to_inside, to)) = (self.inside(from)?, self.inside(to)?);
        let found = look(&from)?.ok_or(NO_FILE)?;
        if from_inside.is_root() || to_inside.is_root() || !(found.is_file() || found.is_dir()) {
            return Err((StatusCode::PermissionDenied, "this cannot be renamed"));
        }
        let deep = found.is_dir() && to_inside.0.len() > 1;
        let replaced = look(&to)?;
        if deep || replaced.as_ref().is_some_and(|it| !(it.is_file() && found.is_file())) {
            return Err((StatusCode::Failure, "something that cannot be replaced has this name"));
        }
        if !name::is_archive(to_inside.0.last().map_or("", String::as_str)) {
            self.start_sending()?;
        }
        if found.is_file() {
            // It came when it got its final name.
            let opened = fs::OpenOptions::new().write(true).open(&from);
            opened.and_then(|it| it.set_modified(SystemTime::now())).map_err(|it| trouble(&it))?;
        }
        fs::rename(&from, &to).map_err(|it| trouble(&it))?;
        self.account.shrink(replaced.map_or(0, |it| it.len()));
        self.account.changed();
        self.tell(&to, "a file was renamed", found.len());
        Ok(())
    }

    /// Deletes a file.
    pub(crate) fn remove(&mut self, path: &str) -> Outcome {
        let (_, path) = self.inside(path)?;
        let found = look(&path)?.ok_or(NO_FILE)?;
        if !found.is_file() {
            return Err((StatusCode::Failure, "this is no file"));
        }
        fs::remove_file(&path).map_err(|it| trouble(&it))?;
        self.account.shrink(found.len());
        self.tell(&path, "a file was deleted", found.len());
        Ok(())
    }

    /// Makes a folder, which is a set of its own.
    pub(crate) fn make_folder(&mut self, path: &str) -> Outcome {
        let (inside, path) = self.inside(path)?;
        if inside.0.len() != 1 {
            return Err((StatusCode::PermissionDenied, "folders can be made at the top only"));
        }
        let usage = folder::usage(&self.account.root).map_err(|it| trouble(&it))?;
        if usage.files >= self.account.limits.max_files {
            return Err((
                StatusCode::Failure,
                "there are too many files in this folder; delete some",
            ));
        }
        self.start_sending()?;
        private_folder(&path).map_err(|it| trouble(&it))
    }

    /// Deletes a folder that is empty.
    pub(crate) fn remove_folder(&mut self, path: &str) -> Outcome {
        let (inside, path) = self.inside(path)?;
        if inside.is_root() || !look(&path)?.ok_or(NO_FILE)?.is_dir() {
            return Err((StatusCode::Failure, "this is no folder, or cannot be deleted"));
        }
        fs::remove_dir(path).map_err(|it| trouble(&it))
    }

    /// Ends the session: what was not closed is thrown away, unless its name says that it may be half.
    pub(crate) fn end(mut self, lost: bool) -> Ended {
        let mut ended = if lost || self.failed { Ended::BrokenOff } else { Ended::Well };
        for (_, handle) in std::mem::take(&mut self.handles) {
            let Handle::Upload(upload) = handle else { continue };
            ended = Ended::BrokenOff;
            self.account.end();
            self.throw_away(upload);
        }
        if self.sending
            && let Err(error) = self.account.stop_sending(ended)
        {
            warn!(login = self.account.name, %error, "the mark of an upload cannot be removed");
        }
        ended
    }

    fn throw_away(&self, upload: Upload) {
        if let Some(staged) = upload.staged {
            _ = fs::remove_file(staged);
            self.account.shrink(upload.bytes);
        }
    }

    fn inside(&self, path: &str) -> Outcome<(Inside, PathBuf)> {
        let inside = Inside::parse(path).map_err(|it| match it {
            Refused::Name => {
                warn!(
                    login = self.account.name,
                    "a path was refused that leads out or has a name that is not allowed"
                );
                (
                    StatusCode::PermissionDenied,
                    "this path leads out of the folder, or has a name that is not allowed",
                )
            }
            Refused::Hidden => (StatusCode::PermissionDenied, "this name is taken by the server"),
        })?;
        let path = self.account.path(&inside);
        if let [folder, _] = inside.0.as_slice() {
            // A link could lead anywhere.
            let found = look(&self.account.root.join(folder))?.ok_or(NO_FILE)?;
            if !found.is_dir() {
                return Err((StatusCode::NoSuchFile, "there is no such folder"));
            }
        }
        Ok((inside, path))
    }

    fn upload(&mut self, handle: &str) -> Outcome<&mut Upload> {
        match self.handles.get_mut(handle) {
            Some(Handle::Upload(upload)) => Ok(upload),
            _ => Err(NO_HANDLE),
        }
    }

    fn grow(&self, bytes: u64) -> Outcome {
        if self.account.grow(bytes) { Ok(()) } else { Err((StatusCode::Failure, FULL)) }
    }

    fn check_handles(&self) -> Outcome {
        if self.handles.len() < MOST_HANDLES {
            return Ok(());
        }
        Err((StatusCode::Failure, "too many files are open; close some"))
    }

    fn keep(&mut self, handle: Handle) -> String {
        self.opened += 1;
        let name = self.opened.to_string();
        self.handles.insert(name.clone(), handle);
        name
    }
}

const FULL: &str = "the folder is full; delete something, or ask for more room";
const NO_FILE: Refusal = (StatusCode::NoSuchFile, "there is no such file or folder");
const NO_HANDLE: Refusal = (StatusCode::Failure, "nothing is open by this handle");

/// What is at a path itself, links not followed; `None` if nothing is there.
fn look(path: &Path) -> Outcome<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(it) => Ok(Some(it)),
        Err(it) if it.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(it) => Err(trouble(&it)),
    }
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// What the client is told of the disk; the rest is for our own log.
fn trouble(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::NotFound => NO_FILE,
        io::ErrorKind::AlreadyExists => (StatusCode::Failure, "there is something of this name"),
        io::ErrorKind::DirectoryNotEmpty => (StatusCode::Failure, "the folder is not empty"),
        kind => {
            warn!(%kind, "the disk failed an upload");
            (StatusCode::Failure, "the server's disk failed; try again, and tell those who run it")
        }
    }
}

/// What clients are told of a file or folder: everything is the login's own.
fn attributes(metadata: &Metadata) -> FileAttributes {
    let since =
        metadata.modified().ok().and_then(|it| it.duration_since(SystemTime::UNIX_EPOCH).ok());
    let modified = since.and_then(|it| u32::try_from(it.as_secs()).ok());
    let (kind, rights) =
        if metadata.is_dir() { (FileType::Dir, 0o700) } else { (FileType::File, 0o600) };
    let mut attributes = FileAttributes {
        size: Some(if kind.is_dir() { 0 } else { metadata.len() }),
        permissions: Some(rights),
        atime: modified,
        mtime: modified,
        ..FileAttributes::default()
    };
    attributes.set_dir(kind.is_dir());
    attributes.set_regular(!kind.is_dir());
    attributes
}
