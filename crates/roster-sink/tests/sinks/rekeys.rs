//! Records that get other keys and stay the same records.

use crate::{
    Case,
    bench::{Backend, Bench, categories, category_id, id, record, wait},
    cases,
    holds::{hold, night},
};
use roster_core::{EntityKind, ErrorKind, public_id};
use roster_sink::{Decision, HoldId, HoldState, Outcome, RecordHistory, Rekey};

pub(crate) const CASES: &[Case] = cases![
    rekeyed_record_keeps_its_id_and_its_history,
    accepted_map_waits_and_a_newer_one_takes_its_place,
    hold_that_a_map_comes_from_becomes_approved,
    map_of_a_hold_that_is_settled_or_of_another_district_is_refused,
    maps_that_are_not_one_to_one_are_refused,
    keys_are_swapped_in_one_night,
    freed_key_goes_to_another_record_in_the_same_night,
    freed_key_goes_to_another_record_in_a_later_night,
    deleted_record_is_restored_under_its_new_key,
    key_of_another_record_is_refused,
    rekey_that_no_map_allows_is_refused,
    many_records_are_rekeyed_at_once_and_later_nights_know_them,
    maps_of_one_district_leave_the_other_alone,
    map_is_taken_back_and_its_hold_waits_again,
    keys_that_do_not_come_with_the_others_are_dropped,
];

fn decision() -> Decision {
    Decision {
        at: "2026-11-24T08:30:00Z".parse().unwrap(),
        by: "ana".to_owned(),
        reason: "new SIS".to_owned(),
    }
}

fn map(pairs: &[(&str, &str)]) -> Vec<Rekey> {
    let rekey = |(old, new): &(&str, &str)| Rekey {
        entity: EntityKind::Category,
        old: (*old).to_owned(),
        new: (*new).to_owned(),
    };
    pairs.iter().map(rekey).collect()
}

fn accept(bench: &Bench, pairs: &[(&str, &str)]) {
    wait(bench.sink.accept_rekeys(&id("d"), None, &map(pairs), &decision())).unwrap();
}

/// Key, title and id of all active records, by key.
fn records(bench: &Bench) -> Vec<String> {
    bench.query(
        "SELECT source_id, title, id FROM categories WHERE district_id = 'd' AND deleted_at IS NULL \
         ORDER BY source_id",
    )
}

/// The id that the first record of a key gets, and the one of the record after it.
fn ids(key: &str) -> [String; 2] {
    let again = public_id(&id("d"), EntityKind::Category, &format!("{key}\u{1f}1"));
    [category_id("d", key), again.to_string()]
}

/// Operation, key and id of a run's changes.
fn changes(bench: &Bench, run: &str) -> Vec<String> {
    bench.query(&format!(
        "SELECT operation, source_id, id FROM changes WHERE run_id = '{run}' ORDER BY seq"
    ))
}

/// Nothing differs when the same feed comes again, and nothing waits.
fn check_settled(bench: &Bench, feed: &[roster_core::Rows]) {
    let (plan, published) = bench.plan("d", "again", feed);
    assert!(!plan.changes(), "{:?}", plan.header().entities);
    assert!(published.rekeys.is_empty());
    bench.database.check_integrity();
}

fn rekeyed_record_keeps_its_id_and_its_history(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    accept(&bench, &[("a", "x-a")]);
    let feed = [categories(&[("x-a", "A2"), ("b", "B")])];
    bench.night("d", "r2", &feed);
    let id_of_a = &ids("a")[0];
    assert_eq!(records(&bench), [format!("b|B|{}", ids("b")[0]), format!("x-a|A2|{id_of_a}")]);
    assert_eq!(changes(&bench, "r2"), [format!("update|x-a|{id_of_a}")]);
    assert_eq!(
        bench.query("SELECT first_run, last_run FROM categories WHERE source_id = 'x-a'"),
        ["r1|r2"]
    );
    assert_eq!(
        bench.query(
            "SELECT old_source_id, new_source_id, accepted_by, reason, applied_run FROM rekeys"
        ),
        ["a|x-a|ana|new SIS|r2"]
    );
    check_settled(&bench, &feed);
    bench.night("d", "r3", &[categories(&[("x-a", "A3"), ("b", "B")])]);
    bench.night("d", "r4", &[categories(&[("b", "B")])]);
    assert_eq!(changes(&bench, "r3"), [format!("update|x-a|{id_of_a}")]);
    assert_eq!(changes(&bench, "r4"), [format!("delete|x-a|{id_of_a}")]);
    let history =
        |key: &str| wait(bench.sink.history(&id("d"), EntityKind::Category, key)).unwrap();
    let found: RecordHistory = history("x-a").unwrap();
    assert_eq!(
        (&found.id, found.first_run.as_str(), found.last_run.as_str()),
        (id_of_a, "r1", "r4")
    );
    assert_eq!(found.deleted_at, Some("2026-11-23T02:00:01.5Z".parse().unwrap()));
    let operations: Vec<_> =
        found.changes.iter().map(|it| format!("{} {}", it.run, it.operation)).collect();
    assert_eq!(operations, ["r2 update", "r3 update", "r4 delete"]);
    assert_eq!(history("a"), Some(found));
    assert_eq!(history("none"), None);
}

