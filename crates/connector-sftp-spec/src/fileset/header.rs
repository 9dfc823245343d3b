//! The header of a file: which column stands where.

use super::{SetFile, mismatch};
use crate::{
    config::{Dialect, Mode},
    spec::{EXTENSION_PREFIX, FileSpec},
};
use roster_core::{ColumnInfo, Diagnostic, DiagnosticCode, Error, Result};
use roster_tabular::{
    Bundle, ColumnName, CsvLimits, CsvReader, Entry, Malformed, ReadOutcome, Record, bind,
    finding::{about_file, shortened},
    holds_credential,
};
use std::sync::Arc;

/// The columns of a file.
#[derive(Debug, Default)]
pub(crate) struct Header {
    /// Position of each of the specification's columns.
    pub(crate) positions: Vec<Option<usize>>,
    /// The specification's columns, under the name the file has for them.
    pub(crate) names: Vec<Arc<str>>,
    /// Columns that the district adds.
    pub(crate) extensions: Vec<Extension>,
    /// Number of cells.
    pub(crate) width: usize,
    /// Whether the line is a header for sure, and no record.
    is_certain: bool,
}

/// A column that the district adds.
#[derive(Debug)]
pub(crate) struct Extension {
    pub(crate) position: usize,
    /// Its name as findings may tell it.
    pub(crate) told: Arc<str>,
    /// Under which it is kept.
    pub(crate) key: String,
}

/// Reads the header of a file.
pub(super) fn read(
    bundle: &Bundle,
    spec: &'static FileSpec,
    entry: Entry,
    dialect: &Dialect,
) -> Result<SetFile> {
    let mut csv = CsvReader::guessing(bundle.read(&entry)?, CsvLimits::default());
    let mut record = Record::default();
    let outcome = csv.read(&mut record).map_err(|it| it.context("file", &entry.name))?;
    let mut findings = Vec::new();
    let (header, refusal) = match outcome {
        ReadOutcome::End => (Header::default(), None),
        ReadOutcome::Malformed(reason) => {
            return Err(malformed_header(reason).context("file", &entry.name));
        }
        ReadOutcome::Record if record.first_cell().trim_start().starts_with('<') => {
            return Err(mismatch("fileset.header", "the file is XML or a web page, not CSV")
                .context("file", &entry.name));
        }
        ReadOutcome::Record => {
            let header = Header::bind(&record, spec, dialect, &entry.name, &mut findings);
            let refusal =
                header.refusal(spec, dialect, &record).map(|it| it.context("file", &entry.name));
            (header, refusal)
        }
    };
    Ok(SetFile { spec, entry, mode: Mode::Full, header, findings, rows: None, refusal })
}

impl Header {
    fn bind(
        record: &Record,
        spec: &FileSpec,
        dialect: &Dialect,
        file: &Arc<str>,
        findings: &mut Vec<Diagnostic>,
    ) -> Self {
        let wanted = Wanted::of(spec, dialect);
        let (binding, odd) = bind(record, &wanted.names());
        let positions: Vec<_> = (0..spec.columns.len()).map(|it| binding.column(it)).collect();
        let written = |it: usize| record.get(it).unwrap_or_default().trim();
        let name = |(index, position): (usize, &Option<usize>)| match position {
            Some(position) => shortened(written(*position)),
            None => wanted.first(index).into(),
        };
        let names = positions.iter().enumerate().map(name).collect();
        let is_certain = is_header(spec, &positions);
        let mut header =
            Self { positions, names, extensions: Vec::new(), width: binding.width(), is_certain };
        for it in odd {
            let told = match (it.code, it.position) {
                (DiagnosticCode::ColumnTwice, Some(position)) => header.told(position, &it.column),
                (DiagnosticCode::ColumnUnnamed, _) => it.column.into(),
                _ => continue,
            };
            findings.push(about_file(it.code, file, record.line(), Some(&told)));
        }
        for (position, name) in binding.extras() {
            if let Some(code) = header.extra(*position, name) {
                let told = header.told(*position, name);
                findings.push(about_file(code, file, record.line(), Some(&told)));
            }
        }
        header.extensions.sort_by(|one, other| one.key.cmp(&other.key));
        header.extensions.dedup_by(|one, other| one.key == other.key);
        header
    }

