//! The profile `custom`: a query for each entity, written by whoever knows the database.

mod mapper;

use crate::{
    database::Database,
    map::{Mapper, Profile, Query},
    statement,
};
use mapper::CustomMapper;
use roster_core::{ConfigProblem, EntityKind, Error, ErrorKind, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

/// Queries of your own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomProfile {
    /// The queries; an entity may have several.
    #[schemars(length(min = 1))]
    pub query: Vec<CustomQuery>,
}

/// A query and the entity that its rows are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomQuery {
    /// The entity, by its table name.  Example: `"users"`
    pub entity: String,
    /// One plain query.  Columns are bound to the entity's fields by name, in any case; `source_id` must be among
    /// them, and every other column becomes an extension field.  A list is written `a,b`.  Never `SELECT *`: a
    /// database of a student information system has passwords in it.
    /// Example: `"SELECT id AS source_id, first_name AS given_name, last_name AS family_name FROM students"`
    pub sql: String,
    /// Its name in findings, where an entity has several queries.  Default: the entity's.  Example: `"students"`
    #[serde(default)]
    pub name: Option<String>,
}

impl CustomQuery {
    fn kind(&self) -> Option<EntityKind> {
        EntityKind::from_table(&self.entity)
    }

    fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.entity)
    }

    fn problem(&self, database: Database) -> Option<String> {
        let label = self.label();
        if self.kind().is_none() {
            return Some(format!("there is no table {:?}; see docs/model.md", self.entity));
        }
        statement::refusal(&self.sql, database).map(|why| format!("query {label}: {why}"))
    }
}

impl CustomProfile {
    pub(crate) fn problems(&self, database: Database) -> Vec<ConfigProblem> {
        let problem = |message| ConfigProblem { key: "profile.query", message };
        let mut problems: Vec<_> =
            self.query.iter().filter_map(|it| it.problem(database)).map(problem).collect();
        if self.query.is_empty() {
            problems.push(problem("there is no query; give one for each entity".to_owned()));
        }
        let mut labels = BTreeSet::new();
        let twice = self.query.iter().map(CustomQuery::label).filter(|it| !labels.insert(*it));
        problems.extend(twice.map(|label| {
            problem(format!("two queries are called {label}; give one of them another name"))
        }));
        problems
    }

    pub(crate) fn resolve(&self, database: Database) -> Result<Arc<dyn Profile>> {
        if let Some(problem) = self.problems(database).into_iter().next() {
            return Err(Error::new(ErrorKind::ConfigInvalid, "odbc.config", problem.message));
        }
        let query = |it: &CustomQuery| Query {
            name: Cow::Owned(it.label().to_owned()),
            sql: Cow::Owned(it.sql.clone()),
            parameters: Vec::new(),
            feeds: it.kind().into_iter().collect(),
            columns: None,
        };
        Ok(Arc::new(Custom { queries: self.query.iter().map(query).collect() }))
    }
}

#[derive(Debug)]
struct Custom {
    queries: Vec<Query>,
}

impl Profile for Custom {
    fn queries(&self) -> &[Query] {
        &self.queries
    }

    fn is_extension(&self, query: usize, column: &str) -> bool {
        let entity = self.queries[query].feeds.first();
        entity.is_some_and(|it| mapper::is_extension(*it, column))
    }

    fn mapper(&self) -> Box<dyn Mapper> {
        let entities = self.queries.iter().filter_map(|it| it.feeds.first().copied()).collect();
        Box::new(CustomMapper::new(entities))
    }
}
