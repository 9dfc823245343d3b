//! A night's transaction: tables, published index, change feed and history move together or not at all.

use super::{
    PUBLISH,
    address::Address,
    connection::{connect, limit_waiting, lock_district, set_district},
    copy::copy_in,
    failure::{Failure, Outcome},
    history,
    index_store::{self, IndexKey},
    layout::{Layout, qualified},
    rekeys,
    write::{self, Encoding, Night, Target},
};
use crate::{
    EntityCounts, Plan, PlanReader, Published, PublishedIndex, RunRecord, Slot, key_of,
    relational::{
        history::time,
        ledger::{Taken, already_there, check_basis, check_counts, not_there, take_without_rows},
        outlet::RowsAt,
        rekeys::{Pending, look_through, salted_id},
        task::joined,
    },
};
use futures::TryStreamExt as _;
use roster_core::{EntityKind, Result};
use std::{pin::pin, time::Duration};
use tokio::task::spawn_blocking;
use tokio_postgres::Transaction;
use uuid::Uuid;

/// Publishes a plan and records its run.
pub(super) async fn publish(
    address: &Address,
    waiting: Duration,
    rows_at: &RowsAt,
    plan: &Plan,
    published: Published,
    run: &RunRecord,
) -> Outcome<()> {
    let mut client = connect(address).await?;
    // Dropped without a commit, it takes everything back.
    let transaction = client.transaction().await?;
    limit_waiting(&transaction, waiting).await?;
    publish_in_transaction(&transaction, rows_at, plan, published, run).await?;
    let committed = transaction.commit().await.map_err(Failure::from);
    match committed {
        Err(failure) if failure.is_lost() && is_recorded(address, run).await => Ok(()),
        committed => committed,
    }
}

/// Whether a commit that was never answered took place.
async fn is_recorded(address: &Address, run: &RunRecord) -> bool {
    let Ok(client) = connect(address).await else { return false };
    let found = history::run(&client, &run.report.run).await;
    found.is_ok_and(|it| it.is_some_and(|it| it.report.outcome == run.report.outcome))
}

async fn publish_in_transaction(
    transaction: &Transaction<'_>,
    rows_at: &RowsAt,
    plan: &Plan,
    mut published: Published,
    run: &RunRecord,
) -> Outcome<()> {
    let header = plan.header();
    set_district(transaction, &header.district).await?;
    lock_district(transaction, &header.district).await?;
    let found = index_store::basis(transaction, PUBLISH, &header.district, rows_at).await?;
    check_basis(PUBLISH, header, published.basis, found)?;
    let night = Night {
        district: header.district.clone(),
        run: header.run.to_string(),
        at: time(run.finished_at),
        first_load: header.basis == 0,
        rows_at: rows_at.clone(),
    };
    for entity in EntityKind::ALL {
        let index = published.indexes.remove(entity).unwrap_or_default();
        publish_entity(transaction, plan, &night, *entity, index).await?;
    }
    if night.first_load && rows_at.is_here() {
        mark_load(transaction, &night).await?;
    }
    rekeys::end_maps(transaction, run).await?;
    move_basis(transaction, &night, header.basis).await?;
    history::insert(transaction, run, Some(&plan.kept())).await
}

async fn publish_entity(
    transaction: &Transaction<'_>,
    plan: &Plan,
    night: &Night,
    entity: EntityKind,
    mut index: PublishedIndex,
) -> Outcome<()> {
    index.reset();
    let planned = plan.header().entities.get(&entity).copied().unwrap_or_default();
    let Some(reader) = plan.read(entity)? else {
        return Ok(check_counts(PUBLISH, entity, planned, EntityCounts::default())?);
    };
    let before = index.len();
    let pending = rekeys::pending(transaction, &night.district, entity).await?;
    let (pending, index) = apply(transaction, plan, night, entity, pending, index).await?;
    let (taken, index) = if night.rows_at.is_here() {
        let layout = Layout::of(entity);
        write_rows(transaction, night, layout, planned, pending, reader, index).await?
    } else {
        index_alone(planned, pending, reader, index, entity).await?
    };
    let key = IndexKey { district: &night.district, entity, basis: plan.header().basis + 1 };
    index_store::store(transaction, &key, &index, before, &taken).await
}

