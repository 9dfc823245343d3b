//! What real drivers and servers do that they should not, and what an account must not: each a clear error, in time,
//! with nothing announced.

mod support;

use connector_odbc::{Config, Database, Odbc, find_driver};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use roster_core::{
    BatchLimits, Connector as _, EntityKind, EntityRequest, Error, ErrorKind, ExtractEvent,
    ExtractRequest, RosterSource, RunContext, SyncMode,
};
use roster_testkit::{Extracted, Sshd};
use std::{
    fs,
    net::TcpListener,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use support::{Server, one, run, source, sqlite, unique};
use tempfile::TempDir;

type Test<T> = fn(&T) -> Result<(), Failed>;

const ON_FILES: [(&str, Test<TempDir>); 6] = [
    ("a_value_that_the_driver_cuts_is_an_error", cut_value),
    ("a_driver_that_hangs_is_left_behind", hanging_query),
    ("a_file_that_is_no_database_is_told", no_database),
    ("missing_tables_and_columns_are_told", missing_on_sqlite),
    ("a_missing_driver_says_what_to_install", missing_driver),
    ("sqlite_itself_refuses_writes", writes_to_a_file),
];

const ON_SERVERS: [(&str, Test<Server>); 12] = [
    ("a_tunnel_carries_an_extract_over_new_keys", tunnel),
    ("a_certificate_of_somebody_else_is_refused", certificate),
    ("an_account_that_may_write_is_refused", account_that_writes),
    ("every_form_of_writing_is_refused_before_it_is_sent", forms_of_writing),
    ("a_function_behind_a_view_cannot_write", function_behind_a_view),
    ("a_wrong_password_is_told", wrong_password),
    ("missing_tables_and_columns_are_told", missing_on_server),
    ("a_table_without_a_right_is_told", no_right),
    ("a_silent_server_is_given_up", silent_server),
    ("a_slow_query_is_given_up", slow_query),
    ("a_killed_backend_announces_nothing", killed_backend),
    ("all_queries_see_one_moment", one_moment),
];

fn main() -> ExitCode {
    let mut tests = Vec::new();
    for (name, test) in ON_FILES {
        tests.push(Trial::ignorable_test(format!("sqlite::{name}"), move || {
            if let Err(error) = find_driver(Database::Sqlite) {
                return Ok(Completion::ignored_with(error.to_string()));
            }
            test(&tempfile::tempdir()?).map(|()| Completion::Completed)
        }));
    }
    for database in [Database::PostgreSql, Database::MariaDb] {
        let label = format!("{database:?}").to_lowercase();
        for (name, test) in ON_SERVERS {
            tests.push(Trial::ignorable_test(
                format!("{label}::{name}"),
                move || match Server::named(database) {
                    Err(why) => Ok(Completion::ignored_with(why)),
                    Ok(server) => test(&server).map(|()| Completion::Completed),
                },
            ));
        }
    }
    tests.push(Trial::ignorable_test("sqlserver::a_silent_server_is_given_up", || {
        if let Err(error) = find_driver(Database::SqlServer) {
            return Ok(Completion::ignored_with(error.to_string()));
        }
        silent_sql_server().map(|()| Completion::Completed)
    }));
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// No server for SQL Server can be installed here: what its driver does with none, and with one that says nothing.
fn silent_sql_server() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let password = folder.path().join("password");
    fs::write(&password, "canary")?;
    let silent = TcpListener::bind(("127.0.0.1", 0))?;
    let port = silent.local_addr()?.port();
    let keys = format!(
        "database = 'sql-server'\nhost = '127.0.0.1'\nport = {port}\ndatabase_name = 'sis'\nuser = 'reader'\n\
         password = {{ file = '{}' }}\ntls = {{ mode = 'off' }}\nattempts = 1\n\
         [time_limits]\nlogin_secs = 1\n{}",
        password.display(),
        org("code", "schools")
    );
    fails(&keys, ErrorKind::Unavailable, "", 5)?;
    drop(silent);
    fails(&keys, ErrorKind::Unavailable, "", 5)
}

/// A profile with one query for organizations.
fn orgs(sql: &str) -> String {
    format!("[profile]\ntype = 'custom'\n[[profile.query]]\nentity = 'orgs'\nsql = '''{sql}'''\n")
}

/// A query that gives `key` as an organization.
fn org(key: &str, from: &str) -> String {
    orgs(&format!("SELECT {key} AS source_id, 'a' AS name, 'school' AS org_type FROM {from}"))
}

fn extract(source: &Arc<dyn RosterSource>, entities: &[EntityKind]) -> Result<Extracted, Failed> {
    let wanted = |entity: &EntityKind| EntityRequest {
        entity: *entity,
        mode: SyncMode::Snapshot,
        resume: None,
    };
    let entities = entities.iter().map(wanted).collect();
    let request = ExtractRequest { entities, limits: BatchLimits::default() };
    let stream = source.extract(&RunContext::detached(), request);
    Ok(runtime()?.block_on(Extracted::drain(stream)))
}

fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?)
}

