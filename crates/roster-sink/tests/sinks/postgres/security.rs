//! Who may see what: row-level security, encryption, passwords.

use super::{Connection, Database, database};
use crate::{
    Case,
    bench::{Backend, Client as _, categories, id, wait},
    cases,
};
use futures::StreamExt as _;
use roster_core::{EntityKind, ErrorKind};
use roster_sink::{PostgresSink, Sink as _};
use std::{fs, sync::Arc};
use tokio_postgres::error::SqlState;

pub(super) const CASES: &[Case] = cases![
    reader_sees_the_rows_of_one_district_and_without_one_none,
    reader_may_neither_write_nor_see_what_is_homerooms_own,
    every_table_with_districts_is_protected,
    writer_who_is_not_the_owner_needs_the_district_only,
    sslmode_says_how_much_is_checked,
    password_is_found_in_a_file,
    connections_are_encrypted_where_the_server_offers_it,
];

/// A reader of a database with two districts.
fn two_districts(backend: &Backend) -> (crate::bench::Bench, Connection) {
    let bench = backend.bench();
    bench.night("one", "r1", &[categories(&[("a", "A1"), ("b", "B1")])]);
    bench.night("two", "r2", &[categories(&[("a", "A2")])]);
    let mut reader = Connection::open(&database(&bench).user("homeroom_reader").url);
    reader.query("SET search_path = homeroom");
    (bench, reader)
}

fn reader_sees_the_rows_of_one_district_and_without_one_none(backend: &Backend) {
    let (_bench, mut reader) = two_districts(backend);
    let tables = ["categories", "changes", "runs", "diagnostics", "districts"];
    for table in tables {
        let sql = format!("SELECT DISTINCT district_id FROM {table}");
        reader.query("RESET homeroom.district");
        assert!(reader.query(&sql).is_empty(), "{table}");
        for district in ["one", "two"] {
            reader.query(&format!("SET homeroom.district = '{district}'"));
            assert_eq!(reader.query(&sql), [district], "{table}");
        }
        reader.query("SET homeroom.district = ''");
        assert!(reader.query(&sql).is_empty(), "{table}");
    }
    reader.begin();
    reader.query("SET LOCAL homeroom.district = 'two'");
    assert_eq!(reader.query("SELECT title FROM categories"), ["A2"]);
    reader.end();
    assert!(reader.query("SELECT title FROM categories").is_empty());
}

fn reader_may_neither_write_nor_see_what_is_homerooms_own(backend: &Backend) {
    let (_bench, mut reader) = two_districts(backend);
    reader.query("SET homeroom.district = 'one'");
    for sql in [
        "UPDATE categories SET title = 'x'",
        "DELETE FROM categories",
        "INSERT INTO changes (run_id, district_id, operation, at) VALUES ('r', 'one', 'load', now())",
        "SELECT * FROM published_index",
        "SELECT * FROM published_index_patches",
        "SELECT * FROM holds",
        "SELECT * FROM audit",
        "SELECT * FROM kept",
        "SELECT * FROM rekeys",
        "CREATE TABLE own (x integer)",
    ] {
        let error = reader.try_query(sql).unwrap_err();
        assert_eq!(error.code().map(SqlState::code), Some("42501"), "{sql}");
    }
}

fn every_table_with_districts_is_protected(backend: &Backend) {
    let bench = backend.bench();
    let open = "SELECT class.relname FROM pg_class AS class \
                JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid AND attribute.attname = 'district_id' \
                WHERE class.relnamespace = 'homeroom'::regnamespace AND class.relkind = 'r' \
                AND NOT (class.relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = class.oid))";
    assert!(bench.query(open).is_empty(), "{:?}", bench.query(open));
    let protected = "SELECT count(*) FROM pg_policies WHERE schemaname = 'homeroom'";
    assert_eq!(bench.query(protected), [(EntityKind::ALL.len() + 10).to_string()]);
}

fn writer_who_is_not_the_owner_needs_the_district_only(backend: &Backend) {
    let mut bench = backend.bench();
    let writer = database(&bench).user("");
    for sql in ["USAGE ON SCHEMA homeroom", "ALL ON ALL TABLES IN SCHEMA homeroom"] {
        bench.query(&format!("GRANT {sql} TO {}", writer.name));
    }
    bench.sink = Arc::new(PostgresSink::new(&writer.url).unwrap());
    bench.night("one", "r1", &[categories(&[("a", "A"), ("b", "B")])]);
    bench.night("two", "r2", &[categories(&[("a", "A")])]);
    bench.night("one", "r3", &[categories(&[("a", "A2"), ("c", "C")])]);
    let rows = bench.rows("one", EntityKind::Category);
    let titles: Vec<_> = rows.iter().flat_map(roster_core::Rows::iter).collect();
    assert_eq!(titles.iter().filter_map(|it| it.get(2)).collect::<Vec<_>>(), ["A2", "C"]);
    let runs = wait(bench.sink.runs(Some(&id("one")), 9)).unwrap();
    assert_eq!(runs.len(), 2);
}

