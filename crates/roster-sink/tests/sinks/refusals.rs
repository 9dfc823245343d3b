//! What is not published: plans that are damaged, of another state, or against the model.

use crate::{
    Case,
    bench::{Backend, categories, compare, enrollments, id, record, wait},
    cases,
    values::{sample, sample_rows},
};
use roster_core::{EntityKind, ErrorKind};
use roster_sink::{Outcome, PlanHeader, PlanWriter, PublishedIndex, RunId};
use std::{collections::BTreeMap, fs, path::Path};

pub(crate) const CASES: &[Case] = cases![
    plan_on_a_moved_state_is_refused,
    plan_cut_off_in_an_entry_publishes_nothing,
    plan_that_lost_an_entity_publishes_nothing,
    plan_with_more_changes_than_its_header_says_publishes_nothing,
    plan_of_a_published_record_as_new_is_refused,
    value_that_is_not_canonical_is_refused_and_not_quoted,
    published_index_with_a_gap_is_damaged,
];

fn plan_on_a_moved_state_is_refused(backend: &Backend) {
    let bench = backend.bench();
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A")])]);
    bench.night("d", "r2", &[categories(&[("a", "A")])]);
    let before = bench.state();
    let stale = wait(bench.sink.publish(&plan, published, &record(&plan, Outcome::Published)));
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::Conflict);
    let fresh = bench.published("d");
    let mixed = wait(bench.sink.publish(&plan, fresh, &record(&plan, Outcome::Published)));
    assert_eq!(mixed.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(bench.state(), before);
}

/// Damages a plan on the first and on a later night; nothing may be published, and the good plan still can.
fn check_refused(backend: &Backend, damage: impl Fn(&Path), kind: ErrorKind) {
    let bench = backend.bench();
    let nights = [
        [categories(&[("a", "A"), ("b", "B")]), enrollments(&[("e", "u1"), ("f", "u2")])],
        [categories(&[("a", "A2"), ("c", "C")]), enrollments(&[("e", "u3"), ("g", "u4")])],
    ];
    for (night, feed) in nights.iter().enumerate() {
        let before = bench.state();
        let (plan, published) = bench.plan("d", &format!("bad{night}"), feed);
        damage(&bench.last_plan());
        let outcome =
            wait(bench.sink.publish(&plan, published, &record(&plan, Outcome::Published)));
        assert_eq!(outcome.unwrap_err().kind(), kind, "night {night}");
        assert_eq!(bench.state(), before, "night {night}");
        bench.night("d", &format!("r{night}"), feed);
    }
    bench.database.check_integrity();
}

fn plan_cut_off_in_an_entry_publishes_nothing(backend: &Backend) {
    check_refused(
        backend,
        |folder| {
            let path = folder.join("enrollments.rows");
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        },
        ErrorKind::Damaged,
    );
}

fn plan_that_lost_an_entity_publishes_nothing(backend: &Backend) {
    check_refused(
        backend,
        |folder| fs::remove_file(folder.join("enrollments.rows")).unwrap(),
        ErrorKind::Damaged,
    );
}

fn plan_with_more_changes_than_its_header_says_publishes_nothing(backend: &Backend) {
    check_refused(
        backend,
        |folder| {
            let path = folder.join("categories.rows");
            let bytes = fs::read(&path).unwrap();
            let again = [&bytes[..], &bytes[8..]].concat();
            fs::write(&path, again).unwrap();
        },
        ErrorKind::Damaged,
    );
}

/// Plans one of `there` published records as a new one.
fn check_duplicate(backend: &Backend, there: usize) {
    let bench = backend.bench();
    let feed = [categories(&[("a", "A")])];
    let records: Vec<_> = (0..there).map(|it| format!("{it}")).collect();
    let mut records: Vec<_> = records.iter().map(|it| (it.as_str(), "T")).collect();
    records[there / 2] = ("a", "A");
    bench.night("d", "r1", &[categories(&records)]);
    let before = bench.state();
    let folder = bench.folder.path().join("own");
    let mut writer = PlanWriter::create(&folder).unwrap();
    let mut index = PublishedIndex::default();
    let counts = compare(&mut writer, EntityKind::Category, &mut index, &[], feed.iter());
    let header = PlanHeader {
        run: RunId::from_text("r2"),
        district: id("d"),
        connector: "oneroster".to_owned(),
        basis: 1,
        entities: BTreeMap::from([(EntityKind::Category, counts)]),
    };
    let plan = writer.finish(header).unwrap();
    let record = record(&plan, Outcome::Published);
    let outcome = wait(bench.sink.publish(&plan, bench.published("d"), &record));
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.message().contains("categories that is there already"), "{error}");
    assert_eq!(bench.state(), before);
}

fn plan_of_a_published_record_as_new_is_refused(backend: &Backend) {
    // With the index built anew, and with the index as it is.
    check_duplicate(backend, 1);
    check_duplicate(backend, 99);
}

fn value_that_is_not_canonical_is_refused_and_not_quoted(backend: &Backend) {
    let cases = [
        (EntityKind::User, "enabled", "CANARY"),
        (EntityKind::Role, "is_primary", "CANARY"),
        (EntityKind::Relationship, "sequence", "CANARY"),
        (EntityKind::Category, "weight", "NaN"),
        (EntityKind::Category, "weight", "CANARY"),
    ];
    for (entity, field, text) in cases {
        let bench = backend.bench();
        let rows = sample_rows(entity, |it| Some(if it.name == field { text } else { sample(it) }));
        let error = bench.try_night("d", "r1", &[rows]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.to_string().contains(&format!("{}.{field}", entity.table())), "{error}");
        assert!(!format!("{error:?}").contains(text), "{error:?}");
    }
}

fn published_index_with_a_gap_is_damaged(backend: &Backend) {
    let bench = backend.bench();
    let records: Vec<_> = (0..20_000).map(|it| it.to_string()).collect();
    let records: Vec<_> = records.iter().map(|it| (it.as_str(), "T")).collect();
    bench.night("d", "r1", &[categories(&records)]);
    bench.query("DELETE FROM published_index WHERE chunk = 1");
    let error = wait(bench.sink.published(&id("d"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.message().contains("categories has a gap"), "{error}");
}
