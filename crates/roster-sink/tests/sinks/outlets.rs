//! Databases that only remember the nights of an outlet, which keeps the rows itself.

use crate::{
    Case,
    bench::{Backend, Bench, categories, id, record, wait},
    cases,
};
use futures::StreamExt as _;
use roster_core::{EntityKind, ErrorKind, Result, Rows};
use roster_sink::{Decision, Erased, Erasure, Mark, Outcome, Rekey, RunId, Sink, key_of};
use std::{fmt::Debug, sync::Arc};

pub(crate) const CASES: &[Case] = cases![
    everything_is_remembered_but_rows_and_changes,
    locator_is_the_rows_number_in_the_outlet,
    rekeys_are_remembered_without_rows,
    what_asks_for_rows_is_not_supported,
    district_belongs_to_one_outlet_or_to_the_database,
    plan_of_a_record_that_is_there_is_refused_without_rows,
];

/// A bench whose sink is of an outlet.
fn outlet(backend: &Backend) -> Bench {
    let mut bench = backend.bench();
    bench.sink = bench.database.outlet("parquet:lake");
    bench
}

fn everything_is_remembered_but_rows_and_changes(backend: &Backend) {
    let bench = outlet(backend);
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    let feed = [categories(&[("a", "A2"), ("c", "C")])];
    let (plan, published) = bench.plan("d", "r2", &feed);
    bench.keep(&[("findings", b"{}")]);
    wait(bench.sink.publish(&plan, published, &record(&plan, Outcome::Published))).unwrap();
    let again = bench.plan("d", "r3", &feed).0;
    assert!(!again.changes(), "{:?}", again.header().entities);
    let published = bench.published("d");
    assert_eq!((published.basis, published.indexes[&EntityKind::Category].active()), (2, 2));
    for table in ["categories", "changes"] {
        assert_eq!(bench.query(&format!("SELECT count(*) FROM {table}")), ["0"], "{table}");
    }
    assert_eq!(bench.query("SELECT * FROM districts"), ["d|2|r1|r2|parquet:lake"]);
    assert_eq!(wait(bench.sink.runs(None, 9)).unwrap().len(), 2);
    assert_eq!(wait(bench.sink.kept_names(&RunId::from_text("r2"))).unwrap(), ["findings"]);
}

fn locator_is_the_rows_number_in_the_outlet(backend: &Backend) {
    let bench = outlet(backend);
    bench.night("other", "r0", &[categories(&[("z", "Z")])]);
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    bench.night("d", "r2", &[categories(&[("c", "C"), ("b", "B"), ("d", "D")])]);
    let mut published = bench.published("d");
    let index = published.indexes.get_mut(&EntityKind::Category).unwrap();
    for (key, locator, deleted) in
        [("a", 0, true), ("b", 1, false), ("c", 2, false), ("d", 3, false)]
    {
        let slot = index.look_up(key_of(key)).unwrap();
        assert_eq!((u64::from(slot), index.locator(slot)), (locator, locator), "{key}");
        assert_eq!(index.is_marked(slot, Mark::Deleted), deleted, "{key}");
    }
}

fn rekeys_are_remembered_without_rows(backend: &Backend) {
    let bench = outlet(backend);
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    let decision = Decision {
        at: "2026-11-24T08:30:00Z".parse().unwrap(),
        by: "ana".to_owned(),
        reason: "new SIS".to_owned(),
    };
    let rekey = |old: &str, new: &str| Rekey {
        entity: EntityKind::Category,
        old: old.to_owned(),
        new: new.to_owned(),
    };
    let rekeys = [rekey("a", "b"), rekey("b", "a")];
    wait(bench.sink.accept_rekeys(&id("d"), None, &rekeys, &decision)).unwrap();
    let feed = [categories(&[("b", "A"), ("a", "B2"), ("c", "C")])];
    bench.night("d", "r2", &feed);
    assert!(!bench.plan("d", "r3", &feed).0.changes());
    let index = &mut bench.published("d").indexes.remove(&EntityKind::Category).unwrap();
    assert_eq!((index.look_up(key_of("b")), index.look_up(key_of("a"))), (Some(0), Some(1)));
    assert_eq!(bench.query("SELECT applied_run FROM rekeys"), ["r2", "r2"]);
}

