//! Maps of old keys to new ones.

use super::{
    connection::{limit_waiting, lock_district, set_district},
    failure::Outcome,
    layout::qualified,
    review,
    value::storable,
    write::Night,
};
use crate::{
    Decision, Hold, HoldId, HoldState, Outcome as RunOutcome, Rekey, RunRecord,
    relational::{
        history::time,
        index_chunks::known_entity,
        rekeys::{Pending, check},
        review::{map_forgotten, never_came, rekeyed, reopen},
    },
};
use futures::TryStreamExt as _;
use roster_core::{DistrictId, EntityKind};
use std::{pin::pin, time::Duration};
use tokio_postgres::{Client, Transaction};

const ACCEPT: &str = "postgres.rekey";
/// Maps sent at a time.
const SOME: usize = 10_000;

/// Accepts maps; the hold they come from becomes approved.
pub(super) async fn accept(
    client: &mut Client,
    waiting: Duration,
    district: &DistrictId,
    hold: Option<&HoldId>,
    rekeys: &[Rekey],
    decision: &Decision,
) -> Outcome<()> {
    check(ACCEPT, rekeys)?;
    let transaction = client.transaction().await?;
    set_district(&transaction, district).await?;
    limit_waiting(&transaction, waiting).await?;
    // A night of the district may be applying maps and settling holds, in another order.
    lock_district(&transaction, district).await?;
    if let Some(id) = hold {
        let of_district = |it: &Hold| it.district == *district;
        review::change(&transaction, ACCEPT, id, HoldState::Approved, decision, None, of_district)
            .await?;
    }
    for some in rekeys.chunks(SOME) {
        insert(&transaction, district, hold, some, decision).await?;
    }
    for entry in rekeyed(district, hold, rekeys, decision) {
        review::write_down(&transaction, &entry).await?;
    }
    Ok(transaction.commit().await?)
}

/// Adds maps in place of those that give the same record a key, or a record the same key.
async fn insert(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    hold: Option<&HoldId>,
    rekeys: &[Rekey],
    decision: &Decision,
) -> Outcome<()> {
    let table = qualified("rekeys");
    let entities: Vec<_> = rekeys.iter().map(|it| it.entity.table()).collect();
    let old: Vec<_> = rekeys.iter().map(|it| storable(&it.old)).collect();
    let new: Vec<_> = rekeys.iter().map(|it| storable(&it.new)).collect();
    let district = district.as_str();
    for (column, given) in [("old_source_id", &old), ("new_source_id", &new)] {
        let sql = format!(
            "DELETE FROM {table} AS known USING unnest($2::text[], $3::text[]) AS given (entity, key) \
             WHERE known.district_id = $1 AND known.applied_run IS NULL AND known.entity = given.entity \
             AND known.{column} = given.key"
        );
        transaction.execute(&sql, &[&district, &entities, given]).await?;
    }
    let sql = format!(
        "INSERT INTO {table} (district_id, entity, old_source_id, new_source_id, hold_id, accepted_at, accepted_by, \
         reason) SELECT $1, given.*, $5, $6::text::timestamptz, $7, $8 \
         FROM unnest($2::text[], $3::text[], $4::text[]) AS given"
    );
    let (hold, at) = (hold.map(HoldId::as_str), time(decision.at));
    let (by, reason) = (storable(&decision.by), storable(&decision.reason));
    transaction
        .execute(&sql, &[&district, &entities, &old, &new, &hold, &at, &by, &reason])
        .await?;
    Ok(())
}

/// What is accepted and was applied by no run.
pub(super) async fn accepted(
    transaction: &Transaction<'_>,
    district: &DistrictId,
) -> Outcome<Vec<Rekey>> {
    let sql = format!(
        "SELECT entity, old_source_id, new_source_id FROM {} \
         WHERE district_id = $1 AND applied_run IS NULL ORDER BY seq",
        qualified("rekeys")
    );
    let mut rows = pin!(transaction.query_raw(&sql, [district.as_str()]).await?);
    let mut rekeys = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let entity = known_entity(ACCEPT, row.try_get(0)?)?;
        rekeys.push(Rekey { entity, old: row.try_get(1)?, new: row.try_get(2)? });
    }
    Ok(rekeys)
}

