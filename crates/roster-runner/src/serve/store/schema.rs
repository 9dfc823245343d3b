//! The tables, and how older ones become these.

use super::failed;
use roster_core::{Error, ErrorKind, Result};
use rusqlite::Connection;

/// Each step makes the next version; steps that were released are never changed.
const STEPS: &[&str] = &["
    CREATE TABLE night (
        district TEXT NOT NULL, slot TEXT NOT NULL, fate TEXT NOT NULL, run TEXT, tries INTEGER NOT NULL,
        started_at TEXT, requested INTEGER NOT NULL, PRIMARY KEY (district, slot)) WITHOUT ROWID;
    CREATE TABLE run (run TEXT PRIMARY KEY, district TEXT NOT NULL, started_at TEXT NOT NULL, summary TEXT NOT NULL);
    CREATE INDEX run_of_district ON run (district, started_at);
    CREATE INDEX run_started ON run (started_at);
    CREATE TABLE pause (district TEXT PRIMARY KEY);
    CREATE TABLE invitation (
        fingerprint TEXT PRIMARY KEY, district TEXT NOT NULL, made_by TEXT NOT NULL, made_at TEXT NOT NULL,
        expires_at TEXT NOT NULL, used_at TEXT);
    CREATE TABLE notice (
        district TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL, text TEXT NOT NULL, link TEXT,
        PRIMARY KEY (district, kind, key));
    CREATE TABLE unsent (number INTEGER PRIMARY KEY, at TEXT NOT NULL, notice TEXT NOT NULL);
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, district TEXT, action TEXT NOT NULL,
        detail TEXT);
    "];

pub(super) fn prepare(connection: &Connection) -> Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    if done > STEPS.len() {
        let message = "a newer version of Homeroom made the file that homeroom serve remembers in; use that version";
        return Err(Error::new(ErrorKind::ConfigInvalid, "serve.store", message));
    }
    for (number, step) in STEPS.iter().enumerate().skip(done) {
        let sql = format!("BEGIN IMMEDIATE; {step}; PRAGMA user_version = {}; COMMIT", number + 1);
        connection.execute_batch(&sql).map_err(failed)?;
    }
    Ok(())
}
