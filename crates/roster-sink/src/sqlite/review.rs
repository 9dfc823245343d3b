//! Holds and the audit log.

use super::{
    failure::{Failure, Outcome},
    value::read_time,
};
use crate::{
    AuditEntry, Decision, Hold, HoldFilter, HoldId, HoldState, RunId, RunRecord, Settled,
    relational::{history::time, review},
};
use roster_core::{DistrictId, value::Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};

const HOLDS: &str = "sqlite.holds";
const AUDIT: &str = "sqlite.audit";

/// Adds a run's holds, gives earlier ones their new state, and writes both down.
pub(super) fn record(connection: &Connection, run: &RunRecord) -> Outcome<()> {
    for hold in &run.report.holds {
        if insert(connection, hold)? {
            write_down(connection, &review::made(run, hold))?;
        }
    }
    for Settled { hold, state } in &run.settled {
        let found = find(connection, hold)?.filter(|it| it.district == run.report.district);
        let Some(mut found) = found else { continue };
        if review::settle(HOLDS, &mut found, *state, run.finished_at)? {
            update(connection, &found)?;
            write_down(connection, &review::settled(run, &found))?;
        }
    }
    Ok(())
}

/// False when it is there already.
fn insert(connection: &Connection, hold: &Hold) -> Outcome<bool> {
    let decision = hold.decision.as_ref();
    let inserted = connection.execute(
        "INSERT INTO holds (id, run_id, district_id, entity, school_source_id, rule, records, of_records, detail, \
         state, created_at, expires_at, decided_at, decided_by, reason) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT (id) DO NOTHING",
        params![
            hold.id.as_str(),
            hold.run.as_str(),
            hold.district.as_str(),
            hold.entity.table(),
            hold.school,
            hold.rule.code(),
            hold.records.cast_signed(),
            hold.of_records.cast_signed(),
            review::text(HOLDS, hold)?,
            hold.state.code(),
            time(hold.created_at),
            hold.expires_at.map(time),
            decision.map(|it| time(it.at)),
            decision.map(|it| &it.by),
            decision.map(|it| &it.reason),
        ],
    )?;
    Ok(inserted > 0)
}

pub(super) fn update(connection: &Connection, hold: &Hold) -> Outcome<()> {
    let decision = hold.decision.as_ref();
    connection.execute(
        "UPDATE holds SET detail = ?2, state = ?3, expires_at = ?4, decided_at = ?5, decided_by = ?6, reason = ?7 \
         WHERE id = ?1",
        params![
            hold.id.as_str(),
            review::text(HOLDS, hold)?,
            hold.state.code(),
            hold.expires_at.map(time),
            decision.map(|it| time(it.at)),
            decision.map(|it| &it.by),
            decision.map(|it| &it.reason),
        ],
    )?;
    Ok(())
}

/// Holds, newest first; those of one night in the order of its report.
pub(super) fn holds(
    connection: &Connection,
    district: Option<&DistrictId>,
    which: HoldFilter,
) -> Outcome<Vec<Hold>> {
    let mut statement = connection.prepare(&format!(
        "SELECT detail FROM holds WHERE (?1 IS NULL OR district_id = ?1) AND {} \
         ORDER BY created_at DESC, run_id DESC, rowid",
        review::condition(which)
    ))?;
    let mut rows = statement.query([district.map(DistrictId::as_str)])?;
    let mut holds = Vec::new();
    while let Some(row) = rows.next()? {
        holds.push(review::parse(HOLDS, text(row, 0)?)?);
    }
    Ok(holds)
}

/// One hold.
pub(super) fn find(connection: &Connection, id: &HoldId) -> Outcome<Option<Hold>> {
    let sql = "SELECT detail FROM holds WHERE id = ?1";
    let found = connection.query_row(sql, [id.as_str()], |row| row.get::<_, String>(0));
    Ok(found.optional()?.map(|it| review::parse(HOLDS, &it)).transpose()?)
}

/// Approves or discards a hold in a transaction of its own.
pub(super) fn decide(
    connection: &mut Connection,
    id: &HoldId,
    state: HoldState,
    decision: &Decision,
    expires_at: Option<Timestamp>,
) -> Outcome<Hold> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let hold = change(&transaction, HOLDS, id, state, decision, expires_at, |_| true)?;
    transaction.commit()?;
    Ok(hold)
}

/// Approves or discards a hold that `is_meant` knows, and writes it down.
pub(super) fn change(
    connection: &Connection,
    operation: &'static str,
    id: &HoldId,
    state: HoldState,
    decision: &Decision,
    expires_at: Option<Timestamp>,
    is_meant: impl FnOnce(&Hold) -> bool,
) -> Outcome<Hold> {
    let found = find(connection, id)?.filter(is_meant);
    let mut hold = found.ok_or_else(|| review::no_hold(operation, id))?;
    review::decide(operation, &mut hold, state, decision, expires_at)?;
    update(connection, &hold)?;
    write_down(connection, &review::decided(&hold, decision))?;
    Ok(hold)
}

/// Adds an entry to the audit log.
pub(super) fn write_down(connection: &Connection, entry: &AuditEntry) -> Outcome<()> {
    connection.execute(
        "INSERT INTO audit (at, district_id, run_id, hold_id, actor, action, reason, detail) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            time(entry.at),
            entry.district.as_str(),
            entry.run.as_ref().map(RunId::as_str),
            entry.hold.as_ref().map(HoldId::as_str),
            entry.actor,
            entry.action,
            entry.reason,
            entry.detail,
        ],
    )?;
    Ok(())
}

/// The last entries of the audit log, newest first.
pub(super) fn audit(
    connection: &Connection,
    district: Option<&DistrictId>,
    most: usize,
) -> Outcome<Vec<AuditEntry>> {
    let filter = if district.is_some() {
        "district_id = ?2"
    } else {
        "?2 IS NULL AND district_id IS NOT NULL"
    };
    let mut statement = connection.prepare(&format!(
        "SELECT at, district_id, run_id, hold_id, actor, action, reason, detail FROM audit WHERE {filter} \
         ORDER BY seq DESC LIMIT ?1"
    ))?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![most, district.map(DistrictId::as_str)])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

fn entry(row: &Row<'_>) -> Outcome<AuditEntry> {
    Ok(AuditEntry {
        at: read_time(AUDIT, text(row, 0)?)?,
        district: review::district(AUDIT, text(row, 1)?)?,
        run: row.get::<_, Option<String>>(2)?.map(RunId::from_text),
        hold: row.get::<_, Option<String>>(3)?.map(HoldId::from_text),
        actor: row.get(4)?,
        action: row.get(5)?,
        reason: row.get(6)?,
        detail: row.get(7)?,
    })
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Outcome<&'r str> {
    row.get_ref(column)?.as_str().map_err(|err| Failure::from(rusqlite::Error::from(err)))
}
