//! How a connector is made from configuration.

use crate::{Result, RosterSource};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::{path::Path, sync::Arc};

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The key, relative to the connector's own section.
    pub key: &'static str,
    /// What was found, what is expected and what to do.
    pub message: String,
}

/// A connector's typed factory.  The runner erases it; see `docs/adding-a-connector.md`.
pub trait Connector: 'static {
    /// Stable id, as in configuration and cursors, such as `oneroster`.
    const ID: &'static str;

    /// Its part of the configuration; refuses unknown keys.
    type Config: DeserializeOwned + JsonSchema;

    /// Finds everything that is wrong, without touching anything outside.
    fn validate(config: &Self::Config) -> Vec<ConfigProblem>;

    /// Makes the source.  Does no I/O and starts nothing.  Relative paths in the configuration start at `base`.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::ConfigInvalid`].
    fn build(config: Self::Config, base: &Path) -> Result<Arc<dyn RosterSource>>;
}
