//! Emptying fields of records that are no longer shared.

use super::{
    connection::{limit_waiting, lock_district, set_district},
    failure::Outcome,
    layout::qualified,
};
use crate::{
    Erased, Erasure,
    relational::{erase, history::time, table::Table},
};
use roster_core::{DistrictId, value::Timestamp};
use std::time::Duration;
use tokio_postgres::{Client, Transaction};

/// Empties what the erasures name, in one transaction; gives the number of rows.
pub(super) async fn erase(
    client: &mut Client,
    waiting: Duration,
    district: &DistrictId,
    erasures: &[Erasure],
) -> Outcome<u64> {
    let transaction = client.transaction().await?;
    set_district(&transaction, district).await?;
    limit_waiting(&transaction, waiting).await?;
    // A night of the district may be changing the same rows in another order.
    lock_district(&transaction, district).await?;
    let mut rows = 0;
    for erasure in erasures {
        rows += erase_one(&transaction, district, erasure, None).await?;
    }
    transaction.commit().await?;
    Ok(rows)
}

/// Empties what one erasure names; of deleted rows only those that were deleted before a time.
pub(super) async fn erase_one(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    erasure: &Erasure,
    before: Option<Timestamp>,
) -> Outcome<u64> {
    let columns = erase::columns(erasure);
    if columns.is_empty() {
        return Ok(0);
    }
    let sql = erase::update(&qualified(Table::of(erasure.entity).name()), &columns, "$1");
    let district = district.as_str();
    Ok(match &erasure.what {
        Erased::Fields(_) => transaction.execute(&sql, &[&district]).await?,
        Erased::DeletedRows => {
            let sql = format!(
                "{sql} AND deleted_at IS NOT NULL AND ($2::text IS NULL OR deleted_at < $2::text::timestamptz)"
            );
            transaction.execute(&sql, &[&district, &before.map(time)]).await?
        }
        Erased::Rows(locators) => {
            let locators: Vec<i64> = locators.iter().map(|it| it.cast_signed()).collect();
            let sql = format!("{sql} AND rowid = ANY($2::bigint[])");
            transaction.execute(&sql, &[&district, &locators]).await?
        }
    })
}
