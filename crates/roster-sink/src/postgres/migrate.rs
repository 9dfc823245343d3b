//! Making and migrating the tables, in one transaction.
//!
//! The table `migrations` counts the steps of [`STEPS`] that were taken.  The tables of the entities are not among them:
//! they are compared with the model every time, and what is missing (a table, a column, an index) is added.

use super::{
    connection::{limit_waiting, lock_schema},
    failure::{Failure, Outcome},
    layout::{Layout, READER, SCHEMA, for_reader, protect, qualified},
};
use roster_core::{EntityKind, ErrorKind};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio_postgres::{Client, GenericClient};

/// A step, and the tables with districts' rows that it makes, and whether readers may see them.
struct Step {
    sql: &'static str,
    tables: &'static [(&'static str, bool)],
}

/// Each is taken once, all of them before the tables of the entities are made.
const STEPS: &[Step] = &[
    Step {
        sql: include_str!("step_1.sql"),
        tables: &[
            ("changes", true),
            ("runs", true),
            ("diagnostics", true),
            ("districts", true),
            ("holds", false),
            ("audit", false),
            ("published_index", false),
            ("published_index_patches", false),
        ],
    },
    Step { sql: include_str!("step_2.sql"), tables: &[("kept", false), ("rekeys", false)] },
    Step { sql: include_str!("step_3.sql"), tables: &[] },
];
/// The oldest server that has everything that is used here, and is still tested against.
const OLDEST: i32 = 130_000;