/// Finds out which maps of keys the plan applies, and marks them.
async fn apply(
    transaction: &Transaction<'_>,
    plan: &Plan,
    night: &Night,
    entity: EntityKind,
    pending: Pending,
    index: PublishedIndex,
) -> Outcome<(Pending, PublishedIndex)> {
    if pending.is_empty() {
        return Ok((pending, index));
    }
    let reader = plan.read(entity)?;
    let looking = spawn_blocking(move || -> Result<_> {
        let through = |it| look_through(it, &pending, &index);
        let applied = reader.map(through).transpose()?.unwrap_or_default();
        Ok((applied.numbers, pending, index))
    });
    let (numbers, pending, index) = joined(looking.await)?;
    rekeys::apply(transaction, &numbers, night).await?;
    Ok((pending, index))
}

/// Takes the changes of an entity whose rows are in an outlet.
async fn index_alone(
    planned: EntityCounts,
    pending: Pending,
    reader: PlanReader,
    mut index: PublishedIndex,
    entity: EntityKind,
) -> Outcome<(Taken, PublishedIndex)> {
    let table = Layout::of(entity).table();
    let taking = spawn_blocking(move || -> Result<_> {
        let taken = take_without_rows(PUBLISH, table, reader, &mut index, &pending)?;
        check_counts(PUBLISH, entity, planned, taken.counts)?;
        Ok((taken, index))
    });
    Ok(joined(taking.await)?)
}

/// Writes the changes of an entity into its table and the change feed.
async fn write_rows(
    transaction: &Transaction<'_>,
    night: &Night,
    layout: Layout,
    planned: EntityCounts,
    pending: Pending,
    reader: PlanReader,
    mut index: PublishedIndex,
) -> Outcome<(Taken, PublishedIndex)> {
    let before = index.len();
    let target = target(transaction, layout, night, planned).await?;
    if target == Target::Staging {
        transaction.batch_execute(&layout.create_staging()).await?;
    }
    let statement = match target {
        Target::Table => layout.copy(),
        Target::Staging => layout.copy_staging(),
    };
    let night_of_rows = night.clone();
    let encoding =
        Encoding { night: night_of_rows, table: layout.table(), target, planned, pending };
    let copied = copy_in(transaction, &statement, move |feed| {
        let taken = write::encode(&encoding, reader, &mut index, feed)?;
        Ok((taken, index))
    })
    .await;
    let (taken, index) = copied.map_err(|it| refused(it, layout))?;
    match target {
        Target::Table => record_copied(transaction, layout, night, &index, before).await?,
        Target::Staging => apply_staged(transaction, layout, night, &taken).await?,
    }
    Ok((taken, index))
}

/// Rows go straight into their table when all are new, and under keys that no other record had.  The server copies
/// nothing into a table whose policies apply to the user.
async fn target(
    transaction: &Transaction<'_>,
    layout: Layout,
    night: &Night,
    planned: EntityCounts,
) -> Outcome<Target> {
    if planned.updated + planned.deleted + planned.restored > 0
        || rekeys::any_applied(transaction, &night.district, layout.table().schema.kind).await?
    {
        return Ok(Target::Staging);
    }
    let sql = "SELECT row_security_active($1::text)";
    let restricted: bool =
        transaction.query_one(sql, &[&qualified(layout.name())]).await?.try_get(0)?;
    Ok(if restricted { Target::Staging } else { Target::Table })
}

/// Tells the change feed of rows that were copied straight into their table.
async fn record_copied(
    transaction: &Transaction<'_>,
    layout: Layout,
    night: &Night,
    index: &PublishedIndex,
    before: usize,
) -> Outcome<()> {
    if !night.first_load && index.len() > before {
        let first = Slot::try_from(before).map_or(0, |it| index.locator(it)).cast_signed();
        let (district, run, at) = (night.district.as_str(), &night.run, &night.at);
        let sql = layout.record_copied();
        transaction.execute(&sql, &[&district, run, at, &(first - 1)]).await?;
    }
    Ok(())
}

