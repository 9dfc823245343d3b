//! Databases of student information systems, read-only over ODBC, as a roster source.
//!
//! A profile ([`ProfileConfig`]) says which queries are run and what their rows are.  All queries of a night are run
//! in one read-only transaction, on a thread that the driver may hang without taking the night with it.  Only `driver`
//! calls ODBC.

mod block;
mod config;
mod connection;
mod database;
mod driver;
mod failure;
mod locate;
mod map;
mod profiles;
mod reader;
mod readonly;
mod session;
mod source;
mod statement;
mod tunnel;

pub use config::{AcceptWritableAccount, Config, FetchConfig, TimeLimits, TlsConfig, TlsMode};
pub use database::Database;
pub use profiles::*;

use roster_core::{ConfigProblem, Connector, Result, RosterSource};
use source::OdbcSource;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The file of the best driver for a database on this machine.
///
/// # Errors
///
/// [`roster_core::ErrorKind::ConfigInvalid`], with what to install.
pub fn find_driver(database: Database) -> Result<PathBuf> {
    locate::Places::of_this_machine().find(database, None).map(|it| it.path)
}

/// Makes sources from configuration.
#[derive(Debug)]
pub struct Odbc;

impl Connector for Odbc {
    const ID: &'static str = "odbc";
    type Config = Config;

    fn validate(config: &Config) -> Vec<ConfigProblem> {
        config.problems()
    }

    fn build(config: Config, base: &Path) -> Result<Arc<dyn RosterSource>> {
        Ok(Arc::new(OdbcSource::new(config.resolve(base)?)))
    }
}
