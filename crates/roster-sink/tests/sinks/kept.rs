//! Files that runs leave for review.

use crate::{
    Case,
    bench::{Backend, categories, noise, record, wait},
    cases,
};
use roster_core::ErrorKind;
use roster_sink::{Outcome, RunId};
use std::fs;

pub(crate) const CASES: &[Case] = cases![
    kept_files_come_back_as_they_were_written,
    run_that_publishes_nothing_keeps_files_too,
    files_of_a_run_that_is_recorded_again_are_replaced,
    kept_file_that_cannot_be_read_publishes_nothing,
    damaged_part_is_told,
];

fn kept_files_come_back_as_they_were_written(backend: &Backend) {
    let bench = backend.bench();
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A")])]);
    // Several parts.
    let big = noise(9_000_001);
    let files: [(&str, &[u8]); 4] = [
        ("places.users", &big),
        ("findings", b"{}\n"),
        ("held.1.users", b""),
        ("rekey.users", &[0, 255]),
    ];
    bench.keep(&files);
    wait(bench.sink.publish(&plan, published, &record(&plan, Outcome::Published))).unwrap();
    fs::remove_dir_all(bench.last_plan()).unwrap();
    let run = RunId::from_text("r1");
    let names = wait(bench.sink.kept_names(&run)).unwrap();
    assert_eq!(names, ["findings", "held.1.users", "places.users", "rekey.users"]);
    for (name, bytes) in files {
        let found = wait(bench.sink.kept(&run, name)).unwrap();
        assert!(found.as_deref() == Some(bytes), "{name}");
    }
    for (run, name) in [("r1", "findings.x"), ("r2", "findings")] {
        assert_eq!(wait(bench.sink.kept(&RunId::from_text(run), name)).unwrap(), None);
    }
    let stored = bench.query(
        "SELECT CAST(max(length(data)) AS BIGINT), count(*) FROM kept WHERE name = 'places.users'",
    );
    let (largest, parts) = stored[0].split_once('|').unwrap();
    assert!(largest.parse::<usize>().unwrap() < 5 << 20, "{stored:?}");
    assert_eq!(parts, "3");
}

fn run_that_publishes_nothing_keeps_files_too(backend: &Backend) {
    let bench = backend.bench();
    let (plan, _) = bench.plan("d", "r1", &[]);
    let kept = bench.keep(&[("findings", b"{}")]);
    wait(bench.sink.record(&record(&plan, Outcome::Unchanged), Some(&kept))).unwrap();
    let found = wait(bench.sink.kept(&RunId::from_text("r1"), "findings")).unwrap();
    assert_eq!(found.as_deref(), Some(&b"{}"[..]));
}

fn files_of_a_run_that_is_recorded_again_are_replaced(backend: &Backend) {
    let bench = backend.bench();
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A")])]);
    let kept = bench.keep(&[("findings", b"first"), ("places.users", b"first")]);
    wait(bench.sink.record(&record(&plan, Outcome::Failed), Some(&kept))).unwrap();
    fs::remove_dir_all(bench.last_plan().join("kept")).unwrap();
    bench.keep(&[("findings", b"second")]);
    wait(bench.sink.publish(&plan, published, &record(&plan, Outcome::Published))).unwrap();
    let run = RunId::from_text("r1");
    assert_eq!(wait(bench.sink.kept_names(&run)).unwrap(), ["findings"]);
    assert_eq!(wait(bench.sink.kept(&run, "findings")).unwrap().unwrap(), b"second");
}

fn kept_file_that_cannot_be_read_publishes_nothing(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r0", &[categories(&[("a", "A")])]);
    let before = bench.state();
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A1")])]);
    bench.keep(&[("findings", b"{}")]);
    fs::create_dir(bench.last_plan().join("kept").join("places.users")).unwrap();
    let run = record(&plan, Outcome::Published);
    let error = wait(bench.sink.publish(&plan, published, &run)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("places.users"), "{error}");
    assert_eq!(bench.state(), before);
    fs::remove_dir(bench.last_plan().join("kept").join("places.users")).unwrap();
    wait(bench.sink.publish(&plan, bench.published("d"), &run)).unwrap();
}

fn damaged_part_is_told(backend: &Backend) {
    let bench = backend.bench();
    let (plan, _) = bench.plan("d", "r1", &[]);
    let kept = bench.keep(&[("findings", &noise(5 << 20))]);
    wait(bench.sink.record(&record(&plan, Outcome::Unchanged), Some(&kept))).unwrap();
    bench.query("DELETE FROM kept WHERE part = 0");
    let error = wait(bench.sink.kept(&RunId::from_text("r1"), "findings")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
}
