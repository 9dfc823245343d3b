//! Notices: what was told already, and what waits to be sent.

use super::{ControlStore, failed};
use jiff::Timestamp;
use roster_core::Result;
use roster_notices::{Kind, Notice};
use rusqlite::params;

impl ControlStore {
    /// Lets a notice wait to be sent, unless the same was told before; gives whether it waits.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn tell(&self, notice: &Notice, now: Timestamp) -> Result<bool> {
        let at = now.to_string();
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        let sql = "INSERT OR IGNORE INTO notice (district, kind, key, at, text, link) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let Notice { kind, district, key, text, link } = notice;
        let values = params![district, kind.code(), key, at, text, link];
        if transaction.execute(sql, values).map_err(failed)? == 0 {
            return Ok(false);
        }
        let json = serde_json::to_string(notice).unwrap_or_default();
        let sql = "INSERT INTO unsent (at, notice) VALUES (?1, ?2)";
        transaction.execute(sql, params![at, json]).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(true)
    }

    /// What a district was told of this kind is over, but for these keys: the same is told again when it comes again.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn settle(&self, district: &str, kind: Kind, but: &[String]) -> Result<()> {
        let told = "SELECT key FROM notice WHERE district = ?1 AND kind = ?2";
        let told: Vec<String> =
            self.query(told, params![district, kind.code()], |row| row.get(0))?;
        let connection = self.connection();
        for key in told.iter().filter(|it| !but.contains(it)) {
            let sql = "DELETE FROM notice WHERE district = ?1 AND kind = ?2 AND key = ?3";
            connection.execute(sql, params![district, kind.code(), key]).map_err(failed)?;
        }
        Ok(())
    }

    /// What waits to be sent, with when it began to wait, oldest first.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn unsent(&self) -> Result<Vec<(i64, Timestamp, Notice)>> {
        let sql = "SELECT number, at, notice FROM unsent ORDER BY number LIMIT 10000";
        let rows = self.query(sql, [], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        let notices = rows.into_iter().filter_map(|(number, at, notice)| {
            Some((number, at.parse().ok()?, serde_json::from_str(&notice).ok()?))
        });
        Ok(notices.collect())
    }

    /// These were sent.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn sent(&self, numbers: &[i64]) -> Result<()> {
        let connection = self.connection();
        for number in numbers {
            connection.execute("DELETE FROM unsent WHERE number = ?1", [number]).map_err(failed)?;
        }
        Ok(())
    }
}
