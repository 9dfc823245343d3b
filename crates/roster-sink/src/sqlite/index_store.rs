//! The published index in the database.

use super::{
    failure::{Failure, Outcome},
    rekeys,
};
use crate::{
    Published, PublishedIndex, PublishedState, RunId,
    relational::{
        index_chunks::{Sequence, Storing, chunk, known_entity},
        ledger::Taken,
        outlet::RowsAt,
    },
};
use roster_core::{DistrictId, EntityKind, Result};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
};

const PUBLISHED: &str = "sqlite.published";

/// Loads what is published of a district.
pub(super) fn load(
    connection: &mut Connection,
    district: &DistrictId,
    rows_at: &RowsAt,
) -> Outcome<Published> {
    // One transaction: the basis and the entries are of the same night.
    let transaction = connection.transaction()?;
    let basis = basis(&transaction, PUBLISHED, district, rows_at)?;
    let mut indexes = BTreeMap::new();
    for entity in entities(&transaction, district)? {
        indexes.insert(entity, load_index(&transaction, district, entity)?);
    }
    Ok(Published { basis, indexes, rekeys: rekeys::accepted(&transaction, district)? })
}

/// Which state of a district is published.
pub(super) fn state(
    connection: &mut Connection,
    district: &DistrictId,
    rows_at: &RowsAt,
) -> Outcome<PublishedState> {
    let transaction = connection.transaction()?;
    let basis = basis(&transaction, "sqlite.state", district, rows_at)?;
    let sql = "SELECT id, (SELECT last_run FROM districts WHERE district_id = ?1) FROM store";
    let found = transaction.query_row(sql, [district.as_str()], |row| {
        Ok((row.get(0)?, row.get::<_, Option<String>>(1)?))
    });
    let (store, run) = found?;
    Ok(PublishedState { store, basis, run: run.map(RunId::from_text) })
}

/// Where the rows of an entity lie: stretches of row numbers, in the order of first publication.
pub(super) fn stretches(
    connection: &Connection,
    district: &DistrictId,
    entity: EntityKind,
) -> Outcome<Vec<RangeInclusive<u64>>> {
    let mut stretches: Vec<RangeInclusive<u64>> = Vec::new();
    each_chunk(connection, district, entity, |bytes| {
        let mut chunk = PublishedIndex::default();
        chunk.append_chunk(bytes)?;
        for locator in chunk.slots().map(|it| chunk.locator(it)) {
            match stretches.last_mut() {
                Some(last) if *last.end() + 1 == locator => *last = *last.start()..=locator,
                _ => stretches.push(locator..=locator),
            }
        }
        Ok(())
    })?;
    Ok(stretches)
}

/// The district's basis, 0 before its first publish; refuses a district whose rows are not where they are looked for.
pub(super) fn basis(
    connection: &Connection,
    operation: &'static str,
    district: &DistrictId,
    rows_at: &RowsAt,
) -> Outcome<u64> {
    let sql = "SELECT basis, rows_at FROM districts WHERE district_id = ?1";
    let found = connection.query_row(sql, [district.as_str()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    });
    let found = found.optional()?;
    rows_at.check(operation, district, found.as_ref().map(|it| it.1.as_str()))?;
    Ok(found.map_or(0, |it| it.0.cast_unsigned()))
}

/// The entities that have entries.
fn entities(connection: &Connection, district: &DistrictId) -> Outcome<Vec<EntityKind>> {
    let sql = "SELECT DISTINCT entity FROM published_index WHERE district_id = ?1";
    let mut statement = connection.prepare(sql)?;
    let tables = statement.query_map([district.as_str()], |row| row.get::<_, String>(0))?;
    tables
        .map(|it| it.map_err(Failure::from).and_then(|it| Ok(known_entity(PUBLISHED, &it)?)))
        .collect()
}

fn load_index(
    connection: &Connection,
    district: &DistrictId,
    entity: EntityKind,
) -> Outcome<PublishedIndex> {
    let sql =
        "SELECT sum(length(data)) FROM published_index WHERE district_id = ?1 AND entity = ?2";
    let bytes: i64 =
        connection.query_row(sql, [district.as_str(), entity.table()], |row| row.get(0))?;
    let mut index = PublishedIndex::default();
    index.reserve(usize::try_from(bytes).unwrap_or(0) / PublishedIndex::ENTRY_BYTES);
    each_chunk(connection, district, entity, |bytes| index.append_chunk(bytes))?;
    load_patches(connection, district, entity, &mut index)?;
    Ok(index)
}

