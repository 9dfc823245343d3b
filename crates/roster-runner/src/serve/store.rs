//! What no sink remembers: slots that are accounted for, summaries of runs, invitations, notices, pauses, and who did
//! what.  One SQLite file without a record's value.

mod invites;
mod notices;
mod schema;

use super::summary::RunSummary;
use jiff::Timestamp;
use roster_core::{Error, ErrorKind, Result, Retry};
use roster_schedule::{Account, Fate};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use utoipa::ToSchema;

/// Time to wait for another program that writes, such as `homeroom invite`.
const BUSY: Duration = Duration::from_secs(10);

/// What `homeroom serve` remembers.  Its calls take milliseconds, so they are made where they are needed.
#[derive(Debug)]
pub struct ControlStore(Mutex<Connection>);

/// Something that somebody did here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServeAudit {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// To which district.
    pub district: Option<String>,
    /// What: `run_now`, `pause`, `resume`, `invite`, `explain`, `see_values`.
    pub action: String,
    /// More about it, without values.
    pub detail: Option<String>,
}

fn failed(error: rusqlite::Error) -> Error {
    let message = "the file that homeroom serve remembers in cannot be read or written; see that there is room and that \
                   it may be written to";
    Error::new(ErrorKind::Unavailable, "serve.store", message).retry(Retry::Backoff).source(error)
}

impl ControlStore {
    /// Opens the file, which is made where there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when it cannot be opened, [`ErrorKind::ConfigInvalid`] when a newer version made it.
    pub fn open(file: &Path) -> Result<Self> {
        let connection = Connection::open(file).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        schema::prepare(&connection)?;
        Ok(Self(Mutex::new(connection)))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what became of a slot; `run` is the last run of its night.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn account(&self, account: &Account, run: Option<&str>) -> Result<()> {
        let fate = fate_code(account.fate);
        let sql = "INSERT OR REPLACE INTO night (district, slot, fate, run, tries, started_at, requested) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let started_at = account.started_at.map(|it| it.to_string());
        let values = params![
            &*account.district,
            account.slot.to_string(),
            fate,
            run,
            account.tries,
            started_at,
            account.requested,
        ];
        self.connection().execute(sql, values).map(drop).map_err(failed)
    }

    /// The last slot of a district's schedule that is accounted for.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn last_slot(&self, district: &str) -> Result<Option<Timestamp>> {
        let sql = "SELECT max(slot) FROM night WHERE district = ?1 AND NOT requested";
        let text: Option<String> =
            self.connection().query_row(sql, [district], |row| row.get(0)).map_err(failed)?;
        Ok(text.and_then(|it| it.parse().ok()))
    }