/// Refuses what is not ours, then makes or migrates what is missing.
pub(super) async fn prepare(client: &mut Client, waiting: Duration) -> Outcome<()> {
    check_server(client).await?;
    // Looked at without a lock first: nearly always nothing is missing, and then no right to change it is needed.
    if missing(client).await?.is_empty() {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    limit_waiting(&transaction, waiting).await?;
    lock_schema(&transaction).await?;
    for sql in missing(&transaction).await? {
        transaction.batch_execute(&sql).await?;
    }
    Ok(transaction.commit().await?)
}

/// Whether the tables were made once.
pub(super) async fn is_prepared(client: &Client) -> Outcome<bool> {
    Ok(version(client).await?.is_some())
}

async fn check_server(client: &Client) -> Outcome<()> {
    let sql =
        "SELECT current_setting('server_version_num')::integer, current_setting('server_encoding')";
    let row = client.query_one(sql, &[]).await?;
    let (version, encoding): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
    let message = if version < OLDEST {
        format!("the server is PostgreSQL {}; use 13 or newer", version / 10_000)
    } else if encoding != "UTF8" {
        format!("the database is encoded as {encoding}; make one with ENCODING 'UTF8'")
    } else {
        return Ok(());
    };
    Err(Failure::new(ErrorKind::ConfigInvalid, "postgres.prepare", message))
}

/// How many steps were taken; `None` when nothing of ours is there.
async fn version(client: &impl GenericClient) -> Outcome<Option<usize>> {
    let sql = "SELECT to_regclass($1::text) IS NOT NULL";
    let there: bool = client.query_one(sql, &[&qualified("migrations")]).await?.try_get(0)?;
    if !there {
        return Ok(None);
    }
    let sql = format!("SELECT coalesce(max(version), 0) FROM {}", qualified("migrations"));
    let version: i32 = client.query_one(&sql, &[]).await?.try_get(0)?;
    Ok(Some(usize::try_from(version).unwrap_or(usize::MAX)))
}

/// Statements that add what this program has and the database does not.
async fn missing(client: &impl GenericClient) -> Outcome<Vec<String>> {
    let relations = Relations::read(client).await?;
    let version = version(client).await?;
    if version.is_none() && !relations.columns.is_empty() {
        let message = format!(
            "the schema {SCHEMA} of the database belongs to another program; name a database without it"
        );
        return Err(Failure::new(ErrorKind::ConfigInvalid, "postgres.prepare", message));
    }
    let taken = version.unwrap_or(0);
    if taken > STEPS.len() {
        let found = format!("it has version {taken}, this program knows up to {}", STEPS.len());
        return Err(newer(&found));
    }
    let mut statements = Vec::new();
    if taken == 0 {
        statements.extend(beginning());
    }
    for (number, step) in STEPS.iter().enumerate().skip(taken) {
        statements.push(step.sql.to_owned());
        statements.extend(step.tables.iter().map(|it| protect(it.0, it.1)));
        statements.push(format!(
            "INSERT INTO {} (version) VALUES ({})",
            qualified("migrations"),
            number + 1
        ));
    }
    if taken == 0 {
        // Readers' programs look for the version, too.
        let migrations = qualified("migrations");
        statements.push(for_reader(&format!("GRANT SELECT ON {migrations} TO {READER}")));
    }
    for entity in EntityKind::ALL {
        relations.add_missing(Layout::of(*entity), &mut statements)?;
    }
    Ok(statements)
}

/// The schema, and the role for readers where the user may make roles.  Roles belong to the whole server: another
/// database may have made it, perhaps in this moment.
fn beginning() -> [String; 3] {
    [
        // Not even asked for when it is there: that would need a right which its owner may lack.
        format!(
            "DO $$ BEGIN IF to_regnamespace('{SCHEMA}') IS NULL THEN CREATE SCHEMA {SCHEMA}; END IF; END $$;"
        ),
        format!(
            "DO $$ BEGIN \
             IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = current_user AND (rolcreaterole OR rolsuper)) \
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{READER}') \
             THEN CREATE ROLE {READER} NOLOGIN; END IF; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;"
        ),
        for_reader(&format!("GRANT USAGE ON SCHEMA {SCHEMA} TO {READER}")),
    ]
}

/// What is in the schema.
struct Relations {
    /// Columns by table.
    columns: BTreeMap<String, BTreeSet<String>>,
    indexes: BTreeSet<String>,
}

impl Relations {
    async fn read(client: &impl GenericClient) -> Outcome<Self> {
        let sql = "SELECT class.relname::text, class.relkind = 'i', attribute.attname::text \
                   FROM pg_catalog.pg_class AS class \
                   JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = class.oid \
                   WHERE class.relnamespace = to_regnamespace($1) AND class.relkind IN ('r', 'p', 'v', 'm', 'i') \
                   AND attribute.attnum > 0 AND NOT attribute.attisdropped";
        let mut relations = Self { columns: BTreeMap::new(), indexes: BTreeSet::new() };
        for row in client.query(sql, &[&SCHEMA]).await? {
            let name: String = row.try_get(0)?;
            if row.try_get(1)? {
                relations.indexes.insert(name);
            } else {
                relations.columns.entry(name).or_default().insert(row.try_get(2)?);
            }
        }
        Ok(relations)
    }

    fn add_missing(&self, layout: Layout, statements: &mut Vec<String>) -> Outcome<()> {
        let columns = layout.table().columns();
        let mut indexes = layout.indexes();
        if let Some(there) = self.columns.get(layout.name()) {
            if let Some(unknown) =
                there.iter().find(|it| columns.iter().all(|column| column.name != **it))
            {
                return Err(newer(&format!("its table {} has a column {unknown}", layout.name())));
            }
            let absent = columns.iter().filter(|it| !there.contains(it.name));
            statements.extend(absent.map(|it| layout.add_column(*it)));
        } else {
            statements.extend([layout.create_table(), protect(layout.name(), true)]);
            // The key comes with the table.
            indexes.remove(0);
        }
        let absent = indexes.iter().filter(|it| !self.indexes.contains(&it.name));
        statements.extend(absent.map(|it| layout.create_index(it)));
        Ok(())
    }
}

fn newer(found: &str) -> Failure {
    let message = format!(
        "the tables were made by a newer Homeroom or changed by hand: {found}; update Homeroom, or name another database"
    );
    Failure::new(ErrorKind::ConfigInvalid, "postgres.prepare", message)
}
