//! Maps of old keys to new ones.

use super::{failure::Outcome, review};
use crate::{
    Decision, Hold, HoldId, HoldState, Rekey,
    relational::{
        history::time,
        index_chunks::known_entity,
        rekeys::{Pending, check},
        review::rekeyed,
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
