//! What is older than a district keeps.

use crate::{
    Case,
    bench::{Backend, Bench, categories, id, record, users, wait},
    cases,
    holds::{hold, night},
};
use roster_core::{EntityKind, Rows, value::Timestamp};
use roster_sink::{Forgotten, HoldFilter, HoldState, Outcome, Retention, RunId};

pub(crate) const CASES: &[Case] = cases![
    nothing_is_forgotten_unless_it_is_asked_for,
    kept_files_go_with_their_age,
    runs_go_with_their_findings_files_and_settled_holds,
    last_completed_run_and_runs_with_open_holds_stay,
    forgotten_changes_leave_one_marker,
    deleted_records_are_emptied_and_can_return,
    other_districts_forget_nothing,
];

/// Before and after the time of all nights of these tests.
const BEFORE: &str = "2026-11-23T02:00:01.4Z";
const AFTER: &str = "2026-11-23T02:00:01.6Z";

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn everything(before: &str) -> Retention {
    let before = Some(at(before));
    Retention {
        kept_before: before,
        runs_before: before,
        changes_before: before,
        deleted_before: before,
    }
}

fn forget(bench: &Bench, retention: &Retention) -> Forgotten {
    let forgotten = wait(bench.sink.forget(&id("d"), retention)).unwrap();
    // A second time there is nothing left to forget.
    assert_eq!(wait(bench.sink.forget(&id("d"), retention)).unwrap(), Forgotten::default());
    forgotten
}

/// A night that leaves two files.
fn night_with_files(bench: &Bench, run: &str, feed: &[Rows]) {
    let (plan, published) = bench.plan("d", run, feed);
    bench.keep(&[("findings", run.as_bytes()), ("quarantine.users", b"CANARY")]);
    wait(bench.sink.publish(&plan, published, &record(&plan, Outcome::Published))).unwrap();
}

/// Three nights; the second deletes a user.
fn three_nights(backend: &Backend) -> Bench {
    let bench = backend.bench();
    night_with_files(&bench, "r1", &[users(&[("a", "Ada"), ("b", "Bo")])]);
    night_with_files(&bench, "r2", &[users(&[("a", "Ada")])]);
    night_with_files(&bench, "r3", &[users(&[("a", "Adaeze")])]);
    bench
}

fn nothing_is_forgotten_unless_it_is_asked_for(backend: &Backend) {
    let bench = three_nights(backend);
    let before = bench.state();
    for retention in [Retention::default(), everything(BEFORE)] {
        assert_eq!(forget(&bench, &retention), Forgotten::default());
    }
    assert_eq!(bench.state(), before);
    assert_eq!(wait(bench.sink.kept_names(&RunId::from_text("r1"))).unwrap().len(), 2);
    assert!(wait(bench.sink.audit(None, 9)).unwrap().is_empty());
}

fn kept_files_go_with_their_age(backend: &Backend) {
    let bench = three_nights(backend);
    let retention = Retention { kept_before: Some(at(AFTER)), ..Retention::default() };
    assert_eq!(forget(&bench, &retention), Forgotten { kept: 6, ..Forgotten::default() });
    assert_eq!(bench.query("SELECT count(*) FROM kept"), ["0"]);
    assert_eq!(bench.query("SELECT count(*) FROM runs"), ["3"]);
    assert_eq!(wait(bench.sink.kept(&RunId::from_text("r3"), "findings")).unwrap(), None);
    let audit = wait(bench.sink.audit(Some(&id("d")), 9)).unwrap();
    let told: Vec<_> = audit.iter().map(|it| (it.action.as_str(), it.detail.as_deref())).collect();
    assert_eq!(told, [("forget", Some("6 kept files, 0 runs, 0 changes, 0 deleted records"))]);
}

