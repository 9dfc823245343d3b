//! The report for the people who send the feed: what was wrong, in their own names, with the values and what to do.

mod rows;

pub(crate) use rows::Row;

use super::{
    Review,
    causes::{CauseRecord, RootCause},
    csv, html,
    words::Names,
};
use roster_core::{
    DiagnosticCode, EntityKind, Error, ErrorKind, Result, Severity, value::Timestamp,
};
use roster_sink::{EntityCounts, Hold, HoldRule, private_file};
use rows::Rows;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

/// The form of a report's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A page for people, whole in itself.
    Html,
    /// A row for each finding, for a spreadsheet.
    Csv,
    /// All of it, for programs.
    Json,
}

impl Format {
    /// The form that a file's name asks for.
    pub(crate) fn of(file: &Path) -> Option<Self> {
        let extension = file.extension().and_then(OsStr::to_str)?.to_ascii_lowercase();
        match extension.as_str() {
            "html" | "htm" => Some(Self::Html),
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// A report for a district.  It holds personal data: `Debug` shows how much, not what.
#[derive(Serialize)]
pub(crate) struct DistrictReport {
    /// The district.
    pub(crate) district: String,
    /// The run.
    pub(crate) run: String,
    /// When it ended.
    pub(crate) finished_at: Timestamp,
    /// How it ended, in words.
    pub(crate) outcome: &'static str,
    /// Why it failed, and what to do.
    pub(crate) error: Option<String>,
    /// How much came, by file.
    pub(crate) files: Vec<FileCount>,
    /// What was wrong, what cost most first.
    pub(crate) causes: Vec<Cause>,
    /// What waits until somebody confirms it.
    pub(crate) waiting: Vec<String>,
    /// Findings that were too many to be kept one by one.
    pub(crate) not_listed: u64,
}

/// How much of a file came and how much of that was left out.
#[derive(Debug, Serialize)]
pub(crate) struct FileCount {
    /// The file, or whatever the source calls it.
    pub(crate) file: String,
    /// Records that came.
    pub(crate) read: u64,
    /// Records that were left out.
    pub(crate) left_out: u64,
}

/// One thing that was wrong.
#[derive(Serialize)]
pub(crate) struct Cause {
    /// Its place in the report, from 1.
    pub(crate) number: usize,
    /// What was wrong.
    pub(crate) title: String,
    /// Where: fields and file.
    pub(crate) place: String,
    /// See `docs/diagnostics.md`.
    pub(crate) code: String,
    /// The worst that was done about it.
    pub(crate) severity: Severity,
    /// What became of the records or the file.
    pub(crate) effect: String,
    /// What to do.
    pub(crate) what_to_do: String,
    /// Findings and records that follow from them.
    pub(crate) reach: u64,
    /// The records that others name most often.
    pub(crate) named_most: Vec<Named>,
    /// Where it was found.
    pub(crate) findings: Vec<Row>,
    /// Records that were left out for no other reason than that they refer to one of these.
    pub(crate) following: Vec<Row>,
}

/// A record that others name.
#[derive(Serialize)]
pub(crate) struct Named {
    /// The file it belongs in.
    pub(crate) file: String,
    /// Its key.
    pub(crate) record: String,
    /// How many records name it.
    pub(crate) by: u64,
}

impl Named {
    fn of(record: CauseRecord, names: Names) -> Self {
        let table = EntityKind::from_table(&record.table).map(|it| names.table(it).to_owned());
        Self { file: table.unwrap_or(record.table), record: record.source_id, by: record.followers }
    }
}

impl std::fmt::Debug for DistrictReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("DistrictReport");
        debug.field("run", &self.run).field("causes", &self.causes.len()).finish_non_exhaustive()
    }
}

impl DistrictReport {
    /// Makes it of what a run kept.
    pub(crate) fn new(review: &Review) -> Self {
        let (report, names) = (&review.record.report, review.names());
        let rows = Rows::new(&review.kept, names);
        let causes = review.root_causes();
        let causes: Vec<_> =
            (1..).zip(causes).map(|(number, it)| cause(number, it, &rows, names)).collect();
        let listed: u64 =
            causes.iter().map(|it| (it.findings.len() + it.following.len()) as u64).sum();
        let found: u64 = report.diagnostics.iter().map(|it| it.count).sum();
        Self {
            district: report.district.to_string(),
            run: report.run.to_string(),
            finished_at: review.record.finished_at,
            outcome: outcome(review),
            error: report.error.as_ref().map(|it| it.message.clone()),
            files: files(&report.entities, names),
            causes,
            waiting: review.holds.iter().map(|it| waiting(it, names)).collect(),
            not_listed: found.saturating_sub(listed),
        }
    }

    /// Writes it into a new file that only its owner can read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when the file is there already, [`ErrorKind::Unavailable`] when it cannot be written.
    pub(crate) fn write(&self, file: &Path, format: Format) -> Result<()> {
        let open = private_file(file).map_err(|err| unwritable(file, err))?;
        let mut out = BufWriter::new(open);
        let written = self.write_to(&mut out, format).and_then(|()| out.into_inner()?.sync_all());
        written.map_err(|err| {
            // Half a report is of no use, and holds personal data.
            _ = std::fs::remove_file(file);
            unwritable(file, err)
        })
    }

