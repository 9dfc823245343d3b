//! Databases for tests: SQLite files, and the servers that the environment names.

// Every test program uses a part of it.
#![allow(dead_code, unreachable_pub, reason = "shared by several test programs")]

pub mod places;
pub mod server;
pub mod sis;
pub mod tables;

pub use server::Server;

use connector_odbc::{Config, Database, Odbc, find_driver};
use odbc_api::{Connection, ConnectionOptions, Cursor as _, environment};
use roster_core::{Connector as _, RosterSource};
use roster_testkit::Failed;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// A name that no other test of any run has.
pub fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}_{}_{count}", std::process::id())
}

impl Server {
    /// A connection that may do everything.
    pub fn admin(&self, database: &str) -> Result<Connection<'static>, Failed> {
        let own = Self::main_database(self.database);
        let database = if database.is_empty() { own } else { database };
        connect(&self.connection_string(database)?)
    }
}

/// Connects with a connection string.
pub fn connect(string: &str) -> Result<Connection<'static>, Failed> {
    Ok(environment()?.connect_with_connection_string(string, ConnectionOptions::default())?)
}

/// A connection that may write to an SQLite file, which is made if need be.
pub fn sqlite(file: &Path) -> Result<Connection<'static>, Failed> {
    let driver = find_driver(Database::Sqlite)?;
    connect(&format!("Driver={};Database={};NoWCHAR=1;", driver.display(), file.display()))
}

/// Runs statements.
pub fn run(connection: &Connection<'_>, statements: &[String]) -> Result<(), Failed> {
    for statement in statements {
        let outcome = connection.execute(statement, (), None);
        if let Err(error) = outcome {
            return Err(format!("{statement}: {error}").into());
        }
    }
    Ok(())
}

/// The first column of the first row.
pub fn one(connection: &Connection<'_>, query: &str) -> Result<String, Failed> {
    let mut cursor = connection.execute(query, (), None)?.ok_or("no result set")?;
    let mut row = cursor.next_row()?.ok_or("no row")?;
    let mut text = Vec::new();
    row.get_text(1, &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The source of a configuration.
pub fn source(keys: &str) -> Result<Arc<dyn RosterSource>, Failed> {
    let config: Config = toml::from_str(keys)?;
    let problems = Odbc::validate(&config);
    if let Some(problem) = problems.first() {
        return Err(format!("{}: {}", problem.key, problem.message).into());
    }
    Ok(Odbc::build(config, Path::new("/"))?)
}
