//! Whole nights from a database with queries of one's own, over ODBC from SQLite: what goes well, and how each thing that
//! goes wrong ends.  Without the driver they report themselves as ignored.

use connector_odbc::{Database, find_driver};
use homeroom_tests::Bench;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;

type Test = fn(&Bench) -> Result<(), Failed>;

const TESTS: [(&str, Test); 3] = [
    ("what_goes_wrong_publishes_nothing_and_says_who_must_act", what_goes_wrong),
    ("queries_that_write_are_no_configuration", queries_that_write),
    ("check_tells_drivers_account_and_queries", check),
];

fn main() -> ExitCode {
    let trial = |(name, test): (&str, Test)| {
        Trial::ignorable_test(name, move || {
            if let Err(error) = find_driver(Database::Sqlite) {
                return Ok(Completion::ignored_with(error.to_string()));
            }
            test(&Bench::new()).map(|()| Completion::Completed)
        })
    };
    let tests = TESTS.into_iter().map(trial).collect();
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

const SCHOOLS: &str = "SELECT code AS source_id, title AS name, 'school' AS org_type, 'canary-site' AS site FROM schools";

fn database(bench: &Bench, statements: &str) -> Result<(), Failed> {
    Ok(rusqlite::Connection::open(bench.path("sis.db"))?.execute_batch(statements)?)
}

/// A configuration with one query.
fn configure(bench: &Bench, sql: &str, more: &str) {
    let file = format!(
        "[[district]]\nid = 'marigold'\nto = 'sqlite:roster.db'\n[district.source]\nconnector = 'odbc'\n\
         database = 'sqlite'\npath = 'sis.db'\n{more}\n[district.source.profile]\ntype = 'custom'\n\
         [[district.source.profile.query]]\nentity = 'orgs'\nsql = \"{sql}\"\n"
    );
    bench.write("homeroom.toml", file);
}

fn what_goes_wrong(bench: &Bench) -> Result<(), Failed> {
    database(
        bench,
        "CREATE TABLE schools (code, title VARCHAR(10)); INSERT INTO schools VALUES ('1', 'North')",
    )?;
    configure(bench, SCHOOLS, "");
    let night = |code| bench.run(&["sync", "--json"]).ended(code);
    assert_eq!(night(0).json()[0]["outcome"], "published");
    assert_eq!(night(0).json()[0]["outcome"], "unchanged");
    let published = || bench.database().rows("SELECT source_id, name, extensions FROM orgs");
    let before = published();
    let wrong = |sql: &str, more: &str, words: &str| {
        configure(bench, sql, more);
        let output = night(11);
        assert_eq!(output.json()[0]["outcome"], "failed");
        assert!(output.text().contains(words), "{words}: {}", output.text());
        assert_eq!(published(), before, "{words}");
    };
    wrong(&SCHOOLS.replace("FROM schools", "FROM scools"), "", "a table of the query is not there");
    wrong(&SCHOOLS.replace("code AS", "cod AS"), "", "a column of the query is not there");
    wrong(SCHOOLS, "driver = 'No such driver'", "libsqliteodbc");
    let long = "canary".repeat(50);
    database(bench, &format!("INSERT INTO schools VALUES ('2', '{long}')"))?;
    wrong(SCHOOLS, "", "the driver gave only a part of a value");
    configure(bench, SCHOOLS, "fetch = { max_value_bytes = 64 }");
    assert_eq!(night(11).json()[0]["outcome"], "failed");
    assert_eq!(published(), before);
    Ok(())
}

fn queries_that_write(bench: &Bench) -> Result<(), Failed> {
    database(bench, "CREATE TABLE schools (code); INSERT INTO schools VALUES ('1')")?;
    for sql in
        ["DELETE FROM schools", "SELECT 1; DELETE FROM schools", "SELECT wipe() AS source_id"]
    {
        configure(bench, sql, "");
        let output = bench.run(&["sync"]).ended(2);
        assert!(output.text().contains("query orgs"), "{}", output.text());
    }
    let rows = rusqlite::Connection::open(bench.path("sis.db"))?.query_row(
        "SELECT COUNT(*) FROM schools",
        [],
        |it| it.get::<_, i64>(0),
    )?;
    assert_eq!(rows, 1);
    Ok(())
}

fn check(bench: &Bench) -> Result<(), Failed> {
    database(bench, "CREATE TABLE schools (code, title)")?;
    configure(bench, SCHOOLS, "");
    let told = bench.run(&["check"]).ended(0).text();
    for words in
        ["find the driver", "on this machine", "opened read-only", "query orgs", "without a row"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    configure(bench, SCHOOLS, "driver = 'No such driver'");
    let told = bench.run(&["check"]).text();
    assert!(told.contains("Debian and Ubuntu: libsqliteodbc"), "{told}");
    Ok(())
}
