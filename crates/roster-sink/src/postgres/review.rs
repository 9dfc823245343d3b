//! Holds and the audit log.

use super::{
    connection::set_district,
    failure::Outcome,
    layout::{milliseconds, qualified},
    value::{storable, storable_json, time_of},
};
use crate::{
    AuditEntry, Decision, Hold, HoldFilter, HoldId, HoldState, RunId, RunRecord, Settled,
    relational::{history::time, review},
};
use roster_core::{DistrictId, value::Timestamp};
use tokio_postgres::{Client, GenericClient, Row, Transaction};

const HOLDS: &str = "postgres.holds";
const AUDIT: &str = "postgres.audit";

/// Adds a run's holds, gives earlier ones their new state, and writes both down.
pub(super) async fn record(transaction: &Transaction<'_>, run: &RunRecord) -> Outcome<()> {
    for hold in &run.report.holds {
        if insert(transaction, hold).await? {
            write_down(transaction, &review::made(run, hold)).await?;
        }
    }
    for Settled { hold, state } in &run.settled {
        let found = find_locked(transaction, hold).await?;
        let found = found.filter(|it| it.district == run.report.district);
        let Some(mut found) = found else { continue };
        if review::settle(HOLDS, &mut found, *state, run.finished_at)? {
            update(transaction, &found).await?;
            write_down(transaction, &review::settled(run, &found)).await?;
        }
    }
    Ok(())
}

/// False when it is there already.
async fn insert(transaction: &Transaction<'_>, hold: &Hold) -> Outcome<bool> {
    let sql = format!(
        "INSERT INTO {} (id, run_id, district_id, entity, school_source_id, rule, records, of_records, created_at, \
         state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::timestamptz, $10) ON CONFLICT (id) DO NOTHING",
        qualified("holds")
    );
    let inserted = transaction
        .execute(
            &sql,
            &[
                &hold.id.as_str(),
                &hold.run.as_str(),
                &hold.district.as_str(),
                &hold.entity.table(),
                &hold.school.as_deref().map(storable),
                &hold.rule.code(),
                &hold.records.cast_signed(),
                &hold.of_records.cast_signed(),
                &time(hold.created_at),
                &hold.state.code(),
            ],
        )
        .await?;
    if inserted > 0 {
        update(transaction, hold).await?;
    }
    Ok(inserted > 0)
}

/// Writes what can change of a hold.
pub(super) async fn update(transaction: &Transaction<'_>, hold: &Hold) -> Outcome<()> {
    let sql = format!(
        "UPDATE {} SET detail = $2, state = $3, expires_at = $4::text::timestamptz, \
         decided_at = $5::text::timestamptz, decided_by = $6, reason = $7 WHERE id = $1",
        qualified("holds")
    );
    let decision = hold.decision.as_ref();
    let detail = review::text(HOLDS, hold)?;
    transaction
        .execute(
            &sql,
            &[
                &hold.id.as_str(),
                &storable_json(&detail),
                &hold.state.code(),
                &hold.expires_at.map(time),
                &decision.map(|it| time(it.at)),
                &decision.map(|it| storable(&it.by)),
                &decision.map(|it| storable(&it.reason)),
            ],
        )
        .await?;
    Ok(())
}

/// Holds, newest first; those of one night in the order of its report.
pub(super) async fn holds(
    client: &mut Client,
    district: Option<&DistrictId>,
    which: HoldFilter,
) -> Outcome<Vec<Hold>> {
    let transaction = client.transaction().await?;
    if let Some(district) = district {
        set_district(&transaction, district).await?;
    }
    let sql = format!(
        "SELECT detail FROM {} WHERE ($1::text IS NULL OR district_id = $1) AND {} \
         ORDER BY created_at DESC, run_id DESC, seq",
        qualified("holds"),
        review::condition(which)
    );
    let rows = transaction.query(&sql, &[&district.map(DistrictId::as_str)]).await?;
    rows.iter().map(|it| Ok(review::parse(HOLDS, it.try_get(0)?)?)).collect()
}

