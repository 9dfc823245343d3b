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
    Decision, Hold, HoldId, HoldState, Rekey,
    relational::{
        history::time,
        index_chunks::known_entity,
        rekeys::{Pending, check},
        review::rekeyed,
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