    fn write_to(&self, out: &mut BufWriter<File>, format: Format) -> io::Result<()> {
        match format {
            Format::Html => html::write(self, out),
            Format::Csv => csv::write(self, out),
            Format::Json => {
                serde_json::to_writer_pretty(&mut *out, self)?;
                writeln!(out)
            }
        }
    }
}

/// How much of each file came; records that are made of another's file are told apart by their table.
fn files(entities: &BTreeMap<EntityKind, EntityCounts>, names: Names) -> Vec<FileCount> {
    let seen = || entities.iter().filter(|it| it.1.read > 0);
    let file = |entity: EntityKind| {
        let name = names.table(entity);
        let first = seen().find(|it| names.table(*it.0) == name).is_none_or(|it| *it.0 == entity);
        if first { name.to_owned() } else { format!("{name} ({})", entity.table()) }
    };
    let count = |(entity, counts): (&EntityKind, &EntityCounts)| FileCount {
        file: file(*entity),
        read: counts.read,
        left_out: counts.rejected,
    };
    seen().map(count).collect()
}

fn outcome(review: &Review) -> &'static str {
    use roster_sink::Outcome;
    let report = &review.record.report;
    match report.outcome {
        Outcome::Published => "The roster was updated.",
        Outcome::Unchanged if report.error.is_some() => "The roster was not there yet.",
        Outcome::Unchanged => "The roster was read, and nothing in it has changed.",
        Outcome::Held => "The roster was updated, but for changes that have to be confirmed first.",
        Outcome::Failed => {
            "The roster could not be read. What was received before stays as it was."
        }
    }
}

fn cause(number: usize, cause: RootCause, rows: &Rows<'_>, names: Names) -> Cause {
    let mut findings: Vec<_> = cause.own.iter().map(|it| rows.row(*it)).collect();
    if let (true, Some(first)) = (findings.is_empty(), &cause.first) {
        findings.push(Row::of_example(&cause, first));
    }
    Cause {
        number,
        title: title(&cause, names),
        place: place(&cause),
        severity: cause.severity,
        effect: cause.effect,
        reach: cause.reach,
        following: cause.following.iter().map(|it| rows.row(*it)).collect(),
        findings,
        code: cause.code,
        what_to_do: cause.repair,
        named_most: cause.records.into_iter().map(|it| Named::of(it, names)).collect(),
    }
}

/// What was wrong; of references, with the file that lacks something.
fn title(cause: &RootCause, names: Names) -> String {
    let table = cause.table.and_then(EntityKind::from_table).map(|it| names.table(it));
    let is = |code: DiagnosticCode| cause.code == code.code();
    match table {
        Some(table) if is(DiagnosticCode::ReferenceNotFound) => {
            format!("Records name others of {table} that are not there")
        }
        Some(table) if is(DiagnosticCode::ReferenceFileMissing) => {
            format!("Records name others of {table}, which was never sent")
        }
        Some(table) if is(DiagnosticCode::ReferenceRejected) => {
            format!("Records name others of {table} that were left out")
        }
        _ if cause.meaning.is_empty() => cause.code.clone(),
        _ => cause.meaning.clone(),
    }
}

/// Fields and file, as far as they are the same for all.
fn place(cause: &RootCause) -> String {
    let file = cause.file.as_deref().unwrap_or_default();
    match (cause.fields.is_empty(), file.is_empty()) {
        (true, _) => file.to_owned(),
        (false, true) => cause.fields.join(", "),
        (false, false) => format!("{} in {file}", cause.fields.join(", ")),
    }
}

/// What waits, in words.
fn waiting(hold: &Hold, names: Names) -> String {
    let what = match hold.rule {
        HoldRule::Deleted => "would be removed",
        HoldRule::Updated => "would be changed",
        HoldRule::Cleared => return cleared(hold, names),
        HoldRule::Rejected => {
            "were left out, too many to trust the changes and removals beside them"
        }
        HoldRule::Emptied => "would be removed, because the file came without a record",
        HoldRule::Missing => "would be removed, because the file did not come",
        HoldRule::Rekeyed => "seem to have got another key",
    };
    let school = hold.school.as_deref().map_or_else(String::new, |it| format!(" of school {it}"));
    let file = names.table(hold.entity);
    format!("{file}: {} of {} records{school} {what}", hold.records, hold.of_records)
}

/// Which values would be lost, in words.
fn cleared(hold: &Hold, names: Names) -> String {
    let school = hold.school.as_deref().map_or_else(String::new, |it| format!(" of school {it}"));
    let schema = hold.entity.schema();
    let name = |it: &String| schema.field(it).map(|it| names.field(hold.entity, schema.fields[it].name));
    let fields: Vec<&str> = hold.fields.keys().filter_map(name).collect();
    format!(
        "{}: {} of {} records{school} had a value before and have none that can be read now, in {}; until that is \
         mended, no record of the file is changed",
        names.table(hold.entity),
        hold.records,
        hold.of_records,
        fields.join(", ")
    )
}

fn unwritable(file: &Path, err: io::Error) -> Error {
    let (kind, message) = match err.kind() {
        io::ErrorKind::AlreadyExists => {
            (ErrorKind::ConfigInvalid, "the file is there already; name another, or remove it")
        }
        io::ErrorKind::NotFound => (ErrorKind::ConfigInvalid, "there is no such folder"),
        io::ErrorKind::StorageFull => (ErrorKind::Unavailable, "the disk is full"),
        _ => (ErrorKind::Unavailable, "the report cannot be written"),
    };
    Error::new(kind, "report.write", message).context("file", file.display()).source(err)
}

#[cfg(test)]
#[cfg(feature = "connector-oneroster")]
mod tests;
