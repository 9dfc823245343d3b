//! Opens a file of a set for reading its records.

use crate::fileset::SetFile;
use crate::finding::about_file;
use roster_core::{Diagnostic, DiagnosticCode, Error, Result, RunContext, Signal, SignalSink};
use roster_tabular::{
    Bundle, CsvLimits, CsvReader, EntryReader, ReadAhead, ReadOutcome, Record, read_ahead,
};
use std::{
    io::{self, Read},
    sync::Arc,
};

/// A file that is read record by record; inflating it runs on a thread of its own.
#[derive(Debug)]
pub(super) struct Records {
    csv: CsvReader<ReadAhead>,
    file: Arc<str>,
    encoding_reported: bool,
}

impl Records {
    /// Opens the file and passes over its header.  `signals` hears how many bytes come in.
    pub(super) fn open(
        bundle: &Bundle,
        file: &SetFile,
        limits: CsvLimits,
        signals: Option<&RunContext>,
    ) -> Result<Self> {
        let signals = signals.map(|it| it.signals.clone());
        let reader = Counted { inner: bundle.read(&file.entry)?, signals };
        let mut csv = CsvReader::guessing(read_ahead(reader), limits);
        csv.set_width(file.header.width);
        let mut records = Self { csv, file: file.entry.name.clone(), encoding_reported: false };
        records.read(&mut Record::default())?;
        Ok(records)
    }

    /// Reads the next record.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<ReadOutcome> {
        self.csv.read(record).map_err(|it| self.of_file(it))
    }

    /// Reports once that the file is not UTF-8.
    pub(super) fn judge_encoding(&mut self, findings: &mut Vec<Diagnostic>) {
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
