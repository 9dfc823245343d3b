//! What readers of a store see, whichever database it is.

use crate::{Database, PostgresDatabase};
use roster_core::EntityKind;
use std::{collections::BTreeMap, path::PathBuf};

/// A database that nights are published to.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a test has one or two")]
pub enum Store {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(PostgresDatabase),
}

impl Store {
    /// The value of `--to`.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite:{}", file.display()),
            Self::Postgres(database) => database.url().to_owned(),
        }
    }

    /// All rows of all tables of a district but for runs and times: keys, public ids, fields, and whether each is active.
    #[must_use]
    pub fn roster(&self, district: &str) -> BTreeMap<&'static str, Vec<String>> {
        let rows = |entity: &EntityKind| {
            let fields = entity.schema().fields.iter();
            let columns: Vec<_> =
                fields.map(|it| self.as_text(&format!("\"{}\"", it.name))).collect();
            let (id, active) = (self.as_text("id"), self.as_text("deleted_at IS NULL"));
            self.rows(&format!(
                "SELECT {id}, {active}, {} FROM {} WHERE district_id = '{district}' ORDER BY 1",
                columns.join(", "),
                self.table(entity.table())
            ))
        };
        let tables = EntityKind::ALL.iter().map(|it| (it.table(), rows(it)));
        tables.filter(|it| !it.1.is_empty()).collect()
    }

    /// Entries of the change feed after the first `seen`, as entity, key and operation, sorted.
    #[must_use]
    pub fn changes(&self, district: &str, seen: usize) -> Vec<String> {
        let mut changes = self.rows(&format!(
            "SELECT entity, source_id, operation FROM {} WHERE district_id = '{district}' ORDER BY seq LIMIT 1000000 OFFSET {seen}",
            self.table("changes")
        ));
        changes.sort();
        changes
    }

    /// Outcomes of a district's runs, oldest first.
    #[must_use]
    pub fn outcomes(&self, district: &str) -> Vec<String> {
        let runs = self.table("runs");
        self.rows(&format!(
            "SELECT outcome FROM {runs} WHERE district_id = '{district}' ORDER BY started_at, id"
        ))
    }

    /// Waits until nobody but the test uses it, and checks that it is whole.
    ///
    /// # Panics
    ///
    /// When it is damaged.
    pub fn check(&self) {
        match self {
            Self::Sqlite(_) => assert_eq!(self.rows("PRAGMA integrity_check"), ["ok"]),
            Self::Postgres(database) => database.wait_until_alone(),
        }
    }

    /// Whether anything was ever made there.
    #[must_use]
    pub fn exists(&self) -> bool {
        let query = match self {
            Self::Sqlite(file) if !file.exists() => return false,
            Self::Sqlite(_) => "SELECT name FROM sqlite_schema WHERE name = 'districts'",
            Self::Postgres(_) => {
                "SELECT to_regclass('homeroom.districts')::text WHERE to_regclass('homeroom.districts') IS NOT NULL"
            }
        };
        !self.rows(query).is_empty()
    }

    /// Rows of a query whose columns are text, joined by `|`.
    #[must_use]
    pub fn rows(&self, query: &str) -> Vec<String> {
        match self {
            Self::Sqlite(file) => Database::open(file).rows(query),
            Self::Postgres(database) => database.rows(query),
        }
    }

    /// A table's name in a query.
    #[must_use]
    pub fn table(&self, name: &str) -> String {
        match self {
            Self::Sqlite(_) => name.to_owned(),
            Self::Postgres(_) => format!("homeroom.{name}"),
        }
    }

    fn as_text(&self, expression: &str) -> String {
        match self {
            Self::Sqlite(_) => expression.to_owned(),
            Self::Postgres(_) => format!("({expression})::text"),
        }
    }
}
