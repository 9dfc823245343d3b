//! Reads one entry and checks on the way that it is what was declared.

use crate::{
    bundle::{
        Entry, FileState,
        archive_directory::{LOCAL_HEADER_BYTES, Member, content_start},
    },
    error::{into_io, io_error, read_after_failure},
};
use flate2::{Crc, bufread::DeflateDecoder};
use roster_core::{Error, ErrorKind, Result};
use std::{
    fmt, fs,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Take},
    path::{Path, PathBuf},
    sync::Arc,
};

/// How much of an archive one system call reads.
const READ_BYTES: usize = 128 * 1024;

/// Reads an entry of a [`crate::Bundle`].
///
/// The end comes only after all checks have passed: the number of bytes, the checksum, and that the archive or file
/// did not change meanwhile.  Until then what was read must not be relied upon.
pub struct EntryReader {
    source: Source,
    name: Arc<str>,
    path: PathBuf,
    state: FileState,
    declared: u64,
    read: u64,
    /// The checksum so far and the one expected.
    checksum: Option<(Crc, u32)>,
    stage: Stage,
}

enum Source {
    Plain(Take<File>),
    Deflated(Box<DeflateDecoder<BufReader<Take<File>>>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Reading,
    Ended,
    Failed,
}

impl EntryReader {
    /// Reads a file of its own.
    pub(super) fn of_file(entry: &Entry, path: &Path, state: FileState) -> Result<Self> {
        let file = open_unchanged(entry, path, state)?;
        // One byte more than declared shows that the file has grown.
        let source = Source::Plain(file.take(entry.bytes.saturating_add(1)));
        Ok(Self::new(entry, path, state, source, None))
    }

    /// Reads a member of the archive at `path`.
    pub(super) fn of_member(
        entry: &Entry,
        path: &Path,
        state: FileState,
        member: &Member,
    ) -> Result<Self> {
        let mut file = open_unchanged(entry, path, state)?;
        let start = seek_content(&mut file, member)
            .map_err(|it| io_error(it, "bundle.read", &entry.name))?;
        if start
            .and_then(|it| it.checked_add(member.compressed_bytes))
            .is_none_or(|it| it > state.bytes)
        {
            let message = "the file is not where the archive says";
            return Err(damaged(message).context("file", &entry.name));
        }
        let content = file.take(member.compressed_bytes);
        let source = if member.deflated {
            let buffered = BufReader::with_capacity(READ_BYTES, content);
            Source::Deflated(Box::new(DeflateDecoder::new(buffered)))
        } else {
            Source::Plain(content)
        };
        Ok(Self::new(entry, path, state, source, Some((Crc::new(), member.crc_32))))
    }

    fn new(
        entry: &Entry,
        path: &Path,
        state: FileState,
        source: Source,
        checksum: Option<(Crc, u32)>,
    ) -> Self {
        Self {
            source,
            name: entry.name.clone(),
            path: path.to_owned(),
            state,
            declared: entry.bytes,
            read: 0,
            checksum,
            stage: Stage::Reading,
        }
    }

    /// Counts bytes that were just read, or checks everything at the end.
    fn account(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return self.check_end();
        }
        self.read += bytes.len() as u64;
        if self.read > self.declared {
            return Err(damaged("the file holds more than the archive declares, as in a zip bomb"));
        }
        if let Some((crc, _)) = &mut self.checksum {
            crc.update(bytes);
        }
        Ok(())
    }

    fn check_end(&self) -> Result<()> {
        self.check_unchanged()?;
        if self.read != self.declared {
            return Err(damaged("the file holds less than declared; it was cut off"));
        }
        match &self.checksum {
            Some((crc, expected)) if crc.sum() != *expected => {
                Err(damaged("the checksum of the file is wrong; it was damaged on its way"))
            }
            _ => Ok(()),
        }
    }

    fn check_unchanged(&self) -> Result<()> {
        let metadata = fs::metadata(&self.path);
        let now = metadata.and_then(|it| FileState::of(&it));
        if now.is_ok_and(|it| it == self.state) { Ok(()) } else { Err(changed()) }
    }

    /// The error to report: what changed while it was read is not ready, whatever came of that.
    fn fail(&mut self, error: Error) -> io::Error {
        self.stage = Stage::Failed;
        let error = match self.check_unchanged() {
            Ok(()) => error,
            Err(changed) => changed.source(error),
        };
        into_io(error.context("file", &self.name))
    }
}

impl Read for EntryReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.stage {
            Stage::Reading if !out.is_empty() => {}
            Stage::Reading | Stage::Ended => return Ok(0),
            Stage::Failed => {
                return Err(into_io(read_after_failure("bundle.read").context("file", &self.name)));
            }
        }
        let read = match self.source.read(out) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let error = self.source.error(error, &self.name);
                return Err(self.fail(error));
            }
        };
        if let Err(error) = self.account(&out[..read]) {
            return Err(self.fail(error));
        }
        if read == 0 {
            self.stage = Stage::Ended;
        }
        Ok(read)
    }
}

impl Source {
    fn error(&self, error: io::Error, name: &str) -> Error {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match self {
            Self::Deflated(_)
                if matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) =>
            {
                damaged("the compressed bytes of the file are damaged").source(error)
            }
            _ => io_error(error, "bundle.read", name),
        }
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(out),
            Self::Deflated(reader) => reader.read(out),
        }
    }
}

impl fmt::Debug for EntryReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryReader")
            .field("name", &self.name)
            .field("declared", &self.declared)
            .field("read", &self.read)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

fn open_unchanged(entry: &Entry, path: &Path, state: FileState) -> Result<File> {
    let open = || -> io::Result<_> {
        let file = File::open(path)?;
        let now = FileState::of(&file.metadata()?)?;
        Ok((file, now))
    };
    match open() {
        Ok((file, now)) if now == state => Ok(file),
        Ok(_) => Err(changed().context("file", &entry.name)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(changed().source(error).context("file", &entry.name))
        }
        Err(error) => Err(io_error(error, "bundle.read", &entry.name)),
    }
}

/// Moves to a member's first byte; `None` if there is no local file header before it.
fn seek_content(file: &mut File, member: &Member) -> io::Result<Option<u64>> {
    let mut header = Vec::new();
    file.seek(SeekFrom::Start(member.header_start))?;
    let read = file.by_ref().take(LOCAL_HEADER_BYTES).read_to_end(&mut header)?;
    if (read as u64) < LOCAL_HEADER_BYTES {
        return Ok(None);
    }
    match content_start(member.header_start, &header) {
        Some(start) => file.seek(SeekFrom::Start(start)).map(Some),
        None => Ok(None),
    }
}

fn damaged(message: &'static str) -> Error {
    Error::new(ErrorKind::Damaged, "bundle.read", message)
}

fn changed() -> Error {
    let message = "the file changed while it was read; it is still being written or was replaced";
    Error::new(ErrorKind::NotReady, "bundle.read", message)
}