/// The extract fails so, announces nothing, says nothing of any value, and does not take longer.
#[track_caller]
fn fails(keys: &str, kind: ErrorKind, words: &str, seconds: u64) -> Result<(), Failed> {
    let since = Instant::now();
    let source = source(keys)?;
    let extracted = extract(&source, &[EntityKind::Org])?;
    let took = since.elapsed();
    let Some(error) = extracted.error() else { return Err("the extract did not fail".into()) };
    let text = format!("{error} {error:?}");
    if error.kind() != kind || !text.contains(words) {
        return Err(format!("expected {kind:?} with {words:?}, and not {text}").into());
    }
    if extracted.completions().next().is_some() {
        return Err("something was announced complete".into());
    }
    if text.to_lowercase().contains("canary") {
        return Err("the error tells a value or a password".into());
    }
    if took > Duration::from_secs(seconds) {
        return Err(format!("it took {took:?}").into());
    }
    Ok(())
}

fn file_keys(folder: &TempDir) -> String {
    format!("database = 'sqlite'\npath = '{}'\n", folder.path().join("roster.db").display())
}

fn fill_file(folder: &TempDir, statements: &[&str]) -> Result<(), Failed> {
    let connection = sqlite(&folder.path().join("roster.db"))?;
    run(&connection, &statements.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
}

fn cut_value(folder: &TempDir) -> Result<(), Failed> {
    let long = "canary".repeat(100);
    let insert = format!("INSERT INTO schools VALUES ('{long}')");
    fill_file(folder, &["CREATE TABLE schools (code VARCHAR(10))", &insert])?;
    let keys = format!("{}{}", file_keys(folder), org("code", "schools"));
    fails(&keys, ErrorKind::Damaged, "column=source_id, query=orgs", 10)?;
    // The same for what has no length at all.
    let bounded = format!("{}[fetch]\nmax_value_bytes = 300\n", file_keys(folder));
    fill_file(
        folder,
        &["CREATE TABLE texts (code TEXT)", "INSERT INTO texts SELECT code FROM schools"],
    )?;
    fails(
        &format!("{bounded}{}", org("code", "texts")),
        ErrorKind::Damaged,
        "max_value_bytes",
        10,
    )?;
    let keys = format!("{}{}", file_keys(folder), org("code", "texts"));
    let whole = extract(&source(&keys)?, &[EntityKind::Org])?.without_error()?;
    let found = whole.district();
    assert_eq!(found.records(EntityKind::Org)[0].source_id(), long);
    Ok(())
}

/// The driver ignores every time limit, and no call into it can be broken off.
fn hanging_query(folder: &TempDir) -> Result<(), Failed> {
    let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 40000000) \
                   SELECT COUNT(x) AS source_id, 'a' AS name, 'school' AS org_type FROM c";
    fill_file(folder, &["CREATE TABLE t (a)"])?;
    let keys = file_keys(folder);
    let limits = "[time_limits]\nquery_secs = 1\nfetch_secs = 1\n";
    fails(&format!("{keys}{limits}{}", orgs(endless)), ErrorKind::Unavailable, "left behind", 6)
}