fn each_chunk(
    connection: &Connection,
    district: &DistrictId,
    entity: EntityKind,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Outcome<()> {
    let mut statement = connection.prepare(
        "SELECT chunk, data FROM published_index WHERE district_id = ?1 AND entity = ?2 ORDER BY chunk",
    )?;
    let mut rows = statement.query([district.as_str(), entity.table()])?;
    let mut sequence = Sequence::new(PUBLISHED, entity);
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        sequence.next(row.get(0)?, bytes.len())?;
        take(bytes)?;
    }
    Ok(())
}

fn load_patches(
    connection: &Connection,
    district: &DistrictId,
    entity: EntityKind,
    index: &mut PublishedIndex,
) -> Outcome<()> {
    let mut statement = connection.prepare(
        "SELECT data, keys FROM published_index_patches WHERE district_id = ?1 AND entity = ?2 ORDER BY basis",
    )?;
    let mut rows = statement.query([district.as_str(), entity.table()])?;
    while let Some(row) = rows.next()? {
        index.apply_patch(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
        if let Some(keys) = row.get_ref(1)?.as_blob_or_null().map_err(rusqlite::Error::from)? {
            index.apply_key_patch(keys)?;
        }
    }
    Ok(())
}

/// Stores what a night changed: what it took and everything from `published` on.
pub(super) fn store(
    connection: &Connection,
    key: &IndexKey<'_>,
    index: &PublishedIndex,
    published: usize,
    taken: &Taken,
) -> Outcome<()> {
    let (patches, bytes) = patched(connection, key)?;
    let storing = Storing::of(index, published, taken, patches, bytes);
    if storing.patch {
        store_patch(connection, key, index, taken)?;
    } else {
        forget_patches(connection, key)?;
    }
    store_chunks(connection, key, index, storing.chunks)
}

/// Whose index, and the basis it will have.
#[derive(Debug)]
pub(super) struct IndexKey<'a> {
    pub(super) district: &'a DistrictId,
    pub(super) entity: EntityKind,
    pub(super) basis: u64,
}

/// How many patches there are, and their bytes.
fn patched(connection: &Connection, key: &IndexKey<'_>) -> Outcome<(u64, usize)> {
    let sql = "SELECT count(*), coalesce(sum(length(data) + coalesce(length(keys), 0)), 0) FROM published_index_patches \
               WHERE district_id = ?1 AND entity = ?2";
    let counted =
        connection.query_row(sql, [key.district.as_str(), key.entity.table()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })?;
    Ok((counted.0.cast_unsigned(), usize::try_from(counted.1).unwrap_or(usize::MAX)))
}

fn forget_patches(connection: &Connection, key: &IndexKey<'_>) -> Outcome<()> {
    let sql = "DELETE FROM published_index_patches WHERE district_id = ?1 AND entity = ?2";
    connection.execute(sql, [key.district.as_str(), key.entity.table()])?;
    Ok(())
}

fn store_patch(
    connection: &Connection,
    key: &IndexKey<'_>,
    index: &PublishedIndex,
    taken: &Taken,
) -> Outcome<()> {
    if taken.changed.is_empty() {
        return Ok(());
    }
    let keys = (!taken.rekeyed.is_empty()).then(|| index.key_patch(&taken.rekeyed));
    connection.execute(
        "INSERT INTO published_index_patches (district_id, entity, basis, data, keys) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            key.district.as_str(),
            key.entity.table(),
            key.basis.cast_signed(),
            index.patch(&taken.changed),
            keys
        ],
    )?;
    Ok(())
}

fn store_chunks(
    connection: &Connection,
    key: &IndexKey<'_>,
    index: &PublishedIndex,
    chunks: Range<usize>,
) -> Outcome<()> {
    let mut statement = connection.prepare(
        "INSERT INTO published_index (district_id, entity, chunk, data) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT DO UPDATE SET data = excluded.data",
    )?;
    for number in chunks {
        statement.execute(params![
            key.district.as_str(),
            key.entity.table(),
            number.cast_signed() as i64,
            chunk(index, number)
        ])?;
    }
    Ok(())
}
