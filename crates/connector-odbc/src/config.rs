//! What an operator writes to connect a database.

use crate::{database::Database, locate::Places, map::Profile, profiles::ProfileConfig};
use roster_core::{ConfigProblem, Error, ErrorKind, Result};
use roster_credentials::CredentialPlace;
use roster_ssh::SshConfig;
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    num::{NonZeroU32, NonZeroU64, NonZeroUsize},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// A database, how it is reached, and what is read from it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which database it is.  Example: `"oracle"`
    pub database: Database,
    /// What is read.  Example: `{ type = "custom", query = [{ entity = "orgs", sql = "SELECT …" }] }`
    pub profile: ProfileConfig,
    /// The server.  Example: `"sis.lakeside.example"`
    #[serde(default)]
    pub host: Option<String>,
    /// Its port.  Default: the database's own.  Example: `1521`
    #[serde(default)]
    pub port: Option<u16>,
    /// Name of the database on the server; with Oracle the service name.  Example: `"PSPRODDB"`
    #[serde(default)]
    pub database_name: Option<String>,
    /// The file of an SQLite database.  Example: `"/srv/sis/roster.db"`
    #[serde(default)]
    pub path: Option<PathBuf>,
    /// Schema that table names without one are looked up in, with Oracle and PostgreSQL.  Example: `"PS"`
    #[serde(default)]
    pub schema: Option<String>,
    /// The account, which may only read.  Example: `"homeroom_read"`
    #[serde(default)]
    pub user: Option<String>,
    /// Where its password is kept.  Example: `{ env = "LAKESIDE_SIS_PASSWORD" }` or `{ file = "/run/secrets/lakeside" }`
    #[serde(default)]
    pub password: Option<CredentialPlace>,
    /// The SSH server that the database is reached through, where it is not reached directly; the database's host and
    /// port are then as that server sees them.  Example: `{ host = "ssh.sis.example", username = "homeroom",
    /// key_file = "/etc/homeroom/id_ed25519", known_hosts = "/etc/homeroom/known_hosts" }`
    #[serde(default)]
    pub tunnel: Option<SshConfig>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub tls: TlsConfig,
    /// The ODBC driver: a name in `odbcinst.ini`, or the path of its file.  Default: the best one for the database that
    /// is found.  Example: `"ODBC Driver 18 for SQL Server"`
    #[serde(default)]
    pub driver: Option<String>,
    /// Further keywords for the driver's connection string; never credentials.  Example: `{ MultiSubnetFailover = "yes" }`
    #[serde(default)]
    pub driver_options: BTreeMap<String, String>,
    /// Set where the district gives no account without rights to write.  Its queries still only read.
    #[serde(default)]
    pub accept_writable_account: Option<AcceptWritableAccount>,
    /// How long things may take.
    #[serde(default)]
    pub time_limits: TimeLimits,
    /// How much is fetched at once.
    #[serde(default)]
    pub fetch: FetchConfig,
    /// How often a query is started in all when the connection is lost before anything of it was passed on.
    /// Default: three.  Example: `2`
    #[serde(default = "three")]
    pub attempts: NonZeroU32,
}

fn three() -> NonZeroU32 {
    const { NonZeroU32::new(3).expect("three is not zero") }
}

/// How a connection is encrypted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Whether, and how much of it is checked.  Default: `verify`.  Example: `"require"`
    #[serde(default)]
    pub mode: TlsMode,
    /// File with the certificates of the authorities that are trusted, as PEM, for PostgreSQL and MariaDB.  Default: those of
    /// the system or of the driver.  Example: `"/etc/homeroom/lakeside-ca.pem"`
    #[serde(default)]
    pub certificate_authorities: Option<PathBuf>,
}

/// Whether a connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Encrypted, and the server's certificate is checked.
    #[default]
    Verify,
    /// Encrypted; whoever answers is believed.
    Require,
    /// Not encrypted: only within one machine, or through a tunnel.
    Off,
}

/// That an account which may write is accepted, and why.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptWritableAccount {
    /// Why the district gives no other.  Example: `"the hosting company has one account for all vendors"`
    pub reason: String,
}

/// How long things may take, whatever the driver does.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TimeLimits {
    /// Seconds until the login must be done.  Default: 30.  Example: `60`
    pub login_secs: NonZeroU64,
    /// Seconds until a query must give its first row.  Default: 900.  Example: `1800`
    pub query_secs: NonZeroU64,
    /// Seconds until the next rows must come.  Default: 120.  Example: `300`
    pub fetch_secs: NonZeroU64,
}

impl Default for TimeLimits {
    fn default() -> Self {
        const fn seconds(count: u64) -> NonZeroU64 {
            NonZeroU64::new(count).expect("the defaults are not zero")
        }
        Self { login_secs: seconds(30), query_secs: seconds(900), fetch_secs: seconds(120) }
    }
}

impl TimeLimits {
    pub(crate) fn login(&self) -> Duration {
        Duration::from_secs(self.login_secs.get())
    }

    pub(crate) fn query(&self) -> Duration {
        Duration::from_secs(self.query_secs.get())
    }

