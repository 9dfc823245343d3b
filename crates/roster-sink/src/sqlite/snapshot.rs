//! A district at one moment: a connection in a read transaction.

use super::{connection::Location, failure::Outcome, read};
use crate::{
    RowStream, Snapshot,
    relational::{
        outlet::RowsAt,
        task::{WAITING, joined, next_batch},
    },
};
use futures::{StreamExt as _, stream};
use roster_core::{DistrictId, EntityKind, Result, Rows};
use rusqlite::Connection;
use std::sync::Arc;
use tokio::{
    sync::{Mutex, mpsc},
    task::spawn_blocking,
};

const ROWS: &str = "sqlite.rows";

/// What one connection sees.
#[derive(Debug)]
pub(super) struct SqliteSnapshot {
    location: Location,
    district: DistrictId,
    connection: Arc<Mutex<Connection>>,
}

/// What is published at this moment.
pub(super) async fn take(
    location: Location,
    rows_at: RowsAt,
    district: DistrictId,
) -> Result<Arc<dyn Snapshot>> {
    rows_at.check_rows(ROWS)?;
    let task = move || {
        let connection =
            begin(&location, &district).map_err(|err| err.into_error(ROWS, &location.path))?;
        let connection = Arc::new(Mutex::new(connection));
        Ok(Arc::new(SqliteSnapshot { location, district, connection }) as Arc<dyn Snapshot>)
    };
    joined(spawn_blocking(task).await)
}

fn begin(location: &Location, district: &DistrictId) -> Outcome<Connection> {
    let connection = location.open_to_read()?;
    connection.execute_batch("BEGIN")?;
    // The moment is that of the first look.
    read::check_here(&connection, ROWS, district)?;
    Ok(connection)
}

impl Snapshot for SqliteSnapshot {
    fn rows(&self, entity: EntityKind) -> RowStream {
        let (location, district) = (self.location.clone(), self.district.clone());
        let connection = self.connection.clone();
        // The task starts at the first poll and stops when nobody takes its batches.
        stream::once(async move {
            let connection = connection.lock_owned().await;
            let (sender, receiver) = mpsc::channel(WAITING);
            let task = spawn_blocking(move || {
                let hand_out = |batch: &mut Rows| {
                    let batch = std::mem::replace(batch, Rows::new(entity));
                    sender.blocking_send(batch).is_ok()
                };
                read::stream(&connection, &district, entity, hand_out)
                    .map_err(|err| err.into_error(ROWS, &location.path))
            });
            stream::unfold((receiver, Some(task)), next_batch)
        })
        .flatten()
        .boxed()
    }
}
