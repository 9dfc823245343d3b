//! Finds drivers: by their names in `odbcinst.ini`, and by their files where Debian, Ubuntu, Red Hat, macOS and the
//! vendors put them.
//!
//! A driver is always loaded by its path: the driver manager that is built in knows no distribution's folders.

use crate::database::Database;
use roster_core::{Error, ErrorKind, Result};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Where drivers are looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// Files with the names of drivers, the most particular first.
    pub(crate) lists: Vec<PathBuf>,
    /// Folders with drivers; the last part may hold one `*`.
    pub(crate) folders: Vec<PathBuf>,
}

/// A driver that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Driver {
    /// Its name in `odbcinst.ini`, else that of its file.
    pub(crate) name: String,
    /// Its file.
    pub(crate) path: PathBuf,
}

/// What a driver understands, where several serve one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    /// FreeTDS.
    FreeTds,
    /// The database's own, or one that follows it.
    Own,
}

impl Driver {
    pub(crate) fn flavor(&self) -> Flavor {
        if file_name(&self.path).starts_with("libtdsodbc") { Flavor::FreeTds } else { Flavor::Own }
    }

    /// The database it is for, by its file.
    fn database(&self) -> Option<Database> {
        let name = file_name(&self.path);
        ALL.into_iter().find(|it| files(*it).iter().any(|file| name.starts_with(file)))
    }
}

const ALL: [Database; 5] = [
    Database::Oracle,
    Database::SqlServer,
    Database::PostgreSql,
    Database::MariaDb,
    Database::Sqlite,
];

/// How the files of a database's drivers begin, the best first.  psqlODBC's ANSI form comes after its Unicode form.
fn files(database: Database) -> &'static [&'static str] {
    match database {
        Database::Oracle => &["libsqora", "arora"],
        Database::SqlServer => &["libmsodbcsql", "libtdsodbc"],
        Database::PostgreSql => &["psqlodbcw", "libpsqlodbcw", "psqlodbca", "libpsqlodbca"],
        Database::MariaDb => &["libmaodbc", "libmyodbc8w", "libmyodbc9w"],
        Database::Sqlite => &["libsqlite3odbc"],
    }
}

/// What to install for a database.
pub(crate) fn advice(database: Database) -> &'static str {
    match database {
        Database::Oracle => {
            "install Oracle Instant Client with its ODBC package (instantclient-basic and instantclient-odbc)"
        }
        Database::SqlServer => {
            "install Microsoft's msodbcsql18 from packages.microsoft.com, or FreeTDS (Debian and Ubuntu: tdsodbc; Red Hat: freetds; macOS: brew install freetds)"
        }
        Database::PostgreSql => {
            "install psqlODBC (Debian and Ubuntu: odbc-postgresql; Red Hat: postgresql-odbc; macOS: brew install psqlodbc)"
        }
        Database::MariaDb => {
            "install MariaDB Connector/ODBC (Debian and Ubuntu: odbc-mariadb; Red Hat: mariadb-connector-odbc; macOS: brew install mariadb-connector-odbc)"
        }
        Database::Sqlite => {
            "install the SQLite ODBC driver (Debian and Ubuntu: libsqliteodbc; Red Hat: sqliteodbc; macOS: brew install sqliteodbc)"
        }
    }
}

impl Places {
    /// Those of this machine.
    pub(crate) fn of_this_machine() -> Self {
        let named = |variable: &str| env::var_os(variable).map(PathBuf::from);
        let folder = named("ODBCSYSINI");
        let listed = named("ODBCINSTINI").map(|it| match &folder {
            Some(folder) => folder.join(it),
            None => it,
        });
        let home = named("HOME").map(|it| it.join(".odbcinst.ini"));
        let fixed = [
            "/etc/odbcinst.ini",
            "/etc/unixODBC/odbcinst.ini",
            "/usr/local/etc/odbcinst.ini",
            "/opt/homebrew/etc/odbcinst.ini",
        ];
        let in_folder = folder.map(|it| it.join("odbcinst.ini"));
        let lists = listed.into_iter().chain(in_folder).chain(home);
        Self {
            lists: lists.chain(fixed.map(PathBuf::from)).collect(),
            folders: FOLDERS.iter().map(PathBuf::from).collect(),
        }
    }

