//! Makes the diagnostics of readers of files with the least ceremony.

use crate::csv::Malformed;
use roster_core::{Batch, Diagnostic, DiagnosticCode, Locus, Severity};
use std::sync::Arc;

/// A finding about a file as a whole (`line` 0) or about one of its lines.
#[must_use]
pub fn about_file(
    code: DiagnosticCode,
    file: &Arc<str>,
    line: u64,
    field: Option<&str>,
) -> Diagnostic {
    Diagnostic {
        code,
        severity: Severity::Warning,
        field: field.map(shortened),
        source_id: None,
        locus: Locus::File { file: file.clone(), line },
    }
}

/// The code for a record that cannot be read.
#[must_use]
pub fn malformed(reason: Malformed) -> DiagnosticCode {
    match reason {
        Malformed::StrayQuote | Malformed::UnclosedQuote => DiagnosticCode::CsvSyntax,
        Malformed::TooLong | Malformed::TooManyColumns => DiagnosticCode::RecordTooLong,
    }
}

/// A name from the feed, cut where nobody would read on.
#[must_use]
pub fn shortened(name: &str) -> Arc<str> {
    const LONGEST: usize = 100;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

/// Collects the findings about one record.
#[derive(Debug)]
pub struct Findings<'a> {
    /// Where they go.
    pub out: &'a mut Vec<Diagnostic>,
    /// The file, by its name in the bundle.
    pub file: &'a Arc<str>,
    /// The line on which the record begins, from 1.
    pub line: u64,
    /// The record's key; empty where it is not known.
    pub source_id: &'a str,
}

impl Findings<'_> {
    /// Kept as it was.
    pub fn warn(&mut self, code: DiagnosticCode, field: &Arc<str>) {
        self.add(code, Severity::Warning, Some(field));
    }

    /// Kept, with a value changed or cleared.
    pub fn repaired(&mut self, code: DiagnosticCode, field: &Arc<str>) {
        self.add(code, Severity::Repaired, Some(field));
    }

    /// The record is left out.
    pub fn rejected(&mut self, code: DiagnosticCode, field: &Arc<str>) {
        self.add(code, Severity::Rejected, Some(field));
    }

    /// A finding of any severity, about a field or about the whole record.
    pub fn add(&mut self, code: DiagnosticCode, severity: Severity, field: Option<&Arc<str>>) {
        self.out.push(Diagnostic {
            code,
            severity,
            field: field.cloned(),
            source_id: (!self.source_id.is_empty()).then(|| self.source_id.into()),
            locus: Locus::File { file: self.file.clone(), line: self.line },
        });
    }
}

/// Counts a record of which nothing can be said, and of which another entity's batch tells why.
pub fn reject_silently(batch: &mut Batch) {
    batch.records_read += 1;
    batch.records_rejected += 1;
}

/// Counts a record of which nothing can be said, not even its key.
pub fn reject_line(batch: &mut Batch, code: DiagnosticCode, line: u64) {
    reject_silently(batch);
    batch.diagnostics.push(Diagnostic {
        code,
        severity: Severity::Rejected,
        field: None,
        source_id: None,
        locus: batch.origin.locus(line),
    });
}