fn runs_go_with_their_findings_files_and_settled_holds(backend: &Backend) {
    let bench = backend.bench();
    let made = hold("d", "r1", 1);
    night(&bench, "d", "r1", vec![made.clone()], &[]);
    night(&bench, "d", "r2", Vec::new(), &[(&made, HoldState::Superseded)]);
    night_with_files(&bench, "r3", &[categories(&[("a", "r3")])]);
    night(&bench, "d", "r4", Vec::new(), &[]);
    let retention = Retention { runs_before: Some(at(AFTER)), ..Retention::default() };
    let expected = Forgotten { runs: 3, kept: 2, ..Forgotten::default() };
    assert_eq!(forget(&bench, &retention), expected);
    for (table, left) in [("runs", "1"), ("diagnostics", "1"), ("holds", "0"), ("kept", "0")] {
        assert_eq!(bench.query(&format!("SELECT count(*) FROM {table}")), [left], "{table}");
    }
    // What people and nights did with the hold is not forgotten.
    let audit = wait(bench.sink.audit(None, 9)).unwrap();
    assert_eq!(
        audit.iter().map(|it| it.action.as_str()).collect::<Vec<_>>(),
        ["forget", "supersede", "hold"]
    );
}

fn last_completed_run_and_runs_with_open_holds_stay(backend: &Backend) {
    let bench = backend.bench();
    night(&bench, "d", "r1", vec![hold("d", "r1", 1)], &[]);
    night(&bench, "d", "r2", Vec::new(), &[]);
    night(&bench, "d", "r3", Vec::new(), &[]);
    let (plan, _) = bench.plan("d", "r4", &[]);
    wait(bench.sink.record(&record(&plan, Outcome::Failed), None)).unwrap();
    let retention = Retention { runs_before: Some(at(AFTER)), ..Retention::default() };
    assert_eq!(forget(&bench, &retention), Forgotten { runs: 2, ..Forgotten::default() });
    assert_eq!(bench.query("SELECT id FROM runs ORDER BY id"), ["r1", "r3"]);
    assert_eq!(wait(bench.sink.holds(None, HoldFilter::Open)).unwrap().len(), 1);
}

fn forgotten_changes_leave_one_marker(backend: &Backend) {
    let bench = three_nights(backend);
    let changes = "SELECT run_id, operation, entity, source_id, id FROM changes ORDER BY seq";
    assert_eq!(bench.query(changes).len(), 3);
    let last = bench.query("SELECT max(seq) FROM changes");
    let retention = Retention { changes_before: Some(at(AFTER)), ..Retention::default() };
    assert_eq!(forget(&bench, &retention), Forgotten { changes: 3, ..Forgotten::default() });
    assert_eq!(bench.query(changes), ["r3|load|-|-|-"]);
    assert_eq!(bench.query("SELECT max(seq) FROM changes"), last);
    bench.night("d", "r4", &[users(&[("a", "Ada")])]);
    assert_eq!(
        bench.query("SELECT run_id, operation FROM changes ORDER BY seq"),
        ["r3|load", "r4|update"]
    );
}

fn deleted_records_are_emptied_and_can_return(backend: &Backend) {
    let bench = three_nights(backend);
    let retention = Retention { deleted_before: Some(at(AFTER)), ..Retention::default() };
    assert_eq!(forget(&bench, &retention), Forgotten { records: 1, ..Forgotten::default() });
    let rows = "SELECT source_id, given_name, family_name, first_run, last_run, deleted_at FROM users ORDER BY rowid";
    assert_eq!(
        bench.query(rows),
        ["a|Adaeze|Okafor|r1|r3|-", "b|-|-|r1|r2|2026-11-23T02:00:01.500Z"]
    );
    bench.night("d", "r4", &[users(&[("a", "Adaeze"), ("b", "Bo")])]);
    assert_eq!(bench.query(rows)[1], "b|Bo|Okafor|r1|r4|-");
    let history = wait(bench.sink.history(&id("d"), EntityKind::User, "b")).unwrap().unwrap();
    assert_eq!(history.changes.len(), 2);
}

fn other_districts_forget_nothing(backend: &Backend) {
    let bench = three_nights(backend);
    let before = bench.state();
    let forgotten = wait(bench.sink.forget(&id("other"), &everything(AFTER))).unwrap();
    assert_eq!(forgotten, Forgotten::default());
    assert_eq!(bench.state(), before);
}