/// Moves what is staged into the table and the change feed.
async fn apply_staged(
    transaction: &Transaction<'_>,
    layout: Layout,
    night: &Night,
    taken: &Taken,
) -> Outcome<()> {
    transaction.batch_execute(&layout.analyze_staging()).await?;
    let (district, run, at) = (night.district.as_str(), &night.run, &night.at);
    let check = |found: u64, expected: u64| {
        if found == expected { Ok(()) } else { Err(not_there(PUBLISH, layout.name())) }
    };
    let (counts, rekeyed) = (taken.counts, taken.rekeyed.len() as u64);
    if rekeyed + counts.deleted > 0 {
        check_keys(transaction, layout, night).await?;
    }
    if rekeyed > 0 {
        transaction.execute(&layout.park_staged(), &[&district]).await?;
        let given = transaction.execute(&layout.rekey_staged(), &[&district, run]).await;
        check(given.map_err(|err| refused(err.into(), layout))?, rekeyed)?;
    }
    let replaced = counts.updated + counts.restored - rekeyed;
    if replaced > 0 {
        check(transaction.execute(&layout.update_staged(), &[&district, run]).await?, replaced)?;
    }
    if counts.deleted > 0 {
        let deleted = transaction.execute(&layout.delete_staged(), &[&district, run, at]).await?;
        check(deleted, counts.deleted)?;
    }
    if counts.created > 0 {
        salt_ids(transaction, layout, night).await?;
        let inserted = transaction.execute(&layout.insert_staged(), &[&district, run]).await;
        inserted.map_err(|err| refused(err.into(), layout))?;
    }
    if !night.first_load {
        transaction.execute(&layout.record_staged(), &[&district, run, at]).await?;
    }
    Ok(())
}

/// Gives records that are created under keys which others gave up ids of their own.
async fn salt_ids(transaction: &Transaction<'_>, layout: Layout, night: &Night) -> Outcome<()> {
    let (district, entity) = (&night.district, layout.table().schema.kind);
    let again =
        transaction.query(&layout.staged_again(), &[&district.as_str(), &layout.name()]).await?;
    for row in again {
        let (rowid, key, left): (i64, &str, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let id = super::value::RawId(salted_id(district, entity, key, left).into_bytes());
        transaction.execute(&layout.set_staged_id(), &[&rowid, &id]).await?;
    }
    Ok(())
}

/// Refuses an index that pointed at other records than the plan means.
async fn check_keys(transaction: &Transaction<'_>, layout: Layout, night: &Night) -> Outcome<()> {
    let keys = transaction.query_raw(&layout.staged_keys(), [night.district.as_str()]).await?;
    let mut keys = pin!(keys);
    while let Some(row) = keys.try_next().await? {
        let (source_id, key): (&str, super::value::RawId) = (row.try_get(0)?, row.try_get(1)?);
        if Uuid::from_u128(key_of(source_id)).as_bytes() != &key.0 {
            return Err(not_there(PUBLISH, layout.name()).into());
        }
    }
    Ok(())
}

/// A key that is there already is a defect of the plan; anything else is PostgreSQL's.
fn refused(failure: Failure, layout: Layout) -> Failure {
    if !failure.is_duplicate() {
        return failure;
    }
    already_there(PUBLISH, layout.name()).into()
}

/// A first load is one entry of the change feed: read the tables.
async fn mark_load(transaction: &Transaction<'_>, night: &Night) -> Outcome<()> {
    let sql = format!(
        "INSERT INTO {} (run_id, district_id, operation, at) VALUES ($1, $2, 'load', $3::text::timestamptz)",
        qualified("changes")
    );
    let (district, run, at) = (night.district.as_str(), &night.run, &night.at);
    transaction.execute(&sql, &[run, &district, at]).await?;
    Ok(())
}

async fn move_basis(transaction: &Transaction<'_>, night: &Night, basis: u64) -> Outcome<()> {
    let sql = format!(
        "INSERT INTO {} (district_id, basis, first_run, last_run, rows_at) VALUES ($1, $2, $3, $3, $4) \
         ON CONFLICT (district_id) DO UPDATE SET basis = excluded.basis, last_run = excluded.last_run",
        qualified("districts")
    );
    let (district, basis) = (night.district.as_str(), (basis + 1).cast_signed());
    transaction.execute(&sql, &[&district, &basis, &night.run, &night.rows_at.name()]).await?;
    Ok(())
}
