//! A file of a set that is read record by record.

use crate::{
    bundle::{Bundle, Entry, EntryReader},
    csv::{CsvLimits, CsvReader, Malformed, ReadOutcome, Record},
    finding::about_file,
    read_ahead::{ReadAhead, read_ahead},
};
use roster_core::{
    Diagnostic, DiagnosticCode, Error, ErrorKind, Result, RunContext, Signal, SignalSink,
};
use std::{
    io::{self, Read},
    sync::Arc,
};

/// A file that is read record by record; inflating it runs on a thread of its own.
#[derive(Debug)]
pub struct Records {
    csv: CsvReader<ReadAhead>,
    file: Arc<str>,
    encoding_reported: bool,
    upload: Upload,
}

/// What tells that a file broke off while it was uploaded.
#[derive(Debug)]
struct Upload {
    /// The file is of a folder: one in an archive has a checksum.
    possible: bool,
    /// The fewest cells that the header or a record before had.
    narrowest: usize,
    /// The record before could not be read.
    after_malformed: bool,
}

impl Upload {
    /// Takes notice of what was read last; true when the file breaks off in it.  A last record that lacks nothing but
    /// its line end is whole.
    fn breaks_off(&mut self, outcome: ReadOutcome, record: &Record, at_end: bool) -> bool {
        let incomplete = match outcome {
            ReadOutcome::End => false,
            ReadOutcome::Record => record.len() < self.narrowest,
            ReadOutcome::Malformed(Malformed::UnclosedQuote) => true,
            ReadOutcome::Malformed(_) => self.after_malformed,
        };
        self.after_malformed = matches!(outcome, ReadOutcome::Malformed(_));
        if outcome == ReadOutcome::Record {
            self.narrowest = self.narrowest.min(record.len());
        }
        self.possible && incomplete && at_end
    }
}

impl Records {
    /// Opens a file and passes over its header, which has `width` cells.  `signals` hears how many bytes come in.
    ///
    /// # Errors
    ///
    /// Those of [`Bundle::read`] and of [`Self::read`].
    pub fn open(
        bundle: &Bundle,
        entry: &Entry,
        width: usize,
        limits: CsvLimits,
        signals: Option<&RunContext>,
    ) -> Result<Self> {
        let signals = signals.map(|it| it.signals.clone());
        let reader = Counted { inner: bundle.read(entry)?, signals };
        let mut csv = CsvReader::guessing(read_ahead(reader), limits);
        csv.set_width(width);
        let (possible, narrowest) = (!bundle.is_archive(), width);
        let upload = Upload { possible, narrowest, after_malformed: false };
        let file = entry.name.clone();
        let mut records = Self { csv, file, encoding_reported: false, upload };
        records.read(&mut Record::default())?;
        Ok(records)
    }

    /// Reads the next record.
    ///
    /// # Errors
    ///
    /// Those of [`CsvReader::read`]; [`ErrorKind::NotReady`] at a record that broke off while it was uploaded.
    pub fn read(&mut self, record: &mut Record) -> Result<ReadOutcome> {
        let outcome = self.csv.read(record).map_err(|it| self.of_file(it))?;
        if self.upload.breaks_off(outcome, record, self.csv.ends_without_line_end()) {
            let message = "the file breaks off in the middle of its last record, as one that is still being \
                           uploaded; send it whole, with a line end behind the last record";
            let error = Error::new(ErrorKind::NotReady, "fileset.read", message);
            return Err(self.of_file(error).context("line", record.line()));
        }
        Ok(outcome)
    }

    /// Reports once that the file is not UTF-8.
    pub fn judge_encoding(&mut self, findings: &mut Vec<Diagnostic>) {
        if self.encoding_reported {
            return;
        }
        if let Some(line) = self.csv.windows_1252_line() {
            findings.push(about_file(DiagnosticCode::FileEncoding, &self.file, line, None));
            self.encoding_reported = true;
        }
    }

    fn of_file(&self, error: Error) -> Error {
        if error.contexts().any(|it| it.0 == "file") {
            return error;
        }
        error.context("file", &self.file)
    }
}

/// Tells how many bytes were read.
#[derive(Debug)]
struct Counted {
    inner: EntryReader,
    signals: Option<Arc<dyn SignalSink>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        if let Some(signals) = &self.signals {
            signals.signal(Signal::BytesIn(length as u64));
        }
        Ok(length)
    }
}