fn no_database(folder: &TempDir) -> Result<(), Failed> {
    let keys = format!("{}{}", file_keys(folder), org("'a'", "t"));
    fails(&keys, ErrorKind::NotFound, "database file", 5)?;
    fs::write(folder.path().join("roster.db"), "canary, and no database".repeat(200))?;
    fails(&keys, ErrorKind::Damaged, "no SQLite database", 5)
}

fn missing_on_sqlite(folder: &TempDir) -> Result<(), Failed> {
    fill_file(folder, &["CREATE TABLE schools (code TEXT)"])?;
    let keys = file_keys(folder);
    let table = format!("{keys}{}", org("code", "scools"));
    fails(&table, ErrorKind::NotFound, "query=orgs", 5)?;
    let column = format!("{keys}{}", org("cod", "schools"));
    fails(&column, ErrorKind::SchemaMismatch, "query=orgs", 5)?;
    let unbound = format!("{keys}{}", orgs("SELECT code AS source_id FROM schools"));
    fails(&unbound, ErrorKind::SchemaMismatch, "column=name", 5)
}

fn missing_driver(folder: &TempDir) -> Result<(), Failed> {
    let keys = format!("{}{}", file_keys(folder), org("'a'", "t"));
    fails(
        &format!("driver = 'No such driver'\n{keys}"),
        ErrorKind::ConfigInvalid,
        "libsqliteodbc",
        5,
    )?;
    let file = folder.path().join("driver.so");
    fs::write(&file, "no library")?;
    fails(
        &format!("driver = '{}'\n{keys}", file.display()),
        ErrorKind::ConfigInvalid,
        "could not be loaded",
        5,
    )
}

/// A file that anyone may write is still opened read-only.
fn writes_to_a_file(folder: &TempDir) -> Result<(), Failed> {
    fill_file(folder, &["CREATE TABLE schools (code TEXT)", "INSERT INTO schools VALUES ('1')"])?;
    let driver = find_driver(Database::Sqlite)?;
    let file = folder.path().join("roster.db");
    let read_only = support::connect(&format!(
        "Driver={};Database=file:{}?mode=ro;",
        driver.display(),
        file.display()
    ))?;
    for write in ["INSERT INTO schools VALUES ('2')", "DELETE FROM schools", "CREATE TABLE u (a)"] {
        if read_only.execute(write, (), None).is_ok() {
            return Err(format!("{write} was taken").into());
        }
    }
    let report = runtime()?.block_on(
        source(&format!("{}{}", file_keys(folder), org("code", "schools")))?
            .check(&RunContext::detached()),
    );
    let said = format!("{:?}", report.steps);
    assert!(said.contains("opened read-only; the session is read-only"), "{said}");
    Ok(())
}

/// A schema or database of a test's own, with an account that may read it.
struct Place {
    server: Server,
    name: String,
    folder: TempDir,
}

impl Place {
    fn new(server: &Server, statements: &[&str]) -> Result<Self, Failed> {
        let place =
            Self { server: server.clone(), name: unique("db"), folder: tempfile::tempdir()? };
        fs::write(place.folder.path().join("reader"), "canary-reader")?;
        fs::write(place.folder.path().join("admin"), &server.password)?;
        let name = &place.name;
        let admin = server.admin("")?;
        let make = match server.database {
            Database::PostgreSql => vec![
                format!("CREATE ROLE {name} LOGIN PASSWORD 'canary-reader'"),
                format!("CREATE SCHEMA {name}"),
                format!("SET search_path = {name}"),
            ],
            _ => vec![
                format!("CREATE DATABASE {name}"),
                format!("CREATE USER {name}@'%' IDENTIFIED BY 'canary-reader'"),
                format!("USE {name}"),
            ],
        };
        let statements: Vec<_> = statements.iter().map(|it| (*it).to_owned()).collect();
        let grant = match server.database {
            Database::PostgreSql => vec![
                format!("GRANT USAGE ON SCHEMA {name} TO {name}"),
                format!("GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {name}"),
            ],
            _ => vec![format!("GRANT SELECT, SHOW VIEW ON {name}.* TO {name}@'%'")],
        };
        run(&admin, &[make, statements, grant].concat())?;
        Ok(place)
    }

