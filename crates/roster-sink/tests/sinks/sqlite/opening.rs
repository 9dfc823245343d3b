//! Making, migrating and refusing files.

use super::open;
use crate::{
    Case,
    bench::{Backend, categories, wait},
    cases,
};
use roster_core::ErrorKind;
use roster_sink::{Sink as _, SqliteSink};
use rusqlite::Connection;
use std::{fs, path::Path};

pub(super) const CASES: &[Case] = cases![
    file_that_is_no_database_is_refused,
    database_of_another_program_is_refused,
    database_of_a_newer_version_is_refused,
    database_with_a_column_of_a_newer_model_is_refused,
    folder_in_place_of_the_database_is_refused,
    missing_folder_is_refused,
    only_the_owner_may_read_the_database,
    names_that_sqlite_reads_otherwise_are_files,
    folder_that_may_not_be_written_is_a_missing_right,
];

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

fn file_that_is_no_database_is_refused(_: &Backend) {
    let make = |path: &Path| fs::write(path, "sourcedId,status\n".repeat(99)).unwrap();
    check_prepare(make, ErrorKind::ConfigInvalid, "not an SQLite database");
}

fn database_of_another_program_is_refused(_: &Backend) {
    let make = |path: &Path| {
        Connection::open(path).unwrap().execute_batch("CREATE TABLE users (id INTEGER)").unwrap();
    };
    check_prepare(make, ErrorKind::ConfigInvalid, "another program");
}

fn database_of_a_newer_version_is_refused(_: &Backend) {
    let make = |path: &Path| make_database(path, "PRAGMA user_version = 99");
    check_prepare(make, ErrorKind::ConfigInvalid, "version 99");
}

fn database_with_a_column_of_a_newer_model_is_refused(_: &Backend) {
    let make = |path: &Path| make_database(path, "ALTER TABLE users ADD COLUMN shoe_size TEXT");
    check_prepare(make, ErrorKind::ConfigInvalid, "users has a column shoe_size");
}

fn folder_in_place_of_the_database_is_refused(_: &Backend) {
    let make = |path: &Path| fs::create_dir(path).unwrap();
    check_prepare(make, ErrorKind::ConfigInvalid, "cannot be opened");
}

fn missing_folder_is_refused(_: &Backend) {
    let folder = tempfile::tempdir().unwrap();
    let sink = SqliteSink::new(folder.path().join("none").join("roster.db"));
    let error = wait(sink.prepare()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
    assert!(error.message().contains("folder does not exist"), "{error}");
    assert_eq!(wait(sink.runs(None, 1)).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!folder.path().join("none").exists());
}

fn only_the_owner_may_read_the_database(backend: &Backend) {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = backend.bench();
    let reader = open(&bench);
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

fn names_that_sqlite_reads_otherwise_are_files(_: &Backend) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["file:a?mode=memory", "a b'c%41.db"] {
        let path = folder.path().join(name);
        wait(SqliteSink::new(&path).prepare()).unwrap();
        assert!(fs::metadata(&path).unwrap().len() > 0, "{name}");
    }
}

fn folder_that_may_not_be_written_is_a_missing_right(_: &Backend) {
    // Nobody may make files there, not even root.
    let error = wait(SqliteSink::new("/sys/roster.db").prepare()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}
