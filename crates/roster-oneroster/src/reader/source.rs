//! Opens the records of a set, in files or in memory.

use crate::{
    fileset::{Content, SetFile},
    rest::StagedRecords,
};
use roster_core::{Diagnostic, DiagnosticCode, Error, ErrorKind, Result, RunContext};
use roster_tabular::{CsvLimits, ReadOutcome, Record, Records as FileRecords};

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
                let width = file.header.width;
                let records = FileRecords::open(bundle, &file.entry, width, limits, signals)?;
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

/// Whether a finding is one of the form that files have: services tell the status of every record, and write lists as
/// JSON.
pub(super) fn is_of_files(code: DiagnosticCode) -> bool {
    use DiagnosticCode::{DeletedInBulk, ListForm, ListItemForm, StatusInBulk};
    matches!(code, DeletedInBulk | ListForm | ListItemForm | StatusInBulk)
}
