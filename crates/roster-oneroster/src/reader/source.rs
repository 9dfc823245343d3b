//! Opens a file of a set for reading its records.

use crate::{
    fileset::{Content, SetFile},
    finding::about_file,
    rest::StagedRecords,
};
use roster_core::{
    Diagnostic, DiagnosticCode, Error, ErrorKind, Result, RunContext, Signal, SignalSink,
};
use roster_tabular::{
    Bundle, CsvLimits, CsvReader, EntryReader, Malformed, ReadAhead, ReadOutcome, Record,
    read_ahead,
};
use std::{
    io::{self, Read},
    sync::Arc,
};

/// The records of one file, wherever they are.
#[derive(Debug)]
pub(super) enum Records {
    File(Box<FileRecords>),
    Staged(StagedRecords),
}

impl Records {
    /// Opens the file and passes over its header.  `signals` hears how many bytes come in.
    pub(super) fn open(
        content: &Content,
        file: &SetFile,
        limits: CsvLimits,
        signals: Option<&RunContext>,
    ) -> Result<Self> {
        match content {
            Content::Bundle(bundle) => {
                let records = FileRecords::open(bundle, file, limits, signals)?;
                Ok(Self::File(Box::new(records)))
            }
            Content::Staged(staged) => {
                let table = staged.tables().iter().find(|it| std::ptr::eq(it.spec, file.spec));
                let message = "a staged table is read that is not there";
                let missing = || Error::new(ErrorKind::Internal, "fileset.read", message);
                Ok(Self::Staged(StagedRecords::new(table.ok_or_else(missing)?.clone())))
            }
        }
    }

    /// Reads the next record.  Fails with [`ErrorKind::NotReady`] at one that broke off while it was uploaded.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<ReadOutcome> {
        match self {
            Self::File(records) => records.read(record),
            Self::Staged(records) => {
                let more = records.read(record)?;
                Ok(if more { ReadOutcome::Record } else { ReadOutcome::End })
            }
        }
    }

    /// Reports once that the file is not UTF-8.
    pub(super) fn judge_encoding(&mut self, findings: &mut Vec<Diagnostic>) {
        if let Self::File(records) = self {
            records.judge_encoding(findings);
        }
    }
}

/// A file that is read record by record; inflating it runs on a thread of its own.
#[derive(Debug)]
pub(super) struct FileRecords {
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

impl FileRecords {
    /// Opens the file and passes over its header.
    fn open(
        bundle: &Bundle,
        file: &SetFile,
        limits: CsvLimits,
        signals: Option<&RunContext>,
    ) -> Result<Self> {
        let signals = signals.map(|it| it.signals.clone());
        let reader = Counted { inner: bundle.read(&file.entry)?, signals };
        let mut csv = CsvReader::guessing(read_ahead(reader), limits);
        csv.set_width(file.header.width);
        let (possible, narrowest) = (!bundle.is_archive(), file.header.width);
        let upload = Upload { possible, narrowest, after_malformed: false };
        let file = file.entry.name.clone();
        let mut records = Self { csv, file, encoding_reported: false, upload };
        records.read(&mut Record::default())?;
        Ok(records)
    }

    fn read(&mut self, record: &mut Record) -> Result<ReadOutcome> {
        let outcome = self.csv.read(record).map_err(|it| self.of_file(it))?;
        if self.upload.breaks_off(outcome, record, self.csv.ends_without_line_end()) {
            let message = "the file breaks off in the middle of its last record, as one that is still being \
                           uploaded; send it whole, with a line end behind the last record";
            let error = Error::new(ErrorKind::NotReady, "fileset.read", message);
            return Err(self.of_file(error).context("line", record.line()));
        }
        Ok(outcome)
    }

    fn judge_encoding(&mut self, findings: &mut Vec<Diagnostic>) {
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
