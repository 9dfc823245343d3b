//! Reading rows back as canonical rows.

use super::{
    connection::set_district, failure::Outcome, index_store::snapshot, layout::Layout,
    value::push_column,
};
use crate::relational::ledger::not_there;
use futures::TryStreamExt as _;
use roster_core::{DistrictId, EntityKind, Rows};
use std::pin::pin;
use tokio::sync::mpsc;
use tokio_postgres::{Client, Row};

/// Limits of a batch that [`stream`] hands out.
const BATCH_ROWS: usize = 2048;
const BATCH_BYTES: usize = 1 << 20;
/// Rows asked of the server at a time.
const PORTAL_ROWS: i32 = 2048;

/// The rows at these numbers, deleted ones included, in the order given.
pub(super) async fn fetch(
    client: &mut Client,
    district: &DistrictId,
    entity: EntityKind,
    locators: &[i64],
) -> Outcome<Rows> {
    let transaction = snapshot(client).await?;
    set_district(&transaction, district).await?;
    let mut found = Rows::new(entity);
    let sql = Layout::of(entity).fetch();
    for some in locators.chunks(BATCH_ROWS) {
        for row in transaction.query(&sql, &[&district.as_str(), &some]).await? {
            push_row(&mut found, &row)?;
        }
    }
    if found.len() == locators.len() {
        return Ok(found);
    }
    Err(not_there("postgres.fetch", entity.table()).into())
}

/// Hands out all active rows in the order of their first publication, until nobody takes them.
pub(super) async fn stream(
    client: &mut Client,
    district: &DistrictId,
    entity: EntityKind,
    batches: &mpsc::Sender<Rows>,
) -> Outcome<()> {
    // One transaction: all rows are of the same night.
    let transaction = snapshot(client).await?;
    set_district(&transaction, district).await?;
    let statement = transaction.prepare(&Layout::of(entity).select()).await?;
    let portal = transaction.bind(&statement, &[&district.as_str()]).await?;
    let mut batch = Rows::new(entity);
    loop {
        let mut some = pin!(transaction.query_portal_raw(&portal, PORTAL_ROWS).await?);
        let mut read = 0;
        while let Some(row) = some.try_next().await? {
            push_row(&mut batch, &row)?;
            read += 1;
            let full = batch.len() >= BATCH_ROWS || batch.bytes() >= BATCH_BYTES;
            if full && batches.send(std::mem::replace(&mut batch, Rows::new(entity))).await.is_err()
            {
                return Ok(());
            }
        }
        if read < PORTAL_ROWS {
            break;
        }
    }
    if !batch.is_empty() {
        _ = batches.send(batch).await;
    }
    Ok(())
}

/// Appends a row of `rowid` and the fields.
fn push_row(rows: &mut Rows, row: &Row) -> Outcome<()> {
    let schema = rows.entity().schema();
    let mut builder = rows.begin();
    for (number, field) in schema.fields.iter().enumerate() {
        push_column(&mut builder, field, row.try_get(number + 1)?)?;
    }
    builder.finish(row.try_get::<_, i64>(0)?.cast_unsigned());
    Ok(())
}