/// The same of one entity, for a publish.
pub(super) async fn pending(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    entity: EntityKind,
) -> Outcome<Pending> {
    let sql = format!(
        "SELECT old_source_id, new_source_id, seq FROM {} \
         WHERE district_id = $1 AND applied_run IS NULL AND entity = $2",
        qualified("rekeys")
    );
    let of = [district.as_str(), entity.table()];
    let mut rows = pin!(transaction.query_raw(&sql, of).await?);
    let mut pending = Pending::default();
    while let Some(row) = rows.try_next().await? {
        pending.push(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    }
    Ok(pending)
}

/// Marks maps as applied.
pub(super) async fn apply(
    transaction: &Transaction<'_>,
    numbers: &[i64],
    night: &Night,
) -> Outcome<()> {
    let sql = format!(
        "UPDATE {} SET applied_run = $3 WHERE district_id = $1 AND seq = ANY($2::bigint[])",
        qualified("rekeys")
    );
    transaction.execute(&sql, &[&night.district.as_str(), &numbers, &night.run]).await?;
    Ok(())
}

/// Takes back what was accepted and not applied; holds that were approved by it are open again.
pub(super) async fn forget(
    client: &mut Client,
    waiting: Duration,
    district: &DistrictId,
    decision: &Decision,
) -> Outcome<u64> {
    let transaction = client.transaction().await?;
    set_district(&transaction, district).await?;
    limit_waiting(&transaction, waiting).await?;
    lock_district(&transaction, district).await?;
    let sql = format!(
        "SELECT DISTINCT hold_id FROM {} \
         WHERE district_id = $1 AND applied_run IS NULL AND hold_id IS NOT NULL",
        qualified("rekeys")
    );
    for row in transaction.query(&sql, &[&district.as_str()]).await? {
        let id = HoldId::from_text(row.try_get::<_, &str>(0)?);
        let Some(mut hold) = review::find_locked(&transaction, &id).await? else { continue };
        if reopen(&mut hold) {
            review::update(&transaction, &hold).await?;
        }
    }
    let forgotten = forget_unapplied(&transaction, district, decision).await?;
    transaction.commit().await?;
    Ok(forgotten)
}

/// After a night that applied a map and held nothing back: keys that did not come with the others never come.
pub(super) async fn end_maps(transaction: &Transaction<'_>, run: &RunRecord) -> Outcome<()> {
    let report = &run.report;
    let sql = format!(
        "SELECT EXISTS (SELECT FROM {} WHERE district_id = $1 AND applied_run = $2)",
        qualified("rekeys")
    );
    let (district, run_id) = (report.district.as_str(), report.run.as_str());
    let applied: bool = transaction.query_one(&sql, &[&district, &run_id]).await?.try_get(0)?;
    if applied && report.outcome != RunOutcome::Held {
        forget_unapplied(transaction, &report.district, &never_came(run.finished_at)).await?;
    }
    Ok(())
}

async fn forget_unapplied(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    decision: &Decision,
) -> Outcome<u64> {
    let unapplied =
        format!("FROM {} WHERE district_id = $1 AND applied_run IS NULL", qualified("rekeys"));
    let sql = format!("SELECT entity, count(*) {unapplied} GROUP BY entity ORDER BY entity");
    let mut forgotten = 0;
    for row in transaction.query(&sql, &[&district.as_str()]).await? {
        let (table, keys): (&str, i64) = (row.try_get(0)?, row.try_get(1)?);
        let entry = map_forgotten(district, decision, table, keys);
        review::write_down(transaction, &entry).await?;
        forgotten += keys.unsigned_abs();
    }
    transaction.execute(&format!("DELETE {unapplied}"), &[&district.as_str()]).await?;
    Ok(forgotten)
}

/// Whether records of an entity ever gave up their keys.
pub(super) async fn any_applied(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    entity: EntityKind,
) -> Outcome<bool> {
    let sql = format!(
        "SELECT EXISTS (SELECT FROM {} WHERE district_id = $1 AND entity = $2 AND applied_run IS NOT NULL)",
        qualified("rekeys")
    );
    Ok(transaction.query_one(&sql, &[&district.as_str(), &entity.table()]).await?.try_get(0)?)
}