fn what_asks_for_rows_is_not_supported(backend: &Backend) {
    let bench = outlet(backend);
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    let (district, entity) = (id("d"), EntityKind::Category);
    let published = bench.published("d");
    let unsupported = |what: &str, kind: ErrorKind| {
        assert_eq!(kind, ErrorKind::Unsupported, "{what}");
    };
    let fetched = wait(bench.sink.fetch(&district, entity, &published.indexes[&entity], &[0]));
    unsupported("fetch", fetched.unwrap_err().kind());
    let rows = wait(bench.sink.rows(&district, entity).collect::<Vec<Result<Rows>>>());
    assert_eq!(rows.len(), 1);
    unsupported("rows", rows.into_iter().next().unwrap().unwrap_err().kind());
    unsupported("snapshot", wait(bench.sink.snapshot(&district)).unwrap_err().kind());
    let erasure = Erasure { entity, what: Erased::DeletedRows };
    unsupported("erase", wait(bench.sink.erase(&district, &[erasure])).unwrap_err().kind());
    unsupported("history", wait(bench.sink.history(&district, entity, "a")).unwrap_err().kind());
}

fn district_belongs_to_one_outlet_or_to_the_database(backend: &Backend) {
    let mut bench = backend.bench();
    let sinks: [(&str, Arc<dyn Sink>); 3] = [
        ("here", bench.sink.clone()),
        ("lake", bench.database.outlet("lake")),
        ("zip", bench.database.outlet("zip")),
    ];
    for (name, sink) in &sinks {
        bench.sink = sink.clone();
        bench.night(name, &format!("{name}1"), &[categories(&[("a", "A")])]);
    }
    let before = bench.state();
    for (name, own) in &sinks {
        bench.sink = own.clone();
        let (plan, published) =
            bench.plan(name, &format!("{name}2"), &[categories(&[("a", "A2")])]);
        let run = record(&plan, Outcome::Published);
        let mut published = Some(published);
        for (_, other) in sinks.iter().filter(|it| it.0 != *name) {
            check_refused(wait(other.published(&id(name))), name);
            let published = published.take().unwrap_or_default();
            check_refused(wait(other.publish(&plan, published, &run)), name);
        }
    }
    let rows = wait(sinks[0].1.rows(&id("lake"), EntityKind::Category).collect::<Vec<_>>());
    check_refused(rows.into_iter().next().unwrap(), "lake");
    check_refused(wait(sinks[0].1.snapshot(&id("zip"))), "zip");
    assert_eq!(bench.state(), before);
}

/// The error says what to do, and where the district's rows are.
#[track_caller]
fn check_refused<T: Debug>(outcome: Result<T>, rows_at: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
    assert!(error.message().contains("another database"), "{error}");
    assert!(error.to_string().contains(&format!("rows_at={rows_at}")), "{error}");
}

fn plan_of_a_record_that_is_there_is_refused_without_rows(backend: &Backend) {
    let bench = outlet(backend);
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    let feed = [categories(&[("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")])];
    // Of a published record, and of one that the plan creates, too.
    for taken in ["b", "c"] {
        let (plan, published) = bench.plan("d", "r2", &feed);
        let path = bench.last_plan().join("categories.rows");
        let mut bytes = std::fs::read(&path).unwrap();
        let key = key_of("d").to_le_bytes();
        let at = bytes.windows(16).position(|it| it == key).unwrap();
        bytes[at..][..16].copy_from_slice(&key_of(taken).to_le_bytes());
        std::fs::write(&path, bytes).unwrap();
        let run = record(&plan, Outcome::Published);
        let error = wait(bench.sink.publish(&plan, published, &run)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
        assert!(error.message().contains("that is there already"), "{error}");
        assert_eq!(bench.published("d").basis, 1);
    }
    bench.night("d", "r2", &feed);
}
