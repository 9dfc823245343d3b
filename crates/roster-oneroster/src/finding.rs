//! Makes diagnostics with the least ceremony.

use roster_core::{Diagnostic, DiagnosticCode, Locus, Origin, Severity};
use roster_tabular::Malformed;
use std::sync::Arc;

/// A finding about a file as a whole (`line` 0) or about one of its lines.
pub(crate) fn about_file(
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

/// A finding about a file or a collection as a whole.
pub(crate) fn about_whole(code: DiagnosticCode, origin: &Origin) -> Diagnostic {
    let severity = Severity::Warning;
    Diagnostic { code, severity, field: None, source_id: None, locus: origin.locus(0) }
}

/// Whether a finding is one of the form that files have: services tell the status of every record, and write lists as
/// JSON.
pub(crate) fn is_of_files(code: DiagnosticCode) -> bool {
    use DiagnosticCode::{DeletedInBulk, ListForm, ListItemForm, StatusInBulk};
    matches!(code, DeletedInBulk | ListForm | ListItemForm | StatusInBulk)
}

/// The code for a record that cannot be read.
pub(crate) fn malformed(reason: Malformed) -> DiagnosticCode {
    match reason {
        Malformed::StrayQuote | Malformed::UnclosedQuote => DiagnosticCode::CsvSyntax,
        Malformed::TooLong | Malformed::TooManyColumns => DiagnosticCode::RecordTooLong,
    }
}

/// A name from the feed, cut where nobody would read on.
pub(crate) fn shortened(name: &str) -> Arc<str> {
    const LONGEST: usize = 100;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

/// Collects the findings about one record.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    pub(crate) out: &'a mut Vec<Diagnostic>,
    pub(crate) origin: &'a Origin,
    /// The position in the origin.
    pub(crate) line: u64,
    pub(crate) source_id: &'a str,
}

impl Findings<'_> {
    pub(crate) fn warn(&mut self, code: DiagnosticCode, field: &Arc<str>) {
        self.add(code, Severity::Warning, Some(field));
    }

    pub(crate) fn repaired(&mut self, code: DiagnosticCode, field: &Arc<str>) {
        self.add(code, Severity::Repaired, Some(field));
    }

    pub(crate) fn rejected(&mut self, code: DiagnosticCode, field: &Arc<str>) {
        self.add(code, Severity::Rejected, Some(field));
    }

    pub(crate) fn add(
        &mut self,
        code: DiagnosticCode,
        severity: Severity,
        field: Option<&Arc<str>>,
    ) {
        self.out.push(Diagnostic {
            code,
            severity,
            field: field.cloned(),
            source_id: (!self.source_id.is_empty()).then(|| self.source_id.into()),
            locus: self.origin.locus(self.line),
        });
    }
}
