//! Invitations: one-time links that expire.

use super::{ControlStore, failed};
use jiff::Timestamp;
use roster_core::Result;
use rusqlite::params;

impl ControlStore {
    /// Remembers an invitation by its token's fingerprint.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn add_invitation(
        &self,
        fingerprint: &str,
        district: &str,
        by: &str,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO invitation (fingerprint, district, made_by, made_at, expires_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![fingerprint, district, by, at.to_string(), expires_at.to_string()];
        self.connection().execute(sql, values).map(drop).map_err(failed)
    }

    /// The district that an invitation is for and who made it, unless it is used or has expired.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn invitation(
        &self,
        fingerprint: &str,
        now: Timestamp,
    ) -> Result<Option<(String, String)>> {
        let sql = "SELECT district, made_by, expires_at FROM invitation \
                   WHERE fingerprint = ?1 AND used_at IS NULL";
        let found = self.one(sql, [fingerprint], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
        })?;
        let valid = |it: &str| it.parse::<Timestamp>().is_ok_and(|it| now < it);
        Ok(found.filter(|it| valid(&it.2)).map(|(district, by, _)| (district, by)))
    }

    /// Uses an invitation up; `false` when somebody else was faster.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn use_invitation(&self, fingerprint: &str, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE invitation SET used_at = ?2 WHERE fingerprint = ?1 AND used_at IS NULL";
        let used = self.connection().execute(sql, params![fingerprint, now.to_string()]);
        used.map(|it| it == 1).map_err(failed)
    }
}
