//! Deleting for good what is older than a district keeps.

use super::{
    connection::{limit_waiting, lock_district, set_district},
    erase,
    failure::Outcome,
    layout::qualified,
    review,
};
use crate::{
    Erased, Erasure, Forgotten, RECHECK, Retention,
    relational::{forget::entry, history::time, review::unsettled},
};
use roster_core::{DistrictId, EntityKind};
use std::time::Duration;
use tokio_postgres::{Client, Transaction};

/// Deletes what the retention names, and lets the server use its place again.
pub(super) async fn forget(
    client: &mut Client,
    waiting: Duration,
    district: &DistrictId,
    retention: &Retention,
) -> Outcome<Forgotten> {
    let transaction = client.transaction().await?;
    set_district(&transaction, district).await?;
    limit_waiting(&transaction, waiting).await?;
    // A night of the district may be changing the same rows in another order.
    lock_district(&transaction, district).await?;
    let (forgotten, tables) = forget_in_transaction(&transaction, district, retention).await?;
    transaction.commit().await?;
    for table in tables {
        // Another district's may be doing it already.
        client.batch_execute(&format!("VACUUM (SKIP_LOCKED) {}", qualified(table))).await?;
    }
    Ok(forgotten)
}

/// Gives what was forgotten, and the tables it was in.
async fn forget_in_transaction(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    retention: &Retention,
) -> Outcome<(Forgotten, Vec<&'static str>)> {
    let (mut forgotten, mut tables) = (Forgotten::default(), Vec::new());
    if let Some(before) = retention.runs_before {
        forget_runs(transaction, district, &time(before), &mut forgotten).await?;
    }
    if let Some(before) = retention.kept_before {
        let runs = format!(
            "SELECT id FROM {} WHERE district_id = $1 AND finished_at < $2::text::timestamptz",
            qualified("runs")
        );
        let runs = ids(transaction, &runs, district, &time(before)).await?;
        forgotten.kept += forget_kept(transaction, district, &runs).await?;
    }
    if let Some(before) = retention.changes_before {
        forgotten.changes = forget_changes(transaction, district, &time(before)).await?;
    }
    if let Some(before) = retention.deleted_before {
        for entity in EntityKind::ALL {
            let erasure = Erasure { entity: *entity, what: Erased::DeletedRows };
            let rows = erase::erase_one(transaction, district, &erasure, Some(before)).await?;
            forgotten.records += rows;
            tables.extend((rows > 0).then(|| entity.table()));
        }
    }
    if let Some(entry) = entry(district, forgotten) {
        review::write_down(transaction, &entry).await?;
    }
    let own = [
        (forgotten.kept, &["kept"][..]),
        (forgotten.runs, &["runs", "diagnostics", "holds"]),
        (forgotten.changes, &["changes"]),
    ];
    tables.extend(own.iter().filter(|it| it.0 > 0).flat_map(|it| it.1));
    Ok((forgotten, tables))
}

/// Deletes runs, but for the last completed night ([`crate::RunRecord::is_completed_night`]), and those with holds that wait for a person or a night.
async fn forget_runs(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    before: &str,
    forgotten: &mut Forgotten,
) -> Outcome<()> {
    let runs = format!(
        "SELECT id FROM {runs} AS run WHERE district_id = $1 AND finished_at < $2::text::timestamptz \
         AND id IS DISTINCT FROM (SELECT id FROM {runs} WHERE district_id = $1 AND outcome <> 'failed' \
         AND connector <> '{RECHECK}' AND report #>> '{{report,error}}' IS NULL \
         ORDER BY started_at DESC, seq DESC LIMIT 1) \
         AND NOT EXISTS (SELECT FROM {holds} AS hold WHERE hold.district_id = $1 AND hold.run_id = run.id \
         AND hold.state IN ({states}))",
        runs = qualified("runs"),
        holds = qualified("holds"),
        states = unsettled()
    );
    let runs = ids(transaction, &runs, district, before).await?;
    forgotten.kept += forget_kept(transaction, district, &runs).await?;
    for (table, column) in [("diagnostics", "run_id"), ("holds", "run_id"), ("runs", "id")] {
        let sql = format!(
            "DELETE FROM {} WHERE district_id = $1 AND {column} = ANY($2::text[])",
            qualified(table)
        );
        transaction.execute(&sql, &[&district.as_str(), &runs]).await?;
    }
    forgotten.runs += runs.len() as u64;
    Ok(())
}

/// Deletes the files that were kept of runs; gives their number.
async fn forget_kept(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    runs: &[String],
) -> Outcome<u64> {
    let sql = format!(
        "WITH gone AS (DELETE FROM {} WHERE district_id = $1 AND run_id = ANY($2::text[]) RETURNING part) \
         SELECT count(*) FROM gone WHERE part = 0",
        qualified("kept")
    );
    let files: i64 = transaction.query_one(&sql, &[&district.as_str(), &runs]).await?.try_get(0)?;
    Ok(files.cast_unsigned())
}

/// Deletes entries of the change feed.  The last of them becomes a marker: whoever has not read so far must read the
/// tables.
async fn forget_changes(
    transaction: &Transaction<'_>,
    district: &DistrictId,
    before: &str,
) -> Outcome<u64> {
    let (changes, district) = (qualified("changes"), district.as_str());
    let old = "district_id = $1 AND at < $2::text::timestamptz";
    let sql = format!("SELECT max(seq) FROM {changes} WHERE {old}");
    let last: Option<i64> = transaction.query_one(&sql, &[&district, &before]).await?.try_get(0)?;
    let sql = format!("DELETE FROM {changes} WHERE {old} AND seq < $3");
    let deleted = transaction.execute(&sql, &[&district, &before, &last]).await?;
    let sql = format!(
        "UPDATE {changes} SET entity = NULL, id = NULL, source_id = NULL, operation = 'load' \
         WHERE district_id = $1 AND seq = $2 AND operation <> 'load'"
    );
    Ok(deleted + transaction.execute(&sql, &[&district, &last]).await?)
}

async fn ids(
    transaction: &Transaction<'_>,
    sql: &str,
    district: &DistrictId,
    before: &str,
) -> Outcome<Vec<String>> {
    let rows = transaction.query(sql, &[&district.as_str(), &before]).await?;
    rows.iter().map(|it| Ok(it.try_get(0)?)).collect()
}