fn accepted_map_waits_and_a_newer_one_takes_its_place(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    accept(&bench, &[("a", "x"), ("b", "y"), ("c", "z")]);
    // Another key for the same record, and another record for the same key.
    accept(&bench, &[("a", "x2"), ("b2", "y")]);
    assert_eq!(bench.published("d").rekeys, map(&[("c", "z"), ("a", "x2"), ("b2", "y")]));
    bench.night("d", "r2", &[categories(&[("x2", "A"), ("b", "B")])]);
    // Once some keys have come, the others never come.
    assert_eq!(bench.published("d").rekeys, []);
    assert_eq!(bench.published("other").rekeys, []);
    let audit = wait(bench.sink.audit(Some(&id("d")), 9)).unwrap();
    let told: Vec<_> =
        audit.iter().rev().map(|it| (it.action.as_str(), it.detail.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("rekey", Some("categories: 3 keys")),
            ("rekey", Some("categories: 2 keys")),
            ("forget_map", Some("categories: 2 keys"))
        ]
    );
    assert_eq!((audit[1].actor.as_str(), audit[1].reason.as_deref()), ("ana", Some("new SIS")));
}

fn hold_that_a_map_comes_from_becomes_approved(backend: &Backend) {
    let bench = backend.bench();
    let made = hold("d", "r1", 1);
    night(&bench, "d", "r1", vec![made.clone()], &[]);
    let accepted =
        wait(bench.sink.accept_rekeys(&id("d"), Some(&made.id), &map(&[("a", "x")]), &decision()));
    accepted.unwrap();
    let found = wait(bench.sink.hold(&made.id)).unwrap().unwrap();
    assert_eq!((found.state, found.decision), (HoldState::Approved, Some(decision())));
    assert_eq!(bench.query("SELECT hold_id FROM rekeys"), ["r1.1"]);
    let audit = wait(bench.sink.audit(None, 9)).unwrap();
    let told: Vec<_> = audit.iter().rev().map(|it| it.action.as_str()).collect();
    assert_eq!(told, ["hold", "approve", "rekey"]);
}

fn map_of_a_hold_that_is_settled_or_of_another_district_is_refused(backend: &Backend) {
    let bench = backend.bench();
    let (settled, other) = (hold("d", "r1", 1), hold("other", "r2", 1));
    night(&bench, "d", "r1", vec![settled.clone()], &[]);
    night(&bench, "other", "r2", vec![other.clone()], &[]);
    night(&bench, "d", "r3", Vec::new(), &[(&settled, HoldState::Superseded)]);
    let none = HoldId::from_text("none.1");
    for (hold, kind) in [
        (&settled.id, ErrorKind::Conflict),
        (&other.id, ErrorKind::NotFound),
        (&none, ErrorKind::NotFound),
    ] {
        let rekeys = map(&[("a", "x")]);
        let outcome = wait(bench.sink.accept_rekeys(&id("d"), Some(hold), &rekeys, &decision()));
        assert_eq!(outcome.unwrap_err().kind(), kind, "{hold}");
    }
    assert!(bench.published("d").rekeys.is_empty());
}

fn maps_that_are_not_one_to_one_are_refused(backend: &Backend) {
    let bench = backend.bench();
    for pairs in [[("a", "x"), ("b", "x")], [("a", "x"), ("a", "y")], [("a", "a"), ("b", "c")]] {
        let outcome = wait(bench.sink.accept_rekeys(&id("d"), None, &map(&pairs), &decision()));
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::ConfigInvalid, "{pairs:?}");
    }
    assert!(bench.published("d").rekeys.is_empty());
}

