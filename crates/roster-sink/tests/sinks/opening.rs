//! Making and migrating tables.

use crate::{
    Case,
    bench::{Backend, categories, wait},
    cases,
};
use roster_core::{EntityKind, Rows, model::UserRow};

pub(crate) const CASES: &[Case] = cases![
    field_that_the_model_gained_becomes_a_column,
    database_of_the_first_version_is_brought_up_to_date,
    prepare_changes_nothing_the_second_time,
    programs_that_prepare_at_once_wait_for_each_other,
    looking_makes_nothing,
];

fn field_that_the_model_gained_becomes_a_column(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[user("u", None)]);
    for sql in
        ["ALTER TABLE users DROP COLUMN pronouns", "DROP INDEX users_id", "DROP TABLE results"]
    {
        bench.query(sql);
    }
    wait(bench.sink.prepare()).unwrap();
    bench.night("d", "r2", &[user("u", Some("they"))]);
    assert_eq!(
        bench.query("SELECT family_name, pronouns, last_run FROM users"),
        ["Okafor|they|r2"]
    );
    assert_eq!(bench.query("SELECT count(*) FROM results"), ["0"]);
    let indexes = bench.database.indexes();
    for index in ["users_id", "users_source_id", "results_source_id"] {
        assert!(indexes.iter().any(|it| it == index), "{index} is not among {indexes:?}");
    }
}

fn database_of_the_first_version_is_brought_up_to_date(backend: &Backend) {
    let bench = backend.empty();
    let mut client = bench.database.client();
    for sql in bench.database.first_version() {
        client.query(&sql);
    }
    for sql in [
        "INSERT INTO districts (district_id, basis, first_run, last_run) VALUES ('d', 1, 'r1', 'r1')",
        "INSERT INTO published_index_patches (district_id, entity, basis, data) VALUES ('d', 'users', 1, '')",
    ] {
        client.query(sql);
    }
    drop(client);
    wait(bench.sink.prepare()).unwrap();
    assert_eq!(bench.query("SELECT * FROM districts"), ["d|1|r1|r1|here"]);
    assert_eq!(
        bench.query("SELECT count(*) FROM published_index_patches WHERE keys IS NULL"),
        ["1"]
    );
    assert_eq!(bench.published("d").basis, 1);
    bench.night("d", "r2", &[categories(&[("a", "A")])]);
    assert_eq!(bench.query("SELECT operation, source_id FROM changes"), ["create|a"]);
    let before = bench.database.schema();
    wait(bench.sink.prepare()).unwrap();
    assert_eq!(bench.database.schema(), before);
}

fn prepare_changes_nothing_the_second_time(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    let before = (bench.state(), bench.database.schema());
    wait(bench.sink.prepare()).unwrap();
    assert_eq!((bench.state(), bench.database.schema()), before);
}

fn programs_that_prepare_at_once_wait_for_each_other(backend: &Backend) {
    let bench = backend.empty();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| wait(bench.database.sink().prepare()).unwrap());
        }
    });
    assert!(wait(bench.sink.runs(None, 1)).unwrap().is_empty());
}

fn looking_makes_nothing(backend: &Backend) {
    let bench = backend.empty();
    assert!(!wait(bench.sink.exists()).unwrap());
    assert!(!wait(bench.sink.exists()).unwrap());
    wait(bench.sink.prepare()).unwrap();
    assert!(wait(bench.sink.exists()).unwrap());
}

fn user(source_id: &str, pronouns: Option<&str>) -> Rows {
    let mut rows = Rows::new(EntityKind::User);
    let row = UserRow {
        source_id,
        given_name: "Ada",
        family_name: "Okafor",
        pronouns,
        ..UserRow::default()
    };
    rows.push(0, &row);
    rows
}
