//! `manifest.csv`, which a set may have: its files, what each holds, and how many rows.

use super::naming::FileName;
use crate::{
    config::{Dialect, Mode},
    spec::{FILES, FileSpec},
};
use roster_core::{Diagnostic, DiagnosticCode, Result};
use roster_tabular::{
    ColumnName, CsvReader, ReadOutcome, Record, bind, field,
    finding::{about_file, malformed},
};
use std::{io::Read, sync::Arc};

/// The columns of the manifest.
pub(crate) const COLUMNS: [ColumnName<'_>; 3] = [
    ColumnName { name: "file", aliases: &["file_name", "filename"] },
    ColumnName { name: "mode", aliases: &[] },
    ColumnName { name: "rows", aliases: &["records", "row_count"] },
];

/// What the manifest says of a file that is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announcement {
    pub(super) mode: Mode,
    pub(super) rows: Option<u64>,
}

/// A manifest that was read.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    sent: Vec<(&'static str, Announcement)>,
    absent: Vec<&'static str>,
}

impl Manifest {
    /// Reads it; whatever is odd goes to `findings`, with its line.
    pub(super) fn read<R: Read>(
        csv: &mut CsvReader<R>,
        name: &Arc<str>,
        dialect: &Dialect,
        findings: &mut Vec<Diagnostic>,
    ) -> Result<Self> {
        let (mut manifest, mut record) = (Self::default(), Record::default());
        let mut binding = None;
        loop {
            let odd = match csv.read(&mut record)? {
                ReadOutcome::End => return Ok(manifest),
                ReadOutcome::Malformed(reason) => Some(malformed(reason)),
                ReadOutcome::Record => match &binding {
                    None => {
                        binding = Some(bind(&record, &COLUMNS).0);
                        None
                    }
                    Some(binding) => {
                        let cell = |index| {
                            let position = binding.column(index);
                            position.and_then(|it| record.get(it)).unwrap_or_default().trim()
                        };
                        let taken = manifest.take(cell(0), cell(1), cell(2), dialect);
                        (!taken).then_some(DiagnosticCode::ManifestProperty)
                    }
                },
            };
            findings.extend(odd.map(|it| about_file(it, name, record.line(), None)));
        }
    }

    /// Takes a line over; false when it cannot be understood.
    fn take(&mut self, file: &str, mode: &str, rows: &str, dialect: &Dialect) -> bool {
        let name = FileName::parse(file).or_else(|| FileName::parse(&format!("{file}.csv")));
        let spec = FILES.iter().find(|spec| name.as_ref().is_some_and(|it| it.is(spec, dialect)));
        let Some(spec) = spec else { return false };
        let mode = match mode.to_ascii_lowercase().as_str() {
            "full" | "bulk" | "" => Mode::Full,
            "changes" | "delta" => Mode::Changes,
            "none" | "absent" => {
                self.absent.push(spec.name);
                return true;
            }
            _ => return false,
        };
        let count = field::integer(rows).value().and_then(|it| u64::try_from(it).ok());
        self.sent.push((spec.name, Announcement { mode, rows: count }));
        rows.is_empty() || count.is_some()
    }

    /// What it says of a file that is sent.
    pub(super) fn announcement(&self, spec: &FileSpec) -> Option<Announcement> {
        self.sent.iter().find(|it| it.0 == spec.name).map(|it| it.1)
    }

    /// The files that it says there are none of.
    pub(super) fn absent(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.absent.iter().copied()
    }
}