/// Keys change among `others` more records, so that indexes are built anew or are not.
fn check_moved(
    backend: &Backend,
    pairs: &[(&str, &str)],
    feed: &[(&str, &str)],
    expected: &[(&str, &str, &str)],
) {
    for others in [0, 40] {
        let bench = backend.bench();
        let others: Vec<_> = (0..others).map(|it| format!("zz-other-{it}")).collect();
        let with_others = |some: &[(&str, &str)]| {
            let others = others.iter().map(|it| (it.as_str(), "O"));
            let all: Vec<_> = some.iter().copied().chain(others).collect();
            [categories(&all)]
        };
        bench.night("d", "r1", &with_others(&[("a", "A"), ("b", "B"), ("c", "C")]));
        accept(&bench, pairs);
        let feed = with_others(feed);
        bench.night("d", "r2", &feed);
        let found: Vec<_> =
            records(&bench).into_iter().filter(|it| !it.starts_with("zz")).collect();
        let expected: Vec<_> =
            expected.iter().map(|(key, title, id)| format!("{key}|{title}|{id}")).collect();
        assert_eq!(found, expected);
        check_settled(&bench, &feed);
    }
}

fn keys_are_swapped_in_one_night(backend: &Backend) {
    let [a, b, c] = ["a", "b", "c"].map(|it| ids(it)[0].clone());
    check_moved(
        backend,
        &[("a", "b"), ("b", "a")],
        &[("a", "B"), ("b", "A2"), ("c", "C")],
        &[("a", "B", &b), ("b", "A2", &a), ("c", "C", &c)],
    );
    // A ring.
    check_moved(
        backend,
        &[("a", "b"), ("b", "c"), ("c", "a")],
        &[("c", "B"), ("b", "A"), ("a", "C")],
        &[("a", "C", &c), ("b", "A", &a), ("c", "B", &b)],
    );
}

fn freed_key_goes_to_another_record_in_the_same_night(backend: &Backend) {
    let [[a, again], [b, _], [c, _]] = ["a", "b", "c"].map(ids);
    // Before and behind the record that gives the key up.
    for feed in [
        [("a", "new"), ("x", "A"), ("b", "B"), ("c", "C")],
        [("x", "A"), ("b", "B"), ("c", "C"), ("a", "new")],
    ] {
        check_moved(
            backend,
            &[("a", "x")],
            &feed,
            &[("a", "new", &again), ("b", "B", &b), ("c", "C", &c), ("x", "A", &a)],
        );
    }
}

fn freed_key_goes_to_another_record_in_a_later_night(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    accept(&bench, &[("a", "x")]);
    bench.night("d", "r2", &[categories(&[("x", "A")])]);
    // Creations alone, which may be written another way.
    bench.night("d", "r3", &[categories(&[("x", "A"), ("a", "second"), ("new", "N")])]);
    accept(&bench, &[("a", "y")]);
    bench.night("d", "r4", &[categories(&[("x", "A"), ("y", "second"), ("new", "N")])]);
    let feed = [categories(&[("x", "A"), ("y", "second"), ("a", "third"), ("new", "N")])];
    bench.night("d", "r5", &feed);
    let third = public_id(&id("d"), EntityKind::Category, "a\u{1f}2");
    let [first, second] = ids("a");
    assert_eq!(
        records(&bench),
        [
            format!("a|third|{third}"),
            format!("new|N|{}", ids("new")[0]),
            format!("x|A|{first}"),
            format!("y|second|{second}"),
        ]
    );
    assert_eq!(changes(&bench, "r5"), [format!("create|a|{third}")]);
    assert_eq!(bench.query("SELECT count(DISTINCT id) FROM categories"), ["4"]);
    check_settled(&bench, &feed);
}

fn deleted_record_is_restored_under_its_new_key(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    bench.night("d", "r2", &[categories(&[("b", "B")])]);
    accept(&bench, &[("a", "x")]);
    let feed = [categories(&[("b", "B"), ("x", "A")])];
    let (plan, published) = bench.plan("d", "r3", &feed);
    let counts = plan.header().entities[&EntityKind::Category];
    assert_eq!((counts.restored, counts.updated), (1, 0));
    wait(bench.sink.publish(&plan, published, &record(&plan, Outcome::Published))).unwrap();
    assert_eq!(changes(&bench, "r3"), [format!("restore|x|{}", ids("a")[0])]);
    assert_eq!(bench.query("SELECT deleted_at FROM categories WHERE source_id = 'x'"), ["-"]);
    check_settled(&bench, &feed);
}

