//! One CSV file on its way into the archive.

use crate::{FileSummary, archive::Archive};
use std::io;

/// Bytes gathered before they go to the compressor.
const CHUNK: usize = 64 * 1024;

/// A file that rows are appended to, cell by cell.  Lines end as RFC 4180 says.
pub(crate) struct Table<'a> {
    archive: &'a mut Archive,
    name: &'static str,
    buffer: Vec<u8>,
    in_row: bool,
    written: FileSummary,
}

impl<'a> Table<'a> {
    pub(crate) fn start(
        archive: &'a mut Archive,
        name: &'static str,
        columns: &[&str],
    ) -> io::Result<Self> {
        archive.start_file(name)?;
        let mut table = Self {
            archive,
            name,
            buffer: Vec::with_capacity(2 * CHUNK),
            in_row: false,
            written: FileSummary::default(),
        };
        for column in columns {
            table.text(column);
        }
        table.end_row()?;
        table.written.rows = 0;
        Ok(table)
    }

    /// Appends a cell, quoted where it must be.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.next_cell();
        if text.bytes().any(|it| matches!(it, b',' | b'"')) {
            self.buffer.push(b'"');
            self.buffer.extend(text.replace('"', "\"\"").bytes());
            self.buffer.push(b'"');
        } else {
            self.buffer.extend_from_slice(text.as_bytes());
        }
        self
    }

    /// Appends a prefix and a number of at least `width` digits.
    pub(crate) fn id(&mut self, prefix: &str, number: u64, width: usize) -> &mut Self {
        self.next_cell();
        self.buffer.extend_from_slice(prefix.as_bytes());
        self.push_number(number, width);
        self
    }

    /// Appends text to the cell that was begun last, as it is.
    pub(crate) fn append(&mut self, text: &str) -> &mut Self {
        self.buffer.extend_from_slice(text.as_bytes());
        self
    }

    /// Appends text and a number of at least `width` digits to the cell that was begun last.
    pub(crate) fn and(&mut self, text: &str, number: u64, width: usize) -> &mut Self {
        self.buffer.extend_from_slice(text.as_bytes());
        self.push_number(number, width);
        self
    }

    /// Appends empty cells.
    pub(crate) fn blank(&mut self, cells: usize) -> &mut Self {
        for _ in 0..cells {
            self.next_cell();
        }
        self
    }

    /// Ends the row.
    pub(crate) fn end_row(&mut self) -> io::Result<()> {
        self.buffer.extend_from_slice(b"\r\n");
        self.in_row = false;
        self.written.rows += 1;
        if self.buffer.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.archive.file_written(self.name, self.written);
        Ok(())
    }

    fn next_cell(&mut self) {
        if self.in_row {
            self.buffer.push(b',');
        }
        self.in_row = true;
    }

    fn push_number(&mut self, mut number: u64, width: usize) {
        let mut digits = [b'0'; 20];
        let mut start = digits.len();
        while number > 0 {
            start -= 1;
            digits[start] += u8::try_from(number % 10).expect("a digit is less than 10");
            number /= 10;
        }
        self.buffer.extend_from_slice(&digits[start.min(digits.len() - width)..]);
    }

    fn flush(&mut self) -> io::Result<()> {
        self.archive.write(&self.buffer)?;
        self.written.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}
