//! One record: its cells in one piece of text.

use encoding_rs::WINDOWS_1252;
use std::fmt;

/// A record, read by [`crate::CsvReader::read`] into memory that is used again.  `Debug` hides its content.
#[derive(Clone, Default)]
pub struct Record {
    /// The cells, one byte apart.
    text: String,
    /// Where each cell ends in `text`.
    ends: Vec<usize>,
    line: u64,
    quoted: bool,
    line_break: bool,
    control: bool,
}

impl Record {
    /// The number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell, as before the first read and after a malformed record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell of a column, without its quotes; `None` past the end.
    #[must_use]
    pub fn get(&self, column: usize) -> Option<&str> {
        let end = *self.ends.get(column)?;
        let start = column.checked_sub(1).map_or(0, |before| self.ends[before] + 1);
        Some(&self.text[start..end])
    }

    /// The cells in order.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let cell = &self.text[start..end];
            start = end + 1;
            cell
        })
    }

    /// The first cell; empty where there is none.
    #[must_use]
    pub fn first_cell(&self) -> &str {
        self.get(0).unwrap_or_default()
    }

    /// The one-based line on which the record starts.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether a value contains a line break (CR or LF).
    #[must_use]
    pub fn has_line_break(&self) -> bool {
        self.line_break
    }

    /// Whether a value contains NUL or another C0 control besides tab, CR and LF, or U+FFFD.
    #[must_use]
    pub fn has_control(&self) -> bool {
        self.control
    }

    /// Whether no cell holds anything but spaces, as in the empty rows that spreadsheets append.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.cells().all(|it| it.trim().is_empty())
    }

    /// Makes it a record of these cells, of another source than text, at a position there.
    pub fn assign<'a>(&mut self, position: u64, cells: impl IntoIterator<Item = &'a str>) {
        self.clear(position);
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                self.text.push(' ');
            }
            self.text.push_str(cell);
            self.ends.push(self.text.len());
        }
        self.line_break = self.text.contains(['\n', '\r']);
        self.control = has_control(self.text.as_bytes()) || has_replacement(&self.text);
    }

    pub(super) fn clear(&mut self, line: u64) {
        self.text.clear();
        self.ends.clear();
        (self.quoted, self.line_break, self.control) = (false, false, false);
        self.line = line;
    }

    /// A line of nothing but spaces, or of the end-of-file mark that DOS programs append.
    pub(super) fn is_blank_line(&self) -> bool {
        self.ends.len() == 1
            && !self.quoted
            && self.text.bytes().all(|it| matches!(it, b' ' | b'\t' | 0x1a))
    }

    pub(super) fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// Begins a record some of whose cells are quoted.
    pub(super) fn begin_quoted(&mut self) {
        self.ends.clear();
        self.quoted = true;
    }

    pub(super) fn mark_line_break(&mut self) {
        self.line_break = true;
    }

    pub(super) fn push_end(&mut self, end: usize) {
        self.ends.push(end);
    }

    /// Sets the text to which the ends belong; false if it was not UTF-8 and was read as Windows-1252.
    pub(super) fn set_text(&mut self, bytes: &[u8]) -> bool {
        let utf_8 = if let Ok(text) = std::str::from_utf8(bytes) {
            self.text.push_str(text);
            true
        } else {
            self.decode_windows_1252(bytes);
            false
        };
        self.control = has_control(bytes) || has_replacement(&self.text);
        utf_8
    }

    fn decode_windows_1252(&mut self, bytes: &[u8]) {
        let mut start = 0;
        for end in &mut self.ends {
            if start > 0 {
                self.text.push(' ');
            }
            let (cell, _) = WINDOWS_1252.decode_without_bom_handling(&bytes[start..*end]);
            self.text.push_str(&cell);
            start = *end + 1;
            *end = self.text.len();
        }
    }
}

/// Every byte is looked at, without a branch, so that the compiler makes vector code of it.
fn has_control(bytes: &[u8]) -> bool {
    let is_control = |it: u8| it < b' ' && it != b'\t' && it != b'\n' && it != b'\r';
    bytes.iter().fold(0, |found, &it| found | u8::from(is_control(it))) != 0
}

fn has_replacement(text: &str) -> bool {
    !text.is_ascii() && text.contains(char::REPLACEMENT_CHARACTER)
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("line", &self.line)
            .field("cells", &self.len())
            .finish_non_exhaustive()
    }
}
