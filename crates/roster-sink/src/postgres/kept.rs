//! Files that runs left for review.

use super::{failure::Outcome, layout::qualified};
use crate::{
    KeptFolder, RunId,
    relational::{
        kept::{Part, Parts, append},
        task::joined,
    },
};
use futures::TryStreamExt as _;
use roster_core::{DistrictId, Result};
use std::pin::pin;
use tokio::{sync::mpsc, task::spawn_blocking};
use tokio_postgres::{Client, Transaction};

const KEPT: &str = "postgres.kept";
/// Parts that wait to be sent.
const WAITING: usize = 1;

/// Adds the files of a run, in place of those that are there of it.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    run: &RunId,
    kept: Option<&KeptFolder>,
) -> Outcome<()> {
    let (table, district, run) = (qualified("kept"), district.as_str(), run.as_str());
    let sql = format!("DELETE FROM {table} WHERE district_id = $1 AND run_id = $2");
    transaction.execute(&sql, &[&district, &run]).await?;
    let Some(kept) = kept.cloned() else { return Ok(()) };
    let sql = format!(
        "INSERT INTO {table} (run_id, district_id, name, part, data) VALUES ($1, $2, $3, $4, $5)"
    );
    let statement = transaction.prepare(&sql).await?;
    // Compressing would keep other districts' nights waiting on a thread of the runtime.
    let (sender, mut parts) = mpsc::channel(WAITING);
    let reading = spawn_blocking(move || read_parts(&kept, &sender));
    while let Some((name, Part { number, data })) = parts.recv().await {
        transaction.execute(&statement, &[&run, &district, &name, &number, &data]).await?;
    }
    Ok(joined(reading.await)?)
}

/// Sends the parts of all files, until nobody takes them.
fn read_parts(kept: &KeptFolder, parts: &mpsc::Sender<(String, Part)>) -> Result<()> {
    for (name, path) in kept.files()? {
        for part in Parts::open(&path)? {
            if parts.blocking_send((name.clone(), part?)).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Names of a run's files, in order.
pub(super) async fn names(client: &Client, run: &RunId) -> Outcome<Vec<String>> {
    let sql = format!(
        "SELECT name FROM {} WHERE run_id = $1 AND part = 0 ORDER BY name",
        qualified("kept")
    );
    let found = client.query(&sql, &[&run.as_str()]).await?;
    found.iter().map(|it| Ok(it.try_get(0)?)).collect()
}

/// A file of a run.
pub(super) async fn read(client: &Client, run: &RunId, name: &str) -> Outcome<Option<Vec<u8>>> {
    let sql = format!(
        "SELECT part, data FROM {} WHERE run_id = $1 AND name = $2 ORDER BY part",
        qualified("kept")
    );
    let mut rows = pin!(client.query_raw(&sql, [run.as_str(), name]).await?);
    let (mut out, mut expected) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        append(KEPT, &mut out, expected, row.try_get(0)?, row.try_get(1)?)?;
        expected += 1;
    }
    Ok((expected > 0).then_some(out))
}
