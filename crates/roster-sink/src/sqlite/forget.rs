//! Deleting for good what is older than a district keeps.

use super::{connection::Location, erase, failure::Outcome, review};
use crate::{
    Erased, Erasure, Forgotten, RECHECK, Retention,
    relational::{forget::entry, history::time, review::unsettled},
};
use roster_core::{DistrictId, EntityKind};
use rusqlite::{Connection, TransactionBehavior, params};

/// Deletes what the retention names, and what is left of it in the file.
pub(super) fn forget(
    location: &Location,
    district: &DistrictId,
    retention: &Retention,
) -> Outcome<Forgotten> {
    let mut connection = location.open_to_erase()?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let forgotten = forget_in_transaction(&transaction, district, retention)?;
    transaction.commit()?;
    if forgotten != Forgotten::default() {
        location.leave_no_trace(&connection, forgotten.records)?;
    }
    Ok(forgotten)
}

fn forget_in_transaction(
    connection: &Connection,
    district: &DistrictId,
    retention: &Retention,
) -> Outcome<Forgotten> {
    let mut forgotten = Forgotten::default();
    if let Some(before) = retention.runs_before {
        forget_runs(connection, district, &time(before), &mut forgotten)?;
    }
    if let Some(before) = retention.kept_before {
        let runs = "SELECT id FROM runs WHERE district_id = ?1 AND finished_at < ?2 \
                    AND EXISTS (SELECT 1 FROM kept WHERE run_id = runs.id)";
        for run in ids(connection, runs, district, &time(before))? {
            forgotten.kept += forget_kept(connection, &run)?;
        }
    }
    if let Some(before) = retention.changes_before {
        forgotten.changes = forget_changes(connection, district, &time(before))?;
    }
    if let Some(before) = retention.deleted_before {
        for entity in EntityKind::ALL {
            let erasure = Erasure { entity: *entity, what: Erased::DeletedRows };
            forgotten.records += erase::erase_one(connection, district, &erasure, Some(before))?;
        }
    }
    if let Some(entry) = entry(district, forgotten) {
        review::write_down(connection, &entry)?;
    }
    Ok(forgotten)
}

/// Deletes runs, but for the last completed night ([`crate::RunRecord::is_completed_night`]), and those with holds that wait for a person or a night.
fn forget_runs(
    connection: &Connection,
    district: &DistrictId,
    before: &str,
    forgotten: &mut Forgotten,
) -> Outcome<()> {
    let runs = format!(
        "SELECT id FROM runs WHERE district_id = ?1 AND finished_at < ?2 \
         AND id IS NOT (SELECT id FROM runs WHERE district_id = ?1 AND outcome <> 'failed' \
         AND connector <> '{RECHECK}' AND report ->> '$.report.error' IS NULL \
         ORDER BY started_at DESC, rowid DESC LIMIT 1) \
         AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.run_id = runs.id AND state IN ({}))",
        unsettled()
    );
    for run in ids(connection, &runs, district, before)? {
        forgotten.kept += forget_kept(connection, &run)?;
        connection.execute("DELETE FROM diagnostics WHERE run_id = ?1", [&run])?;
        let holds = "DELETE FROM holds WHERE district_id = ?1 AND run_id = ?2";
        connection.execute(holds, [district.as_str(), &run])?;
        connection.execute("DELETE FROM runs WHERE id = ?1", [&run])?;
        forgotten.runs += 1;
    }
    Ok(())
}

/// Deletes the files that were kept of a run; gives their number.
fn forget_kept(connection: &Connection, run: &str) -> Outcome<u64> {
    let sql = "SELECT count(*) FROM kept WHERE run_id = ?1 AND part = 0";
    let files: i64 = connection.query_row(sql, [run], |row| row.get(0))?;
    connection.execute("DELETE FROM kept WHERE run_id = ?1", [run])?;
    Ok(files.cast_unsigned())
}

/// Deletes entries of the change feed.  The last of them becomes a marker: whoever has not read so far must read the
/// tables.
fn forget_changes(connection: &Connection, district: &DistrictId, before: &str) -> Outcome<u64> {
    let sql = "SELECT max(seq) FROM changes WHERE district_id = ?1 AND at < ?2";
    let of = params![district.as_str(), before];
    let last: Option<i64> = connection.query_row(sql, of, |row| row.get(0))?;
    let sql = "DELETE FROM changes WHERE district_id = ?1 AND at < ?2 AND seq < ?3";
    let deleted = connection.execute(sql, params![district.as_str(), before, last])?;
    let sql = "UPDATE changes SET entity = NULL, id = NULL, source_id = NULL, operation = 'load' \
               WHERE seq = ?1 AND operation <> 'load'";
    Ok((deleted + connection.execute(sql, [last])?) as u64)
}

fn ids(
    connection: &Connection,
    sql: &str,
    district: &DistrictId,
    before: &str,
) -> Outcome<Vec<String>> {
    let mut statement = connection.prepare(sql)?;
    let ids = statement.query_map([district.as_str(), before], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}
