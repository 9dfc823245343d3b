//! Making and migrating the tables.
//!
//! `user_version` counts the steps of [`STEPS`] that were taken.  The tables of the entities are not among them: they
//! are compared with the model every time, and what is missing (a table, a column, an index) is added.

use super::{
    failure::{Failure, Outcome},
    layout::Layout,
};
use roster_core::{EntityKind, ErrorKind};
use rusqlite::{Connection, TransactionBehavior};
use std::collections::BTreeSet;

/// Marks a database as Homeroom's: `HmRm`.
const APPLICATION_ID: i64 = 0x486d_526d;

/// Each is taken once, in a transaction of its own.  In a new database all of them are taken before the tables of the
/// entities are made.
const STEPS: &[&str] =
    &[include_str!("step_1.sql"), include_str!("step_2.sql"), include_str!("step_3.sql")];

/// Refuses what is not ours, then makes or migrates what is missing.
pub(super) fn prepare(connection: &mut Connection) -> Outcome<()> {
    identify(connection)?;
    for (number, step) in STEPS.iter().enumerate().skip(version(connection)?) {
        take_step(connection, number, step)?;
    }
    if !missing(connection)?.is_empty() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another program may have added it since.
        for sql in missing(&transaction)? {
            transaction.execute_batch(&sql)?;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Refuses another program's database and one of a newer Homeroom.
pub(super) fn identify(connection: &Connection) -> Outcome<()> {
    // One transaction: another program may be making the tables.
    let connection = connection.unchecked_transaction()?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (tables > 0 || application != 0) {
        let message =
            "this SQLite database belongs to another program; name a file of its own for Homeroom";
        return Err(Failure::new(ErrorKind::ConfigInvalid, "sqlite.prepare", message));
    }
    let version = version(&connection)?;
    if version > STEPS.len() {
        let found = format!("it has version {version}, this program knows up to {}", STEPS.len());
        return Err(newer(&found));
    }
    Ok(())
}

fn version(connection: &Connection) -> Outcome<usize> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn take_step(connection: &mut Connection, number: usize, step: &str) -> Outcome<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&transaction)? == number {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.execute_batch(&format!("PRAGMA user_version = {}", number + 1))?;
    }
    Ok(transaction.commit()?)
}

/// Statements that add what the model has and the database does not.
fn missing(connection: &Connection) -> Outcome<Vec<String>> {
    let mut statements = Vec::new();
    for layout in EntityKind::ALL.iter().map(|it| Layout::of(*it)) {
        let there = names(connection, "SELECT name FROM pragma_table_info(?1)", layout.name())?;
        let columns = layout.table().columns();
        if let Some(unknown) =
            there.iter().find(|it| columns.iter().all(|column| column.name != **it))
        {
            return Err(newer(&format!("its table {} has a column {unknown}", layout.name())));
        }
        if there.is_empty() {
            statements.push(layout.create_table());
        } else {
            let absent = columns.iter().filter(|it| !there.contains(it.name));
            statements.extend(absent.map(|it| layout.add_column(*it)));
        }
        let there = names(connection, "SELECT name FROM pragma_index_list(?1)", layout.name())?;
        let indexes = layout.table().indexes();
        let absent = indexes.iter().filter(|it| !there.contains(&it.name));
        statements.extend(absent.map(|it| layout.create_index(it)));
    }
    Ok(statements)
}

fn names(connection: &Connection, sql: &str, table: &str) -> Outcome<BTreeSet<String>> {
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([table], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(names)
}

fn newer(found: &str) -> Failure {
    let message = format!(
        "the database was made by a newer Homeroom or changed by hand: {found}; update Homeroom, or name another file"
    );
    Failure::new(ErrorKind::ConfigInvalid, "sqlite.prepare", message)
}
