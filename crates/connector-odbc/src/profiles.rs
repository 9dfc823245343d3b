//! The profiles: which queries are run, and what is made of their rows.

mod custom;
mod infinite_campus;
mod powerschool;
mod sis;

pub use custom::{CustomProfile, CustomQuery};
pub use infinite_campus::{
    EllPlace, IepPlace, InfiniteCampusProfile, InfiniteCampusPrograms, InfiniteCampusStudentEmail,
    MealsPlace, PersonKey, Section504Place,
};
pub use powerschool::{
    LunchPlace, PowerSchoolProfile, PowerSchoolPrograms, PowerSchoolStudentEmail, ProgramPlace,
    SectionFivePlace,
};
pub use sis::Words;

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
    /// Infinite Campus.  Example: `{ type = "infinite-campus", programs = { ell = "lep" } }`
    InfiniteCampus(InfiniteCampusProfile),
    /// PowerSchool SIS.  Example: `{ type = "powerschool", district_name = "Marigold Valley Unified" }`
    #[serde(rename = "powerschool")]
    PowerSchool(PowerSchoolProfile),
}

impl ProfileConfig {
    /// Everything that is wrong, without touching anything outside.
    pub(crate) fn problems(&self, database: Database) -> Vec<ConfigProblem> {
        match self {
            Self::Custom(custom) => custom.problems(database),
            Self::InfiniteCampus(profile) => profile.problems(database),
            Self::PowerSchool(profile) => profile.problems(database),
        }
    }

    /// The profile for a database.
    pub(crate) fn resolve(&self, database: Database) -> Result<Arc<dyn Profile>> {
        match self {
            Self::Custom(custom) => custom.resolve(database),
            Self::InfiniteCampus(profile) => profile.resolve(database),
            Self::PowerSchool(profile) => profile.resolve(database),
        }
    }
}

#[cfg(test)]
mod tests;
