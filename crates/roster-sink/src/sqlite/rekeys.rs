//! Maps of old keys to new ones.

use super::{failure::Outcome, review};
use crate::{
    Decision, Hold, HoldId, HoldState, Outcome as RunOutcome, Rekey, RunRecord,
    relational::{
        history::time,
        index_chunks::known_entity,
        rekeys::{Pending, check},
        review::{map_forgotten, never_came, rekeyed, reopen},
    },
};
use roster_core::{DistrictId, EntityKind};
use rusqlite::{Connection, Statement, TransactionBehavior, params};

const ACCEPT: &str = "sqlite.rekey";

/// Accepts maps; the hold they come from becomes approved.
pub(super) fn accept(
    connection: &mut Connection,
    district: &DistrictId,
    hold: Option<&HoldId>,
    rekeys: &[Rekey],
    decision: &Decision,
) -> Outcome<()> {
    check(ACCEPT, rekeys)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(id) = hold {
        let of_district = |it: &Hold| it.district == *district;
        review::change(&transaction, ACCEPT, id, HoldState::Approved, decision, None, of_district)?;
    }
    insert(&transaction, district, hold, rekeys, decision)?;
    for entry in rekeyed(district, hold, rekeys, decision) {
        review::write_down(&transaction, &entry)?;
    }
    Ok(transaction.commit()?)
}

/// Adds maps in place of those that give the same record a key, or a record the same key.
fn insert(
    connection: &Connection,
    district: &DistrictId,
    hold: Option<&HoldId>,
    rekeys: &[Rekey],
    decision: &Decision,
) -> Outcome<()> {
    let mut forget = connection.prepare(
        "DELETE FROM rekeys WHERE district_id = ?1 AND entity = ?2 AND applied_run IS NULL \
         AND (old_source_id = ?3 OR new_source_id = ?4)",
    )?;
    let mut insert = connection.prepare(
        "INSERT INTO rekeys (district_id, entity, old_source_id, new_source_id, hold_id, accepted_at, accepted_by, \
         reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let (district, hold, at) = (district.as_str(), hold.map(HoldId::as_str), time(decision.at));
    for Rekey { entity, old, new } in rekeys {
        forget.execute(params![district, entity.table(), old, new])?;
        let Decision { by, reason, .. } = decision;
        insert.execute(params![district, entity.table(), old, new, hold, at, by, reason])?;
    }
    Ok(())
}

/// What is accepted and was applied by no run.
pub(super) fn accepted(connection: &Connection, district: &DistrictId) -> Outcome<Vec<Rekey>> {
    let mut statement = connection.prepare(
        "SELECT entity, old_source_id, new_source_id FROM rekeys \
         WHERE district_id = ?1 AND applied_run IS NULL ORDER BY seq",
    )?;
    let mut rows = statement.query([district.as_str()])?;
    let mut rekeys = Vec::new();
    while let Some(row) = rows.next()? {
        let entity =
            known_entity(ACCEPT, row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
        rekeys.push(Rekey { entity, old: row.get(1)?, new: row.get(2)? });
    }
    Ok(rekeys)
}

/// The same of one entity, for a publish.
pub(super) fn pending(
    connection: &Connection,
    district: &DistrictId,
    entity: EntityKind,
) -> Outcome<Pending> {
    let mut statement = connection.prepare(
        "SELECT old_source_id, new_source_id, seq FROM rekeys \
         WHERE district_id = ?1 AND applied_run IS NULL AND entity = ?2",
    )?;
    let mut rows = statement.query([district.as_str(), entity.table()])?;
    let mut pending = Pending::default();
    while let Some(row) = rows.next()? {
        let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        pending.push(text(0)?, text(1)?, row.get(2)?);
    }
    Ok(pending)
}

/// Marks maps as applied.
pub(super) fn apply(connection: &Connection, numbers: &[i64], run: &str) -> Outcome<()> {
    let mut statement = connection.prepare("UPDATE rekeys SET applied_run = ?2 WHERE seq = ?1")?;
    for number in numbers {
        statement.execute(params![number, run])?;
    }
    Ok(())
}

/// Takes back what was accepted and not applied; holds that were approved by it are open again.
pub(super) fn forget(
    connection: &mut Connection,
    district: &DistrictId,
    decision: &Decision,
) -> Outcome<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for id in holds_of_maps(&transaction, district)? {
        let Some(mut hold) = review::find(&transaction, &id)? else { continue };
        if reopen(&mut hold) {
            review::update(&transaction, &hold)?;
        }
    }
    let forgotten = forget_unapplied(&transaction, district, decision)?;
    transaction.commit()?;
    Ok(forgotten)
}

fn holds_of_maps(connection: &Connection, district: &DistrictId) -> Outcome<Vec<HoldId>> {
    let mut statement = connection.prepare(
        "SELECT DISTINCT hold_id FROM rekeys \
         WHERE district_id = ?1 AND applied_run IS NULL AND hold_id IS NOT NULL",
    )?;
    let ids = statement.query_map([district.as_str()], |row| row.get::<_, String>(0))?;
    Ok(ids.map(|it| it.map(HoldId::from_text)).collect::<rusqlite::Result<_>>()?)
}

/// After a night that applied a map and held nothing back: keys that did not come with the others never come.
pub(super) fn end_maps(connection: &Connection, run: &RunRecord) -> Outcome<()> {
    let report = &run.report;
    let sql = "SELECT EXISTS (SELECT 1 FROM rekeys WHERE district_id = ?1 AND applied_run = ?2)";
    let of = [report.district.as_str(), report.run.as_str()];
    let applied: bool = connection.query_row(sql, of, |row| row.get(0))?;
    if applied && report.outcome != RunOutcome::Held {
        forget_unapplied(connection, &report.district, &never_came(run.finished_at))?;
    }
    Ok(())
}

fn forget_unapplied(
    connection: &Connection,
    district: &DistrictId,
    decision: &Decision,
) -> Outcome<u64> {
    let unapplied = "FROM rekeys WHERE district_id = ?1 AND applied_run IS NULL";
    let sql = format!("SELECT entity, count(*) {unapplied} GROUP BY entity ORDER BY entity");
    let mut statement = connection.prepare(&sql)?;
    let counts = statement.query_map([district.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let counts: Vec<(String, i64)> = counts.collect::<rusqlite::Result<_>>()?;
    for (table, keys) in &counts {
        review::write_down(connection, &map_forgotten(district, decision, table, *keys))?;
    }
    connection.execute(&format!("DELETE {unapplied}"), [district.as_str()])?;
    Ok(counts.iter().map(|it| it.1.unsigned_abs()).sum())
}

/// How many records of district `?1` and table `?2` gave up the key `?3`; `None` when none of the table ever gave up one.
pub(super) fn prepare_left<'c>(
    connection: &'c Connection,
    district: &DistrictId,
    entity: EntityKind,
) -> Outcome<Option<Statement<'c>>> {
    let applied = "FROM rekeys WHERE district_id = ?1 AND entity = ?2 AND applied_run IS NOT NULL";
    let any = format!("SELECT EXISTS (SELECT 1 {applied})");
    let any: bool =
        connection.query_row(&any, params![district.as_str(), entity.table()], |row| row.get(0))?;
    let left = format!("SELECT count(*) {applied} AND old_source_id = ?3");
    Ok(any.then(|| connection.prepare(&left)).transpose()?)
}
