//! The records of a zip archive, as PKWARE's APPNOTE.TXT (6.3.10) lays them out: the end of central directory record
//! (4.3.16), its zip64 form (4.3.14, 4.3.15) and the central directory's file headers (4.3.12).
//!
//! There is one reading of an archive: its end record is the last thing in the file, and the directory is where that
//! record says.  Data before or behind an archive, which other programs skip, is refused.

use crate::bundle::damaged;
use roster_core::Result;

/// How every file in an archive begins.
pub(super) const LOCAL_SIGNATURE: &[u8] = b"PK\x03\x04";

/// The length of a local file header without name and extra field.
pub(super) const LOCAL_HEADER_BYTES: u64 = 30;

const HEADER_SIGNATURE: &[u8] = b"PK\x01\x02";
const HEADER_BYTES: usize = 46;
const END_SIGNATURE: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const WIDE_LOCATOR_SIGNATURE: &[u8] = b"PK\x06\x07";
const WIDE_LOCATOR_BYTES: usize = 20;
const WIDE_END_SIGNATURE: &[u8] = b"PK\x06\x06";

/// The length of the zip64 end record without its extensible data.
pub(super) const WIDE_END_BYTES: u64 = 56;

/// How much of the file's end can hold the end record: its comment is up to 64 KiB, and there may be padding.
pub(super) const MAX_TAIL_BYTES: u64 = 128 * 1024;

/// Method numbers of 4.4.5.
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// Where the central directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) bytes: u64,
    pub(super) entries: u64,
}

/// An end record, found at a place in the file's tail.
pub(super) struct End<'a> {
    pub(super) at: usize,
    record: &'a [u8],
}

/// Where a file's compressed bytes are, and what they must turn out to be.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Where the local file header starts.
    pub(super) header_start: u64,
    pub(super) compressed_bytes: u64,
    pub(super) deflated: bool,
    pub(super) crc_32: u32,
}

/// A file header of the central directory.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) name: &'a [u8],
    pub(super) bytes: u64,
    compressed_bytes: u64,
    start: u64,
    crc_32: u32,
    flags: u16,
    method: u16,
    symbolic_link: bool,
}

/// Finds the end record, which must be the last thing in the file but for padding.
pub(super) fn find_end(tail: &[u8]) -> Option<End<'_>> {
    let padding = |it: &u8| matches!(it, 0 | b'\n' | b'\r' | b' ' | 0x1a);
    memchr::memmem::rfind_iter(tail, END_SIGNATURE).find_map(|at| {
        let record = tail.get(at..at + END_BYTES)?;
        let rest = tail.get(at + END_BYTES + usize::from(u16_at(record, 20))..)?;
        rest.iter().all(padding).then_some(End { at, record })
    })
}

impl End<'_> {
    /// Where the zip64 end record is, if there is one.
    pub(super) fn wide_start(&self, tail: &[u8]) -> Option<u64> {
        let locator = tail.get(self.at.checked_sub(WIDE_LOCATOR_BYTES)?..self.at)?;
        let wanted = u16_at(self.record, 10) == u16::MAX
            || u32_at(self.record, 12) == u32::MAX
            || u32_at(self.record, 16) == u32::MAX;
        (wanted && locator.starts_with(WIDE_LOCATOR_SIGNATURE)).then(|| u64_at(locator, 8))
    }

    /// The directory; `start` is where this record is in the file.
    pub(super) fn span(&self, start: u64) -> Result<Span> {
        let one_disk = u16_at(self.record, 4) == 0
            && u16_at(self.record, 6) == 0
            && u16_at(self.record, 8) == u16_at(self.record, 10);
        let span = Span {
            start: u64::from(u32_at(self.record, 16)),
            bytes: u64::from(u32_at(self.record, 12)),
            entries: u64::from(u16_at(self.record, 10)),
        };
        span.check(start, one_disk)
    }
}

/// The directory, by the zip64 end record that starts at `start`.
pub(super) fn wide_span(record: &[u8], start: u64) -> Result<Span> {
    if !record.starts_with(WIDE_END_SIGNATURE) {
        return Err(damaged("the zip64 end of the archive is not where the archive says"));
    }
    let one_disk = u32_at(record, 16) == 0
        && u32_at(record, 20) == 0
        && u64_at(record, 24) == u64_at(record, 32);
    let span =
        Span { start: u64_at(record, 48), bytes: u64_at(record, 40), entries: u64_at(record, 32) };
    span.check(start, one_disk)
}

impl Span {
    fn check(self, end_start: u64, one_disk: bool) -> Result<Self> {
        if !one_disk {
            return Err(damaged("one part of an archive that was split; send it in one piece"));
        }
        if self.start.checked_add(self.bytes).is_none_or(|it| it > end_start) {
            return Err(damaged("the list of entries is not where the archive says"));
        }
        Ok(self)
    }
}