    fn is_postgresql(&self) -> bool {
        self.server.database == Database::PostgreSql
    }

    fn admin(&self) -> Result<odbc_api::Connection<'static>, Failed> {
        let admin = self.server.admin("")?;
        let name = &self.name;
        let choose = if self.is_postgresql() {
            format!("SET search_path = {name}")
        } else {
            format!("USE {name}")
        };
        run(&admin, &[choose])?;
        Ok(admin)
    }

    fn keys(&self, user: &str, password: &str) -> String {
        let file = self.folder.path().join(password);
        let file = file.display().to_string();
        if self.is_postgresql() {
            let keys = self.server.keys(user, &file, "postgres");
            format!("{keys}schema = '{}'\n", self.name)
        } else {
            self.server.keys(user, &file, &self.name)
        }
    }

    /// Keys of the account that may only read.
    fn reader(&self) -> String {
        self.keys(&self.name, "reader")
    }

    /// Keys of the account that may do everything, accepted or not.
    fn writer(&self, accepted: bool) -> String {
        let keys = self.keys(&self.server.user, "admin");
        let reason = "accept_writable_account = { reason = 'a test' }\n";
        if accepted { format!("{keys}{reason}") } else { keys }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let name = &self.name;
        let statements = if self.is_postgresql() {
            vec![format!("DROP SCHEMA {name} CASCADE"), format!("DROP ROLE {name}")]
        } else {
            vec![format!("DROP DATABASE {name}"), format!("DROP USER {name}@'%'")]
        };
        if let Ok(admin) = self.server.admin("") {
            // What is left behind goes with the server.
            _ = run(&admin, &statements);
        }
    }
}

const SCHOOLS: [&str; 2] =
    ["CREATE TABLE schools (code VARCHAR(20))", "INSERT INTO schools VALUES ('1')"];

fn account_that_writes(server: &Server) -> Result<(), Failed> {
    let place = Place::new(server, &SCHOOLS)?;
    let query = org("code", "schools");
    let refused = format!("{}{query}", place.writer(false));
    fails(&refused, ErrorKind::PermissionDenied, "the account may write", 10)?;
    let report = runtime()?.block_on(source(&refused)?.check(&RunContext::detached()));
    assert!(!report.passed());
    let accepted = source(&format!("{}{query}", place.writer(true)))?;
    let report = runtime()?.block_on(accepted.check(&RunContext::detached()));
    let said = format!("{:?}", report.steps);
    assert!(report.passed() && said.contains("accepted: a test"), "{said}");
    // One right on one table is enough.
    let name = &place.name;
    let reader = source(&format!("{}{query}", place.reader()))?;
    extract(&reader, &[EntityKind::Org])?.without_error()?;
    let grant = if place.is_postgresql() {
        format!("GRANT UPDATE (code) ON {name}.schools TO {name}")
    } else {
        format!("GRANT UPDATE (code) ON {name}.schools TO {name}@'%'")
    };
    run(&place.admin()?, &[grant])?;
    fails(&format!("{}{query}", place.reader()), ErrorKind::PermissionDenied, "schools", 10)
}

