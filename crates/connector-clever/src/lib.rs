//! The Clever Data API (Secure Sync) as a roster source.
//!
//! A district that has added an application in Clever is read in one pass: its schools, terms, courses, sections and
//! people, memberships from the sections, contacts with their students.  What the district does not share is not in
//! the catalog, so that "not shared" and "nobody there" differ.  A district that is paused, or that Clever brought up to
//! date while it was read, is told as changes, so that nothing is deleted for being absent.
//!
//! Rules of the service come from <https://dev.clever.com> and from Clever's published description of its API, version
//! 3.1; where recordings of the service differ from the description, they are followed.

mod account;
mod config;
mod contacts;
mod directory;
mod events;
mod extract;
mod lists;
mod map;
pub mod names;
mod scopes;
mod service;
mod source;
mod state;
mod wire;

pub use config::{ApiVersion, Config, Mode};
pub use directory::{directory, directory_problems};

use roster_core::{ConfigProblem, Connector, Result, RosterSource};
use roster_http::Client;
use source::CleverSource;
use std::{path::Path, sync::Arc};

/// Makes sources from configuration.
#[derive(Debug)]
pub struct Clever;

impl Connector for Clever {
    const ID: &'static str = "clever";
    type Config = Config;

    fn validate(config: &Config) -> Vec<ConfigProblem> {
        config.problems()
    }

    fn build(config: Config, base: &Path) -> Result<Arc<dyn RosterSource>> {
        let client = Client::new(config.client.clone().at(base));
        with_client(config, base, client)
    }
}

/// A source that goes through a client of the caller's, which then decides about connections and about time.
///
/// # Errors
///
/// [`roster_core::ErrorKind::ConfigInvalid`].
pub fn with_client(config: Config, base: &Path, client: Client) -> Result<Arc<dyn RosterSource>> {
    Ok(Arc::new(CleverSource::new(config.resolve(base)?, client)))
}