fn key_of_another_record_is_refused(backend: &Backend) {
    for others in [0, 40] {
        let bench = backend.bench();
        let others: Vec<_> = (0..others).map(|it| format!("o{it}")).collect();
        let mut all = vec![("a", "A"), ("b", "B")];
        all.extend(others.iter().map(|it| (it.as_str(), "O")));
        bench.night("d", "r1", &[categories(&all)]);
        accept(&bench, &[("a", "b")]);
        let before = bench.state();
        // The feed's b is taken for the record that was a: the other b is still there.
        all.remove(0);
        let error = bench.try_night("d", "r2", &[categories(&all)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
        assert!(
            error.message().contains("re-keys a record of categories that is there"),
            "{error}"
        );
        assert_eq!(bench.state(), before);
        assert_eq!(bench.published("d").rekeys.len(), 1);
    }
}

fn rekey_that_no_map_allows_is_refused(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    accept(&bench, &[("a", "x")]);
    let (plan, published) = bench.plan("d", "r2", &[categories(&[("x", "A")])]);
    // Somebody thought better of it since.
    accept(&bench, &[("a", "y")]);
    let before = bench.state();
    let run = record(&plan, Outcome::Published);
    let error = wait(bench.sink.publish(&plan, published, &run)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    assert_eq!(bench.state(), before);
}

fn many_records_are_rekeyed_at_once_and_later_nights_know_them(backend: &Backend) {
    let bench = backend.bench();
    let old: Vec<_> = (0..9000).map(|it| format!("{it}")).collect();
    let new: Vec<_> = (0..9000).map(|it| format!("s-{it}")).collect();
    let feed = |keys: &[String], title| {
        let records: Vec<_> = keys.iter().map(|it| (it.as_str(), title)).collect();
        [categories(&records)]
    };
    bench.night("d", "r1", &feed(&old, "T"));
    let before = bench.query("SELECT id FROM categories ORDER BY rowid");
    // First so few that a patch holds them, then the rest.
    for (run, through) in [("r2", 20), ("r3", 9000)] {
        let from = if run == "r2" { 0 } else { 20 };
        let pairs: Vec<_> =
            (from..through).map(|it| (old[it].as_str(), new[it].as_str())).collect();
        accept(&bench, &pairs);
        let keys: Vec<_> = new[..through].iter().chain(&old[through..]).cloned().collect();
        bench.night("d", run, &feed(&keys, "T"));
        check_settled(&bench, &feed(&keys, "T"));
    }
    assert_eq!(bench.query("SELECT id FROM categories ORDER BY rowid"), before);
    bench.night("d", "r4", &feed(&new, "T4"));
    assert_eq!(
        bench.query("SELECT count(*) FROM changes WHERE run_id = 'r4' AND operation = 'update'"),
        ["9000"]
    );
    check_settled(&bench, &feed(&new, "T4"));
}

fn maps_of_one_district_leave_the_other_alone(backend: &Backend) {
    let bench = backend.bench();
    for district in ["d", "other"] {
        bench.night(district, &format!("{district}1"), &[categories(&[("a", "A")])]);
    }
    accept(&bench, &[("a", "x")]);
    bench.night("other", "other2", &[categories(&[("a", "A2"), ("x", "X")])]);
    bench.night("d", "d2", &[categories(&[("x", "A")])]);
    assert_eq!(
        bench.query(
            "SELECT source_id, title FROM categories WHERE district_id = 'other' ORDER BY rowid"
        ),
        ["a|A2", "x|X"]
    );
    assert_eq!(
        bench.query("SELECT id FROM categories WHERE district_id = 'other' AND source_id = 'x'"),
        [category_id("other", "x")]
    );
}

fn map_is_taken_back_and_its_hold_waits_again(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    let made = hold("d", "r2", 1);
    night(&bench, "d", "r2", vec![made.clone()], &[]);
    let pairs = map(&[("a", "x"), ("b", "y")]);
    wait(bench.sink.accept_rekeys(&id("d"), Some(&made.id), &pairs, &decision())).unwrap();
    accept(&bench, &[("c", "z")]);
    let forget = || wait(bench.sink.forget_rekeys(&id("d"), &decision())).unwrap();
    assert_eq!((forget(), forget()), (3, 0));
    assert!(wait(bench.sink.published(&id("d"))).unwrap().rekeys.is_empty());
    // Approved without a map, it would let the old records be deleted.
    assert_eq!(wait(bench.sink.hold(&made.id)).unwrap(), Some(made));
    let audit = wait(bench.sink.audit(Some(&id("d")), 1)).unwrap();
    assert_eq!((audit[0].action.as_str(), audit[0].actor.as_str()), ("forget_map", "ana"));
    assert_eq!(audit[0].detail.as_deref(), Some("categories: 3 keys"));
}

fn keys_that_do_not_come_with_the_others_are_dropped(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    accept(&bench, &[("a", "x"), ("never", "came")]);
    bench.night("d", "r2", &[categories(&[("x", "A3"), ("b", "B")])]);
    assert_eq!(bench.published("d").rekeys, []);
    let audit = wait(bench.sink.audit(Some(&id("d")), 1)).unwrap();
    assert_eq!((audit[0].action.as_str(), audit[0].actor.as_str()), ("forget_map", "homeroom"));
}
