//! Runs and their findings.

use super::{failure::Outcome, kept, review};
use crate::{
    KeptFolder, RunId, RunRecord,
    relational::history::{json, parse, recorded_already, time},
};
use roster_core::DistrictId;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

const RECORD: &str = "sqlite.record";

/// Records a run in a transaction of its own.
pub(super) fn record(
    connection: &mut Connection,
    run: &RunRecord,
    kept: Option<&KeptFolder>,
) -> Outcome<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    insert(&transaction, run, kept)?;
    Ok(transaction.commit()?)
}

/// Adds a run, its findings, its holds and its kept files to the open transaction.  Takes the place of the same run's
/// failure: a plan whose publish failed may be applied again.
pub(super) fn insert(
    connection: &Connection,
    run: &RunRecord,
    kept: Option<&KeptFolder>,
) -> Outcome<()> {
    insert_run(connection, run)?;
    insert_diagnostics(connection, run)?;
    review::record(connection, run)?;
    kept::insert(connection, &run.report.district, &run.report.run, kept)
}

fn insert_run(connection: &Connection, run: &RunRecord) -> Outcome<()> {
    let report = &run.report;
    let inserted = connection.execute(
        "INSERT INTO runs (id, district_id, connector, outcome, started_at, finished_at, seconds, \
         peak_memory_bytes, report) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, started_at = excluded.started_at, \
         finished_at = excluded.finished_at, seconds = excluded.seconds, \
         peak_memory_bytes = excluded.peak_memory_bytes, report = excluded.report \
         WHERE outcome = 'failed' AND district_id = excluded.district_id",
        params![
            report.run.as_str(),
            report.district.as_str(),
            report.connector,
            report.outcome.code(),
            time(run.started_at),
            time(run.finished_at),
            report.seconds,
            report.peak_memory_bytes.cast_signed(),
            json(RECORD, run)?,
        ],
    )?;
    if inserted == 0 { Err(recorded_already(RECORD).into()) } else { Ok(()) }
}

fn insert_diagnostics(connection: &Connection, run: &RunRecord) -> Outcome<()> {
    let (id, district) = (run.report.run.as_str(), run.report.district.as_str());
    connection.execute("DELETE FROM diagnostics WHERE run_id = ?1", [id])?;
    let mut statement = connection.prepare(
        "INSERT INTO diagnostics (run_id, district_id, code, severity, count, examples) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for found in &run.report.diagnostics {
        let (count, examples) = (found.count.cast_signed(), json(RECORD, &found.examples)?);
        statement.execute(params![
            id,
            district,
            found.code,
            found.severity.code(),
            count,
            examples
        ])?;
    }
    Ok(())
}

/// The last runs, newest first.
pub(super) fn runs(
    connection: &Connection,
    district: Option<&DistrictId>,
    most: usize,
) -> Outcome<Vec<RunRecord>> {
    let filter = if district.is_some() { "WHERE district_id = ?2 " } else { "" };
    let sql =
        format!("SELECT report FROM runs {filter}ORDER BY started_at DESC, rowid DESC LIMIT ?1");
    let mut statement = connection.prepare(&sql)?;
    statement.raw_bind_parameter(1, i64::try_from(most).unwrap_or(i64::MAX))?;
    if let Some(district) = district {
        statement.raw_bind_parameter(2, district.as_str())?;
    }
    let mut rows = statement.raw_query();
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        runs.push(parse("sqlite.runs", &row.get::<_, String>(0)?)?);
    }
    Ok(runs)
}

/// One run.
pub(super) fn run(connection: &Connection, id: &RunId) -> Outcome<Option<RunRecord>> {
    let sql = "SELECT report FROM runs WHERE id = ?1";
    let report =
        connection.query_row(sql, [id.as_str()], |row| row.get::<_, String>(0)).optional()?;
    Ok(report.map(|it| parse("sqlite.run", &it)).transpose()?)
}
