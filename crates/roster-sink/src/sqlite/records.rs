//! What is known of one record.

use super::{failure::Outcome, layout::Layout, value::read_time};
use crate::{RecordChange, RecordHistory, RunId, relational::rekeys::LONGEST_CHAIN};
use roster_core::{DistrictId, EntityKind};
use rusqlite::{Connection, OptionalExtension as _, params};

const RECORD: &str = "sqlite.history";

/// The history of a record; of one that has another key by now, also under those it had.
pub(super) fn history(
    connection: &mut Connection,
    district: &DistrictId,
    entity: EntityKind,
    source_id: &str,
) -> Outcome<Option<RecordHistory>> {
    let transaction = connection.transaction()?;
    let mut key = source_id.to_owned();
    for _ in 0..LONGEST_CHAIN {
        if let Some(found) = find(&transaction, district, entity, &key)? {
            return Ok(Some(found));
        }
        let sql = "SELECT new_source_id FROM rekeys WHERE district_id = ?1 AND entity = ?2 AND old_source_id = ?3 \
                   AND applied_run IS NOT NULL ORDER BY seq DESC LIMIT 1";
        let of = params![district.as_str(), entity.table(), key];
        match transaction.query_row(sql, of, |row| row.get(0)).optional()? {
            Some(newer) => key = newer,
            None => break,
        }
    }
    Ok(None)
}

fn find(
    connection: &Connection,
    district: &DistrictId,
    entity: EntityKind,
    source_id: &str,
) -> Outcome<Option<RecordHistory>> {
    let of = params![district.as_str(), source_id];
    let row = connection.query_row(&Layout::of(entity).history(), of, |row| {
        let text = |column| row.get::<_, String>(column);
        Ok((text(0)?, text(1)?, text(2)?, row.get::<_, Option<String>>(3)?))
    });
    let Some((id, first_run, last_run, deleted_at)) = row.optional()? else { return Ok(None) };
    let deleted_at = deleted_at.map(|it| read_time(RECORD, &it)).transpose()?;
    let changes = changes(connection, district, &id)?;
    Ok(Some(RecordHistory {
        id,
        first_run: RunId::from_text(first_run),
        last_run: RunId::from_text(last_run),
        deleted_at,
        changes,
    }))
}

fn changes(connection: &Connection, district: &DistrictId, id: &str) -> Outcome<Vec<RecordChange>> {
    let sql =
        "SELECT run_id, operation, at FROM changes WHERE district_id = ?1 AND id = ?2 ORDER BY seq";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([district.as_str(), id])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(RecordChange {
            run: RunId::from_text(row.get::<_, String>(0)?),
            operation: row.get(1)?,
            at: read_time(RECORD, &row.get::<_, String>(2)?)?,
        });
    }
    Ok(changes)
}
