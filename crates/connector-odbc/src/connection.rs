//! Connection strings: what each driver calls host, account, encryption, and what keeps it from surprising.

use crate::{
    config::{Config, TlsMode},
    database::Database,
    driver::escaped,
    locate::{Driver, Flavor},
};
use roster_core::{Error, ErrorKind, Result, Secret};
use std::fmt::Write as _;

/// Where a server is reached, which a tunnel changes.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Endpoint {
    /// As the configuration says.
    pub(crate) fn of(config: &Config) -> Self {
        let port = config.port.unwrap_or(match config.database {
            Database::Oracle => 1521,
            Database::SqlServer => 1433,
            Database::PostgreSql => 5432,
            Database::MariaDb => 3306,
            Database::Sqlite => 0,
        });
        Self { host: config.host.clone().unwrap_or_default(), port }
    }
}

/// Keywords and their values, escaped.
struct Keywords(String);

impl Keywords {
    fn add(&mut self, keyword: &str, value: impl AsRef<str>) {
        // Writing to text cannot fail.
        _ = write!(self.0, "{keyword}={};", escaped(value.as_ref()));
    }

    fn add_all(&mut self, keywords: &[(&str, &str)]) {
        for (keyword, value) in keywords {
            self.add(keyword, value);
        }
    }
}

/// The connection string for a driver.
///
/// # Errors
///
/// [`ErrorKind::ConfigInvalid`] where the driver cannot do what is asked for.
pub(crate) fn string(
    config: &Config,
    endpoint: &Endpoint,
    driver: &Driver,
    password: Option<&Secret<String>>,
) -> Result<Secret<String>> {
    let mut keywords = Keywords(String::new());
    keywords.add("Driver", driver.path.to_string_lossy());
    match (config.database, driver.flavor()) {
        (Database::PostgreSql, _) => postgresql(config, endpoint, &mut keywords),
        (Database::MariaDb, _) => mariadb(config, endpoint, &mut keywords),
        (Database::SqlServer, Flavor::FreeTds) => free_tds(config, endpoint, &mut keywords)?,
        (Database::SqlServer, Flavor::Own) => sql_server(config, endpoint, &mut keywords),
        (Database::Oracle, _) => oracle(config, endpoint, &mut keywords)?,
        (Database::Sqlite, _) => sqlite(config, &mut keywords),
    }
    if let Some(user) = &config.user {
        keywords.add("UID", user);
    }
    if let Some(password) = password {
        keywords.add("PWD", password.expose());
    }
    // The first of two equal keywords counts, so that these cannot undo what stands above.
    for (keyword, value) in &config.driver_options {
        keywords.add(keyword, value);
    }
    Ok(Secret::new(keywords.0))
}

fn server(config: &Config, endpoint: &Endpoint, keywords: &mut Keywords) {
    keywords.add("Server", &endpoint.host);
    keywords.add("Port", endpoint.port.to_string());
    keywords.add("Database", config.database_name.as_deref().unwrap_or_default());
}

fn authorities(config: &Config) -> Option<String> {
    config.tls.certificate_authorities.as_ref().map(|it| it.display().to_string())
}

/// Without `UseDeclareFetch` psqlODBC fetches the whole result before the first row: five times its text in memory.
fn postgresql(config: &Config, endpoint: &Endpoint, keywords: &mut Keywords) {
    server(config, endpoint, keywords);
    let rows = config.fetch.max_rows.to_string();
    let most = config.fetch.max_value_bytes.to_string();
    keywords.add_all(&[
        ("UseDeclareFetch", "1"),
        ("Fetch", &rows),
        ("MaxVarcharSize", &most),
        ("MaxLongVarcharSize", &most),
        ("BoolsAsChar", "1"),
    ]);
    keywords.add(
        "SSLmode",
        match config.tls.mode {
            TlsMode::Verify => "verify-full",
            TlsMode::Require => "require",
            TlsMode::Off => "disable",
        },
    );
    let mut options = vec![format!("connect_timeout={}", config.time_limits.login_secs)];
    options.push("application_name=homeroom".to_owned());
    options.extend(authorities(config).map(|it| format!("sslrootcert='{it}'")));
    // psqlODBC takes this keyword in braces alone.
    _ = write!(keywords.0, "pqopt={{{}}};", options.join(" "));
}

