//! Reads CSV record by record, in bounded memory, and says what is malformed instead of guessing.
//!
//! The rules are those of RFC 4180, with what files in the field need on top: any of LF, CR LF and CR ends a line,
//! blank lines are skipped, spaces around a quoted value are ignored, a byte order mark is skipped, UTF-16 is decoded,
//! and a record that is not UTF-8 is read as Windows-1252.  Quotes are taken strictly: a reader that accepts any input
//! (as csv-core does, against which this one is tested) lets one forgotten quote swallow all records up to the next.

mod input;
mod record;
mod split;

pub use record::Record;

use crate::csv::{
    input::Input,
    split::{Scan, Splitter},
};
use roster_core::Result;
use std::{fmt, io::Read};

/// How much of one record is held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvLimits {
    /// The longest record, in bytes without its line end; default 1 MiB.
    pub max_record_bytes: usize,
    /// The most cells a record may have; default 4,096.
    pub max_columns: usize,
}

impl Default for CsvLimits {
    fn default() -> Self {
        Self { max_record_bytes: 1 << 20, max_columns: 4_096 }
    }
}

/// What [`CsvReader::read`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// A record.
    Record,
    /// A record that cannot be read; [`Record::line`] says where it starts, and it has no cells.  The next call goes
    /// on with the line after the first line of the malformed record.
    Malformed(Malformed),
    /// The end of the file.
    End,
}

/// Why a record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// A quote stands inside an unquoted value, or text follows a closing quote.
    StrayQuote,
    /// A quote is opened and not closed where it could have been meant.
    UnclosedQuote,
    /// The record is longer than [`CsvLimits::max_record_bytes`].
    TooLong,
    /// The record has more cells than [`CsvLimits::max_columns`].
    TooManyColumns,
}

/// Streaming CSV reader.
///
/// Holds one buffer, which never grows much beyond [`CsvLimits::max_record_bytes`], and allocates nothing per record
/// once its buffers have reached the size of the longest record.
pub struct CsvReader<R> {
    input: Input<R>,
    splitter: Splitter,
    limits: CsvLimits,
    /// Find the delimiter out from the first line.
    guess: bool,
    width: Option<usize>,
    /// One-based line of the next byte.
    line: u64,
    before: Before,
    /// The next byte belongs to a line that was already reported as too long.
    inside_long_line: bool,
    windows_1252_line: Option<u64>,
    unquoted: Vec<u8>,
}

/// What stands before the next byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Text,
    LineFeed,
    /// An LF that follows belongs to the same line end.
    Return,
}

impl<R: Read> CsvReader<R> {
    /// A reader for cells that are separated by `delimiter`, an ASCII byte other than the space; does
    /// not read yet.
    pub fn new(reader: R, limits: CsvLimits, delimiter: u8) -> Self {
        Self {
            input: Input::new(reader, limits.max_record_bytes),
            splitter: Splitter::new(delimiter),
            limits,
            guess: false,
            width: None,
            line: 1,
            before: Before::Text,
            inside_long_line: false,
            windows_1252_line: None,
            unquoted: Vec::new(),
        }
    }

    /// A reader that takes the delimiter from the first line, as [`guess_delimiter`] does; does not read yet.
    pub fn guessing(reader: R, limits: CsvLimits) -> Self {
        Self { guess: true, ..Self::new(reader, limits, b',') }
    }

    /// Tells how many cells the header has.
    ///
    /// From then on a record that spans lines and has another number of cells counts as
    /// [`Malformed::UnclosedQuote`]: a quote that was closed by chance some lines later then costs one record and not
    /// all the lines between.
    pub fn set_width(&mut self, columns: usize) {
        self.width = Some(columns);
    }

    /// The byte between cells.
    pub fn delimiter(&self) -> u8 {
        self.splitter.delimiter()
    }

    /// The line of the first record that was not UTF-8 and was therefore read as Windows-1252.  Each such record is
    /// decoded by itself, so a file of both encodings comes out right.
    pub fn windows_1252_line(&self) -> Option<u64> {
        self.windows_1252_line
    }

    /// Whether the file ends right behind what was read last, without a line end: the last record of some exports, and
    /// the last one of an upload that broke off.
    pub fn ends_without_line_end(&self) -> bool {
        self.before == Before::Text && self.input.has_ended() && self.input.data().is_empty()
    }

    /// Reads the next record into `record`, whose memory is used again.
    ///
    /// # Errors
    ///
    /// The reader's own error (see [`crate::io_error`]).  After an error every further call fails too: a file that
    /// broke off never looks like one that ended.
    pub fn read(&mut self, record: &mut Record) -> Result<ReadOutcome> {
        self.input.check_usable()?;
        self.begin()?;
        loop {
            self.pass_long_line()?;
            let more = self.pass_line_ends()?;
            record.clear(self.line);
            if !more {
                return Ok(ReadOutcome::End);
            }
            let outcome = self.read_one(record)?;
            if outcome != ReadOutcome::Record || !record.is_blank_line() {
                return Ok(outcome);
            }
        }
    }

