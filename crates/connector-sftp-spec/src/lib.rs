//! Homeroom's own file specification as a roster source: plain CSV files, one set a night, in a zip archive or loose.
//!
//! [`spec::FILES`] is the one table of every file and column.  The reader and its checks, the document that a district
//! gets ([`document`]), the templates ([`template`]) and the JSON schema ([`schema`]) are made of it.

mod config;
pub mod document;
mod fileset;
mod reader;
pub mod schema;
mod source;
pub mod spec;
pub mod template;

pub use config::{Config, EndDates, Mode, Names, Prefixes};

use roster_core::{ConfigProblem, Connector, Result, RosterSource};
use source::SpecSource;
use std::{path::Path, sync::Arc};

/// Makes sources from configuration.
#[derive(Debug)]
pub struct SftpSpec;

impl Connector for SftpSpec {
    const ID: &'static str = "sftp-spec";
    type Config = Config;

    fn validate(config: &Config) -> Vec<ConfigProblem> {
        config.problems()
    }

    fn build(config: Config, base: &Path) -> Result<Arc<dyn RosterSource>> {
        let (sets, dialect) = config.resolve(base)?;
        Ok(Arc::new(SpecSource::new(sets, dialect)))
    }
}

/// A source for one archive or folder, as given on a command line.
///
/// # Errors
///
/// None today; the set is looked at when it is read.
pub fn from_path(path: &Path) -> Result<Arc<dyn RosterSource>> {
    SftpSpec::build(Config::of_path(path), Path::new(""))
}
