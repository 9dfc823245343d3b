//! Where database servers for tests and benches are.

// Every program uses a part of it.
#![allow(dead_code, unreachable_pub, reason = "shared by several programs")]

use connector_odbc::{Database, find_driver};
use std::env;

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
    pub fn main_database(database: Database) -> &'static str {
        match database {
            Database::PostgreSql => "postgres",
            _ => "mysql",
        }
    }

    /// How a driver is told to connect with all rights.
    ///
    /// # Errors
    ///
    /// Where there is no driver.
    pub fn connection_string(&self, database: &str) -> roster_core::Result<String> {
        let driver = find_driver(self.database)?;
        Ok(format!(
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
