//! Nights one after another: rows, change feed, published index, history.

use crate::{
    Case,
    bench::{Backend, categories, category_id, enrollments, id, record, wait},
    cases,
};
use roster_core::{EntityKind, ErrorKind, Rows};
use roster_sink::{Outcome, RunId};

pub(crate) const CASES: &[Case] = cases![
    first_load_writes_the_rows_and_one_marker,
    second_night_changes_exactly_what_differs,
    returned_record_keeps_its_id_and_first_run,
    index_that_is_loaded_again_knows_every_night,
    unchanged_feed_needs_no_plan_and_its_run_is_remembered,
    failed_run_may_be_followed_by_the_same_plan_applied,
    districts_share_the_tables_and_nothing_else,
    indexed_field_that_changes_is_found_under_its_new_value,
    two_nights_of_one_district_publish_once,
];

const CATEGORIES: &str =
    "SELECT source_id, title, first_run, last_run, deleted_at FROM categories ORDER BY rowid";

const CHANGES: &str = "SELECT run_id, entity, source_id, operation, at FROM changes ORDER BY seq";

fn first_load_writes_the_rows_and_one_marker(backend: &Backend) {
    let bench = backend.bench();
    bench.night("lakeside", "r1", &[categories(&[("a", "Tésts"), ("b", "Quizzes")])]);
    assert_eq!(bench.query(CATEGORIES), ["a|Tésts|r1|r1|-", "b|Quizzes|r1|r1|-"]);
    assert_eq!(
        bench.query("SELECT district_id, id FROM categories WHERE source_id = 'a'"),
        [format!("lakeside|{}", category_id("lakeside", "a"))]
    );
    assert_eq!(bench.query(CHANGES), ["r1|-|-|load|2026-11-23T02:00:01.500Z"]);
    assert_eq!(bench.query("SELECT * FROM districts"), ["lakeside|1|r1|r1|here"]);
}

fn second_night_changes_exactly_what_differs(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")])]);
    bench.night("d", "r2", &[categories(&[("a", "A"), ("b", "B2"), ("d", "D"), ("e", "E")])]);
    let at = "2026-11-23T02:00:01.500Z";
    assert_eq!(
        bench.query(CATEGORIES),
        [
            "a|A|r1|r1|-".to_owned(),
            "b|B2|r1|r2|-".to_owned(),
            format!("c|C|r1|r2|{at}"),
            "d|D|r1|r1|-".to_owned(),
            "e|E|r2|r2|-".to_owned()
        ]
    );
    let mut changes = bench.query(CHANGES).split_off(1);
    changes.sort();
    assert_eq!(
        changes,
        ["b|update", "c|delete", "e|create"].map(|it| format!("r2|categories|{it}|{at}"))
    );
    assert_eq!(
        bench.query("SELECT id FROM changes WHERE operation = 'delete'"),
        [category_id("d", "c")]
    );
    assert_eq!(bench.query("SELECT * FROM districts"), ["d|2|r1|r2|here"]);
}

fn returned_record_keeps_its_id_and_first_run(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    bench.night("d", "r2", &[categories(&[("a", "A")])]);
    bench.night("d", "r3", &[categories(&[("a", "A"), ("b", "B3")])]);
    assert_eq!(bench.query(CATEGORIES), ["a|A|r1|r1|-", "b|B3|r1|r3|-"]);
    assert_eq!(
        bench.query("SELECT id FROM categories ORDER BY rowid"),
        [category_id("d", "a"), category_id("d", "b")]
    );
    assert!(bench.query(CHANGES)[2].starts_with("r3|categories|b|restore|"));
}

fn index_that_is_loaded_again_knows_every_night(backend: &Backend) {
    let bench = backend.bench();
    let mut feed: Vec<(String, String)> =
        (0..20_000).map(|it| (format!("c{it}"), "first".to_owned())).collect();
    let rows = |feed: &[(String, String)]| {
        let records: Vec<_> =
            feed.iter().map(|(id, title)| (id.as_str(), title.as_str())).collect();
        [categories(&records)]
    };
    bench.night("d", "r0", &rows(&feed));
    // Patches, then so many changes that the chunks are written anew, then patches again.
    for (night, changed) in [3, 500, 15_000, 7, 1].into_iter().enumerate() {
        for (_, title) in feed.iter_mut().step_by(20_000 / changed) {
            title.push('x');
        }
        feed.remove(night * 11);
        feed.push((format!("new{night}"), "n".to_owned()));
        bench.night("d", &format!("r{}", night + 1), &rows(&feed));
        let (plan, _) = bench.plan("d", "again", &rows(&feed));
        assert!(!plan.changes(), "after night {night}: {:?}", plan.header().entities);
    }
    let patches = bench.query("SELECT count(*) FROM published_index_patches");
    assert_eq!(patches, ["2"]);
    assert_eq!(bench.published("d").indexes[&EntityKind::Category].active(), 20_000);
}

