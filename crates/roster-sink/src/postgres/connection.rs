//! Connections, and the locks that districts wait at.

use super::{
    address::Address,
    failure::{Failure, Outcome},
};
use roster_core::DistrictId;
use std::time::Duration;
use tokio_postgres::{Client, Transaction};
use xxhash_rust::xxh3::xxh3_64;

/// Opens a connection of its own; dropping it takes back what was not committed.
pub(super) async fn connect(address: &Address) -> Outcome<Client> {
    let (config, tls) = (address.config()?, address.tls().connector()?);
    let (client, connection) = config.connect(tls).await.map_err(Failure::Connect)?;
    // What goes wrong with the connection is told to whoever waits for an answer.
    tokio::spawn(async move { _ = connection.await });
    Ok(client)
}

/// Waits until nobody else makes or migrates tables in this database.
pub(super) async fn lock_schema(transaction: &Transaction<'_>) -> Outcome<()> {
    lock(transaction, "homeroom schema").await
}

/// Waits until no other night of the district publishes.
pub(super) async fn lock_district(
    transaction: &Transaction<'_>,
    district: &DistrictId,
) -> Outcome<()> {
    lock(transaction, &format!("homeroom district {district}")).await
}

async fn lock(transaction: &Transaction<'_>, name: &str) -> Outcome<()> {
    let key = xxh3_64(name.as_bytes()).cast_signed();
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&key]).await?;
    Ok(())
}

/// How long the transaction waits for any lock.
pub(super) async fn limit_waiting(transaction: &Transaction<'_>, most: Duration) -> Outcome<()> {
    transaction.batch_execute(&format!("SET LOCAL lock_timeout = {}", most.as_millis())).await?;
    Ok(())
}

/// Says whose rows the transaction is about, for a user to whom row-level security applies.
pub(super) async fn set_district(
    transaction: &Transaction<'_>,
    district: &DistrictId,
) -> Outcome<()> {
    let sql = "SELECT set_config('homeroom.district', $1, true)";
    transaction.execute(sql, &[&district.as_str()]).await?;
    Ok(())
}
