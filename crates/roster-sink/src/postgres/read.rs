//! Reading rows back as canonical rows.

use super::{
    connection::set_district,
    failure::Outcome,
    index_store::{self, snapshot},
    layout::Layout,
    value::push_column,
};
use crate::relational::{ledger::not_there, outlet::RowsAt};
use futures::TryStreamExt as _;
use roster_core::{DistrictId, EntityKind, Rows};
use std::pin::pin;
use tokio::sync::mpsc;
use tokio_postgres::{Client, GenericClient, Row};

/// Limits of a batch that [`stream`] hands out.
const BATCH_ROWS: usize = 2048;
const BATCH_BYTES: usize = 1 << 20;
/// Rows asked of the server at a time.
const FETCHED_ROWS: usize = 2048;
/// A statement without parameters.
const NONE: [&str; 0] = [];

/// The rows at these numbers, deleted ones included, in the order given.
pub(super) async fn fetch(
    client: &mut Client,
    district: &DistrictId,
    entity: EntityKind,
    locators: &[i64],
) -> Outcome<Rows> {
    let transaction = snapshot(client).await?;
    set_district(&transaction, district).await?;
    check_here(&transaction, "postgres.fetch", district).await?;
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

/// Hands out all active rows in the order of their first publication, until nobody takes them.  The client is in a
/// transaction: all rows are of the same night.
pub(super) async fn stream(
    client: &Client,
    district: &DistrictId,
    layout: Layout,
    batches: &mpsc::Sender<Rows>,
) -> Outcome<()> {
    client.execute(&layout.declare(), &[&district.as_str()]).await?;
    stream_declared(client, layout, batches).await?;
    Ok(client.batch_execute(&Layout::close_declared()).await?)
}

async fn stream_declared(
    client: &Client,
    layout: Layout,
    batches: &mpsc::Sender<Rows>,
) -> Outcome<()> {
    let fetch = client.prepare(&Layout::fetch_declared(FETCHED_ROWS)).await?;
    let mut batch = Rows::new(layout.table().schema.kind);
    loop {
        let mut some = pin!(client.query_raw(&fetch, NONE).await?);
        let mut read = 0;
        while let Some(row) = some.try_next().await? {
            push_row(&mut batch, &row)?;
            read += 1;
            let full = batch.len() >= BATCH_ROWS || batch.bytes() >= BATCH_BYTES;
            let next = || Rows::new(layout.table().schema.kind);
            if full && batches.send(std::mem::replace(&mut batch, next())).await.is_err() {
                return Ok(());
            }
        }
        if read < FETCHED_ROWS {
            break;
        }
    }
    if !batch.is_empty() {
        _ = batches.send(batch).await;
    }
    Ok(())
}

/// Refuses a district whose rows are elsewhere: it is not one without rows.
pub(super) async fn check_here(
    client: &impl GenericClient,
    operation: &'static str,
    district: &DistrictId,
) -> Outcome<()> {
    index_store::basis(client, operation, district, &RowsAt::default()).await?;
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
