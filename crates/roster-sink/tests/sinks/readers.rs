//! Readers and writers beside each other.

use crate::{
    Case,
    bench::{Backend, categories, enrollments, id, record, roles, runtime, users, wait},
    cases,
};
use futures::StreamExt as _;
use roster_core::{EntityKind, ErrorKind, Rows};
use roster_sink::Outcome;

pub(crate) const CASES: &[Case] = cases![
    reader_sees_the_old_night_until_the_new_one_is_committed,
    stream_of_rows_is_of_one_night,
    snapshot_gives_all_tables_of_one_night,
    stream_that_is_dropped_lets_the_next_one_begin,
    first_load_beside_a_reader_leaves_it_alone,
    rows_are_fetched_by_slot_deleted_ones_too,
    districts_that_publish_at_once_do_not_disturb_each_other,
    consumers_lookups_use_an_index,
    documented_queries_are_accepted,
];

fn reader_sees_the_old_night_until_the_new_one_is_committed(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    let mut reader = bench.database.client();
    reader.begin();
    assert_eq!(reader.query("SELECT title FROM categories"), ["A"]);
    bench.night("d", "r2", &[categories(&[("a", "A2"), ("b", "B")])]);
    assert_eq!(reader.query("SELECT title FROM categories"), ["A"]);
    reader.end();
    assert_eq!(reader.query("SELECT title FROM categories"), ["A2", "B"]);
}

fn stream_of_rows_is_of_one_night(backend: &Backend) {
    let bench = backend.bench();
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

fn snapshot_gives_all_tables_of_one_night(backend: &Backend) {
    let bench = backend.bench();
    let keys: Vec<_> = (0..5000).map(|it| format!("k{it}")).collect();
    let feed = |night: &str, some: usize| {
        let records: Vec<_> = keys[..some].iter().map(|it| (it.as_str(), night)).collect();
        [categories(&records), enrollments(&records)]
    };
    bench.night("d", "r1", &feed("one", 5000));
    bench.night("other", "r2", &[categories(&[("z", "Z")])]);
    // A connection lives as long as the runtime that it was opened in.
    let runtime = runtime();
    let snapshot = runtime.block_on(bench.sink.snapshot(&id("d"))).unwrap();
    let read = |entity| {
        let stream = snapshot.rows(entity).map(|it| it.unwrap());
        runtime.block_on(stream.collect::<Vec<_>>())
    };
    let titles = |batches: &[Rows], field| -> std::collections::BTreeSet<String> {
        let rows = batches.iter().flat_map(Rows::iter);
        rows.map(|it| it.get(field).unwrap_or_default().to_owned()).collect()
    };
    let user = EntityKind::Enrollment.schema().field("user_source_id").unwrap();
    for (run, night, some) in [("r3", "three", 4000), ("r4", "four", 1)] {
        let found = read(EntityKind::Category);
        assert_eq!(found.iter().map(Rows::len).sum::<usize>(), 5000);
        assert_eq!(titles(&found, 2), ["one".to_owned()].into());
        // A whole night between two tables.
        bench.night("d", run, &feed(night, some));
        let found = read(EntityKind::Enrollment);
        assert_eq!(found.iter().map(Rows::len).sum::<usize>(), 5000);
        assert_eq!(titles(&found, user), ["one".to_owned()].into());
        assert!(read(EntityKind::User).is_empty());
    }
    drop(snapshot);
    assert_eq!(bench.rows("d", EntityKind::Category)[0].len(), 1);
}

fn stream_that_is_dropped_lets_the_next_one_begin(backend: &Backend) {
    let bench = backend.bench();
    let keys: Vec<_> = (0..20_000).map(|it| format!("k{it}")).collect();
    let records: Vec<_> = keys.iter().map(|it| (it.as_str(), "T")).collect();
    bench.night("d", "r1", &[categories(&records), enrollments(&records)]);
    wait(async {
        let snapshot = bench.sink.snapshot(&id("d")).await.unwrap();
        for _ in 0..3 {
            let mut first = snapshot.rows(EntityKind::Category);
            assert_eq!(first.next().await.unwrap().unwrap().len(), 2048);
            drop(first);
            let all: Vec<_> = snapshot.rows(EntityKind::Enrollment).collect().await;
            assert_eq!(all.iter().map(|it| it.as_ref().unwrap().len()).sum::<usize>(), 20_000);
        }
    });
}

fn first_load_beside_a_reader_leaves_it_alone(backend: &Backend) {
    let bench = backend.bench();
    let mut reader = bench.database.client();
    reader.begin();
    assert_eq!(reader.query("SELECT count(*) FROM categories"), ["0"]);
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    assert_eq!(reader.query("SELECT count(*) FROM categories"), ["0"]);
    reader.end();
    assert_eq!(reader.query("SELECT count(*) FROM categories"), ["1"]);
    drop(reader);
    bench.database.check_integrity();
}

fn rows_are_fetched_by_slot_deleted_ones_too(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B"), ("c", "C")])]);
    bench.night("d", "r2", &[categories(&[("a", "A"), ("c", "C")])]);
    let published = bench.published("d");
    let index = &published.indexes[&EntityKind::Category];
    let rows = wait(bench.sink.fetch(&id("d"), EntityKind::Category, index, &[2, 1])).unwrap();
    let found: Vec<_> = rows.iter().map(|it| (it.source_id(), it.position())).collect();
    assert_eq!(found, [("c", index.locator(2)), ("b", index.locator(1))]);
    let other = wait(bench.sink.fetch(&id("other"), EntityKind::Category, index, &[0]));
    assert_eq!(other.unwrap_err().kind(), ErrorKind::Damaged);
}

fn districts_that_publish_at_once_do_not_disturb_each_other(backend: &Backend) {
    let bench = backend.bench();
    let districts = ["a", "b", "c", "d"];
    for night in 0..3 {
        std::thread::scope(|scope| {
            for district in districts {
                let bench = &bench;
                // A sink of its own, as another program has.
                let sink = bench.database.sink();
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
    assert_eq!(bench.query("SELECT CAST(sum(basis) AS BIGINT) FROM districts"), ["12"]);
    bench.database.check_integrity();
}

fn consumers_lookups_use_an_index(backend: &Backend) {
    let bench = backend.bench();
    let numbers: Vec<_> = (0..3000).map(|it| it.to_string()).collect();
    let records: Vec<_> = numbers.iter().map(|it| (it.as_str(), it.as_str())).collect();
    bench.night("d", "r1", &[users(&records), roles(&records), enrollments(&records)]);
    let cases = [
        ("users WHERE district_id = 'd' AND source_id = 'u'", "users_source_id"),
        ("users WHERE id = '00000000-0000-0000-0000-000000000000'", "users_id"),
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
        let plan = bench.database.explain(&format!("SELECT * FROM {query}"));
        assert!(plan.to_lowercase().contains(&format!("using {index} ")), "{plan}");
    }
}

fn documented_queries_are_accepted(backend: &Backend) {
    let bench = backend.bench();
    bench.night("lakeside", "r1", &[categories(&[("a", "A")])]);
    let page = include_str!("../../../../docs/sinks.md");
    let queries: Vec<_> = page
        .split("```")
        .filter_map(|it| it.strip_prefix(bench.database.dialect())?.strip_prefix('\n'))
        .collect();
    assert!(queries.len() >= 4);
    for query in queries {
        bench.query(query.trim().trim_end_matches(';'));
    }
}