/// All forms that were seen to write in spite of a driver's read-only option, as configured SQL.
fn forms_of_writing(server: &Server) -> Result<(), Failed> {
    let place = Place::new(server, &SCHOOLS)?;
    for sql in [
        "INSERT INTO schools VALUES ('2')",
        "UPDATE schools SET code = '2'",
        "DELETE FROM schools",
        "TRUNCATE schools",
        "TRUNCATE TABLE schools",
        "DROP TABLE schools",
        "CREATE TABLE more (a INT)",
        "ALTER TABLE schools ADD more INT",
        "SELECT wipe() AS source_id",
        "WITH x AS (INSERT INTO schools VALUES ('2') RETURNING code) SELECT code FROM x",
        "WITH x AS (DELETE FROM schools RETURNING code) SELECT code FROM x",
        "SELECT 1; INSERT INTO schools VALUES ('2')",
        "/* c */ INSERT INTO schools VALUES ('2')",
        "-- c\nDELETE FROM schools",
        "DO $$ BEGIN DELETE FROM schools; END $$",
        "SELECT code INTO more FROM schools",
        "SELECT code FROM schools FOR UPDATE",
        "SET default_transaction_read_only = off",
        "SET TRANSACTION READ WRITE; INSERT INTO schools VALUES ('2')",
        "SET SESSION TRANSACTION READ WRITE",
        "SELECT 1 /*! ; DELETE FROM schools */",
    ] {
        // PostgreSQL knows no comment that runs.
        if sql.contains("/*!") && place.is_postgresql() {
            continue;
        }
        let config: Config = toml::from_str(&format!("{}{}", place.writer(true), orgs(sql)))?;
        if Odbc::validate(&config).is_empty() {
            return Err(format!("{sql} is not refused").into());
        }
    }
    assert_eq!(one(&place.admin()?, "SELECT COUNT(*) FROM schools")?, "1");
    Ok(())
}

/// What no parser can see: the session itself keeps an account that may do everything from writing.
fn function_behind_a_view(server: &Server) -> Result<(), Failed> {
    let make: &[&str] = match server.database {
        Database::PostgreSql => &[
            SCHOOLS[0],
            SCHOOLS[1],
            "CREATE FUNCTION wipe() RETURNS text LANGUAGE plpgsql AS \
             $$ BEGIN DELETE FROM schools; RETURN 'x'; END $$",
            "CREATE VIEW innocent AS SELECT wipe() AS code",
        ],
        _ => &[
            SCHOOLS[0],
            SCHOOLS[1],
            "CREATE FUNCTION wipe() RETURNS VARCHAR(9) MODIFIES SQL DATA \
             BEGIN DELETE FROM schools; RETURN 'x'; END",
            "CREATE VIEW innocent AS SELECT wipe() AS code",
        ],
    };
    let place = Place::new(server, make)?;
    let keys = format!("{}{}", place.writer(true), org("code", "innocent"));
    fails(&keys, ErrorKind::ConfigInvalid, "would write", 10)?;
    let admin = place.admin()?;
    assert_eq!(one(&admin, "SELECT COUNT(*) FROM schools")?, "1");
    // The view does write where the session is not kept from it.
    one(&admin, "SELECT code FROM innocent")?;
    assert_eq!(one(&admin, "SELECT COUNT(*) FROM schools")?, "0");
    Ok(())
}

fn wrong_password(server: &Server) -> Result<(), Failed> {
    let place = Place::new(server, &SCHOOLS)?;
    fs::write(place.folder.path().join("reader"), "canary-wrong")?;
    let keys = format!("{}{}", place.reader(), org("code", "schools"));
    fails(&keys, ErrorKind::AuthFailed, "refused the account", 10)
}

/// The server's certificate is of an authority that nobody trusts unless told to.
fn certificate(server: &Server) -> Result<(), Failed> {
    let place = Place::new(server, &SCHOOLS)?;
    let Some(authority) = &server.authority else { return Ok(()) };
    let other = place.folder.path().join("other.pem");
    // A certificate, but not the authority's.
    let own = authority.replace("ca.crt", "server.crt");
    fs::copy(&own, &other)?;
    let keys = place.reader().replace(authority, &other.display().to_string());
    let query = org("code", "schools");
    fails(&format!("{keys}{query}"), ErrorKind::ConfigInvalid, "could not be encrypted", 10)?;
    let trusting = place.reader().replace("certificate_authorities = ", "mode = 'require' } # ");
    extract(&source(&format!("{trusting}{query}"))?, &[EntityKind::Org])?.without_error()?;
    Ok(())
}

