//! A night's transaction: tables, published index, change feed and history move together or not at all.

use super::{
    PUBLISH,
    connection::{Location, resume_log},
    failure::Outcome,
    history,
    index_store::{self, IndexKey},
    layout::Layout,
    rekeys,
    write::{self, EntityWriter, Night, PublicId},
};
use crate::{
    EntityCounts, Plan, PlanReader, Published, PublishedIndex, RunRecord,
    relational::{
        decode,
        history::time,
        ledger::{self, Taken, check_counts},
        outlet::RowsAt,
        rekeys::{Applied, Pending, look_through},
    },
};
use roster_core::{EntityKind, Row};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

/// Indexes are dropped for the load when at most so many rows are there for every new one: sorting all keys once is
/// then quicker than finding the place of each.  Measured beside seven million enrollments: 5 µs to place a new row in
/// three indexes, 2 µs a row, old and new, to build them.
const REBUILD_UP_TO: u64 = 2;

/// Publishes a plan and records its run.
pub(super) fn publish(
    location: &Location,
    rows_at: &RowsAt,
    plan: &Plan,
    published: Published,
    run: &RunRecord,
) -> Outcome<()> {
    let mut connection = location.open_to_write()?;
    location.leave_log(&connection)?;
    let outcome = publish_in_transaction(&mut connection, rows_at, plan, published, run);
    resume_log(&connection);
    outcome
}

fn publish_in_transaction(
    connection: &mut Connection,
    rows_at: &RowsAt,
    plan: &Plan,
    mut published: Published,
    run: &RunRecord,
) -> Outcome<()> {
    // Dropped without a commit, it takes everything back.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let header = plan.header();
    let found = index_store::basis(&transaction, PUBLISH, &header.district, rows_at)?;
    ledger::check_basis(PUBLISH, header, published.basis, found)?;
    let night = Night {
        district: &header.district,
        run: run.report.run.as_str(),
        at: &time(run.finished_at),
        first_load: header.basis == 0,
        rows_at,
    };
    for entity in EntityKind::ALL {
        let index = published.indexes.entry(*entity).or_default();
        index.reset();
        publish_entity(&transaction, plan, &night, *entity, index)?;
    }
    if night.first_load && rows_at.is_here() {
        mark_load(&transaction, &night)?;
    }
    rekeys::end_maps(&transaction, run)?;
    move_basis(&transaction, &night, header.basis)?;
    history::insert(&transaction, run, Some(&plan.kept()))?;
    Ok(transaction.commit()?)
}

fn publish_entity(
    transaction: &Transaction<'_>,
    plan: &Plan,
    night: &Night<'_>,
    entity: EntityKind,
    index: &mut PublishedIndex,
) -> Outcome<()> {
    let planned = plan.header().entities.get(&entity).copied().unwrap_or_default();
    let Some(reader) = plan.read(entity)? else {
        return Ok(check_counts(PUBLISH, entity, planned, EntityCounts::default())?);
    };
    let layout = Layout::of(entity);
    let pending = rekeys::pending(transaction, night.district, entity)?;
    let applied = apply(transaction, plan, night, entity, &pending, index)?;
    let before = index.len();
    let taken = if night.rows_at.is_here() {
        let rekeys = Rekeys { pending: &pending, applied: &applied };
        write_rows(transaction, night, layout, planned, reader, index, &rekeys)?
    } else {
        let table = layout.table();
        let taken = ledger::take_without_rows(PUBLISH, table, reader, index, &pending)?;
        check_counts(PUBLISH, entity, planned, taken.counts)?;
        taken
    };
    let key = IndexKey { district: night.district, entity, basis: plan.header().basis + 1 };
    index_store::store(transaction, &key, index, before, &taken)
}

/// Maps of keys of an entity.
struct Rekeys<'a> {
    pending: &'a Pending,
    applied: &'a Applied,
}

/// Finds out which maps of keys the plan applies, and marks them.
fn apply(
    connection: &Connection,
    plan: &Plan,
    night: &Night<'_>,
    entity: EntityKind,
    pending: &Pending,
    index: &PublishedIndex,
) -> Outcome<Applied> {
    if pending.is_empty() {
        return Ok(Applied::default());
    }
    let through = |it: PlanReader| look_through(it, pending, index);
    let applied = plan.read(entity)?.map(through).transpose()?.unwrap_or_default();
    rekeys::apply(connection, &applied.numbers, night.run)?;
    Ok(applied)
}

/// Writes the changes of an entity into its table and the change feed.
fn write_rows(
    transaction: &Transaction<'_>,
    night: &Night<'_>,
    layout: Layout,
    planned: EntityCounts,
    reader: PlanReader,
    index: &mut PublishedIndex,
    rekeys: &Rekeys<'_>,
) -> Outcome<Taken> {
    let last: i64 = transaction.query_row(&layout.last_rowid(), [], |row| row.get(0))?;
    let placed = planned.created + rekeys.applied.numbers.len() as u64;
    let rebuild = placed > 0 && last.cast_unsigned() / REBUILD_UP_TO <= placed;
    if rebuild {
        drop_indexes(transaction, layout)?;
    } else {
        write::park(transaction, night, layout, index, &rekeys.applied.in_the_way)?;
    }
    let mut writer = EntityWriter::new(transaction, night, layout, last, index, rekeys.pending)?;
    let id = |row: &Row<'_>| PublicId::new(night.district, row);
    decode::each_chunk(reader, layout.table().schema.kind, id, |chunk| writer.write(chunk))?;
    let taken = writer.finish();
    // Before the indexes, which cannot be built where the plan has a change twice.
    check_counts(PUBLISH, layout.table().schema.kind, planned, taken.counts)?;
    if rebuild {
        create_indexes(transaction, layout)?;
    }
    Ok(taken)
}

fn drop_indexes(connection: &Connection, layout: Layout) -> Outcome<()> {
    for index in layout.table().indexes() {
        connection.execute_batch(&format!("DROP INDEX {}", index.name))?;
    }
    Ok(())
}

fn create_indexes(connection: &Connection, layout: Layout) -> Outcome<()> {
    for index in layout.table().indexes() {
        connection
            .execute_batch(&layout.create_index(&index))
            .map_err(|err| write::refused(err, layout))?;
    }
    Ok(())
}

/// A first load is one entry of the change feed: read the tables.
fn mark_load(connection: &Connection, night: &Night<'_>) -> Outcome<()> {
    let sql =
        "INSERT INTO changes (run_id, district_id, operation, at) VALUES (?1, ?2, 'load', ?3)";
    connection.execute(sql, params![night.run, night.district.as_str(), night.at])?;
    Ok(())
}

fn move_basis(connection: &Connection, night: &Night<'_>, basis: u64) -> Outcome<()> {
    connection.execute(
        "INSERT INTO districts (district_id, basis, first_run, last_run, rows_at) VALUES (?1, ?2, ?3, ?3, ?4) \
         ON CONFLICT (district_id) DO UPDATE SET basis = excluded.basis, last_run = excluded.last_run",
        params![night.district.as_str(), (basis + 1).cast_signed(), night.run, night.rows_at.name()],
    )?;
    Ok(())
}
