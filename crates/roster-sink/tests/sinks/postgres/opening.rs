//! Databases and rights that PostgreSQL refuses or lacks.

use super::database;
use crate::{
    Case,
    bench::{Backend, Bench, categories, wait},
    cases,
};
use roster_core::ErrorKind;
use roster_sink::{PostgresSink, Sink as _};
use std::sync::Arc;

pub(super) const CASES: &[Case] = cases![
    schema_of_another_program_is_refused,
    tables_of_a_newer_version_are_refused,
    table_with_a_column_of_a_newer_model_is_refused,
    database_that_is_not_encoded_as_utf8_is_refused,
    user_who_may_make_no_schema_lacks_a_right,
    user_who_owns_an_empty_schema_needs_no_other_right,
    missing_tables_are_said_to_be_missing,
];

/// Lets `sql` change a database; what `prepare` says of it.  It changes nothing.
fn check_prepare(bench: &Bench, sql: &[&str], says: &str) {
    for sql in sql {
        bench.query(sql);
    }
    let tables = "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2";
    let before = bench.query(tables);
    let error = wait(bench.sink.prepare()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
    assert!(error.to_string().contains(says), "{error}");
    assert_eq!(bench.query(tables), before);
}

fn schema_of_another_program_is_refused(backend: &Backend) {
    let sql = ["CREATE SCHEMA homeroom", "CREATE TABLE homeroom.users (id integer)"];
    check_prepare(&backend.empty(), &sql, "another program");
}

fn tables_of_a_newer_version_are_refused(backend: &Backend) {
    check_prepare(&backend.bench(), &["INSERT INTO migrations VALUES (99)"], "version 99");
}

fn table_with_a_column_of_a_newer_model_is_refused(backend: &Backend) {
    let sql = ["ALTER TABLE users ADD COLUMN shoe_size text"];
    check_prepare(&backend.bench(), &sql, "users has a column shoe_size");
}

fn database_that_is_not_encoded_as_utf8_is_refused(backend: &Backend) {
    #[allow(irrefutable_let_patterns, reason = "PostgreSQL may be the only kind in the build")]
    let Backend::Postgres(server) = backend else { panic!("a case of PostgreSQL's own") };
    let database = server.database_with("ENCODING 'LATIN1' LOCALE 'C'");
    let error = wait(PostgresSink::new(&database.url()).unwrap().prepare()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
    assert!(error.message().contains("encoded as LATIN1"), "{error}");
}

fn user_who_may_make_no_schema_lacks_a_right(backend: &Backend) {
    let bench = backend.empty();
    let user = database(&bench).user("");
    let error = wait(PostgresSink::new(&user.url).unwrap().prepare()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.message().contains("GRANT CREATE ON DATABASE"), "{error}");
    assert!(error.to_string().contains("sqlstate=42501"), "{error}");
}

fn user_who_owns_an_empty_schema_needs_no_other_right(backend: &Backend) {
    let mut bench = backend.empty();
    let user = database(&bench).user("");
    bench.query(&format!("CREATE SCHEMA homeroom AUTHORIZATION {}", user.name));
    bench.sink = Arc::new(PostgresSink::new(&user.url).unwrap());
    wait(bench.sink.prepare()).unwrap();
    bench.night("d", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    bench.night("d", "r2", &[categories(&[("a", "A2"), ("c", "C")])]);
    assert_eq!(bench.query("SELECT count(*) FROM changes"), ["4"]);
}

fn missing_tables_are_said_to_be_missing(backend: &Backend) {
    let bench = backend.empty();
    let error = wait(bench.sink.runs(None, 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
    assert!(error.message().contains("tables are not in the database"), "{error}");
}