    pub(crate) fn fetch(&self) -> Duration {
        Duration::from_secs(self.fetch_secs.get())
    }
}

/// How much is fetched at once; whichever bound is reached first counts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FetchConfig {
    /// Rows.  Default: 2000.  Example: `5000`
    pub max_rows: NonZeroUsize,
    /// Bytes of all columns' buffers; what stays in the processor's cache is read fastest.  Default: 1 MiB.
    /// Example: `8388608`
    pub max_bytes: NonZeroUsize,
    /// Bytes of one value.  A longer one is an error, never cut.  Default: 4096.  Example: `65536`
    pub max_value_bytes: NonZeroUsize,
}

impl Default for FetchConfig {
    fn default() -> Self {
        const fn bound(count: usize) -> NonZeroUsize {
            NonZeroUsize::new(count).expect("the defaults are not zero")
        }
        Self { max_rows: bound(2_000), max_bytes: bound(1 << 20), max_value_bytes: bound(4_096) }
    }
}

/// A configuration without contradictions.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) profile: Arc<dyn Profile>,
    pub(crate) places: Places,
}

impl Config {
    pub(crate) fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = match self.database {
            Database::Sqlite => self.problems_of_a_file(),
            _ => self.problems_of_a_server(),
        };
        let mut add = |key, message: &str| {
            problems.push(ConfigProblem { key, message: message.to_owned() });
        };
        if self.accept_writable_account.as_ref().is_some_and(|it| it.reason.trim().is_empty()) {
            add(
                "accept_writable_account.reason",
                "the reason is empty; say why the account may write",
            );
        }
        if self.schema.as_deref().is_some_and(|it| !is_plain_name(it)) {
            add("schema", "a schema's name has letters, digits, `_`, `$` and `#` alone");
        }
        if self.driver_options.keys().any(|it| crate::block::speaks_of_credentials(it)) {
            add("driver_options", "credentials do not belong here; use user and password");
        }
        problems.extend(self.password.as_ref().and_then(|it| it.problem("password")));
        problems.extend(self.problems_of_a_tunnel());
        problems.extend(self.profile.problems(self.database));
        problems
    }

    fn problems_of_a_file(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut add = |key, message: &str| {
            problems.push(ConfigProblem { key, message: message.to_owned() });
        };
        if self.path.as_ref().is_none_or(|it| it.as_os_str().is_empty()) {
            add("path", "the path of the SQLite file is missing; give it");
        }
        if self.host.is_some() {
            add("host", "SQLite has no server; remove the host");
        }
        problems
    }

    fn problems_of_a_server(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let missing = |it: &Option<String>| it.as_deref().is_none_or(str::is_empty);
        for (key, value) in
            [("host", &self.host), ("database_name", &self.database_name), ("user", &self.user)]
        {
            if missing(value) {
                let message = format!("{key} is missing; give it");
                problems.push(ConfigProblem { key, message });
            }
        }
        if self.path.is_some() {
            let message = "only SQLite has a file; remove the path".to_owned();
            problems.push(ConfigProblem { key: "path", message });
        }
        problems
    }

    fn problems_of_a_tunnel(&self) -> Vec<ConfigProblem> {
        let Some(tunnel) = &self.tunnel else { return Vec::new() };
        let problem = |it: ConfigProblem| {
            let message = format!("{}: {}", it.key, it.message);
            ConfigProblem { key: "tunnel", message }
        };
        let mut problems: Vec<_> = tunnel.problems().into_iter().map(problem).collect();
        let mut add = |key, message: &str| {
            problems.push(ConfigProblem { key, message: message.to_owned() });
        };
        if self.database == Database::Sqlite {
            add("tunnel", "an SQLite file is not reached through a tunnel; remove it");
        } else if self.tls.mode == TlsMode::Verify {
            add(
                "tls.mode",
                "through a tunnel the server has another name than its certificate; set it to require, or to off \
                 where the database offers no encryption: the tunnel encrypts up to the SSH server",
            );
        }
        problems
    }

    /// Relative paths start at `base`.
    pub(crate) fn resolve(mut self, base: &Path) -> Result<Settings> {
        if let Some(problem) = self.problems().into_iter().next() {
            let error = Error::new(ErrorKind::ConfigInvalid, "odbc.config", problem.message);
            return Err(error.context("key", problem.key));
        }
        let based = |it: &mut PathBuf| *it = base.join(&*it);
        self.path.iter_mut().for_each(based);
        self.tls.certificate_authorities.iter_mut().for_each(based);
        self.password = self.password.map(|it| it.at(base));
        self.tunnel = self.tunnel.map(|it| it.resolve(base));
        let profile = self.profile.resolve(self.database)?;
        Ok(Settings { config: self, profile, places: Places::of_this_machine() })
    }
}

/// Names that need no quotes, and so cannot smuggle anything into a statement.
fn is_plain_name(name: &str) -> bool {
    let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '$' | '#');
    !name.is_empty() && name.chars().all(plain)
}

#[cfg(test)]
mod tests;
