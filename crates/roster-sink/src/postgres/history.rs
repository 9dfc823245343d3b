//! Runs and their findings.

use super::{
    connection::set_district, failure::Outcome, kept, layout::qualified, review,
    value::storable_json,
};
use crate::{
    KeptFolder, RunId, RunRecord,
    relational::history::{json, parse, recorded_already, time},
};
use roster_core::DistrictId;
use tokio_postgres::{Client, GenericClient, Transaction};

const RECORD: &str = "postgres.record";

/// Records a run in a transaction of its own.
pub(super) async fn record(
    client: &mut Client,
    run: &RunRecord,
    kept: Option<&KeptFolder>,
) -> Outcome<()> {
    let transaction = client.transaction().await?;
    set_district(&transaction, &run.report.district).await?;
    insert(&transaction, run, kept).await?;
    Ok(transaction.commit().await?)
}

/// Adds a run, its findings, its holds and its kept files to the open transaction.  Takes the place of the same run's
/// failure: a plan whose publish failed may be applied again.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    run: &RunRecord,
    kept: Option<&KeptFolder>,
) -> Outcome<()> {
    insert_run(transaction, run).await?;
    insert_diagnostics(transaction, run).await?;
    review::record(transaction, run).await?;
    kept::insert(transaction, &run.report.district, &run.report.run, kept).await
}

async fn insert_run(transaction: &Transaction<'_>, run: &RunRecord) -> Outcome<()> {
    let report = &run.report;
    let sql = format!(
        "INSERT INTO {} AS known (id, district_id, connector, outcome, started_at, finished_at, seconds, \
         peak_memory_bytes, report) \
         VALUES ($1, $2, $3, $4, $5::text::timestamptz, $6::text::timestamptz, $7, $8, $9::text::jsonb) \
         ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, started_at = excluded.started_at, \
         finished_at = excluded.finished_at, seconds = excluded.seconds, \
         peak_memory_bytes = excluded.peak_memory_bytes, report = excluded.report \
         WHERE known.outcome = 'failed' AND known.district_id = excluded.district_id",
        qualified("runs")
    );
    let inserted = transaction
        .execute(
            &sql,
            &[
                &report.run.as_str(),
                &report.district.as_str(),
                &report.connector,
                &report.outcome.code(),
                &time(run.started_at),
                &time(run.finished_at),
                &report.seconds,
                &report.peak_memory_bytes.cast_signed(),
                &storable_json(&json(RECORD, run)?),
            ],
        )
        .await?;
    if inserted == 0 { Err(recorded_already(RECORD).into()) } else { Ok(()) }
}

async fn insert_diagnostics(transaction: &Transaction<'_>, run: &RunRecord) -> Outcome<()> {
    let (id, district) = (run.report.run.as_str(), run.report.district.as_str());
    let table = qualified("diagnostics");
    let sql = format!("DELETE FROM {table} WHERE run_id = $1");
    transaction.execute(&sql, &[&id]).await?;
    let sql = format!(
        "INSERT INTO {table} (run_id, district_id, code, severity, count, examples) \
         VALUES ($1, $2, $3, $4, $5, $6::text::jsonb)"
    );
    let statement = transaction.prepare(&sql).await?;
    for found in &run.report.diagnostics {
        let (severity, count) = (found.severity.code(), found.count.cast_signed());
        let examples = json(RECORD, &found.examples)?;
        let examples = storable_json(&examples);
        transaction
            .execute(&statement, &[&id, &district, &found.code, &severity, &count, &examples])
            .await?;
    }
    Ok(())
}

/// The last runs, newest first.
pub(super) async fn runs(
    client: &mut Client,
    district: Option<&DistrictId>,
    most: usize,
) -> Outcome<Vec<RunRecord>> {
    let transaction = client.transaction().await?;
    if let Some(district) = district {
        set_district(&transaction, district).await?;
    }
    let sql = format!(
        "SELECT report::text FROM {} WHERE $2::text IS NULL OR district_id = $2 \
         ORDER BY started_at DESC, seq DESC LIMIT $1",
        qualified("runs")
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = transaction.query(&sql, &[&most, &district.map(DistrictId::as_str)]).await?;
    rows.iter().map(|it| Ok(parse("postgres.runs", it.try_get(0)?)?)).collect()
}

/// One run.
pub(super) async fn run(client: &impl GenericClient, id: &RunId) -> Outcome<Option<RunRecord>> {
    let sql = format!("SELECT report::text FROM {} WHERE id = $1", qualified("runs"));
    let found = client.query_opt(&sql, &[&id.as_str()]).await?;
    found.map(|it| Ok(parse("postgres.run", it.try_get(0)?)?)).transpose()
}