/// One hold.
pub(super) async fn find(client: &impl GenericClient, id: &HoldId) -> Outcome<Option<Hold>> {
    find_with(client, id, "").await
}

/// One hold, which nobody else changes until the end of the transaction.
pub(super) async fn find_locked(transaction: &Transaction<'_>, id: &HoldId) -> Outcome<Option<Hold>> {
    find_with(transaction, id, "FOR UPDATE").await
}

async fn find_with(client: &impl GenericClient, id: &HoldId, lock: &str) -> Outcome<Option<Hold>> {
    let sql = format!("SELECT detail FROM {} WHERE id = $1 {lock}", qualified("holds"));
    let found = client.query_opt(&sql, &[&storable(id.as_str())]).await?;
    found.map(|it| Ok(review::parse(HOLDS, it.try_get(0)?)?)).transpose()
}

/// Approves or discards a hold in a transaction of its own.
pub(super) async fn decide(
    client: &mut Client,
    id: &HoldId,
    state: HoldState,
    decision: &Decision,
    expires_at: Option<Timestamp>,
) -> Outcome<Hold> {
    let transaction = client.transaction().await?;
    let hold = change(&transaction, HOLDS, id, state, decision, expires_at, |_| true).await?;
    transaction.commit().await?;
    Ok(hold)
}

/// Approves or discards a hold that `is_meant` knows, and writes it down.
pub(super) async fn change(
    transaction: &Transaction<'_>,
    operation: &'static str,
    id: &HoldId,
    state: HoldState,
    decision: &Decision,
    expires_at: Option<Timestamp>,
    is_meant: impl FnOnce(&Hold) -> bool,
) -> Outcome<Hold> {
    let found = find_locked(transaction, id).await?.filter(is_meant);
    let mut hold = found.ok_or_else(|| review::no_hold(operation, id))?;
    review::decide(operation, &mut hold, state, decision, expires_at)?;
    update(transaction, &hold).await?;
    write_down(transaction, &review::decided(&hold, decision)).await?;
    Ok(hold)
}

/// Adds an entry to the audit log.
pub(super) async fn write_down(transaction: &Transaction<'_>, entry: &AuditEntry) -> Outcome<()> {
    let sql = format!(
        "INSERT INTO {} (at, district_id, run_id, hold_id, actor, action, reason, detail) \
         VALUES ($1::text::timestamptz, $2, $3, $4, $5, $6, $7, $8)",
        qualified("audit")
    );
    transaction
        .execute(
            &sql,
            &[
                &time(entry.at),
                &entry.district.as_str(),
                &entry.run.as_ref().map(RunId::as_str),
                &entry.hold.as_ref().map(HoldId::as_str),
                &storable(&entry.actor),
                &entry.action,
                &entry.reason.as_deref().map(storable),
                &entry.detail.as_deref().map(storable),
            ],
        )
        .await?;
    Ok(())
}

/// The last entries of the audit log, newest first.
pub(super) async fn audit(
    client: &mut Client,
    district: Option<&DistrictId>,
    most: usize,
) -> Outcome<Vec<AuditEntry>> {
    let transaction = client.transaction().await?;
    if let Some(district) = district {
        set_district(&transaction, district).await?;
    }
    let sql = format!(
        "SELECT {}, district_id, run_id, hold_id, actor, action, reason, detail FROM {} \
         WHERE $2::text IS NULL OR district_id = $2 ORDER BY seq DESC LIMIT $1",
        milliseconds("at"),
        qualified("audit")
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = transaction.query(&sql, &[&most, &district.map(DistrictId::as_str)]).await?;
    rows.iter().map(entry).collect()
}

fn entry(row: &Row) -> Outcome<AuditEntry> {
    Ok(AuditEntry {
        at: time_of(row.try_get(0)?)?,
        district: review::district(AUDIT, row.try_get(1)?)?,
        run: row.try_get::<_, Option<&str>>(2)?.map(RunId::from_text),
        hold: row.try_get::<_, Option<&str>>(3)?.map(HoldId::from_text),
        actor: row.try_get(4)?,
        action: row.try_get(5)?,
        reason: row.try_get(6)?,
        detail: row.try_get(7)?,
    })
}
