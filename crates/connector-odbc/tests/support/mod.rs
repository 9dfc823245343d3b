//! Databases for tests: SQLite files, and the servers that the environment names.

// Every test program uses a part of it.
#![allow(dead_code, unreachable_pub, reason = "shared by several test programs")]

pub mod places;
pub mod sis;
pub mod tables;

use connector_odbc::{Config, Database, Odbc, find_driver};
use odbc_api::{Connection, ConnectionOptions, Cursor as _, environment};
use roster_core::{Connector as _, RosterSource};
use roster_testkit::Failed;
use std::{
    env,
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

/// Where a database server is, for an account that may do everything.
#[derive(Clone, Debug)]
pub struct Server {
    pub database: Database,
    pub user: String,
    pub password: String,
    pub host: String,
    pub port: u16,
    /// File with the authority of its certificate.
    pub authority: Option<String>,
}

impl Server {
    /// The server that the environment names.
    ///
    /// # Errors
    ///
    /// Why there is none, for a test that is then skipped.
    pub fn named(database: Database) -> Result<Self, String> {
        let variable = match database {
            Database::PostgreSql => "HOMEROOM_POSTGRES",
            _ => "HOMEROOM_MARIADB",
        };
        find_driver(database).map_err(|it| it.to_string())?;
        let url = env::var(variable).ok().filter(|it| !it.is_empty());
        let url = url.ok_or_else(|| format!("{variable} is not set"))?;
        Self::parse(database, &url).ok_or_else(|| format!("{variable} is no URL of a server"))
    }

    fn parse(database: Database, url: &str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let (account, rest) = rest.split_once('@')?;
        let (user, password) = account.split_once(':')?;
        let (place, rest) = rest.split_once('/')?;
        let (host, port) = place.split_once(':')?;
        let authority = rest.split_once('=').map(|it| it.1.to_owned());
        Some(Self {
            database,
            user: user.to_owned(),
            password: password.to_owned(),
            host: host.to_owned(),
            port: port.parse().ok()?,
            authority,
        })
    }

    /// The database that accounts log in to.
    fn main_database(&self) -> &'static str {
        match self.database {
            Database::PostgreSql => "postgres",
            _ => "mysql",
        }
    }

    /// A connection that may do everything.
    pub fn admin(&self, database: &str) -> Result<Connection<'static>, Failed> {
        let driver = find_driver(self.database)?;
        let database = if database.is_empty() { self.main_database() } else { database };
        connect(&format!(
            "Driver={};Server={};Port={};UID={};PWD={};Database={database};CHARSET=utf8mb4;",
            driver.display(),
            self.host,
            self.port,
            self.user,
            self.password
        ))
    }

    /// The keys of a configuration that an account reads a database with.
    pub fn keys(&self, user: &str, password_variable: &str, database: &str) -> String {
        let kind = match self.database {
            Database::PostgreSql => "postgresql",
            _ => "mariadb",
        };
        let Self { host, port, .. } = self;
        let tls = match &self.authority {
            Some(file) => format!("{{ certificate_authorities = '{file}' }}"),
            None => "{ mode = 'off' }".to_owned(),
        };
        // The certificate is for this name.
        let host = if self.authority.is_some() { "localhost" } else { host };
        format!(
            "database = '{kind}'\nhost = '{host}'\nport = {port}\ndatabase_name = '{database}'\nuser = '{user}'\n\
             password = {{ file = '{password_variable}' }}\ntls = {tls}\n"
        )
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
