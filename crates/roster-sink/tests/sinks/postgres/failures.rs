//! Servers that are not there, refuse, or go away in the middle.

use super::{Database, database, proxy::Proxy};
use crate::{
    Case,
    bench::{Backend, Bench, Client as _, categories, record, wait},
    cases,
};
use roster_core::{Error, ErrorKind, Retry, Rows};
use roster_sink::{Outcome, PostgresSink, Sink as _};
use std::{thread, time::Duration};

pub(super) const CASES: &[Case] = cases![
    server_that_is_not_there_is_unavailable,
    wrong_password_and_wrong_database_are_told_apart,
    database_that_may_only_be_read_is_a_missing_right,
    connection_lost_in_the_middle_leaves_nothing,
    connection_ended_while_rows_are_copied_leaves_nothing,
    connections_cut_at_any_moment_leave_the_old_night_or_the_new_one,
    commit_that_was_never_answered_is_looked_up,
    refused_rows_are_not_quoted,
];

fn open(url: &str) -> Result<(), Error> {
    wait(PostgresSink::new(url).unwrap().prepare())
}

fn server_that_is_not_there_is_unavailable(_: &Backend) {
    let error = open("postgres://u:CANARY@127.0.0.1:1/d").unwrap_err();
    assert_eq!((error.kind(), error.retry_verdict()), (ErrorKind::Unavailable, Retry::Backoff));
    assert!(error.message().contains("nothing answers"), "{error}");
    assert!(error.to_string().ends_with("[database=postgres://127.0.0.1:1/d]"), "{error}");
    assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
}

