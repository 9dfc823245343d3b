//! What is deleted for good is in no file of the database.

use super::open;
use crate::{
    Case,
    bench::{Backend, Bench, id, noise, record, users, wait},
    cases,
};
use roster_core::{EntityKind, ErrorKind};
use roster_sink::{Erased, Erasure, Outcome, Retention, SqliteSink};
use std::{fs, sync::Arc, time::Duration};

pub(super) const CASES: &[Case] = cases![
    forgotten_records_leave_no_trace,
    forgotten_files_leave_no_trace,
    erased_fields_leave_no_trace,
    reader_that_keeps_a_copy_is_told_of,
];

/// How often the bytes are in the database's files.
fn found(bench: &Bench, bytes: &[u8]) -> usize {
    let files = fs::read_dir(bench.folder.path()).unwrap().map(|it| it.unwrap());
    let files = files.filter(|it| it.file_name().to_string_lossy().starts_with("roster.db"));
    files.map(|it| count(&fs::read(it.path()).unwrap(), bytes)).sum()
}

fn count(text: &[u8], bytes: &[u8]) -> usize {
    text.windows(bytes.len()).filter(|it| *it == bytes).count()
}

/// The nights of many users, in which rows grow and are moved from page to page; in the last, one in three is deleted.
fn nights(bench: &Bench) {
    let keys: Vec<_> = (0..600).map(|it| format!("u{it}")).collect();
    for night in 0..4_usize {
        let name = |number: usize| {
            let growth = if number.is_multiple_of(4) { night * 40 } else { 0 };
            let canary = if number.is_multiple_of(3) { "CANARY" } else { "name" };
            format!("{canary}{number}{}", "x".repeat(growth))
        };
        let all: Vec<_> = keys.iter().enumerate().map(|it| (it.1.as_str(), name(it.0))).collect();
        let left = all.iter().enumerate().filter(|it| night < 3 || !it.0.is_multiple_of(3));
        let feed: Vec<_> = left.map(|(_, it)| (it.0, it.1.as_str())).collect();
        bench.night("d", &format!("r{night}"), &[users(&feed)]);
    }
}

fn forgotten_records_leave_no_trace(backend: &Backend) {
    let bench = backend.bench();
    nights(&bench);
    assert!(found(&bench, b"CANARY") >= 200);
    // Others may have the database open, so that its log stays.
    let other = open(&bench);
    other.execute_batch("SELECT count(*) FROM users").unwrap();
    let retention = Retention {
        deleted_before: Some("2026-11-24T00:00:00Z".parse().unwrap()),
        ..Retention::default()
    };
    let forgotten = wait(bench.sink.forget(&id("d"), &retention)).unwrap();
    assert_eq!(forgotten.records, 200);
    assert_eq!(found(&bench, b"CANARY"), 0);
    assert_eq!(bench.query("SELECT count(*) FROM users WHERE given_name LIKE 'name%'"), ["400"]);
    drop(other);
    bench.database.check_integrity();
}

fn forgotten_files_leave_no_trace(backend: &Backend) {
    let bench = backend.bench();
    let noise = noise(300_000);
    for run in ["r1", "r2"] {
        let (plan, _) = bench.plan("d", run, &[]);
        let kept = bench.keep(&[("quarantine.users", &noise), ("findings", b"{}")]);
        wait(bench.sink.record(&record(&plan, Outcome::Unchanged), Some(&kept))).unwrap();
    }
    // They are compressed: something from the middle of what is stored.
    let stored = "SELECT substr(data, length(data) / 2, 16) FROM kept WHERE name <> 'findings'";
    let canary: Vec<u8> = open(&bench).query_row(stored, [], |row| row.get(0)).unwrap();
    assert_eq!((canary.len(), found(&bench, &canary)), (16, 2));
    let retention = Retention {
        kept_before: Some("2026-11-24T00:00:00Z".parse().unwrap()),
        ..Retention::default()
    };
    assert_eq!(wait(bench.sink.forget(&id("d"), &retention)).unwrap().kept, 4);
    assert_eq!(found(&bench, &canary), 0);
}

fn erased_fields_leave_no_trace(backend: &Backend) {
    let bench = backend.bench();
    nights(&bench);
    let erasure = Erasure { entity: EntityKind::User, what: Erased::DeletedRows };
    assert_eq!(wait(bench.sink.erase(&id("d"), &[erasure])).unwrap(), 200);
    assert_eq!(found(&bench, b"CANARY"), 0);
}

fn reader_that_keeps_a_copy_is_told_of(backend: &Backend) {
    let mut bench = backend.bench();
    nights(&bench);
    bench.sink =
        Arc::new(SqliteSink::new(super::path(&bench)).busy_timeout(Duration::from_millis(50)));
    let reader = open(&bench);
    reader.execute_batch("BEGIN; SELECT count(*) FROM users").unwrap();
    let erasure = Erasure { entity: EntityKind::User, what: Erased::DeletedRows };
    let error = wait(bench.sink.erase(&id("d"), &[erasure])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.message().contains("keeps a copy"), "{error}");
    assert!(found(&bench, b"CANARY") > 0);
    drop(reader);
    // Whoever opens it last puts the log away.
    drop(open(&bench));
    bench.published("d");
    bench.night("d", "r9", &[users(&[("u1", "name")])]);
    assert_eq!(found(&bench, b"CANARY"), 0);
}