    /// What is known only from the first bytes.
    fn begin(&mut self) -> Result<()> {
        if self.input.is_begun() {
            return Ok(());
        }
        self.input.fill()?;
        if self.guess {
            let data = self.input.data();
            let first = memchr::memchr2(b'\n', b'\r', data).unwrap_or(data.len());
            self.splitter = Splitter::new(guess_delimiter(&data[..first]));
        }
        Ok(())
    }

    fn read_one(&mut self, record: &mut Record) -> Result<ReadOutcome> {
        loop {
            let data = self.input.data();
            let scan = self.splitter.scan(data, self.input.has_ended(), record, &mut self.unquoted);
            match scan {
                Scan::More if data.len() <= self.limits.max_record_bytes => self.input.fill()?,
                Scan::More => return Ok(self.reject(record, too_long(data))),
                Scan::Malformed(reason) => return Ok(self.reject(record, reason)),
                Scan::Record { length, lines } => return Ok(self.accept(record, length, lines)),
            }
        }
    }

    /// Takes the record that spans `length` bytes and `lines` line ends, unless it breaks a limit.
    fn accept(&mut self, record: &mut Record, length: usize, lines: u64) -> ReadOutcome {
        let data = &self.input.data()[..length];
        let reason = if length > self.limits.max_record_bytes {
            Some(too_long(data))
        } else if lines > 0 && self.width.is_some_and(|it| it != record.len()) {
            Some(Malformed::UnclosedQuote)
        } else if record.len() > self.limits.max_columns {
            Some(Malformed::TooManyColumns)
        } else {
            None
        };
        if let Some(reason) = reason {
            return self.reject(record, reason);
        }
        let bytes = if record.is_quoted() { self.unquoted.as_slice() } else { data };
        if !record.set_text(bytes) {
            self.windows_1252_line.get_or_insert(self.line);
        }
        self.line += lines;
        self.input.consume(length);
        self.pass_line_end();
        ReadOutcome::Record
    }

    /// Leaves the first line of the malformed record behind.
    fn reject(&mut self, record: &mut Record, reason: Malformed) -> ReadOutcome {
        record.clear(self.line);
        self.inside_long_line = true;
        self.leave_line();
        ReadOutcome::Malformed(reason)
    }

    /// Consumes what is buffered of the line; its end, if it is there, ends it.
    fn leave_line(&mut self) {
        let data = self.input.data();
        let end = memchr::memchr2(b'\n', b'\r', data);
        let length = end.unwrap_or(data.len());
        self.input.consume(length);
        if end.is_some() {
            self.inside_long_line = false;
            self.pass_line_end();
        }
    }

    /// Reads on to the end of a line that was reported as malformed, holding no more than one buffer of it.
    fn pass_long_line(&mut self) -> Result<()> {
        while self.inside_long_line {
            if self.input.data().is_empty() {
                if self.input.has_ended() {
                    self.inside_long_line = false;
                    break;
                }
                self.input.fill()?;
            }
            self.leave_line();
        }
        Ok(())
    }

    /// Consumes the line end that comes next, if one does.
    fn pass_line_end(&mut self) {
        let Some(byte @ (b'\n' | b'\r')) = self.input.data().first().copied() else { return };
        self.input.consume(1);
        self.line += 1;
        self.before = if byte == b'\r' { Before::Return } else { Before::LineFeed };
    }

    /// Consumes blank lines and the rest of a CR LF; false at the end of the file.
    fn pass_line_ends(&mut self) -> Result<bool> {
        loop {
            match self.input.data().first() {
                None if self.input.has_ended() => return Ok(false),
                None => self.input.fill()?,
                Some(b'\n') if self.before == Before::Return => {
                    self.input.consume(1);
                    self.before = Before::LineFeed;
                }
                Some(b'\n' | b'\r') => self.pass_line_end(),
                Some(_) => {
                    self.before = Before::Text;
                    return Ok(true);
                }
            }
        }
    }
}

/// Why a record that goes on beyond the limit is malformed: a quote that was opened on an earlier line was most likely
/// never closed.
fn too_long(data: &[u8]) -> Malformed {
    match memchr::memchr2(b'\n', b'\r', data) {
        Some(_) => Malformed::UnclosedQuote,
        None => Malformed::TooLong,
    }
}

impl<R> fmt::Debug for CsvReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvReader").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Which of `,`, `;` and tab separates the cells of a header line; `,` where that is not clear.
#[must_use]
pub fn guess_delimiter(first_line: &[u8]) -> u8 {
    let mut counts = [(0, b','), (0, b';'), (0, b'\t')];
    let mut quoted = false;
    for byte in first_line {
        quoted ^= *byte == b'"';
        for (count, delimiter) in &mut counts {
            *count += usize::from(!quoted && byte == delimiter);
        }
    }
    let [commas, others @ ..] = counts;
    others.into_iter().fold(commas, |most, it| if it.0 > most.0 { it } else { most }).1
}

#[cfg(test)]
mod tests;
