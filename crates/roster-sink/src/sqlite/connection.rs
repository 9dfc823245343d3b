//! Opening the file: who may read it, how long to wait for others, what a commit means.

use super::failure::{Failure, Outcome, is_busy, not_made};
use roster_core::{Error, ErrorKind, Result, Retry};
use rusqlite::{Connection, OpenFlags};
use std::{
    fs, io,
    path::{self, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Settings of every connection that writes.
///
/// `synchronous=EXTRA`: a commit is on the disk before the night calls itself published.  With `NORMAL` a power cut could
/// take it back afterwards, although consumers were told of it, and with `FULL` that of a first load, which has no log
/// (see [`Location::leave_log`]).  It costs a flush or two a night.
/// `secure_delete=FAST`: what is deleted is overwritten where that needs no other page to be written.
/// `cache_size` (here KiB) also bounds the sorter that builds indexes, and `threads` gives it a second one.
const SETTINGS: &str = "PRAGMA synchronous = EXTRA;
     PRAGMA cache_size = -16000;
     PRAGMA threads = 1;
     PRAGMA secure_delete = FAST;
     PRAGMA journal_size_limit = 67108864;";

/// Largest database, in bytes, that is written anew when records were emptied.
const WRITTEN_ANEW: i64 = 256 << 20;

/// How long to wait for readers before the log is cut off: other nights wait, too.
const READERS_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two attempts at what SQLite does not wait for.
const PAUSE: Duration = Duration::from_millis(20);

/// Where the database is and how long to wait for it.
#[derive(Clone, Debug)]
pub(super) struct Location {
    pub(super) path: PathBuf,
    pub(super) busy_timeout: Duration,
    /// Bytes that the file may grow to.
    pub(super) size_limit: Option<u64>,
}

impl Location {
    /// Makes the file if there is none, readable by its owner alone: it holds data about children.
    pub(super) fn make_file(&self) -> Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.path) {
            Err(err) if err.kind() != io::ErrorKind::AlreadyExists => Err(not_made(err)),
            _ => Ok(()),
        }
    }

    /// Opens the file to write, in WAL mode: readers go on reading the last night while this one is written.
    pub(super) fn open_to_write(&self) -> Outcome<Connection> {
        let connection = self.open_plain()?;
        connection.execute_batch(SETTINGS)?;
        if let Some(bytes) = self.size_limit {
            let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
            pragma(&connection, &format!("max_page_count = {}", bytes / page.cast_unsigned()))?;
        }
        let since = Instant::now();
        // While another program loads the first district, SQLite refuses at once instead of waiting.
        while let Err(err) = set_journal(&connection, "WAL") {
            if !is_busy(&err) || since.elapsed() >= self.busy_timeout {
                return Err(err.into());
            }
            thread::sleep(PAUSE);
        }
        Ok(connection)
    }

    /// The same for what is to be deleted for good: it is overwritten wherever it is.
    pub(super) fn open_to_erase(&self) -> Outcome<Connection> {
        let connection = self.open_to_write()?;
        pragma(&connection, "secure_delete = ON")?;
        Ok(connection)
    }

    /// Sees that no file of the database holds what a committed transaction of [`Self::open_to_erase`] deleted.
    ///
    /// What was deleted is overwritten already.  The log holds older pages until it is cut off.  Rarely, a copy is left in the
    /// unused part of a page from which SQLite moved a row, perhaps nights ago: after `rows` of records were emptied the
    /// database is written anew, unless that takes long.
    pub(super) fn leave_no_trace(&self, connection: &Connection, rows: u64) -> Outcome<()> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let bytes: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        if rows > 0 && bytes <= WRITTEN_ANEW {
            connection.execute_batch("VACUUM")?;
        }
        connection.busy_timeout(self.busy_timeout.min(READERS_TIMEOUT))?;
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        if busy == 0 {
            return Ok(());
        }
        let message = "what was to be deleted is deleted, but a program that has the database open for long keeps a copy \
                       in its log; the copy goes when no program has the database open";
        let error = Error::new(ErrorKind::Unavailable, "sqlite.erase", message);
        Err(error.retry(Retry::Backoff).into())
    }

    /// Opens the file without changing a thing about it.
    pub(super) fn open_plain(&self) -> Outcome<Connection> {
        self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Opens the file to read.
    pub(super) fn open_to_read(&self) -> Outcome<Connection> {
        self.open(OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn open(&self, access: OpenFlags) -> Outcome<Connection> {
        // An absolute path is never taken for a name that SQLite reads otherwise, such as `:memory:`.
        let path = path::absolute(&self.path).map_err(not_made)?;
        if !path.exists() {
            let message =
                "there is no database here; check the path, or sync a district to make it";
            return Err(Failure::new(ErrorKind::NotFound, "sqlite.open", message));
        }
        let connection =
            Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(self.busy_timeout)?;
        Ok(connection)
    }

    /// Leaves WAL mode while the very first district is loaded, when nobody else has the database open.
    ///
    /// There is nothing to read yet, and without the log every page is written once instead of twice.  A crash is
    /// undone by the rollback journal.  [`resume_log`] goes back.
    pub(super) fn leave_log(&self, connection: &Connection) -> Outcome<()> {
        let sql = "SELECT EXISTS (SELECT 1 FROM districts)";
        let published: bool = connection.query_row(sql, [], |row| row.get(0))?;
        if !published {
            connection.busy_timeout(Duration::ZERO)?;
            // Somebody reads already: then through the log.
            _ = set_journal(connection, "DELETE");
            connection.busy_timeout(self.busy_timeout)?;
        }
        Ok(())
    }
}

/// Goes back to WAL mode.  If somebody is in the way, the next night does it when it opens the database.
pub(super) fn resume_log(connection: &Connection) {
    _ = set_journal(connection, "WAL");
}

fn set_journal(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    // The answer is the mode that came of it: a file system without shared memory stays without a log, which is only
    // slower for readers.
    pragma(connection, &format!("journal_mode = {mode}"))
}

/// A setting that answers.
fn pragma(connection: &Connection, setting: &str) -> rusqlite::Result<()> {
    connection.query_row(&format!("PRAGMA {setting}"), [], |_| Ok(()))
}
