//! What only a server with many writers meets, and what PostgreSQL's types make of values.

use super::database;
use crate::{
    Case,
    bench::{Backend, Client as _, categories, id, record, wait},
    cases,
    values::{sample, sample_rows},
};
use roster_core::{EntityKind, ErrorKind, Retry};
use roster_sink::{Outcome, PostgresSink, Sink as _};
use std::time::Duration;

pub(super) const CASES: &[Case] = cases![
    district_that_is_held_up_holds_up_no_other,
    locked_table_is_unavailable_and_may_be_tried_again,
    first_load_of_another_district_numbers_its_own_rows,
    fields_have_the_types_of_their_values,
    nul_is_kept_as_the_replacement_character,
    dates_and_times_that_are_not_canonical_are_refused,
];

fn district_that_is_held_up_holds_up_no_other(backend: &Backend) {
    let bench = backend.bench();
    bench.night("slow", "r0", &[categories(&[("a", "A")])]);
    let mut other = database(&bench).connection();
    other.begin();
    other.query("SELECT * FROM districts WHERE district_id = 'slow' FOR UPDATE");
    let (plan, published) = bench.plan("slow", "r1", &[categories(&[("a", "A2")])]);
    std::thread::scope(|scope| {
        let sink = bench.database.sink();
        let slow = scope.spawn(move || {
            wait(sink.publish(&plan, published, &record(&plan, Outcome::Published)))
        });
        database(&bench).wait_until_locked();
        bench.night("quick", "r2", &[categories(&[("a", "A")])]);
        bench.night("quick", "r3", &[categories(&[("a", "A2"), ("b", "B")])]);
        assert!(!slow.is_finished());
        assert_eq!(bench.query("SELECT title FROM categories WHERE district_id = 'slow'"), ["A"]);
        other.end();
        slow.join().unwrap().unwrap();
    });
    assert_eq!(bench.query("SELECT title FROM categories WHERE district_id = 'slow'"), ["A2"]);
}

fn locked_table_is_unavailable_and_may_be_tried_again(backend: &Backend) {
    let bench = backend.bench();
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A")])]);
    let mut other = database(&bench).connection();
    other.begin();
    other.query("LOCK TABLE categories IN SHARE MODE");
    let sink = PostgresSink::new(&database(&bench).url()).unwrap();
    let sink = sink.lock_timeout(Duration::from_millis(10));
    let run = record(&plan, Outcome::Published);
    let error = wait(sink.publish(&plan, published, &run)).unwrap_err();
    assert_eq!((error.kind(), error.retry_verdict()), (ErrorKind::Unavailable, Retry::Backoff));
    other.end();
    wait(sink.publish(&plan, bench.published("d"), &run)).unwrap();
}

fn first_load_of_another_district_numbers_its_own_rows(backend: &Backend) {
    let bench = backend.bench();
    bench.night("one", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    bench.night("two", "r2", &[categories(&[("b", "B"), ("c", "C")])]);
    bench.night("one", "r3", &[categories(&[("a", "A"), ("c", "C")])]);
    assert_eq!(
        bench.query("SELECT district_id, rowid, source_id FROM categories ORDER BY 1, 2"),
        ["one|1|a", "one|2|b", "one|3|c", "two|1|b", "two|2|c"]
    );
    let index = &bench.published("one").indexes[&EntityKind::Category];
    let rows = wait(bench.sink.fetch(&id("one"), EntityKind::Category, index, &[2, 0])).unwrap();
    let found: Vec<_> = rows.iter().map(|it| (it.source_id(), it.position())).collect();
    assert_eq!(found, [("c", 3), ("a", 1)]);
}

fn fields_have_the_types_of_their_values(backend: &Backend) {
    let bench = backend.bench();
    let rows = |entity| sample_rows(entity, |it| Some(sample(it)));
    bench.night("d", "r1", &[rows(EntityKind::User), rows(EntityKind::Enrollment)]);
    let cases = [
        ("SELECT grades ->> 1 FROM users", "K,1"),
        ("SELECT identifiers -> 0 ->> 'identifier' FROM users", "7"),
        ("SELECT extensions ->> 'metadata.a' FROM users", "b"),
        ("SELECT enabled IS TRUE FROM users", "1"),
        ("SELECT CAST(CAST(id AS text) LIKE '%-5%-%' AS text) FROM users", "true"),
        ("SELECT to_char(begin_date, 'DD.MM.YYYY') FROM enrollments", "27.08.2026"),
        ("SELECT CAST(deleted_at IS NULL AS text) FROM enrollments", "true"),
    ];
    for (sql, expected) in cases {
        assert_eq!(bench.query(sql), [expected], "{sql}");
    }
}

fn nul_is_kept_as_the_replacement_character(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "b\0c")])]);
    bench.night("d", "r2", &[categories(&[("a", "b\0d")])]);
    assert_eq!(bench.query("SELECT title FROM categories"), ["b\u{fffd}d"]);
}

fn dates_and_times_that_are_not_canonical_are_refused(backend: &Backend) {
    let cases = [
        (EntityKind::Enrollment, "begin_date", "27/08/2026"),
        (EntityKind::Enrollment, "begin_date", "2026-02-30"),
        (EntityKind::LineItem, "assign_date", "CANARY"),
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
