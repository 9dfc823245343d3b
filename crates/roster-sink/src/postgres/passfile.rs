//! The password file of libpq: `host:port:database:user:password`, one a line.

use super::address::host_name;
use roster_core::{Error, ErrorKind, Result};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};
use tokio_postgres::{Config, config::Host};

/// The password for a server: from `path`, else from `PGPASSFILE`, else from `~/.pgpass`.
pub(super) fn find(config: &Config, path: Option<&Path>) -> Result<Option<String>> {
    let Some(path) = path.map(Path::to_owned).or_else(default_path) else { return Ok(None) };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(err) => return Err(refused(&path, "the password file cannot be read").source(err)),
    };
    let found = text.lines().find_map(|line| password(line, config));
    if found.is_some() && is_open_to_others(&path) {
        let message = "the password file may be read by others; take their rights away (chmod 600)";
        return Err(refused(&path, message));
    }
    Ok(found)
}

fn default_path() -> Option<PathBuf> {
    let named = env::var_os("PGPASSFILE").map(PathBuf::from);
    named.or_else(|| env::home_dir().map(|it| it.join(".pgpass")))
}

fn refused(path: &Path, message: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "postgres.password", message)
        .context("file", path.display())
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|it| it.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

/// The password of a line that fits the server.
fn password(line: &str, config: &Config) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = fields(line).into_iter();
    let mut fits =
        |values: &[String]| fields.next().is_some_and(|it| it == "*" || values.contains(&it));
    let user = config.get_user().map(str::to_owned).or_else(|| env::var("USER").ok());
    let fitting = fits(&hosts(config))
        && fits(&[config.get_ports().first().copied().unwrap_or(5432).to_string()])
        && fits(&[config.get_dbname().unwrap_or_default().to_owned()])
        && fits(&[user.unwrap_or_default()]);
    if fitting { fields.next() } else { None }
}

/// What a line may call the server.
fn hosts(config: &Config) -> Vec<String> {
    let mut names: Vec<_> = config.get_hosts().iter().take(1).map(host_name).collect();
    names.extend(config.get_hostaddrs().iter().take(1).map(ToString::to_string));
    if config.get_hosts().first().is_some_and(|it| !matches!(it, Host::Tcp(_))) {
        names.push("localhost".to_owned());
    }
    names
}

/// The parts between the colons; a backslash takes the special meaning from what follows it.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let last = fields.len() - 1;
        match character {
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => fields[last].extend(characters.next()),
            other => fields[last].push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, url: &str, expected: Option<&str>) {
        let config: Config = url.parse().unwrap();
        assert_eq!(password(line, &config).as_deref(), expected, "{line}");
    }

    #[test]
    fn lines_fit_by_host_port_database_and_user() {
        let url = "postgres://ann@db.example:5433/rosters";
        check("db.example:5433:rosters:ann:s3cret", url, Some("s3cret"));
        check("*:*:*:ann:a:b\\:\\\\c", url, Some("a:b:\\c"));
        check("db.example:5432:rosters:ann:no", url, None);
        check("db.example:5433:other:ann:no", url, None);
        check("db.example:5433:rosters:bob:no", url, None);
        check("#*:*:*:*:no", url, None);
        check("*:*:*", url, None);
        check("localhost:*:*:ann:s", "postgres://ann@%2Frun/rosters", Some("s"));
        check("/run:5432:*:ann:s", "postgres://ann@%2Frun/rosters", Some("s"));
    }

    #[cfg(unix)]
    #[test]
    fn file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        fs::write(&path, "h:*:d:u:CANARY\n").unwrap();
        let find = |url: &str| find(&url.parse().unwrap(), Some(&path));
        let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        set(0o644);
        let error = find("postgres://u@h/d").unwrap_err();
        assert!(error.message().contains("chmod 600") && !format!("{error:?}").contains("CANARY"));
        assert_eq!(find("postgres://u@other/d").unwrap(), None);
        set(0o600);
        assert_eq!(find("postgres://u@h/d").unwrap().as_deref(), Some("CANARY"));
    }
}
