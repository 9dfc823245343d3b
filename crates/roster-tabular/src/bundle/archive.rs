//! Opens a zip archive: finds its end, checks its list of entries, refuses what is hostile.

use crate::bundle::{
    BundleLimits, Entry, Located, Place,
    archive_directory::{self, Header, Span},
    damaged,
    entry_name::{is_litter, safe_name},
    open_error, recognize,
};
use roster_core::{Error, ErrorKind, Result};
use std::{
    collections::HashSet,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

/// The largest list of entries; at the most entries allowed by default it leaves 16 KiB for each.
const MAX_DIRECTORY_BYTES: u64 = 16 << 20;

/// Reads and checks the list of entries of an archive of `bytes` bytes.
pub(super) fn open(path: &Path, bytes: u64, limits: &BundleLimits) -> Result<Vec<Located>> {
    open_archive(path, bytes, limits).map_err(|it| it.context("path", path.display()))
}

fn open_archive(path: &Path, bytes: u64, limits: &BundleLimits) -> Result<Vec<Located>> {
    let mut archive =
        Archive { file: File::open(path).map_err(|it| open_error(it, path))?, path, bytes };
    let span = archive.directory_span()?;
    limits.check_count(span.entries)?;
    if span.bytes > MAX_DIRECTORY_BYTES {
        return Err(damaged("the list of entries is far larger than its entries need")
            .context("bytes", span.bytes));
    }
    let directory = archive.read_at(span.start, span.bytes)?;
    let headers = archive_directory::headers(&directory, &span)?;
    archive_directory::check_places(&headers, &span)?;
    let located = locate(&headers)?;
    limits.check(&located)?;
    Ok(located)
}

struct Archive<'a> {
    file: File,
    path: &'a Path,
    bytes: u64,
}

impl Archive<'_> {
    fn directory_span(&mut self) -> Result<Span> {
        let tail_bytes = self.bytes.min(archive_directory::MAX_TAIL_BYTES);
        let tail = self.read_at(self.bytes - tail_bytes, tail_bytes)?;
        let Some(end) = archive_directory::find_end(&tail) else { return Err(self.no_end()?) };
        let end_start = self.bytes - tail_bytes + end.at as u64;
        let Some(wide_start) = end.wide_start(&tail) else { return end.span(end_start) };
        let wide = self.read_at(wide_start, archive_directory::WIDE_END_BYTES)?;
        archive_directory::wide_span(&wide, wide_start)
    }

    /// The error for a file that does not end as an archive does.
    fn no_end(&mut self) -> Result<Error> {
        let start = self.read_at(0, self.bytes.min(512))?;
        let not_ready = |message| Error::new(ErrorKind::NotReady, "bundle.open", message);
        Ok(if start.is_empty() {
            not_ready("the file is empty; its upload has not begun or has failed")
        } else if start.starts_with(archive_directory::LOCAL_SIGNATURE) {
            not_ready(
                "the zip archive has no end yet; its upload is not finished or was broken off",
            )
        } else if start.iter().all(|it| *it == 0) {
            not_ready("the file starts with zeros only; its upload is not finished")
        } else {
            let what = recognize::describe(&start);
            damaged(format!("not a zip archive but {what}; send a zip archive of CSV files"))
        }
        .context("bytes", self.bytes))
    }

    fn read_at(&mut self, start: u64, bytes: u64) -> Result<Vec<u8>> {
        if start.checked_add(bytes).is_none_or(|it| it > self.bytes) {
            return Err(damaged("the zip archive's end points to places beyond it"));
        }
        let mut content = Vec::new();
        let read = self
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| (&self.file).take(bytes).read_to_end(&mut content));
        match read {
            Ok(read) if read as u64 == bytes => Ok(content),
            Ok(_) => {
                let message = "the file became shorter while it was read; it is being replaced";
                Err(Error::new(ErrorKind::NotReady, "bundle.open", message))
            }
            Err(error) => Err(open_error(error, self.path)),
        }
    }
}

/// Names the files, refusing what is hostile and leaving out folders and litter.
fn locate(headers: &[Header<'_>]) -> Result<Vec<Located>> {
    let mut names = HashSet::new();
    let mut located = Vec::new();
    for header in headers {
        let name = safe_name(header.name)?;
        if !names.insert(name.clone()) {
            return Err(damaged("two entries have the same name; it is not clear which is meant")
                .context("file", name));
        }
        if name == "[Content_Types].xml" {
            let message =
                "an Excel workbook or another Office document; export CSV files and zip them";
            return Err(damaged(message));
        }
        if name.ends_with('/') || name.is_empty() {
            continue;
        }
        header.check_readable().map_err(|it| it.context("file", &name))?;
        if !is_litter(&name) {
            let entry = Entry { name: name.into(), bytes: header.bytes };
            located.push((entry, Place::Member(header.member())));
        }
    }
    Ok(located)
}
