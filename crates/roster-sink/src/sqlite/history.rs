//! Runs and their findings.

use super::failure::{Failure, Outcome};
use crate::{RunId, RunRecord};
use roster_core::{DistrictId, ErrorKind, value::Timestamp};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use serde::Serialize;

/// Records a run in a transaction of its own.
pub(super) fn record(connection: &mut Connection, run: &RunRecord) -> Outcome<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    insert(&transaction, run)?;
    Ok(transaction.commit()?)
}

/// Adds a run and its findings to the open transaction.  Takes the place of the same run's failure: a plan whose
/// publish failed may be applied again.
pub(super) fn insert(connection: &Connection, run: &RunRecord) -> Outcome<()> {
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
            json(run)?,
        ],
    )?;
    if inserted == 0 {
        let message = "a run of this id is recorded already; start a new run";
        return Err(Failure::new(ErrorKind::Conflict, "sqlite.record", message));
    }
    insert_diagnostics(connection, run)
}

fn insert_diagnostics(connection: &Connection, run: &RunRecord) -> Outcome<()> {
    let (id, district) = (run.report.run.as_str(), run.report.district.as_str());
    connection.execute("DELETE FROM diagnostics WHERE run_id = ?1", [id])?;
    let mut statement = connection.prepare(
        "INSERT INTO diagnostics (run_id, district_id, code, severity, count, examples) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for found in &run.report.diagnostics {
        let (count, examples) = (found.count.cast_signed(), json(&found.examples)?);
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
        runs.push(parse(&row.get::<_, String>(0)?)?);
    }
    Ok(runs)
}

/// One run.
pub(super) fn run(connection: &Connection, id: &RunId) -> Outcome<Option<RunRecord>> {
    let sql = "SELECT report FROM runs WHERE id = ?1";
    let report =
        connection.query_row(sql, [id.as_str()], |row| row.get::<_, String>(0)).optional()?;
    report.map(|it| parse(&it)).transpose()
}

/// A time as the tables have it: RFC 3339, UTC, always with three decimals, so that text sorts as time does.
pub(super) fn time(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn json(value: &impl Serialize) -> Outcome<String> {
    serde_json::to_string(value).map_err(|err| {
        let message = "the report cannot be written as JSON";
        roster_core::Error::new(ErrorKind::Internal, "sqlite.record", message).source(err).into()
    })
}

fn parse(report: &str) -> Outcome<RunRecord> {
    serde_json::from_str(report).map_err(|err| {
        let message = "the stored report of a run cannot be read; it may be of a newer Homeroom";
        roster_core::Error::new(ErrorKind::Damaged, "sqlite.runs", message).source(err).into()
    })
}