fn unchanged_feed_needs_no_plan_and_its_run_is_remembered(backend: &Backend) {
    let bench = backend.bench();
    let feed = [categories(&[("a", "A")]), enrollments(&[("e", "u")])];
    bench.night("d", "r1", &feed);
    let (plan, _) = bench.plan("d", "r2", &feed);
    assert!(!plan.changes());
    let unchanged = record(&plan, Outcome::Unchanged);
    wait(bench.sink.record(&unchanged, None)).unwrap();
    assert_eq!(wait(bench.sink.run(&RunId::from_text("r2"))).unwrap(), Some(unchanged.clone()));
    assert_eq!(wait(bench.sink.run(&RunId::from_text("none"))).unwrap(), None);
    let runs = wait(bench.sink.runs(Some(&id("d")), 10)).unwrap();
    assert_eq!(runs.iter().map(|it| it.report.run.as_str()).collect::<Vec<_>>(), ["r2", "r1"]);
    assert_eq!(wait(bench.sink.runs(None, 1)).unwrap(), std::slice::from_ref(&unchanged));
    assert!(wait(bench.sink.runs(Some(&id("other")), 10)).unwrap().is_empty());
    assert_eq!(bench.query("SELECT basis FROM districts"), ["1"]);
    assert_eq!(
        bench.query("SELECT * FROM diagnostics WHERE run_id = 'r2'"),
        [
            r#"r2|d|unknown_column|warning|2|[{"file":"users.csv","line":1,"field":null,"source_id":null}]"#
        ]
    );
    let again = wait(bench.sink.record(&unchanged, None)).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict);
}

fn failed_run_may_be_followed_by_the_same_plan_applied(backend: &Backend) {
    let bench = backend.bench();
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A")])]);
    wait(bench.sink.record(&record(&plan, Outcome::Failed), None)).unwrap();
    wait(bench.sink.publish(&plan, published, &record(&plan, Outcome::Published))).unwrap();
    assert_eq!(bench.query("SELECT id, outcome FROM runs"), ["r1|published"]);
    assert_eq!(bench.query("SELECT count(*) FROM diagnostics"), ["1"]);
}

fn districts_share_the_tables_and_nothing_else(backend: &Backend) {
    let bench = backend.bench();
    bench.night("one", "r1", &[categories(&[("a", "A1"), ("b", "B1")])]);
    bench.night("two", "r2", &[categories(&[("a", "A2")])]);
    bench.night("one", "r3", &[categories(&[("a", "A1"), ("c", "C1")])]);
    bench.night("two", "r4", &[categories(&[("a", "A4")])]);
    assert_eq!(
        bench.query("SELECT district_id, source_id, title, last_run FROM categories WHERE deleted_at IS NULL ORDER BY district_id, rowid"),
        ["one|a|A1|r1", "one|c|C1|r3", "two|a|A4|r4"]
    );
    let titles = |district| -> Vec<String> {
        let rows = bench.rows(district, EntityKind::Category);
        rows.iter().flat_map(Rows::iter).map(|it| it.get(2).unwrap().to_owned()).collect()
    };
    assert_eq!((titles("one"), titles("two")), (vec!["A1".into(), "C1".into()], vec!["A4".into()]));
    assert!(titles("three").is_empty());
    assert_eq!(bench.query("SELECT district_id, basis FROM districts"), ["one|2", "two|2"]);
}

fn indexed_field_that_changes_is_found_under_its_new_value(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[enrollments(&[("e", "u1"), ("f", "u1")])]);
    bench.night("d", "r2", &[enrollments(&[("e", "u2"), ("f", "u1")])]);
    let of = |user| {
        bench.query(&format!(
            "SELECT source_id FROM enrollments WHERE district_id = 'd' AND user_source_id = '{user}'"
        ))
    };
    assert_eq!((of("u1"), of("u2")), (vec!["f".to_owned()], vec!["e".to_owned()]));
    bench.database.check_integrity();
}

fn two_nights_of_one_district_publish_once(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r0", &[categories(&[("a", "A")])]);
    for round in 1..=5 {
        let feeds = ["x", "y"].map(|it| format!("{it}{round}"));
        let nights = feeds.each_ref().map(|it| bench.plan("d", it, &[categories(&[("a", it)])]));
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let nights = nights.map(|(plan, published)| {
                let sink = bench.database.sink();
                scope.spawn(move || {
                    wait(sink.publish(&plan, published, &record(&plan, Outcome::Published)))
                })
            });
            nights.into_iter().map(|it| it.join().unwrap()).collect()
        });
        let published: Vec<_> =
            feeds.iter().zip(&outcomes).filter(|it| it.1.is_ok()).map(|it| it.0).collect();
        assert_eq!(published.len(), 1, "{outcomes:?}");
        let refused = outcomes.iter().find_map(|it| it.as_ref().err()).unwrap();
        assert_eq!(refused.kind(), ErrorKind::Conflict, "{refused}");
        assert_eq!(
            bench.query("SELECT title, last_run FROM categories"),
            [format!("{0}|{0}", published[0])]
        );
        assert_eq!(bench.query("SELECT basis FROM districts"), [(round + 1).to_string()]);
    }
}