    /// Takes a column that the specification does not have, or says why it is not read.
    fn extra(&mut self, position: usize, name: &str) -> Option<DiagnosticCode> {
        let key = name
            .get(..EXTENSION_PREFIX.len())
            .filter(|it| it.eq_ignore_ascii_case(EXTENSION_PREFIX));
        let key = key.map(|it| name[it.len()..].trim()).filter(|it| !it.is_empty());
        if holds_credential(name) {
            return Some(DiagnosticCode::ColumnCredential);
        }
        let Some(key) = key else { return Some(DiagnosticCode::ColumnNotRead) };
        let told = self.told(position, name);
        self.extensions.push(Extension { position, told, key: key.to_owned() });
        None
    }

    /// The name of a column as findings may tell it: where the line might be a record, its number.
    fn told(&self, position: usize, name: &str) -> Arc<str> {
        let plain = !name.contains(|it: char| it == '@' || it.is_control());
        if self.is_certain && plain {
            shortened(name)
        } else {
            format!("column {}", position + 1).into()
        }
    }

    /// The reason why no record could be read: a column that every record needs is not there.
    fn refusal(&self, spec: &FileSpec, dialect: &Dialect, record: &Record) -> Option<Error> {
        let all = spec.columns.iter().zip(&self.positions);
        let missing = all.clone().find(|it| it.0.required && it.1.is_none())?.0;
        let message = if self.positions.iter().all(Option::is_none) {
            "the first line names none of the file's columns; export the file with its header line"
        } else {
            "a column that every record needs is missing; export it, or have the operator name the one that it is"
        };
        let own = dialect.column_names(spec, missing.name).first().map(String::as_str);
        let found = record.cells().enumerate().take(60).map(|(at, it)| self.told(at, it.trim()));
        let found: Vec<_> = found.map(|it| it.to_string()).collect();
        let error = mismatch("fileset.header", message);
        Some(
            error.context("column", own.unwrap_or(missing.name)).context("found", found.join(", ")),
        )
    }

    /// The columns that are read, as they are written; `None` where the first line might be a record.
    pub(crate) fn told_columns(&self) -> Option<Vec<ColumnInfo>> {
        let column = |is_extension| move |name| ColumnInfo { name, is_extension };
        let found = self.positions.iter().zip(&self.names).filter(|it| it.0.is_some());
        let own = found.map(|it| it.1.clone()).map(column(false));
        let added = self.extensions.iter().map(|it| it.told.clone()).map(column(true));
        self.is_certain.then(|| own.chain(added).collect())
    }

    pub(crate) fn columns_read(&self) -> usize {
        self.positions.iter().flatten().count() + self.extensions.len()
    }
}

/// The names under which each column is looked for: the district's first, then the specification's.
struct Wanted<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Wanted<'a> {
    fn of(spec: &FileSpec, dialect: &'a Dialect) -> Self {
        let of_column = |column: &crate::spec::Column| {
            let own = dialect.column_names(spec, column.name);
            match own {
                [] => (column.name, column.aliases.to_vec()),
                [first, rest @ ..] => (first.as_str(), rest.iter().map(String::as_str).collect()),
            }
        };
        Self(spec.columns.iter().map(of_column).collect())
    }

    fn names(&self) -> Vec<ColumnName<'_>> {
        self.0.iter().map(|it| ColumnName { name: it.0, aliases: &it.1 }).collect()
    }

    fn first(&self, column: usize) -> &'a str {
        self.0[column].0
    }
}

/// A first line is a header for sure where it names the key and most of the columns that every record needs.
fn is_header(spec: &FileSpec, positions: &[Option<usize>]) -> bool {
    let required = || spec.columns.iter().zip(positions).filter(|it| it.0.required);
    let found = required().filter(|it| it.1.is_some()).count();
    found > 0 && 2 * found >= required().count()
}

/// What is wrong with a header line that cannot be read.
fn malformed_header(reason: Malformed) -> Error {
    mismatch(
        "fileset.header",
        match reason {
            Malformed::TooManyColumns => "the header has too many columns; check the export",
            Malformed::TooLong => "the header line is too long; check the export",
            Malformed::StrayQuote | Malformed::UnclosedQuote => {
                "the header line cannot be read as CSV: its quotes are odd"
            }
        },
    )
}
