//! A district at one moment: a connection in a read transaction.

use super::{address::Address, connection::connect, failure::Outcome, layout::Layout, read};
use crate::{
    RowStream, Snapshot,
    relational::{
        outlet::RowsAt,
        task::{WAITING, next_batch},
    },
};
use futures::{StreamExt as _, stream};
use roster_core::{DistrictId, EntityKind, Result};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};
use tokio_postgres::Client;

const ROWS: &str = "postgres.rows";

/// What one connection sees.
#[derive(Debug)]
pub(super) struct PostgresSnapshot {
    address: Arc<Address>,
    district: DistrictId,
    client: Arc<Mutex<Client>>,
}

/// What is published at this moment.
pub(super) async fn take(
    address: Arc<Address>,
    rows_at: RowsAt,
    district: DistrictId,
) -> Result<Arc<dyn Snapshot>> {
    rows_at.check_rows(ROWS)?;
    let client = begin(&address, &district).await.map_err(|it| it.into_error(ROWS, &address))?;
    let client = Arc::new(Mutex::new(client));
    Ok(Arc::new(PostgresSnapshot { address, district, client }))
}

async fn begin(address: &Address, district: &DistrictId) -> Outcome<Client> {
    let client = connect(address).await?;
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let sql = "SELECT set_config('homeroom.district', $1, true)";
    client.execute(sql, &[&district.as_str()]).await?;
    // The moment is that of the first look.
    read::check_here(&client, ROWS, district).await?;
    Ok(client)
}

impl Snapshot for PostgresSnapshot {
    fn rows(&self, entity: EntityKind) -> RowStream {
        let (address, district) = (self.address.clone(), self.district.clone());
        let client = self.client.clone();
        // The task starts at the first poll and stops when nobody takes its batches.
        stream::once(async move {
            let client = client.lock_owned().await;
            let (sender, receiver) = mpsc::channel(WAITING);
            let task = tokio::spawn(async move {
                let read = read::stream(&client, &district, Layout::of(entity), &sender).await;
                read.map_err(|it| it.into_error(ROWS, &address))
            });
            stream::unfold((receiver, Some(task)), next_batch)
        })
        .flatten()
        .boxed()
    }
}
