//! OneRoster filesets as a roster source.
//!
//! A set is a zip archive or a folder with the CSV files of OneRoster 1.0, 1.1 or 1.2.  It is read where it is, or
//! taken from a folder that sets land in.  The format itself lives in `roster-oneroster`; here is the way to the set
//! and from a blocking reader to an asynchronous stream.

mod config;
mod source;

pub use config::Config;

use roster_core::{ConfigProblem, Connector, Result, RosterSource};
use source::FilesetSource;
use std::{path::Path, sync::Arc};

/// Makes sources from configuration.
#[derive(Debug)]
pub struct OneRoster;

impl Connector for OneRoster {
    const ID: &'static str = "oneroster";
    type Config = Config;

    fn validate(config: &Config) -> Vec<ConfigProblem> {
        config.clone().place().problems()
    }

    fn build(config: Config, base: &Path) -> Result<Arc<dyn RosterSource>> {
        Ok(Arc::new(FilesetSource::new(config.place().resolve(base)?)))
    }
}

/// A source for one archive or folder, as given on a command line.
///
/// # Errors
///
/// None today; the set is looked at when it is read.
pub fn from_path(path: &Path) -> Result<Arc<dyn RosterSource>> {
    OneRoster::build(Config::of_path(path), Path::new(""))
}