fn wrong_password_and_wrong_database_are_told_apart(backend: &Backend) {
    let bench = backend.bench();
    let url = |user, password, name: &str| {
        database(&bench).url_as(Some((user, password))).replace(database(&bench).name(), name)
    };
    let own = database(&bench).name();
    let error = open(&url("homeroom", "CANARY", own)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AuthFailed, "{error}");
    assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    let error = open(&database(&bench).url().replace(own, "homeroom_none")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
    assert!(error.message().contains("no such database"), "{error}");
}

fn database_that_may_only_be_read_is_a_missing_right(backend: &Backend) {
    let bench = backend.bench();
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A")])]);
    let name = database(&bench).name();
    bench.query(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    let run = record(&plan, Outcome::Published);
    let error = wait(bench.sink.publish(&plan, published, &run)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert!(error.message().contains("may only be read"), "{error}");
}

fn connection_lost_in_the_middle_leaves_nothing(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r0", &[categories(&[("a", "A"), ("b", "B")])]);
    let before = bench.state();
    let mut other = database(&bench).connection();
    other.begin();
    // Everything but the end is written by then.
    other.query("SELECT * FROM districts WHERE district_id = 'd' FOR UPDATE");
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A2"), ("c", "C")])]);
    let run = record(&plan, Outcome::Published);
    let sink = bench.database.sink();
    let error = thread::scope(|scope| {
        let night = scope.spawn(|| wait(sink.publish(&plan, published, &run)).unwrap_err());
        database(&bench).wait_until_locked();
        end_connections(&mut database(&bench).connection());
        night.join().unwrap()
    });
    assert_eq!((error.kind(), error.retry_verdict()), (ErrorKind::Unavailable, Retry::Backoff));
    other.end();
    assert_eq!(bench.state(), before);
    wait(bench.sink.publish(&plan, bench.published("d"), &run)).unwrap();
    assert_eq!(bench.query("SELECT basis FROM districts"), ["2"]);
}

fn connection_ended_while_rows_are_copied_leaves_nothing(backend: &Backend) {
    let bench = backend.bench();
    bench.night("other", "r0", &[categories(&[("a", "A")])]);
    let before = bench.state();
    // Rows go in one by one, a hundredth of a second each.
    for sql in [
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END'",
        "CREATE TRIGGER slow BEFORE INSERT ON categories FOR EACH ROW EXECUTE FUNCTION slow()",
    ] {
        bench.query(sql);
    }
    let keys: Vec<_> = (0..20_000).map(|it| format!("c{it}")).collect();
    let records: Vec<_> = keys.iter().map(|it| (it.as_str(), "T")).collect();
    let (plan, published) = bench.plan("d", "r1", &[categories(&records)]);
    bench.keep(&[("findings", b"{}")]);
    let run = record(&plan, Outcome::Published);
    let sink = bench.database.sink();
    let error = thread::scope(|scope| {
        let night = scope.spawn(|| wait(sink.publish(&plan, published, &run)).unwrap_err());
        let mut client = database(&bench).connection();
        let copied = "SELECT pid FROM pg_stat_progress_copy WHERE tuples_processed > 10 \
                      AND datname = current_database()";
        while client.query(copied).is_empty() {
            assert!(!night.is_finished());
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(end_connections(&mut client), 1);
        night.join().unwrap()
    });
    assert_eq!((error.kind(), error.retry_verdict()), (ErrorKind::Unavailable, Retry::Backoff));
    assert!(error.message().contains("run again"), "{error}");
    bench.query("DROP TRIGGER slow ON categories");
    assert_eq!(bench.state(), before);
    assert_eq!(bench.query("SELECT count(*) FROM kept"), ["0"]);
    wait(bench.sink.publish(&plan, bench.published("d"), &run)).unwrap();
    assert_eq!(bench.query("SELECT count(*) FROM categories WHERE district_id = 'd'"), ["20000"]);
}

/// Ends the connections of all nights in the database.
fn end_connections(client: &mut super::Connection) -> usize {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'homeroom'";
    client.query(sql).len()
}

fn connections_cut_at_any_moment_leave_the_old_night_or_the_new_one(backend: &Backend) {
    const ROUNDS: u32 = 24;
    let bench = backend.bench();
    let feed = |round: u32| -> [Rows; 1] {
        let records: Vec<_> = (round..round + 4000)
            .map(|it| (format!("c{it}"), format!("{}", it % 7 + round % 2)))
            .collect();
        let records: Vec<_> = records.iter().map(|it| (it.0.as_str(), it.1.as_str())).collect();
        [categories(&records)]
    };
    bench.night("d", "r0", &feed(0));
    let mut client = database(&bench).connection();
    let mut cut = 0;
    for round in 1..=ROUNDS {
        let (plan, published) = bench.plan("d", &format!("r{round}"), &feed(round));
        let run = record(&plan, Outcome::Published);
        let basis = published.basis;
        let sink = bench.database.sink();
        let published = thread::scope(|scope| {
            let night = scope.spawn(|| wait(sink.publish(&plan, published, &run)));
            thread::sleep(Duration::from_millis(u64::from(round * 37 % 120)));
            end_connections(&mut client);
            night.join().unwrap()
        });
        cut += u32::from(published.is_err());
        let found = bench.published("d").basis;
        assert_eq!(found, basis + u64::from(published.is_ok()), "{published:?}");
        // The next run ends as an undisturbed one.
        bench.night("d", &format!("again{round}"), &feed(round));
        check_night(&bench, 4000);
    }
    assert!(cut > 0, "none of {ROUNDS} nights was cut");
}

/// The table and the published index say the same.
fn check_night(bench: &Bench, active: usize) {
    let rows = bench.rows("d", roster_core::EntityKind::Category);
    assert_eq!(rows.iter().map(Rows::len).sum::<usize>(), active);
    let index = &bench.published("d").indexes[&roster_core::EntityKind::Category];
    assert_eq!(index.active(), active);
}

fn commit_that_was_never_answered_is_looked_up(backend: &Backend) {
    let bench = backend.bench();
    let proxy = Proxy::start(database(&bench).address());
    let sink = PostgresSink::new(&through(database(&bench), proxy.port)).unwrap();
    for (round, forwarded) in [(1, true), (2, false)] {
        let name = format!("r{round}");
        let (plan, published) = bench.plan("d", &name, &[categories(&[("a", &name)])]);
        proxy.cut_at_commit(forwarded);
        let outcome = wait(sink.publish(&plan, published, &record(&plan, Outcome::Published)));
        assert_eq!(outcome.is_ok(), forwarded, "{outcome:?}");
        let runs = bench.query("SELECT id FROM runs ORDER BY id");
        assert_eq!(runs, ["r1"], "the first commit reached the server, the second did not");
    }
}

fn through(database: &Database, port: u16) -> String {
    let url = database.url();
    let (before, after) = url.rsplit_once('@').unwrap();
    let (_, after) = after.split_once('/').unwrap();
    let after = after.split('?').next().unwrap();
    format!("{before}@127.0.0.1:{port}/{after}?sslmode=disable")
}

fn refused_rows_are_not_quoted(backend: &Backend) {
    let bench = backend.bench();
    // Somebody else's rule, which the server quotes the row for.
    bench.query("ALTER TABLE categories ADD CONSTRAINT short CHECK (length(title) < 5)");
    let feeds = [
        [categories(&[("CANARY-1", "CANARY-2")])],
        [categories(&[("a", "A"), ("CANARY-1", "CANARY-2")])],
    ];
    for (number, feed) in feeds.iter().enumerate() {
        let error = bench.try_night("d", &format!("r{number}"), feed).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.to_string().contains("sqlstate=23514"), "{error}");
        assert!(!format!("{error:?} {error}").contains("CANARY"), "{error:?}");
    }
}