/// What `prepare` says with these parameters in place of the URL's own, and `host` in place of its host.
fn try_tls(database: &Database, host: &str, parameters: &str) -> Result<(), (ErrorKind, String)> {
    let url = database.url();
    let (base, _) = url.split_once('?').unwrap();
    let url = format!("{}?{parameters}", base.replace("@localhost", &format!("@{host}")));
    let prepared = wait(PostgresSink::new(&url).unwrap().prepare());
    prepared.map_err(|err| (err.kind(), err.to_string()))
}

fn sslmode_says_how_much_is_checked(backend: &Backend) {
    let bench = backend.bench();
    let database = database(&bench);
    let url = database.url();
    let Some((_, authority)) = url.split_once("sslrootcert=") else {
        // A server that was not made for these tests may offer no encryption.
        return;
    };
    let own = authority.replace("ca.crt", "server.crt");
    let works = |host, parameters: &str| {
        let tried = try_tls(database, host, parameters);
        assert!(tried.is_ok(), "{host} {parameters}: {tried:?}");
    };
    let fails = |host, parameters: &str, says: &str| {
        let (kind, message) = try_tls(database, host, parameters).unwrap_err();
        assert_eq!(kind, ErrorKind::ConfigInvalid, "{message}");
        assert!(message.contains(says), "{host} {parameters}: {message}");
    };
    for mode in ["disable", "prefer", "require"] {
        works("localhost", &format!("sslmode={mode}"));
        works("127.0.0.1", &format!("sslmode={mode}"));
    }
    for root in [authority, &own] {
        works("localhost", &format!("sslmode=verify-full&sslrootcert={root}"));
        works("127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={root}"));
        fails("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={root}"), "not valid for");
    }
    // As with libpq, `require` checks once a certificate is named.
    fails("localhost", "sslmode=require&sslrootcert=system", "certificate");
    fails("localhost", "sslmode=verify-ca&sslrootcert=system", "certificate");
    fails("localhost", "sslmode=verify-full&sslrootcert=system", "certificate");
    fails("localhost", "sslmode=verify-ca&sslrootcert=/none", "sslrootcert cannot be read");
}

fn password_is_found_in_a_file(backend: &Backend) {
    let bench = backend.bench();
    let database = database(&bench);
    let url = database.url();
    let (user_and_password, rest) =
        url.strip_prefix("postgres://").unwrap().split_once('@').unwrap();
    let (user, password) = user_and_password.split_once(':').unwrap();
    let file = bench.folder.path().join("passwords");
    let open = |file: &std::path::Path| {
        let separator = if rest.contains('?') { '&' } else { '?' };
        let url = format!("postgres://{user}@{rest}{separator}passfile={}", file.display());
        wait(PostgresSink::new(&url).unwrap().prepare())
    };
    fs::write(&file, format!("other:*:*:*:CANARY\n*:*:{}:{user}:{password}\n", database.name()))
        .unwrap();
    #[cfg(unix)]
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    open(&file).unwrap();
    let without = bench.folder.path().join("none");
    assert_eq!(open(&without).unwrap_err().kind(), ErrorKind::AuthFailed);
}

fn connections_are_encrypted_where_the_server_offers_it(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "A")])]);
    let offered = bench.query("SHOW ssl") == ["on"];
    let url = database(&bench).url();
    let (base, _) = url.split_once('?').unwrap();
    for (mode, encrypted) in [("disable", false), ("prefer", offered)] {
        let url = format!("{base}?sslmode={mode}&application_name=tested");
        let sink = PostgresSink::new(&url).unwrap();
        let found = wait(async {
            let mut rows = sink.rows(&id("d"), EntityKind::Category);
            rows.next().await.unwrap().unwrap();
            std::thread::scope(|scope| {
                let look = || {
                    bench.query(
                        "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                         WHERE application_name = 'tested' AND datname = current_database()",
                    )
                };
                scope.spawn(look).join().unwrap()
            })
        });
        assert_eq!(found, [u8::from(encrypted).to_string()], "{mode}");
    }
}
