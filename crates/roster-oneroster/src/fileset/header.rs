//! The header of a file: which column stands where.

use super::{SetFile, mismatch, modes::Modes, naming::FirstLine};
use crate::{
    files::{Column, Content, FileSpec},
    manifest::Mode,
    version::{Version, Versions},
};
use roster_core::{ColumnInfo, Diagnostic, DiagnosticCode, Error, Result};
use roster_tabular::{
    Binding, Bundle, ColumnName, CsvLimits, CsvReader, Entry, HeaderFinding, Malformed,
    ReadOutcome, Record, bind,
    finding::{about_file, shortened},
    holds_credential,
};
use std::sync::Arc;

/// A header as it was read.
pub(super) struct RawHeader {
    pub(super) spec: &'static FileSpec,
    pub(super) entry: Entry,
    delimiter: u8,
    /// `None` when the file has no line at all.
    record: Option<Record>,
}

/// A header whose columns are known.
#[derive(Debug, Default)]
pub(crate) struct Header {
    /// Position of each of the spec's columns.
    positions: Vec<Option<usize>>,
    /// The spec's columns, under the name the file has for them.
    names: Vec<Arc<str>>,
    columns: &'static [Column],
    /// Columns that become extensions.
    pub(crate) extensions: Vec<Extra>,
    /// Number of cells of the header.
    pub(crate) width: usize,
    first_line: FirstLine,
}

/// A column beyond the standard's.
#[derive(Clone, Debug)]
pub(crate) struct Extra {
    pub(crate) position: usize,
    /// Its name, under which it is kept.
    pub(crate) name: String,
    /// Its name as findings may tell it.
    pub(crate) told: Arc<str>,
}

/// A column that is there.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) column: &'static Column,
    pub(crate) position: usize,
    pub(crate) name: Arc<str>,
}

impl RawHeader {
    pub(super) fn read(
        bundle: &Bundle,
        spec: &'static FileSpec,
        entry: &Entry,
        limits: CsvLimits,
    ) -> Result<Self> {
        let mut csv = CsvReader::guessing(bundle.read(entry)?, limits);
        let mut record = Record::default();
        let outcome = csv.read(&mut record).map_err(|it| it.context("file", &entry.name))?;
        let delimiter = csv.delimiter();
        let record = match outcome {
            ReadOutcome::Record if record.first_cell().trim_start().starts_with('<') => {
                return Err(mismatch("fileset.header", "the file is XML or a web page, not CSV")
                    .context("file", &entry.name));
            }
            ReadOutcome::Record => Some(record),
            ReadOutcome::End => None,
            ReadOutcome::Malformed(reason) => {
                return Err(malformed_header(reason, limits).context("file", &entry.name));
            }
        };
        Ok(Self { spec, entry: entry.clone(), delimiter, record })
    }

    fn cells(&self) -> impl Iterator<Item = &str> {
        self.record.iter().flat_map(Record::cells).map(str::trim)
    }

    /// True when it has a column of this name, however it is written.
    pub(super) fn has(&self, name: &str) -> bool {
        self.cells().any(|it| it.eq_ignore_ascii_case(name))
    }

    /// True when it has a column that only these editions have, by its own name.
    pub(super) fn has_column_of(&self, versions: Versions) -> bool {
        let later = |it: &&Column| {
            versions.includes(it.versions)
                || (it.former_in == Versions::ONLY_1_0 && versions == Versions::FROM_1_1)
        };
        self.spec.columns.iter().filter(later).any(|it| self.cells().any(|cell| cell == it.name))
    }

    /// True when it has a column under the name that 1.0 has for it.
    pub(super) fn has_name_of_1_0(&self) -> bool {
        let renamed = |it: &&Column| it.former_in == Versions::ONLY_1_0;
        let own = |it: &Column| self.cells().any(|cell| cell == it.aliases[0]);
        self.spec.columns.iter().filter(renamed).any(own)
    }

    /// Its column names, for an error.
    pub(super) fn shown(&self, line: FirstLine) -> String {
        let names = self.cells().enumerate().take(60).map(|(position, it)| line.told(position, it));
        names.collect::<Vec<_>>().join(", ")
    }

    /// Finds the columns; what is odd about them becomes the file's findings.
    pub(super) fn bind(self, version: Version, modes: &Modes<'_>) -> SetFile {
        let mut findings = Vec::new();
        let header = match &self.record {
            Some(record) => Header::bind(record, &self, version, &mut findings),
            None => Header::default(),
        };
        if !matches!(self.delimiter, b',') {
            findings.push(about_file(DiagnosticCode::FileDelimiter, &self.entry.name, 1, None));
        }
        let refusal = self.record.as_ref().and_then(|_| self.refusal(&header));
        let mode = modes.of(self.spec);
        SetFile {
            spec: self.spec,
            entry: self.entry,
            mode: mode.unwrap_or(Mode::Delta),
            mode_is_clear: mode.is_some(),
            header,
            findings,
            refusal,
        }
    }

    /// The reason why no record could be read: a column that every record needs is not there.
    fn refusal(&self, header: &Header) -> Option<Error> {
        let schema = self.spec.entity.schema();
        let needed = |field: &str| schema.fields.iter().any(|it| it.required && it.name == field);
        let missing =
            self.spec.columns.iter().zip(&header.positions).find(|(column, position)| {
                position.is_none() && column.fields().iter().any(|it| needed(it))
            })?;
        let message = if header.positions.iter().all(Option::is_none) {
            "the first line names none of the file's columns; export the file with its header line"
        } else {
            "a column that every record needs is missing; export it, with exactly this name"
        };
        Some(
            mismatch("fileset.header", message)
                .context("file", &self.entry.name)
                .context("column", missing.0.name)
                .context("found", self.shown(header.first_line)),
        )
    }
}

