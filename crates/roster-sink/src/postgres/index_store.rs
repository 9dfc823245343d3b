//! The published index in the database.

use super::{connection::set_district, failure::Outcome, layout::qualified, rekeys};
use crate::{
    Published, PublishedIndex, PublishedState, RunId,
    relational::{
        index_chunks::{Sequence, Storing, chunk, known_entity},
        ledger::Taken,
        outlet::RowsAt,
    },
};
use futures::TryStreamExt as _;
use roster_core::{DistrictId, EntityKind};
use std::{collections::BTreeMap, ops::Range, pin::pin};
use tokio_postgres::{Client, GenericClient, IsolationLevel, Transaction};

const PUBLISHED: &str = "postgres.published";

/// Loads what is published of a district.
pub(super) async fn load(
    client: &mut Client,
    district: &DistrictId,
    rows_at: &RowsAt,
) -> Outcome<Published> {
    let transaction = snapshot(client).await?;
    set_district(&transaction, district).await?;
    let basis = basis(&transaction, PUBLISHED, district, rows_at).await?;
    let mut indexes = BTreeMap::new();
    for entity in entities(&transaction, district).await? {
        indexes.insert(entity, load_index(&transaction, district, entity).await?);
    }
    Ok(Published { basis, indexes, rekeys: rekeys::accepted(&transaction, district).await? })
}

/// Which state of a district is published.
pub(super) async fn state(
    client: &mut Client,
    district: &DistrictId,
    rows_at: &RowsAt,
) -> Outcome<PublishedState> {
    let transaction = snapshot(client).await?;
    set_district(&transaction, district).await?;
    let basis = basis(&transaction, "postgres.state", district, rows_at).await?;
    let sql = format!(
        "SELECT id, (SELECT last_run FROM {} WHERE district_id = $1) FROM {}",
        qualified("districts"),
        qualified("store")
    );
    let row = transaction.query_one(&sql, &[&district.as_str()]).await?;
    let run: Option<String> = row.try_get(1)?;
    Ok(PublishedState { store: row.try_get(0)?, basis, run: run.map(RunId::from_text) })
}

/// A transaction in which everything read is of the same night.
pub(super) async fn snapshot(client: &mut Client) -> Outcome<Transaction<'_>> {
    let builder = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    Ok(builder.read_only(true).start().await?)
}

/// The district's basis, 0 before its first publish; refuses a district whose rows are not where they are looked for.
pub(super) async fn basis(
    client: &impl GenericClient,
    operation: &'static str,
    district: &DistrictId,
    rows_at: &RowsAt,
) -> Outcome<u64> {
    let sql =
        format!("SELECT basis, rows_at FROM {} WHERE district_id = $1", qualified("districts"));
    let found = client.query_opt(&sql, &[&district.as_str()]).await?;
    let found: Option<(i64, &str)> = found
        .as_ref()
        .map(|it| Ok::<_, tokio_postgres::Error>((it.try_get(0)?, it.try_get(1)?)))
        .transpose()?;
    rows_at.check(operation, district, found.map(|it| it.1))?;
    Ok(found.map_or(0, |it| it.0.cast_unsigned()))
}

/// The entities that have entries.
async fn entities(
    transaction: &Transaction<'_>,
    district: &DistrictId,
) -> Outcome<Vec<EntityKind>> {
    let sql = format!(
        "SELECT DISTINCT entity FROM {} WHERE district_id = $1",
        qualified("published_index")
    );
    let mut entities = Vec::new();
    for row in transaction.query(&sql, &[&district.as_str()]).await? {
        entities.push(known_entity(PUBLISHED, row.try_get(0)?)?);
    }
    Ok(entities)
}