    /// The driver for a database: the one that `wanted` names (in `odbcinst.ini`, or by its path), else the best.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`], with what to install.
    pub(crate) fn find(&self, database: Database, wanted: Option<&str>) -> Result<Driver> {
        let found = match wanted {
            Some(path) if Path::new(path).is_absolute() => Path::new(path).is_file().then(|| {
                Driver { name: file_name(Path::new(path)).to_owned(), path: PathBuf::from(path) }
            }),
            Some(name) => self.listed().into_iter().find(|it| it.name.eq_ignore_ascii_case(name)),
            None => self.all().into_iter().find(|it| it.database() == Some(database)),
        };
        found.ok_or_else(|| {
            let what = match wanted {
                Some(name) => format!("there is no ODBC driver {name:?} on this machine"),
                None => "no ODBC driver for this database is on this machine".to_owned(),
            };
            let message = format!("{what}; {}", advice(database));
            Error::new(ErrorKind::ConfigInvalid, "odbc.driver", message)
                .context("drivers", self.told())
        })
    }

    /// The names of all drivers, for people.
    pub(crate) fn told(&self) -> String {
        let names: Vec<_> = self.all().into_iter().map(|it| it.name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }

    /// All drivers, those that are best for a database before its others, each file once.
    fn all(&self) -> Vec<Driver> {
        let mut found = self.listed();
        for folder in self.folders.iter().flat_map(|it| expanded(it)) {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut paths: Vec<_> = entries.map(|it| it.path()).collect();
            paths.sort();
            let driver = |path: PathBuf| Driver { name: file_name(&path).to_owned(), path };
            found.extend(paths.into_iter().map(driver).filter(|it| it.database().is_some()));
        }
        let same = |it: &Driver| fs::canonicalize(&it.path).unwrap_or_else(|_| it.path.clone());
        let mut seen = std::collections::HashSet::new();
        found.retain(|it| seen.insert(same(it)));
        let rank = |it: &Driver| {
            let name = file_name(&it.path);
            let mut places = ALL.into_iter().flat_map(files);
            places.position(|file| name.starts_with(file)).unwrap_or(usize::MAX)
        };
        found.sort_by_key(rank);
        found
    }

    /// The drivers that `odbcinst.ini` names and that are there.
    fn listed(&self) -> Vec<Driver> {
        let texts = self.lists.iter().filter_map(|it| fs::read_to_string(it).ok());
        texts.flat_map(|text| sections(&text)).filter_map(|it| self.resolved(it)).collect()
    }

    /// A file without a folder is in one of ours.
    fn resolved(&self, (name, file): (String, String)) -> Option<Driver> {
        let file = PathBuf::from(file);
        if file.is_absolute() {
            return file.is_file().then_some(Driver { name, path: file });
        }
        let mut folders = self.folders.iter().flat_map(|it| expanded(it));
        let path = folders.find_map(|it| Some(it.join(&file)).filter(|it| it.is_file()))?;
        Some(Driver { name, path })
    }
}

/// Folders of Debian, Ubuntu, Red Hat, macOS and of the vendors' own packages.
const FOLDERS: &[&str] = &[
    "/usr/lib/*-linux-gnu/odbc",
    "/usr/lib/*-linux-gnu",
    "/usr/lib64",
    "/usr/lib64/odbc",
    "/usr/pgsql-*/lib",
    "/opt/microsoft/*/lib64",
    "/opt/oracle/*",
    "/usr/lib/oracle/*/client64/lib",
    "/usr/local/lib",
    "/opt/homebrew/lib",
];

/// The folders that a pattern with one `*` stands for.
fn expanded(pattern: &Path) -> Vec<PathBuf> {
    let text = pattern.to_string_lossy();
    let Some((before, after)) = text.split_once('*') else { return vec![pattern.to_owned()] };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let (suffix, rest) = after.split_once('/').map_or((after, None), |it| (it.0, Some(it.1)));
    let fits = |name: &str| name.strip_prefix(prefix).is_some_and(|it| it.ends_with(suffix));
    let entries = fs::read_dir(Path::new(parent).join("")).into_iter().flatten().flatten();
    let fitting = entries.map(|it| it.path()).filter(|it| fits(file_name(it)));
    let mut folders: Vec<_> =
        fitting.map(|it| rest.map_or_else(|| it.clone(), |rest| it.join(rest))).collect();
    // The newest version has the highest name.
    folders.sort();
    folders.reverse();
    folders
}

/// Sections of an `odbcinst.ini` with the file of their driver.
fn sections(text: &str) -> Vec<(String, String)> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            name.trim().clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=')
            && ["driver", "driver64"].contains(&key.trim().to_ascii_lowercase().as_str())
            && !value.trim().is_empty()
        {
            found.push((section.clone(), value.trim().to_owned()));
        }
    }
    found
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|it| it.to_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine with these files below `root`, and an `odbcinst.ini`.
    fn machine(root: &Path, files: &[&str], list: &str) -> Places {
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let list_file = root.join("odbcinst.ini");
        fs::write(&list_file, list).unwrap();
        let below = |it: &&str| root.join(it.trim_start_matches('/'));
        Places { lists: vec![list_file], folders: FOLDERS.iter().map(below).collect() }
    }

    fn check(files: &[&str], list: &str, database: Database, wanted: Option<&str>, expected: &str) {
        let root = tempfile::tempdir().unwrap();
        let found = machine(root.path(), files, list).find(database, wanted);
        match found {
            Ok(driver) => {
                let path = driver.path.strip_prefix(root.path()).unwrap().to_str().unwrap();
                assert_eq!(path, expected);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
                assert!(!expected.is_empty() && error.to_string().contains(expected), "{error}");
            }
        }
    }

    #[test]
    fn drivers_are_found_where_distributions_put_them() {
        let debian = "usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so";
        check(&[debian], "", Database::PostgreSql, None, debian);
        let ubuntu = "usr/lib/aarch64-linux-gnu/odbc/libmaodbc.so";
        check(&[ubuntu], "", Database::MariaDb, None, ubuntu);
        let red_hat = "usr/lib64/psqlodbcw.so";
        check(&[red_hat], "", Database::PostgreSql, None, red_hat);
        let microsoft = "opt/microsoft/msodbcsql18/lib64/libmsodbcsql-18.6.so.2.1";
        let free_tds = "usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so";
        check(&[free_tds, microsoft], "", Database::SqlServer, None, microsoft);
        let oracle = "usr/lib/oracle/21/client64/lib/libsqora.so.21.1";
        check(&[oracle], "", Database::Oracle, None, oracle);
        let mac = "opt/homebrew/lib/libsqlite3odbc.dylib";
        check(&[mac], "", Database::Sqlite, None, mac);
    }

    #[test]
    fn names_of_odbcinst_lead_to_files() {
        let file = "usr/lib/x86_64-linux-gnu/odbc/psqlodbca.so";
        let list = "[PostgreSQL ANSI]\nDescription=x\nDriver = psqlodbca.so\n";
        check(&[file], list, Database::PostgreSql, Some("postgresql ansi"), file);
        check(&[file], list, Database::PostgreSql, Some("Other"), "no ODBC driver \"Other\"");
        check(&[file], list, Database::PostgreSql, Some("/nowhere.so"), "odbc-postgresql");
    }

    #[test]
    fn missing_drivers_say_what_to_install() {
        check(&[], "", Database::PostgreSql, None, "Debian and Ubuntu: odbc-postgresql");
        check(&[], "", Database::SqlServer, None, "msodbcsql18");
        check(&[], "[Gone]\nDriver=/gone.so", Database::Sqlite, Some("Gone"), "libsqliteodbc");
        check(&["usr/lib64/libmaodbc.so"], "", Database::Sqlite, None, "drivers=libmaodbc.so");
    }
}
