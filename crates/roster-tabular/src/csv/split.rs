//! Finds the end of a record and of each of its cells, and what is wrong with its quotes.

use crate::csv::{Malformed, Record};
use memchr::{memchr_iter, memchr3};

/// What the bytes at hand begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// A record, of `length` bytes without its line end; `lines` line ends are inside its quotes.
    Record { length: usize, lines: u64 },
    /// A record that cannot be read.
    Malformed(Malformed),
    /// The beginning of a record; scan again when more bytes are there.
    More,
}

/// Cuts records.  Keeps no state between calls: a record is scanned in one piece.
pub(super) struct Splitter {
    delimiter: u8,
    /// The bytes that end an unquoted cell: delimiter, quote, line ends.
    special: [bool; 256],
}

impl Splitter {
    pub(super) fn new(delimiter: u8) -> Self {
        let mut special = [false; 256];
        for byte in [delimiter, b'"', b'\n', b'\r'] {
            special[usize::from(byte)] = true;
        }
        Self { delimiter, special }
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Scans the record at the start of `data`; `complete` when nothing comes after `data`.
    ///
    /// The ends of the cells go into `record`.  They are positions in `data`, or, if the record has quotes, in
    /// `unquoted`, which then holds its cells without their quotes, one byte apart.
    pub(super) fn scan(
        &self,
        data: &[u8],
        complete: bool,
        record: &mut Record,
        unquoted: &mut Vec<u8>,
    ) -> Scan {
        let length = match memchr3(b'\n', b'\r', b'"', data) {
            Some(at) if data[at] == b'"' => {
                unquoted.clear();
                record.begin_quoted();
                return Quoted {
                    splitter: self,
                    data,
                    complete,
                    at: 0,
                    lines: 0,
                    record,
                    unquoted,
                }
                .scan();
            }
            Some(at) => at,
            None if complete => data.len(),
            None => return Scan::More,
        };
        for end in memchr_iter(self.delimiter, &data[..length]) {
            record.push_end(end);
        }
        record.push_end(length);
        Scan::Record { length, lines: 0 }
    }
}

/// The scan of a record that has a quote somewhere on its first line.
struct Quoted<'a> {
    splitter: &'a Splitter,
    data: &'a [u8],
    complete: bool,
    at: usize,
    lines: u64,
    record: &'a mut Record,
    unquoted: &'a mut Vec<u8>,
}

/// A scan that cannot go on.
type Stop = Scan;

impl Quoted<'_> {
    fn scan(mut self) -> Scan {
        loop {
            match self.cell() {
                Ok(()) => {}
                Err(stop) => return stop,
            }
        }
    }

    /// One cell and the delimiter after it; the end of the record, too, is a stop.
    fn cell(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.pass_spaces();
        if self.data.get(self.at) == Some(&b'"') {
            self.at += 1;
            self.quoted_cell()?;
            self.pass_spaces();
        } else {
            self.at = start;
            self.unquoted_cell();
        }
        match self.data.get(self.at) {
            Some(&byte) if byte == self.splitter.delimiter => {
                self.record.push_end(self.unquoted.len());
                self.unquoted.push(byte);
                self.at += 1;
                Ok(())
            }
            Some(b'\n' | b'\r') => Err(self.end()),
            None if self.complete => Err(self.end()),
            None => Err(Scan::More),
            Some(_) if self.lines > 0 => Err(Scan::Malformed(Malformed::UnclosedQuote)),
            Some(_) => Err(Scan::Malformed(Malformed::StrayQuote)),
        }
    }

    fn end(&mut self) -> Scan {
        self.record.push_end(self.unquoted.len());
        Scan::Record { length: self.at, lines: self.lines }
    }

    fn pass_spaces(&mut self) {
        while self.data.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }

    fn unquoted_cell(&mut self) {
        let rest = &self.data[self.at..];
        let length = rest
            .iter()
            .position(|&it| self.splitter.special[usize::from(it)])
            .unwrap_or(rest.len());
        self.unquoted.extend_from_slice(&rest[..length]);
        self.at += length;
    }

    /// From behind the opening quote to behind the closing one.
    fn quoted_cell(&mut self) -> Result<(), Stop> {
        loop {
            let rest = &self.data[self.at..];
            let Some(length) = memchr3(b'"', b'\n', b'\r', rest) else {
                let unclosed = Scan::Malformed(Malformed::UnclosedQuote);
                return Err(if self.complete { unclosed } else { Scan::More });
            };
            self.at += length + 1;
            if rest[length] != b'"' {
                self.unquoted.extend_from_slice(&rest[..=length]);
                self.count_line(rest[length]);
                continue;
            }
            self.unquoted.extend_from_slice(&rest[..length]);
            if rest.get(length + 1) != Some(&b'"') {
                return Ok(());
            }
            self.unquoted.push(b'"');
            self.at += 1;
        }
    }

    /// Counts the line end just passed, which is inside quotes; CR LF is one.
    fn count_line(&mut self, byte: u8) {
        self.record.mark_line_break();
        let second_half = byte == b'\n' && self.data[self.at - 2] == b'\r';
        self.lines += u64::from(!second_half);
    }
}