fn mariadb(config: &Config, endpoint: &Endpoint, keywords: &mut Keywords) {
    server(config, endpoint, keywords);
    let seconds = config.time_limits.login_secs.to_string();
    keywords.add_all(&[("CHARSET", "utf8mb4"), ("CONN_TIMEOUT", &seconds)]);
    if config.tls.mode != TlsMode::Off {
        keywords.add("FORCETLS", "1");
    }
    if config.tls.mode == TlsMode::Verify {
        keywords.add("SSLVERIFY", "1");
    }
    if let Some(file) = authorities(config) {
        keywords.add("SSLCA", file);
    }
}

fn sql_server(config: &Config, endpoint: &Endpoint, keywords: &mut Keywords) {
    keywords.add("Server", format!("tcp:{},{}", endpoint.host, endpoint.port));
    keywords.add("Database", config.database_name.as_deref().unwrap_or_default());
    let (encrypt, trust) = match config.tls.mode {
        TlsMode::Verify => ("yes", "no"),
        TlsMode::Require => ("yes", "yes"),
        TlsMode::Off => ("no", "yes"),
    };
    keywords.add_all(&[
        ("Encrypt", encrypt),
        ("TrustServerCertificate", trust),
        // Only routes to a replica that can be read; it forbids nothing.
        ("ApplicationIntent", "ReadOnly"),
        ("APP", "homeroom"),
    ]);
}

/// FreeTDS takes authorities from its own `freetds.conf` alone, and without them it believes whoever answers.
fn free_tds(config: &Config, endpoint: &Endpoint, keywords: &mut Keywords) -> Result<()> {
    server(config, endpoint, keywords);
    keywords.add_all(&[("TDS_Version", "7.4"), ("ClientCharset", "UTF-8"), ("APP", "homeroom")]);
    match config.tls.mode {
        TlsMode::Verify => Err(Error::new(
            ErrorKind::ConfigInvalid,
            "odbc.tls",
            "FreeTDS does not check the server's certificate; install msodbcsql18, or set tls.mode to require",
        )),
        TlsMode::Require => {
            keywords.add("Encryption", "require");
            Ok(())
        }
        TlsMode::Off => {
            keywords.add("Encryption", "off");
            Ok(())
        }
    }
}

fn oracle(config: &Config, endpoint: &Endpoint, keywords: &mut Keywords) -> Result<()> {
    let utf_8 = std::env::var("NLS_LANG").is_ok_and(|it| it.to_ascii_uppercase().ends_with("UTF8"));
    if !utf_8 {
        return Err(Error::new(
            ErrorKind::ConfigInvalid,
            "odbc.oracle",
            "Oracle's driver would replace letters it cannot show; set NLS_LANG=.AL32UTF8 in the environment of homeroom",
        ));
    }
    let Endpoint { host, port } = endpoint;
    let service = config.database_name.as_deref().unwrap_or_default();
    let (protocol, security) = match config.tls.mode {
        TlsMode::Off => ("tcp", ""),
        TlsMode::Require => ("tcps", "(SECURITY=(SSL_SERVER_DN_MATCH=no))"),
        TlsMode::Verify => ("tcps", "(SECURITY=(SSL_SERVER_DN_MATCH=yes))"),
    };
    let address = format!("(ADDRESS=(PROTOCOL={protocol})(HOST={host})(PORT={port}))");
    let descriptor =
        format!("(DESCRIPTION={address}(CONNECT_DATA=(SERVICE_NAME={service})){security})");
    // A read-only connection, with an array of a mebibyte for what is fetched.
    keywords.add_all(&[("DBQ", &descriptor), ("DBA", "R"), ("FBS", "1048576")]);
    Ok(())
}

/// The file is opened read-only by SQLite itself; without `StepAPI` the driver holds the whole result in memory.
fn sqlite(config: &Config, keywords: &mut Keywords) {
    let path = config.path.as_deref().unwrap_or(std::path::Path::new(""));
    let mut uri = String::from("file:");
    for character in path.to_string_lossy().chars() {
        match character {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            ';' => uri.push_str("%3b"),
            other => uri.push(other),
        }
    }
    uri.push_str("?mode=ro");
    keywords.add_all(&[
        ("Database", &uri),
        ("StepAPI", "1"),
        ("NoWCHAR", "1"),
        ("BigInt", "1"),
        ("Timeout", "10000"),
    ]);
}

#[cfg(test)]
mod tests;