fn missing_on_server(server: &Server) -> Result<(), Failed> {
    let place = Place::new(server, &SCHOOLS)?;
    let keys = place.reader();
    let missing = format!("{keys}{}", org("cod", "schools"));
    fails(&missing, ErrorKind::SchemaMismatch, "query=orgs", 10)?;
    // MariaDB tells an account without rights on everything nothing of what is not there.
    let keys = place.writer(true);
    let missing = format!("{keys}{}", org("code", "scools"));
    fails(&missing, ErrorKind::NotFound, "query=orgs", 10)?;
    let keys = keys.replace("database_name = '", "database_name = 'no_such_");
    fails(&format!("{keys}{}", org("code", "schools")), ErrorKind::ConfigInvalid, "no such", 10)
}

fn no_right(server: &Server) -> Result<(), Failed> {
    let place = Place::new(server, &SCHOOLS)?;
    let name = &place.name;
    let revoke = if place.is_postgresql() {
        vec![format!("REVOKE SELECT ON {name}.schools FROM {name}")]
    } else {
        vec![
            format!("CREATE TABLE {name}.others (code INT)"),
            format!("REVOKE ALL PRIVILEGES, GRANT OPTION FROM {name}@'%'"),
            format!("GRANT SELECT ON {name}.others TO {name}@'%'"),
        ]
    };
    run(&place.admin()?, &revoke)?;
    let keys = format!("{}{}", place.reader(), org("code", "schools"));
    fails(&keys, ErrorKind::PermissionDenied, "query=orgs", 10)
}

/// MariaDB's driver waits for such a server for ever, whatever it was told.
fn silent_server(server: &Server) -> Result<(), Failed> {
    let place = Place::new(server, &[])?;
    let silent = TcpListener::bind(("127.0.0.1", 0))?;
    let port = silent.local_addr()?.port();
    let own = format!("port = {}", server.port);
    let keys = place.reader().replace(&own, &format!("port = {port}"));
    let keys = format!("attempts = 1\n{keys}[time_limits]\nlogin_secs = 1\n");
    fails(&format!("{keys}{}", org("code", "schools")), ErrorKind::Unavailable, "", 5)
}

fn slow_query(server: &Server) -> Result<(), Failed> {
    let slow = match server.database {
        Database::PostgreSql => "CREATE VIEW slow AS SELECT pg_sleep(30)::text AS code",
        _ => "CREATE VIEW slow AS SELECT SLEEP(30) AS code",
    };
    let place = Place::new(server, &[slow])?;
    let keys = format!("attempts = 1\n{}[time_limits]\nquery_secs = 1\n", place.reader());
    fails(&format!("{keys}{}", org("code", "slow")), ErrorKind::Unavailable, "query=orgs", 8)
}

/// The connection is lost in the middle: an error, never the half as a whole, and no second start.
fn killed_backend(server: &Server) -> Result<(), Failed> {
    let rows = match server.database {
        Database::PostgreSql => {
            "INSERT INTO schools SELECT i::text FROM generate_series(1, 200000) i"
        }
        _ => "INSERT INTO schools SELECT seq FROM seq_1_to_200000",
    };
    let place = Place::new(server, &[SCHOOLS[0], rows])?;
    let second = "[[profile.query]]\nentity = 'courses'\nsql = \"SELECT code AS source_id, 'a' AS title FROM schools\"\n";
    let keys = format!("{}{}{second}", place.reader(), org("code", "schools"));
    let source = source(&keys)?;
    let wanted = |entity| EntityRequest { entity, mode: SyncMode::Snapshot, resume: None };
    let entities = vec![wanted(EntityKind::Org), wanted(EntityKind::Course)];
    let request = ExtractRequest { entities, limits: BatchLimits::default() };
    let extracted = runtime()?.block_on(async {
        let mut stream = source.extract(&RunContext::detached(), request);
        let first = futures::StreamExt::next(&mut stream).await;
        kill(&place)?;
        let mut extracted = Extracted::drain(stream).await;
        extracted.events.splice(0..0, first);
        Ok::<_, Failed>(extracted)
    })?;
    let error = extracted.error().map(Error::kind);
    assert_eq!(error, Some(ErrorKind::Unavailable), "{:?}", extracted.error());
    let done: Vec<_> = extracted.completions().map(|it| it.entity).collect();
    assert!(!done.contains(&EntityKind::Course), "{done:?}");
    let rows: usize = extracted.batches().map(|it| it.rows.len()).sum();
    assert!(rows < 400_000 && rows > 0, "{rows}");
    assert!(matches!(extracted.events.last(), Some(Err(_))));
    assert!(extracted.events.iter().flatten().all(|it| match it {
        ExtractEvent::Done(done) => done.entity == EntityKind::Org && rows >= 200_000,
        ExtractEvent::Batch(_) => true,
    }));
    Ok(())
}

