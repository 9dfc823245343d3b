//! PostgreSQL databases for the suite, and what only PostgreSQL has.

mod decode;
mod failures;
mod nights;
mod opening;
mod proxy;
mod security;

use crate::{
    Case,
    bench::{Backend, Bench, Client, statements},
};
use decode::text;
use roster_sink::{PostgresSink, Sink};
use std::{
    env,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;
use tokio_postgres::NoTls;

/// PostgreSQL's own cases.
pub(crate) const CASES: &[(&str, &[Case])] = &[
    ("databases", opening::CASES),
    ("changes", nights::CASES),
    ("failures", failures::CASES),
    ("security", security::CASES),
];

/// The server of `HOMEROOM_POSTGRES`; `None` where there is none.
pub(crate) fn backend() -> Option<Backend> {
    let url = env::var("HOMEROOM_POSTGRES").ok().filter(|it| !it.is_empty())?;
    Some(Backend::Postgres(Server { url }))
}

/// A server of the tests' own, whose user may do everything.
pub(crate) struct Server {
    /// URL of the database `postgres`.
    url: String,
}

impl Server {
    /// A new database, dropped at the end.
    pub(crate) fn database(&self) -> Database {
        self.database_with("")
    }

    /// A new database made with these options.
    fn database_with(&self, options: &str) -> Database {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("homeroom_test_{}_{number}", std::process::id());
        Connection::open(&self.url)
            .query(&format!("CREATE DATABASE {name} TEMPLATE template0 {options}"));
        Database { server: self.url.clone(), name, users: Mutex::default() }
    }
}

/// The database of a bench.
fn database(bench: &Bench) -> &Database {
    bench.database.as_any().downcast_ref().unwrap()
}

/// A database on the server.
pub(crate) struct Database {
    server: String,
    name: String,
    /// Made for it, and to be dropped with it.
    users: Mutex<Vec<String>>,
}

impl Database {
    /// Its URL.
    fn url(&self) -> String {
        self.url_as(None)
    }

    /// Its URL for another user.
    fn url_as(&self, user: Option<(&str, &str)>) -> String {
        let (base, query) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (place, _) = base.rsplit_once('/').unwrap();
        let place = match (user, place.split_once("://"), place.rsplit_once('@')) {
            (Some((user, password)), Some((scheme, _)), Some((_, host))) => {
                format!("{scheme}://{user}:{password}@{host}")
            }
            _ => place.to_owned(),
        };
        format!("{place}/{}?{query}", self.name)
    }

    fn name(&self) -> &str {
        &self.name
    }

    /// Host and port of the server.
    fn address(&self) -> String {
        let (_, place) = self.server.rsplit_once('@').unwrap();
        place.split('/').next().unwrap().to_owned()
    }

    /// A client that finds Homeroom's tables by their bare names.
    fn connection(&self) -> Connection {
        let mut connection = Connection::open(&self.url());
        connection.query("SET search_path = homeroom");
        connection
    }

    /// A new user with the rights of `role` alone; dropped with the database.
    fn user(&self, role: &str) -> User {
        let mut users = self.users.lock().unwrap();
        let name = format!("{}_user_{}", self.name, users.len());
        let mut connection = self.connection();
        connection.query(&format!("CREATE ROLE {name} LOGIN PASSWORD 'secret'"));
        if !role.is_empty() {
            connection.query(&format!("GRANT {role} TO {name}"));
        }
        let url = self.url_as(Some((&name, "secret")));
        users.push(name.clone());
        User { name, url }
    }

    /// Waits until one of the sink's connections waits for a lock.
    fn wait_until_locked(&self) {
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'homeroom' AND wait_event_type = 'Lock'";
        let mut connection = self.connection();
        let since = Instant::now();
        while connection.query(sql).is_empty() {
            assert!(since.elapsed() < Duration::from_secs(30), "nobody waits for a lock");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A user of a database.
struct User {
    name: String,
    url: String,
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let mut server = Connection::open(&self.server);
        server.query(&sql);
        for user in self.users.lock().unwrap().iter() {
            server.query(&format!("DROP ROLE {user}"));
        }
    }
}

impl crate::bench::Database for Database {
    fn sink(&self) -> Arc<dyn Sink> {
        Arc::new(PostgresSink::new(&self.url()).unwrap())
    }

    fn outlet(&self, name: &str) -> Arc<dyn Sink> {
        Arc::new(PostgresSink::new(&self.url()).unwrap().index_only(name))
    }

    fn first_version(&self) -> Vec<String> {
        let script = include_str!("../../src/postgres/step_1.sql");
        let made = statements("CREATE SCHEMA homeroom;\n").chain(statements(script));
        made.chain(statements("INSERT INTO homeroom.migrations (version) VALUES (1);\n")).collect()
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(self.connection())
    }

    fn indexes(&self) -> Vec<String> {
        let sql =
            "SELECT indexname FROM pg_indexes WHERE schemaname = 'homeroom' ORDER BY indexname";
        self.client().query(sql)
    }

    fn schema(&self) -> Vec<String> {
        self.client().query(
            "SELECT count(*), CAST(max(CAST(CAST(xmin AS text) AS bigint)) AS bigint) FROM pg_class \
             WHERE relnamespace = 'homeroom'::regnamespace",
        )
    }

    fn explain(&self, sql: &str) -> String {
        let mut client = self.client();
        client.query("ANALYZE");
        for way in ["seqscan", "bitmapscan"] {
            client.query(&format!("SET enable_{way} = off"));
        }
        client.query(&format!("EXPLAIN {sql}")).join(" ")
    }

    fn dialect(&self) -> &'static str {
        "postgresql"
    }

    fn check_integrity(&self) {
        // Every row is found through every index.
        for table in ["categories", "enrollments"] {
            let all = self.client().query(&format!("SELECT source_id FROM {table} ORDER BY ctid"));
            let mut client = self.client();
            client.query("SET enable_seqscan = off");
            let found = client
                .query(&format!("SELECT source_id FROM {table} ORDER BY district_id, source_id"));
            assert_eq!(all.len(), found.len(), "{table}");
        }
    }
}

/// A client with a runtime of its own.
struct Connection {
    runtime: Runtime,
    client: tokio_postgres::Client,
}

impl Connection {
    /// Opens a connection without encryption, whatever the URL says of it.
    fn open(url: &str) -> Self {
        Self::try_open(url).unwrap()
    }

    fn try_open(url: &str) -> Result<Self, tokio_postgres::Error> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let kept: Vec<_> = query.split('&').filter(|it| !it.starts_with("ssl")).collect();
        let url = format!("{base}?{}", kept.join("&"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (client, connection) = runtime.block_on(tokio_postgres::connect(&url, NoTls))?;
        runtime.spawn(connection);
        Ok(Self { runtime, client })
    }

    fn try_query(&mut self, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
        let rows = self.runtime.block_on(self.client.query(sql, &[]))?;
        Ok(rows.iter().map(text).collect())
    }
}

impl Client for Connection {
    fn query(&mut self, sql: &str) -> Vec<String> {
        self.try_query(sql).unwrap_or_else(|err| panic!("{sql}: {:?}", err.as_db_error()))
    }

    fn begin(&mut self) {
        self.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    }

    fn end(&mut self) {
        self.query("COMMIT");
    }
}
