//! The published index in the database: chunks of entries, and patches for what later nights changed in them.
//!
//! A night that changes one entry in a hundred touches nearly every chunk.  So entries that were there before are not
//! written again: what changed in them is stored beside as a patch.  Once the patches are a quarter of the chunks, or
//! too many, the chunks are written anew.

use super::failure::{Failure, Outcome};
use crate::{Published, PublishedIndex, Slot};
use roster_core::{DistrictId, EntityKind, ErrorKind, Result};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::{collections::BTreeMap, ops::RangeInclusive};

/// Entries of a chunk.
const CHUNK: usize = 8192;
/// Patches of an entity after which the chunks are written anew.
const MOST_PATCHES: u64 = 64;
/// The share of the chunks' bytes, as a divisor, after which they are written anew.
const PATCHED_SHARE: usize = 4;

/// Loads what is published of a district.
pub(super) fn load(connection: &mut Connection, district: &DistrictId) -> Outcome<Published> {
    // One transaction: the basis and the entries are of the same night.
    let transaction = connection.transaction()?;
    let mut indexes = BTreeMap::new();
    for entity in entities(&transaction, district)? {
        indexes.insert(entity, load_index(&transaction, district, entity)?);
    }
    Ok(Published { basis: basis(&transaction, district)?, indexes })
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

/// The district's basis, 0 before its first publish.
pub(super) fn basis(connection: &Connection, district: &DistrictId) -> Outcome<u64> {
    let sql = "SELECT basis FROM districts WHERE district_id = ?1";
    let basis =
        connection.query_row(sql, [district.as_str()], |row| row.get::<_, i64>(0)).optional()?;
    Ok(basis.map_or(0, i64::cast_unsigned))
}

/// The entities that have entries.
fn entities(connection: &Connection, district: &DistrictId) -> Outcome<Vec<EntityKind>> {
    let sql = "SELECT DISTINCT entity FROM published_index WHERE district_id = ?1";
    let mut statement = connection.prepare(sql)?;
    let tables = statement.query_map([district.as_str()], |row| row.get::<_, String>(0))?;
    tables.map(|it| it.map_err(Failure::from).and_then(|it| known_entity(&it))).collect()
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
    let (mut expected, mut full) = (0, true);
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        if !full || row.get::<_, i64>(0)? != expected {
            return Err(incomplete(entity));
        }
        take(bytes)?;
        full = bytes.len() == CHUNK * PublishedIndex::ENTRY_BYTES;
        expected += 1;
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
        "SELECT data FROM published_index_patches WHERE district_id = ?1 AND entity = ?2 ORDER BY basis",
    )?;
    let mut rows = statement.query([district.as_str(), entity.table()])?;
    while let Some(row) = rows.next()? {
        index.apply_patch(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
    }
    Ok(())
}

/// Stores what a night changed: `changed` slots and everything from `published` on.
pub(super) fn store(
    connection: &Connection,
    key: &IndexKey<'_>,
    index: &PublishedIndex,
    published: usize,
    changed: &[Slot],
) -> Outcome<()> {
    let (patches, bytes) = patched(connection, key)?;
    let bytes = bytes + changed.len() * PublishedIndex::PATCH_BYTES;
    let first = if patches >= MOST_PATCHES
        || bytes > published * PublishedIndex::ENTRY_BYTES / PATCHED_SHARE
    {
        forget_patches(connection, key)?;
        0
    } else {
        store_patch(connection, key, &index.patch(changed))?;
        // The last chunk may have had room.
        if index.len() == published { index.len() } else { published / CHUNK }
    };
    store_chunks(connection, key, index, first)
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
    let sql = "SELECT count(*), coalesce(sum(length(data)), 0) FROM published_index_patches \
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

fn store_patch(connection: &Connection, key: &IndexKey<'_>, patch: &[u8]) -> Outcome<()> {
    if !patch.is_empty() {
        let sql = "INSERT INTO published_index_patches (district_id, entity, basis, data) VALUES (?1, ?2, ?3, ?4)";
        let basis = key.basis.cast_signed();
        connection
            .execute(sql, params![key.district.as_str(), key.entity.table(), basis, patch])?;
    }
    Ok(())
}

fn store_chunks(
    connection: &Connection,
    key: &IndexKey<'_>,
    index: &PublishedIndex,
    first: usize,
) -> Outcome<()> {
    let mut statement = connection.prepare(
        "INSERT INTO published_index (district_id, entity, chunk, data) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT DO UPDATE SET data = excluded.data",
    )?;
    for number in first..index.len().div_ceil(CHUNK) {
        let bytes = index.chunk(number * CHUNK..index.len().min((number + 1) * CHUNK));
        statement.execute(params![
            key.district.as_str(),
            key.entity.table(),
            number.cast_signed() as i64,
            bytes
        ])?;
    }
    Ok(())
}

fn known_entity(table: &str) -> Outcome<EntityKind> {
    EntityKind::from_table(table).ok_or_else(|| {
        let message = format!(
            "the published index has a table {table} that this program does not know; update Homeroom"
        );
        Failure::new(ErrorKind::ConfigInvalid, "sqlite.published", message)
    })
}

fn incomplete(entity: EntityKind) -> Failure {
    let message = format!(
        "the published index of {} has a gap; restore the database from a backup",
        entity.table()
    );
    Failure::new(ErrorKind::Damaged, "sqlite.published", message)
}