    /// What became of the last slots of a district, newest first: slot, fate, run.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn slots(
        &self,
        district: &str,
        most: usize,
    ) -> Result<Vec<(Timestamp, String, Option<String>)>> {
        let sql =
            "SELECT slot, fate, run FROM night WHERE district = ?1 ORDER BY slot DESC LIMIT ?2";
        let rows = self.query(sql, params![district, limit(most)], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
        })?;
        let slots = rows.into_iter();
        Ok(slots.filter_map(|(slot, fate, run)| Some((slot.parse().ok()?, fate, run))).collect())
    }

    /// Remembers a run.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn add_run(&self, run: &RunSummary) -> Result<()> {
        let json = serde_json::to_string(run).map_err(|err| {
            Error::new(ErrorKind::Internal, "serve.store", "a summary cannot be written")
                .source(err)
        })?;
        let sql = "INSERT OR IGNORE INTO run (run, district, started_at, summary) VALUES (?1, ?2, ?3, ?4)";
        let values = params![run.run, run.district, run.started_at.to_string(), json];
        self.connection().execute(sql, values).map(drop).map_err(failed)
    }

    /// The last runs of a district, newest first.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn runs(&self, district: &str, most: usize) -> Result<Vec<RunSummary>> {
        let sql = "SELECT summary FROM run WHERE district = ?1 ORDER BY started_at DESC LIMIT ?2";
        let rows =
            self.query(sql, params![district, limit(most)], |row| row.get::<_, String>(0))?;
        Ok(rows.iter().filter_map(|it| serde_json::from_str(it).ok()).collect())
    }

    /// When the last run that is remembered started.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn last_run_at(&self) -> Result<Option<Timestamp>> {
        let sql = "SELECT max(started_at) FROM run";
        let text: Option<String> =
            self.connection().query_row(sql, [], |row| row.get(0)).map_err(failed)?;
        Ok(text.and_then(|it| it.parse().ok()))
    }

    /// Forgets runs and slots from before.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn forget(&self, before: Timestamp) -> Result<()> {
        let connection = self.connection();
        for sql in ["DELETE FROM run WHERE started_at < ?1", "DELETE FROM night WHERE slot < ?1"] {
            connection.execute(sql, [before.to_string()]).map_err(failed)?;
        }
        Ok(())
    }

    /// Pauses a district, or ends its pause.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn pause(&self, district: &str, paused: bool) -> Result<()> {
        let sql = if paused {
            "INSERT OR IGNORE INTO pause (district) VALUES (?1)"
        } else {
            "DELETE FROM pause WHERE district = ?1"
        };
        self.connection().execute(sql, [district]).map(drop).map_err(failed)
    }

    /// Districts that somebody paused.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn paused(&self) -> Result<Vec<String>> {
        self.query("SELECT district FROM pause", [], |row| row.get(0))
    }

    /// Writes down what somebody did.
    ///
    /// # Errors
    ///
    /// The file's: what cannot be written down is not done.
    pub fn note(&self, entry: &ServeAudit) -> Result<()> {
        let sql =
            "INSERT INTO audit (at, actor, district, action, detail) VALUES (?1, ?2, ?3, ?4, ?5)";
        let ServeAudit { at, actor, district, action, detail } = entry;
        let values = params![at.to_string(), actor, district, action, detail];
        self.connection().execute(sql, values).map(drop).map_err(failed)
    }

    /// What was done last, newest first; to one district or to all.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn audit(&self, district: Option<&str>, most: usize) -> Result<Vec<ServeAudit>> {
        let sql = "SELECT at, actor, district, action, detail FROM audit \
                   WHERE ?1 IS NULL OR district = ?1 ORDER BY number DESC LIMIT ?2";
        let rows = self.query(sql, params![district, limit(most)], |row| {
            let at: String = row.get(0)?;
            let (actor, district, action, detail) =
                (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
            Ok((at, ServeAudit { at: Timestamp::UNIX_EPOCH, actor, district, action, detail }))
        })?;
        let entries = rows.into_iter();
        Ok(entries.filter_map(|(at, it)| Some(ServeAudit { at: at.parse().ok()?, ..it })).collect())
    }

    fn query<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let connection = self.connection();
        let mut statement = connection.prepare(sql).map_err(failed)?;
        let rows = statement.query_map(values, read).map_err(failed)?;
        rows.collect::<rusqlite::Result<_>>().map_err(failed)
    }

    fn one<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.connection().query_row(sql, values, read).optional().map_err(failed)
    }
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// The stable word for what became of a slot.
fn fate_code(fate: Fate) -> &'static str {
    use roster_schedule::{Missed, Unplanned};
    match fate {
        Fate::Ran => "ran",
        Fate::Failed => "failed",
        Fate::Missed(Missed::Overtaken) => "missed_overtaken",
        Fate::Missed(Missed::TooLate) => "missed_too_late",
        Fate::Unplanned(Unplanned::Paused) => "paused",
        Fate::Unplanned(Unplanned::Pause) => "pause",
        Fate::Unplanned(Unplanned::SummerPause) => "summer_pause",
        Fate::Unplanned(Unplanned::Blackout) => "blackout",
    }
}

#[cfg(test)]
mod tests;
