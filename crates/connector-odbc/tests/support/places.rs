//! Places where a feed lies: an SQLite file, or a schema on a server with an account that may read it.

use super::{Server, one, run, source, sqlite, tables::Table, unique};
use connector_odbc::Database;
use roster_core::{Locus, RosterSource};
use roster_testkit::{Failed, Place, Seed};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

/// What lies there, and how it is read.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Makes and fills the tables.
    pub statements: Vec<String>,
    /// The profile, as the configuration has it.
    pub profile: String,
    /// The tables where queries are named for them, so that records can be looked up.
    pub tables: Vec<Table>,
}

/// Puts a feed into a file, or onto a server; `None` where the seed cannot be made there.
pub fn place(
    server: Option<&Server>,
    seed: Seed,
    feed: Feed,
) -> Result<Option<Box<dyn Place>>, Failed> {
    match server {
        None => Ok(Some(Box::new(FilePlace::new(seed, feed)?))),
        // A server gives no half of a table.
        Some(_) if seed == Seed::CutOff => Ok(None),
        Some(server) => Ok(Some(Box::new(ServerPlace::new(server.clone(), seed, feed)?))),
    }
}

fn record(tables: &[Table], at: &Locus) -> Option<Vec<(String, String)>> {
    let Locus::Row { query, row } = at else { return None };
    let table = tables.iter().find(|it| it.entity.table() == query.as_ref())?;
    table.record(usize::try_from(*row).ok()?)
}

/// An SQLite file.
struct FilePlace {
    folder: TempDir,
    file: PathBuf,
    feed: Feed,
}

impl FilePlace {
    fn new(seed: Seed, feed: Feed) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("roster.db");
        if seed != Seed::Absent {
            let all =
                [&["BEGIN".to_owned()][..], &feed.statements, &["COMMIT".to_owned()]].concat();
            run(&sqlite(&file)?, &all)?;
        }
        if seed == Seed::CutOff {
            let whole = fs::metadata(&file)?.len();
            fs::OpenOptions::new().write(true).open(&file)?.set_len(whole / 2)?;
        }
        Ok(Self { folder, file, feed })
    }

    fn closed(&self) -> PathBuf {
        self.folder.path().join("closed")
    }
}

impl Place for FilePlace {
    fn source(&self) -> Arc<dyn RosterSource> {
        let file = self.file.display();
        let profile = &self.feed.profile;
        let keys = format!("database = 'sqlite'\npath = '{file}'\n{profile}");
        source(&keys).expect("the configuration is complete")
    }

    fn close(&self) {
        fs::rename(&self.file, self.closed()).expect("the file can be renamed");
    }

    fn open(&self) {
        fs::rename(self.closed(), &self.file).expect("the file can be renamed");
    }

    fn record(&self, at: &Locus) -> Option<Vec<(String, String)>> {
        record(&self.feed.tables, at)
    }

    fn in_use(&self) -> Option<bool> {
        let open = fs::read_dir("/proc/self/fd").ok()?.flatten();
        let mut files = open.filter_map(|it| fs::read_link(it.path()).ok());
        let folder = self.folder.path().canonicalize().ok()?;
        Some(files.any(|it: PathBuf| it.starts_with(&folder)))
    }
}

/// A schema of PostgreSQL or a database of MariaDB, and an account that may read it.
struct ServerPlace {
    server: Server,
    name: String,
    feed: Feed,
    folder: TempDir,
    absent: bool,
}

impl ServerPlace {
    fn new(server: Server, seed: Seed, feed: Feed) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("password"), "reader's\n")?;
        let absent = seed == Seed::Absent;
        let place = Self { server, name: unique("place"), feed, folder, absent };
        if !absent {
            place.fill()?;
        }
        Ok(place)
    }

    fn fill(&self) -> Result<(), Failed> {
        let name = &self.name;
        let admin = self.server.admin("")?;
        let (make, grant): (Vec<String>, Vec<String>) = match self.server.database {
            Database::PostgreSql => (
                vec![
                    format!("CREATE ROLE {name} LOGIN PASSWORD 'reader''s'"),
                    format!("CREATE SCHEMA {name}"),
                    format!("SET search_path = {name}"),
                    "BEGIN".to_owned(),
                ],
                vec![
                    format!("GRANT USAGE ON SCHEMA {name} TO {name}"),
                    format!("GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {name}"),
                    "COMMIT".to_owned(),
                ],
            ),
            _ => (
                vec![
                    format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
                    format!("CREATE USER {name}@'%' IDENTIFIED BY 'reader''s'"),
                    format!("USE {name}"),
                    "SET autocommit = 0".to_owned(),
                ],
                vec!["COMMIT".to_owned(), format!("GRANT SELECT ON {name}.* TO {name}@'%'")],
            ),
        };
        run(&admin, &[&make[..], &self.feed.statements, &grant[..]].concat())
    }

    fn alter(&self, postgresql: &str, mariadb: &str) {
        let name = &self.name;
        let statement = match self.server.database {
            Database::PostgreSql => format!("ALTER ROLE {name} {postgresql}"),
            _ => format!("ALTER USER {name}@'%' {mariadb}"),
        };
        let admin = self.server.admin("").expect("the server is there");
        run(&admin, &[statement]).expect("the account can be changed");
    }
}

impl Drop for ServerPlace {
    fn drop(&mut self) {
        let name = &self.name;
        let statements = match self.server.database {
            Database::PostgreSql => vec![
                format!("DROP SCHEMA IF EXISTS {name} CASCADE"),
                format!("DROP ROLE IF EXISTS {name}"),
            ],
            _ => vec![
                format!("DROP DATABASE IF EXISTS {name}"),
                format!("DROP USER IF EXISTS {name}@'%'"),
            ],
        };
        if let Ok(admin) = self.server.admin("") {
            // What is left behind goes with the server.
            _ = run(&admin, &statements);
        }
    }
}

impl Place for ServerPlace {
    fn source(&self) -> Arc<dyn RosterSource> {
        let password = self.folder.path().join("password");
        let of = self.server.database;
        let database = match of {
            _ if self.absent => "no_such_database",
            Database::PostgreSql => "postgres",
            _ => &self.name,
        };
        let schema = match of {
            Database::PostgreSql => format!("schema = '{}'\n", self.name),
            _ => String::new(),
        };
        let keys = self.server.keys(&self.name, path(&password), database);
        let profile = &self.feed.profile;
        source(&format!("{keys}{schema}{profile}")).expect("the configuration is complete")
    }

    fn close(&self) {
        self.alter("NOLOGIN", "ACCOUNT LOCK");
    }

    fn open(&self) {
        self.alter("LOGIN", "ACCOUNT UNLOCK");
    }

    fn record(&self, at: &Locus) -> Option<Vec<(String, String)>> {
        record(&self.feed.tables, at)
    }

    fn in_use(&self) -> Option<bool> {
        let name = &self.name;
        let query = match self.server.database {
            Database::PostgreSql => {
                format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{name}'")
            }
            _ => {
                format!("SELECT count(*) FROM information_schema.processlist WHERE user = '{name}'")
            }
        };
        let admin = self.server.admin("").ok()?;
        Some(one(&admin, &query).ok()? != "0")
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("temporary folders have readable names")
}
