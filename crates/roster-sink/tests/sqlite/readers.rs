//! Readers and writers beside each other.

use crate::bench::{Bench, categories, id, query, record, wait};
use futures::StreamExt as _;
use roster_core::{EntityKind, ErrorKind, Retry, Rows};
use roster_sink::{Outcome, Sink as _, SqliteSink};
use rusqlite::Connection;
use std::time::Duration;

#[test]
fn reader_sees_the_old_night_until_the_new_one_is_committed() {
    let bench = Bench::new();
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    let reader = Connection::open(bench.path()).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(query(&reader, "SELECT title FROM categories"), ["A"]);
    bench.night("d", "r2", &[categories(&[("a", "A2"), ("b", "B")])]);
    assert_eq!(query(&reader, "SELECT title FROM categories"), ["A"]);
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(query(&reader, "SELECT title FROM categories"), ["A2", "B"]);
}

#[test]
fn stream_of_rows_is_of_one_night() {
    let bench = Bench::new();
    let records: Vec<_> = (0..9000).map(|it| format!("c{it}")).collect();
    let feed = |title| {
        let records: Vec<_> = records.iter().map(|it| (it.as_str(), title)).collect();
        [categories(&records)]
    };
    bench.night("d", "r1", &feed("old"));
    let titles = wait(async {
        let mut stream = bench.sink.rows(&id("d"), EntityKind::Category);
        let mut batches = vec![stream.next().await.unwrap().unwrap()];
        std::thread::scope(|scope| scope.spawn(|| bench.night("d", "r2", &feed("new"))).join())
            .unwrap();
        batches.extend(stream.map(|it| it.unwrap()).collect::<Vec<_>>().await);
        batches
    });
    assert!(titles.len() > 3 && titles.iter().all(|it| it.len() <= 2048));
    assert_eq!(titles.iter().map(Rows::len).sum::<usize>(), 9000);
    assert!(titles.iter().flat_map(Rows::iter).all(|it| it.get(2) == Some("old")));
}

#[test]
fn first_load_beside_a_reader_leaves_it_alone() {
    let bench = Bench::new();
    let reader = Connection::open(bench.path()).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(query(&reader, "SELECT count(*) FROM categories"), ["0"]);
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    assert_eq!(query(&reader, "SELECT count(*) FROM categories"), ["0"]);
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(query(&reader, "SELECT count(*) FROM categories"), ["1"]);
    drop(reader);
    assert_eq!(bench.query("PRAGMA journal_mode"), ["wal"]);
}

#[test]
fn rows_are_fetched_by_slot_deleted_ones_too() {
    let bench = Bench::new();
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B"), ("c", "C")])]);
    bench.night("d", "r2", &[categories(&[("a", "A"), ("c", "C")])]);
    let published = bench.published("d");
    let index = &published.indexes[&EntityKind::Category];
    let rows = wait(bench.sink.fetch(&id("d"), EntityKind::Category, index, &[2, 1])).unwrap();
    let found: Vec<_> = rows.iter().map(|it| (it.source_id(), it.position())).collect();
    assert_eq!(found, [("c", 3), ("b", 2)]);
    let other = wait(bench.sink.fetch(&id("other"), EntityKind::Category, index, &[0]));
    assert_eq!(other.unwrap_err().kind(), ErrorKind::Damaged);
}

#[test]
fn consumers_lookups_use_an_index() {
    let bench = Bench::new();
    let cases = [
        ("users WHERE district_id = 'd' AND source_id = 'u'", "users_source_id"),
        ("users WHERE id = 'x'", "users_id"),
        ("roles WHERE district_id = 'd' AND user_source_id = 'u'", "roles_user_source_id"),
        (
            "enrollments WHERE district_id = 'd' AND user_source_id = 'u'",
            "enrollments_user_source_id",
        ),
        (
            "enrollments WHERE district_id = 'd' AND section_source_id = 's'",
            "enrollments_section_source_id",
        ),
    ];
    for (query, index) in cases {
        let plan = bench.query(&format!("EXPLAIN QUERY PLAN SELECT * FROM {query}")).join(" ");
        assert!(plan.contains(&format!("USING INDEX {index} ")), "{plan}");
    }
}

#[test]
fn locked_database_is_unavailable_and_may_be_tried_again() {
    let bench = Bench::new();
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A")])]);
    let other = Connection::open(bench.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let sink = SqliteSink::new(bench.path()).busy_timeout(Duration::from_millis(10));
    let run = record(&plan, Outcome::Published);
    let error = wait(sink.publish(&plan, published, &run)).unwrap_err();
    assert_eq!((error.kind(), error.retry_verdict()), (ErrorKind::Unavailable, Retry::Backoff));
    assert_eq!(wait(sink.record(&run)).unwrap_err().kind(), ErrorKind::Unavailable);
    other.execute_batch("COMMIT").unwrap();
    wait(sink.publish(&plan, bench.published("d"), &run)).unwrap();
}

#[test]
fn districts_that_publish_at_once_wait_for_each_other() {
    let bench = Bench::new();
    let districts = ["a", "b", "c", "d"];
    for night in 0..3 {
        std::thread::scope(|scope| {
            for district in districts {
                let bench = &bench;
                // A sink of its own, as another program has.
                let sink = SqliteSink::new(bench.path());
                scope.spawn(move || {
                    let feed = [categories(&[(district, &format!("night {night}"))])];
                    let (plan, published) =
                        bench.plan(district, &format!("{district}{night}"), &feed);
                    wait(sink.publish(&plan, published, &record(&plan, Outcome::Published)))
                        .unwrap();
                });
            }
        });
    }
    assert_eq!(
        bench.query("SELECT count(*), min(title), max(title) FROM categories"),
        ["4|night 2|night 2"]
    );
    assert_eq!(bench.query("SELECT sum(basis) FROM districts"), ["12"]);
    assert_eq!(bench.query("PRAGMA journal_mode"), ["wal"]);
}

#[test]
fn documented_queries_are_accepted() {
    let bench = Bench::new();
    bench.night("lakeside", "r1", &[categories(&[("a", "A")])]);
    let page = include_str!("../../../../docs/sinks.md");
    let queries: Vec<_> = page.split("```").filter_map(|it| it.strip_prefix("sql\n")).collect();
    assert!(queries.len() >= 4);
    for query in queries {
        bench.query(query.trim().trim_end_matches(';'));
    }
}
