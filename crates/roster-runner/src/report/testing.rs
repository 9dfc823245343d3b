//! Runs of a made-up district, for the tests of reports.

use super::kept::{Finding, Form, Kept, Quarantined};
use roster_core::{EntityKind, Severity};
use roster_sink::{DiagnosticSummary, Example, Outcome, RunId, RunRecord, RunReport};
use std::collections::BTreeMap;

/// A run that found nothing.
pub(crate) fn run() -> RunRecord {
    RunRecord {
        report: RunReport {
            run: RunId::from_text("20261123T183000Z-4f3a9c"),
            district: "lakeside".parse().unwrap(),
            connector: "oneroster".to_owned(),
            outcome: Outcome::Published,
            entities: BTreeMap::new(),
            diagnostics: Vec::new(),
            seconds: 1.25,
            peak_memory_bytes: 61_400_000,
            holds: Vec::new(),
            error: None,
        },
        started_at: "2026-11-23T18:30:00Z".parse().unwrap(),
        finished_at: "2026-11-23T18:30:01Z".parse().unwrap(),
        causes: Vec::new(),
        settled: Vec::new(),
        profile: None,
    }
}

/// So many findings of a code.
pub(crate) fn finding(code: &str, severity: Severity, count: u64) -> DiagnosticSummary {
    let example = Example {
        file: Some("users.csv".to_owned()),
        line: Some(4),
        field: Some("givenName".to_owned()),
        source_id: Some("u1".to_owned()),
    };
    DiagnosticSummary { code: code.to_owned(), severity, count, examples: vec![example] }
}

/// A rejected record as the night's checks give it, and the finding for which.
pub(crate) fn reject(
    kept: &mut Kept,
    entity: EntityKind,
    code: &str,
    (line, field): (u64, &str),
    fields: &[(&str, &str)],
) {
    let file = roster_oneroster::file_name(entity).unwrap().to_owned();
    let source_id = Some(fields[0].1.to_owned());
    kept.findings.push(Finding {
        entity,
        code: code.to_owned(),
        severity: Severity::Rejected,
        file: Some(file.clone()),
        line: Some(line),
        field: Some(field.to_owned()),
        source_id: source_id.clone(),
    });
    let fields = fields.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
    let record = Quarantined { position: line, file, source_id, form: Form::Model, fields };
    kept.quarantine.entry(entity).or_default().push(record);
}