async fn load_index(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    entity: EntityKind,
) -> Outcome<PublishedIndex> {
    let chunks = qualified("published_index");
    let of = [district.as_str(), entity.table()];
    let sql = format!(
        "SELECT sum(length(data))::bigint FROM {chunks} WHERE district_id = $1 AND entity = $2"
    );
    let bytes: i64 = transaction.query_one(&sql, &[&of[0], &of[1]]).await?.try_get(0)?;
    let mut index = PublishedIndex::default();
    index.reserve(usize::try_from(bytes).unwrap_or(0) / PublishedIndex::ENTRY_BYTES);
    let mut sequence = Sequence::new(PUBLISHED, entity);
    let sql = format!(
        "SELECT chunk, data FROM {chunks} WHERE district_id = $1 AND entity = $2 ORDER BY chunk"
    );
    let mut rows = pin!(transaction.query_raw(&sql, of).await?);
    while let Some(row) = rows.try_next().await? {
        let data: &[u8] = row.try_get(1)?;
        sequence.next(row.try_get(0)?, data.len())?;
        index.append_chunk(data)?;
    }
    let sql = format!(
        "SELECT data, keys FROM {} WHERE district_id = $1 AND entity = $2 ORDER BY basis",
        qualified("published_index_patches")
    );
    let mut rows = pin!(transaction.query_raw(&sql, of).await?);
    while let Some(row) = rows.try_next().await? {
        index.apply_patch(row.try_get(0)?)?;
        if let Some(keys) = row.try_get(1)? {
            index.apply_key_patch(keys)?;
        }
    }
    Ok(index)
}

/// Whose index, and the basis it will have.
#[derive(Debug)]
pub(super) struct IndexKey<'a> {
    pub(super) district: &'a DistrictId,
    pub(super) entity: EntityKind,
    pub(super) basis: u64,
}

/// Stores what a night changed: what it took and everything from `published` on.
pub(super) async fn store(
    transaction: &Transaction<'_>,
    key: &IndexKey<'_>,
    index: &PublishedIndex,
    published: usize,
    taken: &Taken,
) -> Outcome<()> {
    let (patches, bytes) = patched(transaction, key).await?;
    let storing = Storing::of(index, published, taken, patches, bytes);
    if storing.patch {
        store_patch(transaction, key, index, taken).await?;
    } else if patches > 0 {
        forget_patches(transaction, key).await?;
    }
    store_chunks(transaction, key, index, storing.chunks).await
}

/// How many patches there are, and their bytes.
async fn patched(transaction: &Transaction<'_>, key: &IndexKey<'_>) -> Outcome<(u64, usize)> {
    let sql = format!(
        "SELECT count(*), coalesce(sum(length(data) + coalesce(length(keys), 0)), 0)::bigint FROM {} \
         WHERE district_id = $1 AND entity = $2",
        qualified("published_index_patches")
    );
    let of = [key.district.as_str(), key.entity.table()];
    let row = transaction.query_one(&sql, &[&of[0], &of[1]]).await?;
    let (patches, bytes): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok((patches.cast_unsigned(), usize::try_from(bytes).unwrap_or(usize::MAX)))
}

async fn forget_patches(transaction: &Transaction<'_>, key: &IndexKey<'_>) -> Outcome<()> {
    let sql = format!(
        "DELETE FROM {} WHERE district_id = $1 AND entity = $2",
        qualified("published_index_patches")
    );
    transaction.execute(&sql, &[&key.district.as_str(), &key.entity.table()]).await?;
    Ok(())
}

async fn store_patch(
    transaction: &Transaction<'_>,
    key: &IndexKey<'_>,
    index: &PublishedIndex,
    taken: &Taken,
) -> Outcome<()> {
    if taken.changed.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {} (district_id, entity, basis, data, keys) VALUES ($1, $2, $3, $4, $5)",
        qualified("published_index_patches")
    );
    let (district, entity) = (key.district.as_str(), key.entity.table());
    let (basis, data) = (key.basis.cast_signed(), index.patch(&taken.changed));
    let keys = (!taken.rekeyed.is_empty()).then(|| index.key_patch(&taken.rekeyed));
    transaction.execute(&sql, &[&district, &entity, &basis, &data, &keys]).await?;
    Ok(())
}

async fn store_chunks(
    transaction: &Transaction<'_>,
    key: &IndexKey<'_>,
    index: &PublishedIndex,
    chunks: Range<usize>,
) -> Outcome<()> {
    let sql = format!(
        "INSERT INTO {} (district_id, entity, chunk, data) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (district_id, entity, chunk) DO UPDATE SET data = excluded.data",
        qualified("published_index")
    );
    let statement = transaction.prepare(&sql).await?;
    let (district, entity) = (key.district.as_str(), key.entity.table());
    for number in chunks {
        let (data, number) = (chunk(index, number), number.cast_signed() as i64);
        transaction.execute(&statement, &[&district, &entity, &number, &data]).await?;
    }
    Ok(())
}