/// The file headers in a central directory.
pub(super) fn headers<'a>(directory: &'a [u8], span: &Span) -> Result<Vec<Header<'a>>> {
    let mut rest = directory;
    let mut headers = Vec::new();
    for _ in 0..span.entries {
        let (header, more) = header(rest)
            .ok_or_else(|| damaged("the list of entries is broken or ends too early"))?;
        headers.push(header);
        rest = more;
    }
    Ok(headers)
}

fn header(directory: &[u8]) -> Option<(Header<'_>, &[u8])> {
    let (fixed, rest) = directory.split_at_checked(HEADER_BYTES)?;
    if !fixed.starts_with(HEADER_SIGNATURE) {
        return None;
    }
    let (name, rest) = rest.split_at_checked(usize::from(u16_at(fixed, 28)))?;
    let (extra, rest) = rest.split_at_checked(usize::from(u16_at(fixed, 30)))?;
    let (_comment, rest) = rest.split_at_checked(usize::from(u16_at(fixed, 32)))?;
    let mut wide = wide_numbers(extra);
    let mut number = |at| match u32_at(fixed, at) {
        u32::MAX => wide.next(),
        narrow => Some(u64::from(narrow)),
    };
    // The order is that of the zip64 extra field (4.5.3), which holds only the numbers that did not fit.
    let (bytes, compressed_bytes, start) = (number(24)?, number(20)?, number(42)?);
    let made_by_unix = fixed[5] == 3;
    let header = Header {
        name,
        bytes,
        compressed_bytes,
        start,
        crc_32: u32_at(fixed, 16),
        flags: u16_at(fixed, 8),
        method: u16_at(fixed, 10),
        symbolic_link: made_by_unix && u32_at(fixed, 38) >> 28 == 0xa,
    };
    Some((header, rest))
}

/// The numbers in a header's zip64 extra field.
fn wide_numbers(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut found: &[u8] = &[];
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let (content, rest) =
            rest.split_at_checked(usize::from(u16_at(head, 2))).unwrap_or((rest, &[]));
        if u16_at(head, 0) == 1 {
            found = content;
            break;
        }
        extra = rest;
    }
    found.chunks_exact(8).map(|it| u64_at(it, 0))
}

/// Checks that the files lie one behind the other before the directory: overlapping ones multiply a zip bomb.
pub(super) fn check_places(headers: &[Header<'_>], span: &Span) -> Result<()> {
    let mut places: Vec<(u64, u64)> = Vec::new();
    for header in headers {
        let end = LOCAL_HEADER_BYTES
            .checked_add(header.compressed_bytes)
            .and_then(|it| it.checked_add(header.start))
            .filter(|it| *it <= span.start)
            .ok_or_else(|| damaged("a file reaches into the archive's list of entries"))?;
        places.push((header.start, end));
    }
    places.sort_unstable();
    if places.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(damaged("files overlap in the archive, as in a zip bomb"));
    }
    Ok(())
}

impl Header<'_> {
    /// Refuses what cannot be read.
    pub(super) fn check_readable(&self) -> Result<()> {
        // Bit 0: encrypted; bit 13: the directory is encrypted (4.4.4); 99: the WinZip form of encryption.
        if self.flags & 0x2001 != 0 || self.method == 99 {
            return Err(damaged("a file is encrypted; send the archive without a password"));
        }
        if !matches!(self.method, STORED | DEFLATED) {
            return Err(damaged(
                "a file is compressed by a method other than deflate; pack it anew",
            )
            .context("method", method_name(self.method)));
        }
        if self.method == STORED && self.bytes != self.compressed_bytes {
            return Err(damaged("a file that is not compressed declares two sizes"));
        }
        if self.symbolic_link {
            return Err(damaged("an entry is a symbolic link; pack the file itself"));
        }
        Ok(())
    }

    /// Where its bytes are.
    pub(super) fn member(&self) -> Member {
        Member {
            header_start: self.start,
            compressed_bytes: self.compressed_bytes,
            deflated: self.method == DEFLATED,
            crc_32: self.crc_32,
        }
    }
}

/// Where a file's bytes start, by its local file header (4.3.7); `None` if that is no local file header.
pub(super) fn content_start(header_start: u64, header: &[u8]) -> Option<u64> {
    if !header.starts_with(LOCAL_SIGNATURE) {
        return None;
    }
    let names = u64::from(u16_at(header, 26)) + u64::from(u16_at(header, 28));
    header_start.checked_add(LOCAL_HEADER_BYTES + names)
}

fn method_name(method: u16) -> String {
    let name = match method {
        9 => "deflate64",
        12 => "bzip2",
        14 => "lzma",
        93 => "zstd",
        95 => "xz",
        98 => "ppmd",
        _ => return method.to_string(),
    };
    name.to_owned()
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