impl Header {
    fn bind(
        record: &Record,
        raw: &RawHeader,
        version: Version,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let columns = raw.spec.columns;
        let expected: Vec<_> =
            columns.iter().map(|it| ColumnName { name: it.name, aliases: it.aliases }).collect();
        let (binding, odd) = bind(record, &expected);
        let positions: Vec<_> = (0..columns.len()).map(|it| binding.column(it)).collect();
        let written = |position: usize| record.get(position).unwrap_or_default().trim();
        let names = columns
            .iter()
            .zip(&positions)
            .map(|(column, position)| match position {
                Some(position) => shortened(written(*position)),
                None => column.name_in(version).into(),
            })
            .collect();
        let first_line = judge_line(columns, &positions, version);
        let (extensions, width) = (Vec::new(), binding.width());
        let mut header = Self { positions, names, columns, extensions, width, first_line };
        let mut find = |code, column: &str| {
            findings.push(about_file(code, &raw.entry.name, record.line(), Some(column)));
        };
        for HeaderFinding { code, column, position } in odd {
            match (code, position) {
                (DiagnosticCode::ColumnOrder, Some(_)) if version == Version::V1_0 => {}
                (DiagnosticCode::ColumnOrder | DiagnosticCode::ColumnTwice, Some(position)) => {
                    find(code, &first_line.told(position, &column));
                }
                (DiagnosticCode::ColumnUnnamed, _) => find(code, &column),
                _ => {}
            }
        }
        header.judge_names(version, &mut find);
        header.judge_extras(&binding, &mut find);
        header
    }

    /// Columns that are missing or under another name than the edition's.
    fn judge_names(&self, version: Version, find: &mut impl FnMut(DiagnosticCode, &str)) {
        for ((column, position), name) in self.columns.iter().zip(&self.positions).zip(&self.names)
        {
            let due = column.versions.contains(version);
            let credential = matches!(column.content, Content::Password);
            if position.is_some() && !(due && **name == *column.name_in(version)) {
                find(DiagnosticCode::ColumnName, name);
            } else if position.is_none() && due && !credential {
                find(DiagnosticCode::ColumnMissing, name);
            }
        }
    }

    /// Columns beyond the standard's: extensions, but for those that hold passwords.
    fn judge_extras(&mut self, binding: &Binding, find: &mut impl FnMut(DiagnosticCode, &str)) {
        for (position, name) in binding.extras() {
            if name.is_empty() {
                continue;
            }
            let told = self.first_line.told(*position, name);
            if holds_credential(name) {
                find(DiagnosticCode::ColumnCredential, &told);
                continue;
            }
            if !name.starts_with("metadata.") {
                find(DiagnosticCode::ColumnUnknown, &told);
            }
            self.extensions.push(Extra { position: *position, name: name.clone(), told });
        }
    }

    /// The columns that are there.
    pub(crate) fn found(&self) -> impl Iterator<Item = Found> + '_ {
        let parts = self.columns.iter().zip(&self.positions).zip(&self.names);
        parts.filter_map(|((column, position), name)| {
            Some(Found { column, position: (*position)?, name: name.clone() })
        })
    }

    /// The organizations and the role of a user, when both columns are there.
    pub(crate) fn roles(&self) -> Option<(Found, Found)> {
        let organizations =
            self.found().find(|it| matches!(it.column.content, Content::OrgsOfUser))?;
        let role = self.found().find(|it| matches!(it.column.content, Content::RoleOfUser))?;
        Some((organizations, role))
    }

    /// The contacts of a user.
    pub(crate) fn agents(&self) -> Option<Found> {
        self.found().find(|it| matches!(it.column.content, Content::Agents))
    }

    /// The columns that are read, as they are written; `None` where the first line might be a record.
    pub(crate) fn told_columns(&self) -> Option<Vec<ColumnInfo>> {
        let column = |is_extension| move |name| ColumnInfo { name, is_extension };
        let standard = self.found().map(|it| it.name).map(column(false));
        let extensions = self.extensions.iter().map(|it| it.told.clone()).map(column(true));
        (self.first_line == FirstLine::Header).then(|| standard.chain(extensions).collect())
    }

    pub(crate) fn columns_read(&self) -> usize {
        self.positions.iter().flatten().count() + self.extensions.len()
    }
}

/// What is wrong with a header line that cannot be read.
fn malformed_header(reason: Malformed, limits: CsvLimits) -> Error {
    match reason {
        Malformed::TooManyColumns => {
            mismatch("fileset.header", "the header has too many columns; check the export")
                .context("max_columns", limits.max_columns)
        }
        Malformed::TooLong => {
            mismatch("fileset.header", "the header line is too long; check the export")
                .context("max_bytes", limits.max_record_bytes)
        }
        Malformed::StrayQuote | Malformed::UnclosedQuote => {
            mismatch("fileset.header", "the header line cannot be read as CSV: its quotes are odd")
        }
    }
}

/// A first line is a header for sure where it names the key and most columns that the edition requires.
fn judge_line(columns: &[Column], positions: &[Option<usize>], version: Version) -> FirstLine {
    let all = || columns.iter().zip(positions);
    let key = all()
        .any(|(column, position)| column.fields().contains(&"source_id") && position.is_some());
    let required = || all().filter(|it| it.0.required.contains(version));
    let found = required().filter(|it| it.1.is_some()).count();
    if key && 2 * found >= required().count() { FirstLine::Header } else { FirstLine::Unclear }
}
