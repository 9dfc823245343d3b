//! What is known of one record.

use super::{
    connection::set_district,
    failure::Outcome,
    index_store::snapshot,
    layout::{Layout, milliseconds, qualified},
    value::{RawId, storable, time_of},
};
use crate::{RecordChange, RecordHistory, RunId, relational::rekeys::LONGEST_CHAIN};
use roster_core::{DistrictId, EntityKind};
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

/// The history of a record; of one that has another key by now, also under those it had.
pub(super) async fn history(
    client: &mut Client,
    district: &DistrictId,
    entity: EntityKind,
    source_id: &str,
) -> Outcome<Option<RecordHistory>> {
    let transaction = snapshot(client).await?;
    set_district(&transaction, district).await?;
    let newer = format!(
        "SELECT new_source_id FROM {} WHERE district_id = $1 AND entity = $2 AND old_source_id = $3 \
         AND applied_run IS NOT NULL ORDER BY seq DESC LIMIT 1",
        qualified("rekeys")
    );
    let mut key = storable(source_id).into_owned();
    for _ in 0..LONGEST_CHAIN {
        if let Some(found) = find(&transaction, district, entity, &key).await? {
            return Ok(Some(found));
        }
        let of: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&district.as_str(), &entity.table(), &key];
        let Some(found) = transaction.query_opt(&newer, &of).await? else { break };
        key = found.try_get(0)?;
    }
    Ok(None)
}

async fn find(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    entity: EntityKind,
    source_id: &str,
) -> Outcome<Option<RecordHistory>> {
    let sql = Layout::of(entity).history();
    let Some(row) = transaction.query_opt(&sql, &[&district.as_str(), &source_id]).await? else {
        return Ok(None);
    };
    let id: RawId = row.try_get(0)?;
    Ok(Some(RecordHistory {
        id: Uuid::from_bytes(id.0).hyphenated().to_string(),
        first_run: RunId::from_text(row.try_get::<_, &str>(1)?),
        last_run: RunId::from_text(row.try_get::<_, &str>(2)?),
        deleted_at: row.try_get::<_, Option<i64>>(3)?.map(time_of).transpose()?,
        changes: changes(transaction, district, id).await?,
    }))
}

async fn changes(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    id: RawId,
) -> Outcome<Vec<RecordChange>> {
    let sql = format!(
        "SELECT run_id, operation, {} FROM {} WHERE district_id = $1 AND id = $2 ORDER BY seq",
        milliseconds("at"),
        qualified("changes")
    );
    let mut changes = Vec::new();
    for row in transaction.query(&sql, &[&district.as_str(), &id]).await? {
        changes.push(RecordChange {
            run: RunId::from_text(row.try_get::<_, &str>(0)?),
            operation: row.try_get(1)?,
            at: time_of(row.try_get(2)?)?,
        });
    }
    Ok(changes)
}
