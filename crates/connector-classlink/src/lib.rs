//! ClassLink Roster Server as a roster source.
//!
//! A partner's key lists the districts that share with the application.  A district is read through ClassLink's proxy
//! with the district's own bearer, or directly at its Roster Server with OAuth 1.0a.

mod access;
mod applications;
mod config;
mod source;

pub use applications::Application;
pub use config::{Access, Config};

use config::Settings;
use roster_core::{ConfigProblem, Connector, Result, RosterSource, RunContext};
use roster_http::Client;
use roster_oneroster_rest::RestSource;
use source::ClassLinkService;
use std::{path::Path, sync::Arc};

/// Makes sources from configuration.
#[derive(Debug)]
pub struct ClassLink;

impl Connector for ClassLink {
    const ID: &'static str = "classlink";
    type Config = Config;

    fn validate(config: &Config) -> Vec<ConfigProblem> {
        config.problems()
    }

    fn build(config: Config, base: &Path) -> Result<Arc<dyn RosterSource>> {
        source_with(config.clone(), base, Client::new(config.client.at(base)))
    }
}

/// A source that reaches ClassLink through `client`, which may go by another clock.
///
/// # Errors
///
/// Where the configuration is not complete.
pub fn source_with(config: Config, base: &Path, client: Client) -> Result<Arc<dyn RosterSource>> {
    let settings = Settings::new(config, base, client)?;
    Ok(Arc::new(RestSource::new(ClassLinkService::new(settings))))
}

/// All districts that share with the application, also those nobody has configured yet.
///
/// # Errors
///
/// Where there is no partner key, or ClassLink does not answer to it.
pub async fn districts(
    ctx: &RunContext,
    config: Config,
    base: &Path,
    client: Client,
) -> Result<Vec<Application>> {
    applications::list(ctx, &Settings::new(config, base, client)?).await
}
