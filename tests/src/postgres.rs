//! A PostgreSQL database of a test's own.

use std::env;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

/// Why tests that need a server are skipped.
pub const WITHOUT_POSTGRES: &str = "HOMEROOM_POSTGRES is not set";

/// A database on the server that `HOMEROOM_POSTGRES` names; dropping it removes it.
pub struct PostgresDatabase {
    name: String,
    url: String,
    runtime: Runtime,
    server: Client,
    client: Client,
}

impl PostgresDatabase {
    /// Makes a database; `None` without a server.
    ///
    /// # Panics
    ///
    /// When the server cannot be used.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let server_url = env::var("HOMEROOM_POSTGRES").ok().filter(|it| !it.is_empty())?;
        let name = format!("{name}_{}", std::process::id());
        let (address, parameters) = server_url.split_once('?').unwrap_or((&server_url, ""));
        let (place, _) = address.rsplit_once('/').expect("the URL names a database");
        let runtime = Runtime::new().expect("a runtime can be started");
        let server = connect(&runtime, address);
        let create = format!("CREATE DATABASE {name}");
        runtime.block_on(server.batch_execute(&create)).expect("a database can be made");
        let client = connect(&runtime, &format!("{place}/{name}"));
        let url = format!("{place}/{name}?{parameters}");
        Some(Self { name, url, runtime, server, client })
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name on the server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The keys of an ODBC source that say where it is.
    ///
    /// # Panics
    ///
    /// When the URL is not one that `cargo xtask postgres` gives.
    #[must_use]
    pub fn odbc_keys(&self) -> String {
        let (_, rest) = self.url.split_once('@').expect("the URL has a server");
        let (place, rest) = rest.split_once('/').expect("the URL names a database");
        let (_, port) = place.split_once(':').expect("the URL has a port");
        let tls = rest.split_once("sslrootcert=").map_or_else(
            || "{ mode = 'off' }".to_owned(),
            |(_, file)| format!("{{ certificate_authorities = '{file}' }}"),
        );
        let name = &self.name;
        format!("host = 'localhost'\nport = {port}\ndatabase_name = '{name}'\ntls = {tls}\n")
    }

    /// Runs statements.
    ///
    /// # Panics
    ///
    /// When one of them is wrong.
    pub fn run(&self, statements: &str) {
        let done = self.runtime.block_on(self.client.batch_execute(statements));
        done.unwrap_or_else(|err| panic!("{err}"));
    }

    /// Rows of a query all of whose columns are text, joined by `|`.
    ///
    /// # Panics
    ///
    /// When the query is wrong.
    #[must_use]
    pub fn rows(&self, query: &str) -> Vec<String> {
        let rows = self.runtime.block_on(self.client.query(query, &[]));
        let rows = rows.unwrap_or_else(|err| panic!("{query}: {err}"));
        let cell =
            |row: &tokio_postgres::Row, it| row.get::<_, Option<String>>(it).unwrap_or_default();
        let text = |row: &tokio_postgres::Row| {
            (0..row.len()).map(|it| cell(row, it)).collect::<Vec<_>>().join("|")
        };
        rows.iter().map(text).collect()
    }

    /// Ends the connections of other programs that have a transaction open; gives how many there were.
    #[must_use]
    pub fn end_transactions(&self) -> usize {
        let ended = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
                     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL";
        self.rows(ended).len()
    }

    /// Waits until no other program is connected: the server sees late that one was killed.
    ///
    /// # Panics
    ///
    /// When one stays connected for half a minute.
    pub fn wait_until_alone(&self) {
        let others = "SELECT pid::text FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        for _ in 0..3_000 {
            if self.rows(others).is_empty() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("a killed program is still connected");
    }
}

impl std::fmt::Debug for PostgresDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresDatabase").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        _ = self.runtime.block_on(self.server.batch_execute(&drop));
    }
}

fn connect(runtime: &Runtime, url: &str) -> Client {
    let (client, connection) =
        runtime.block_on(tokio_postgres::connect(url, NoTls)).expect("the server can be reached");
    runtime.spawn(connection);
    client
}
