//! OneRoster filesets and OneRoster REST services as roster sources.
//!
//! A set is a zip archive or a folder with the CSV files of OneRoster 1.0, 1.1 or 1.2.  It is read where it is, or
//! taken from a folder that sets land in.  The format itself lives in `roster-oneroster`; here is the way to the set
//! and from a blocking reader to an asynchronous stream.

mod config;
mod rest;
mod source;

pub use config::{Config, Mode, RestVersion};

use roster_core::{ConfigProblem, Connector, Result, RosterSource};
use roster_http::Client;
use roster_oneroster_rest::RestSource;
use source::FilesetSource;
use std::{path::Path, sync::Arc};

/// Makes sources from configuration.
#[derive(Debug)]
pub struct OneRoster;

impl Connector for OneRoster {
    const ID: &'static str = "oneroster";
    type Config = Config;

    fn validate(config: &Config) -> Vec<ConfigProblem> {
        config.problems()
    }

    fn build(config: Config, base: &Path) -> Result<Arc<dyn RosterSource>> {
        Ok(match config.mode {
            Mode::Fileset => Arc::new(FilesetSource::new(config.place().resolve(base)?)),
            Mode::Rest => Arc::new(RestSource::new(config.rest(base)?)),
        })
    }
}

/// A source of a service that is reached through `client`, which may go by another clock.
///
/// # Errors
///
/// Where the configuration is not that of a service.
pub fn rest_source(config: Config, base: &Path, client: Client) -> Result<Arc<dyn RosterSource>> {
    Ok(Arc::new(RestSource::new(config.rest(base)?.with_client(client))))
}

/// A source for one archive or folder, as given on a command line.
///
/// # Errors
///
/// None today; the set is looked at when it is read.
pub fn from_path(path: &Path) -> Result<Arc<dyn RosterSource>> {
    OneRoster::build(Config::of_path(path), Path::new(""))
}
