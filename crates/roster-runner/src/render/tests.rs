//! Whole texts, as they are printed.

use super::*;
use roster_sink::RunId;
use std::collections::BTreeMap;

fn record() -> RunRecord {
    let users = EntityCounts { read: 1203, rejected: 2, created: 1201, ..EntityCounts::default() };
    let orgs = EntityCounts { read: 4, unchanged: 4, ..EntityCounts::default() };
    let example = |file: &str, line, source_id: &str| Example {
        file: Some(file.to_owned()),
        line: Some(line),
        field: Some("sourcedId".to_owned()),
        source_id: Some(source_id.to_owned()),
    };
    let finding = |code: DiagnosticCode, severity, count, examples| DiagnosticSummary {
        code: code.code().to_owned(),
        severity,
        count,
        examples,
    };
    RunRecord {
        report: RunReport {
            run: RunId::from_text("20261123T183000Z-4f3a9c"),
            district: "lakeside".parse().unwrap(),
            connector: "oneroster".to_owned(),
            outcome: Outcome::Published,
            entities: BTreeMap::from([
                (EntityKind::Org, orgs),
                (EntityKind::Course, EntityCounts::default()),
                (EntityKind::User, users),
            ]),
            diagnostics: vec![
                finding(
                    DiagnosticCode::DuplicateKey,
                    Severity::Rejected,
                    2,
                    vec![example("users.csv", 17, "u-1"), example("users.csv", 18, "u\u{1b}[2J")],
                ),
                finding(DiagnosticCode::ManifestMissing, Severity::Warning, 1, Vec::new()),
            ],
            seconds: 1.25,
            peak_memory_bytes: 61_400_000,
            holds: Vec::new(),
            error: None,
        },
        started_at: "2026-11-23T18:30:00Z".parse().unwrap(),
        finished_at: "2026-11-23T18:30:01Z".parse().unwrap(),
        causes: vec![Cause {
            table: "sections".to_owned(),
            source_id: "s-17".to_owned(),
            code: "reference_not_found".to_owned(),
            followers: 1203,
        }],
        settled: Vec::new(),
        profile: None,
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn night_is_counts_and_ranked_findings_with_what_to_do() {
    check(
        &night(&record(), &Hint::default(), Colour::Off),
        "\
lakeside: published (run 20261123T183000Z-4f3a9c, 1.2 s, 62 MB)
  table   read  rejected  created  updated  deleted  restored  unchanged
  orgs       4         -        -        -        -         -          4
  users  1,203         2    1,201        -        -         -          -
  records that made others fail
    sections s-17: 1,203 records (reference_not_found)
  rejected duplicate_key: 2, first at users.csv:17, field sourcedId, record u-1
      Mend: give every record its own key.
  warning manifest_missing: 1
      Mend: have the SIS export include the manifest.

",
    );
}

#[test]
fn failure_says_who_must_act() {
    let mut failed = record();
    failed.causes.clear();
    let report = &mut failed.report;
    report.outcome = Outcome::Failed;
    report.entities.clear();
    report.diagnostics.clear();
    report.error = Some(RunError {
        kind: "damaged".to_owned(),
        message: "bundle.open: not a zip archive [file=a.zip]".to_owned(),
        actor: "district or SIS vendor".to_owned(),
    });
    check(
        &night(&failed, &Hint::default(), Colour::Off),
        "\
lakeside: failed (run 20261123T183000Z-4f3a9c, 1.2 s, 62 MB)
  damaged: bundle.open: not a zip archive [file=a.zip]
  who must act: district or SIS vendor

",
    );
}

#[test]
fn runs_stand_in_columns() {
    check(
        &runs(&[record()], Colour::Off),
        "\
run                      district  connector  outcome    seconds   read  rejected  changed
20261123T183000Z-4f3a9c  lakeside  oneroster  published      1.2  1,207         2    1,201
",
    );
    check(&runs(&[], Colour::Off), "no runs\n");
}

#[test]
fn colour_changes_no_column() {
    let plain = runs(&[record()], Colour::Off);
    let coloured = runs(&[record()], Colour::On);
    assert!(coloured.contains("\u{1b}[32mpublished\u{1b}[0m      1.2"), "{coloured}");
    let uncoloured = ["\u{1b}[32m", "\u{1b}[2m", "\u{1b}[0m"]
        .iter()
        .fold(coloured, |text, paint| text.replace(paint, ""));
    assert_eq!(uncoloured, plain);
}

#[test]
fn numbers_have_their_thousands_apart() {
    for (value, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (9_650_000, "9,650,000")] {
        check(&number(value), expected);
    }
}