fn kill(place: &Place) -> Result<(), Failed> {
    let admin = place.admin()?;
    let name = &place.name;
    if place.is_postgresql() {
        let killed = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{name}'"
        );
        assert_eq!(one(&admin, &killed)?, "1");
        return Ok(());
    }
    run(&admin, &[format!("KILL USER {name}@'%'")])
}

/// The SSH server wants new keys every mebibyte, many times within one query.
fn tunnel(server: &Server) -> Result<(), Failed> {
    let sshd = Sshd::start(&["RekeyLimit 1M"])?;
    let rows = match server.database {
        Database::PostgreSql => {
            "INSERT INTO schools SELECT repeat('x', 60) || i FROM generate_series(1, 100000) i"
        }
        _ => "INSERT INTO schools SELECT CONCAT(REPEAT('x', 60), seq) FROM seq_1_to_100000",
    };
    let place = Place::new(server, &["CREATE TABLE schools (code VARCHAR(80))", rows])?;
    let tls = place.reader().replace("certificate_authorities = ", "mode = 'off' } # ");
    let keys = |host_key: &str| {
        format!(
            "{tls}tunnel = {{ host = '127.0.0.1', port = {}, username = '{}', key_file = '{}', host_keys = ['{host_key}'] }}\n{}",
            sshd.port(),
            sshd.user(),
            sshd.key().display(),
            org("code", "schools")
        )
    };
    let source = source(&keys(&sshd.host_key()))?;
    let extracted = extract(&source, &[EntityKind::Org])?.without_error()?;
    let rows: usize = extracted.batches().map(|it| it.rows.len()).sum();
    assert_eq!(rows, 100_000);
    let somebody = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    fails(&keys(somebody), ErrorKind::AuthFailed, "host key", 10)
}

/// A row that comes while an extract is under way is not in any of its queries.
fn one_moment(server: &Server) -> Result<(), Failed> {
    let place = Place::new(server, &SCHOOLS)?;
    let second = "[[profile.query]]\nentity = 'courses'\nsql = \"SELECT code AS source_id, 'a' AS title FROM schools\"\n";
    let keys = format!("{}{}{second}", place.reader(), org("code", "schools"));
    let source = source(&keys)?;
    let wanted = |entity| EntityRequest { entity, mode: SyncMode::Snapshot, resume: None };
    let entities = vec![wanted(EntityKind::Org), wanted(EntityKind::Course)];
    let request = ExtractRequest { entities, limits: BatchLimits::default() };
    let extracted = runtime()?.block_on(async {
        let mut stream = source.extract(&RunContext::detached(), request);
        let first = futures::StreamExt::next(&mut stream).await;
        run(&place.admin()?, &["INSERT INTO schools VALUES ('2')".to_owned()])?;
        let mut extracted = Extracted::drain(stream).await;
        extracted.events.splice(0..0, first);
        extracted.without_error()
    })?;
    let found = extracted.district();
    let counts = [EntityKind::Org, EntityKind::Course].map(|it| found.records(it).len());
    assert_eq!(counts, [1, 1]);
    assert_eq!(one(&place.admin()?, "SELECT COUNT(*) FROM schools")?, "2");
    Ok(())
}
