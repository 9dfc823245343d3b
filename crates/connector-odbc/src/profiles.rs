//! The profiles: which queries are run, and what is made of their rows.

mod custom;

pub use custom::{CustomProfile, CustomQuery};

use crate::{database::Database, map::Profile};
use roster_core::{ConfigProblem, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// What the database is of, which tells the queries.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProfileConfig {
    /// Queries of your own.  Example: `{ type = "custom", query = [{ entity = "orgs", sql = "SELECT …" }] }`
    Custom(CustomProfile),
}

impl ProfileConfig {
    /// Everything that is wrong, without touching anything outside.
    pub(crate) fn problems(&self, database: Database) -> Vec<ConfigProblem> {
        match self {
            Self::Custom(custom) => custom.problems(database),
        }
    }

    /// The profile for a database.
    pub(crate) fn resolve(&self, database: Database) -> Result<Arc<dyn Profile>> {
        match self {
            Self::Custom(custom) => custom.resolve(database),
        }
    }
}
