//! Making, migrating and refusing files.

use crate::bench::{Bench, categories, wait};
use roster_core::{EntityKind, ErrorKind, Rows, model::UserRow};
use roster_sink::{Sink as _, SqliteSink};
use rusqlite::Connection;
use std::{fs, path::Path};

#[test]
fn field_that_the_model_gained_becomes_a_column() {
    let bench = Bench::new();
    bench.night("d", "r1", &[user("u", None)]);
    let old = Connection::open(bench.path()).unwrap();
    old.execute_batch(
        "ALTER TABLE users DROP COLUMN pronouns; DROP INDEX users_id; DROP TABLE results;",
    )
    .unwrap();
    drop(old);
    wait(bench.sink.prepare()).unwrap();
    bench.night("d", "r2", &[user("u", Some("they"))]);
    assert_eq!(
        bench.query("SELECT family_name, pronouns, last_run FROM users"),
        ["Okafor|they|r2"]
    );
    assert_eq!(bench.query("SELECT count(*) FROM results"), ["0"]);
    let indexes = bench.query("SELECT name FROM pragma_index_list('users') ORDER BY name");
    assert_eq!(indexes, ["users_id", "users_source_id"]);
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

#[test]
fn prepare_changes_nothing_the_second_time() {
    let bench = Bench::new();
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    let before = (bench.state(), bench.query("PRAGMA schema_version"));
    wait(bench.sink.prepare()).unwrap();
    assert_eq!((bench.state(), bench.query("PRAGMA schema_version")), before);
}

/// Lets `make` leave a file where the database is to be; what `prepare` says of it.
fn check_prepare(make: impl FnOnce(&Path), kind: ErrorKind, says: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roster.db");
    make(&path);
    let before = fs::read(&path).ok();
    let error = wait(SqliteSink::new(&path).prepare()).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(says), "{error}");
    assert_eq!(error.to_string().matches("roster.db").count(), 1, "{error}");
    assert_eq!(fs::read(&path).ok(), before);
}

fn make_database(path: &Path, sql: &str) {
    wait(SqliteSink::new(path).prepare()).unwrap();
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn file_that_is_no_database_is_refused() {
    let make = |path: &Path| fs::write(path, "sourcedId,status\n".repeat(99)).unwrap();
    check_prepare(make, ErrorKind::ConfigInvalid, "not an SQLite database");
}

#[test]
fn database_of_another_program_is_refused() {
    let make = |path: &Path| {
        Connection::open(path).unwrap().execute_batch("CREATE TABLE users (id INTEGER)").unwrap();
    };
    check_prepare(make, ErrorKind::ConfigInvalid, "another program");
}

#[test]
fn database_of_a_newer_version_is_refused() {
    let make = |path: &Path| make_database(path, "PRAGMA user_version = 99");
    check_prepare(make, ErrorKind::ConfigInvalid, "version 99");
}

#[test]
fn database_with_a_column_of_a_newer_model_is_refused() {
    let make = |path: &Path| make_database(path, "ALTER TABLE users ADD COLUMN shoe_size TEXT");
    check_prepare(make, ErrorKind::ConfigInvalid, "users has a column shoe_size");
}

#[test]
fn folder_in_place_of_the_database_is_refused() {
    let make = |path: &Path| fs::create_dir(path).unwrap();
    check_prepare(make, ErrorKind::ConfigInvalid, "cannot be opened");
}

#[test]
fn missing_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sink = SqliteSink::new(folder.path().join("none").join("roster.db"));
    let error = wait(sink.prepare()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
    assert!(error.message().contains("folder does not exist"), "{error}");
    assert_eq!(wait(sink.runs(None, 1)).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!folder.path().join("none").exists());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_database() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    let reader = Connection::open(bench.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM runs;").unwrap();
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    let mut files = 0;
    for file in fs::read_dir(bench.folder.path()).unwrap().map(|it| it.unwrap()) {
        if file.file_name().to_string_lossy().starts_with("roster.db") {
            let mode = file.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", file.path().display());
            files += 1;
        }
    }
    assert!(files >= 3, "the database, its log and the log's index");
}

#[test]
fn names_that_sqlite_reads_otherwise_are_files() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["file:a?mode=memory", "a b'c%41.db"] {
        let path = folder.path().join(name);
        wait(SqliteSink::new(&path).prepare()).unwrap();
        assert!(fs::metadata(&path).unwrap().len() > 0, "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn folder_that_may_not_be_written_is_a_missing_right() {
    // Nobody may make files there, not even root.
    let error = wait(SqliteSink::new("/sys/roster.db").prepare()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[test]
fn programs_that_prepare_at_once_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roster.db");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| wait(SqliteSink::new(&path).prepare()).unwrap());
        }
    });
    assert!(wait(SqliteSink::new(&path).runs(None, 1)).unwrap().is_empty());
}
