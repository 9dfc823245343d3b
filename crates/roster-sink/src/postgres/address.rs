//! The address of a database: libpq's connection URL, and where its password is found.

use super::tls::{Mode, Tls};
use roster_core::{Error, ErrorKind, Result};
use std::{env, fmt, path::PathBuf, str::FromStr as _, time::Duration};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// How long to wait for a server that does not answer, unless the URL says so.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Parameters of a URL that are the driver's matter.
const DRIVERS_OWN: &[&str] = &[
    "user",
    "password",
    "dbname",
    "host",
    "hostaddr",
    "port",
    "options",
    "application_name",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
];

/// Where a database is and how to get in.  Neither `Debug` nor `Display` shows the user or the password.
#[derive(Clone)]
pub(super) struct Address {
    config: Config,
    tls: Tls,
    passfile: Option<PathBuf>,
    shown: String,
}

impl Address {
    /// Reads a URL; does no I/O.
    pub(super) fn parse(url: &str) -> Result<Self> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(invalid(FORM));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut own = Parameters::default();
        for pair in query.split('&').filter(|it| !it.is_empty()) {
            own.take(pair)?;
        }
        // The driver's own message may quote a part of the password, so it is not passed on.
        let config = Config::from_str(&own.rest(base)).map_err(|_| invalid(FORM))?;
        Self { config, tls: own.tls(), passfile: own.passfile, shown: String::new() }.completed()
    }

    /// How to get in, with the password.
    pub(super) fn config(&self) -> Result<Config> {
        let mut config = self.config.clone();
        if config.get_password().is_none() {
            if let Some(password) = env::var_os("PGPASSWORD") {
                config.password(password.into_encoded_bytes());
            } else if let Some(password) = super::passfile::find(&config, self.passfile.as_deref())?
            {
                config.password(password);
            }
        }
        Ok(config)
    }

    /// How the connection is encrypted.
    pub(super) fn tls(&self) -> &Tls {
        &self.tls
    }

    /// Fills in what the URL left open and refuses what cannot be meant.
    fn completed(mut self) -> Result<Self> {
        let database = self.config.get_dbname().unwrap_or_default().to_owned();
        let hosts = self.config.get_hosts();
        if database.is_empty() || (hosts.is_empty() && self.config.get_hostaddrs().is_empty()) {
            return Err(invalid(
                "the URL names no host or no database; write \
                 postgres://USER@HOST/DATABASE, or postgres:///DATABASE?host=/FOLDER for a Unix socket",
            ));
        }
        let names = hosts.iter().map(host_name).chain([database.clone()]);
        // Else a part of the password would be taken for the host or the database, and shown.
        if names.into_iter().any(|it| it.contains('@')) {
            return Err(invalid(FORM));
        }
        self.shown = shown(&self.config, &database);
        let is_local = |it: &Host| !matches!(it, Host::Tcp(_));
        let local = !hosts.is_empty() && hosts.iter().all(is_local);
        self.config.ssl_mode(match self.tls.mode {
            // As with libpq: what never leaves the machine is not encrypted.
            _ if local => SslMode::Disable,
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        });
        if self.config.get_application_name().is_none() {
            self.config.application_name("homeroom");
        }
        if self.config.get_connect_timeout().is_none() {
            self.config.connect_timeout(CONNECT_TIMEOUT);
        }
        Ok(self)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.shown).finish()
    }
}

const FORM: &str = "the URL of the database cannot be read; write postgres://USER@HOST:PORT/DATABASE, with percent codes \
                    for characters such as @ : / ? in the user and the password";

/// What a URL says after its question mark.
#[derive(Default)]
struct Parameters {
    mode: Option<Mode>,
    root: Option<PathBuf>,
    passfile: Option<PathBuf>,
    drivers_own: Vec<String>,
}

impl Parameters {
    fn take(&mut self, pair: &str) -> Result<()> {
        let (name, value) = pair.split_once('=').ok_or_else(|| invalid(FORM))?;
        let value = decoded(value).ok_or_else(|| invalid(FORM))?;
        match name {
            "sslmode" => self.mode = Some(value.parse().map_err(invalid::<String>)?),
            "sslrootcert" => self.root = Some(value.into()),
            "passfile" => self.passfile = Some(value.into()),
            name if DRIVERS_OWN.contains(&name) => self.drivers_own.push(pair.to_owned()),
            name => return Err(unknown(name)),
        }
        Ok(())
    }

    fn tls(&self) -> Tls {
        let mode = match (self.mode.unwrap_or(Mode::Prefer), &self.root) {
            // As with libpq: who names a certificate wants it to be checked.
            (Mode::Require, Some(_)) => Mode::VerifyCa,
            (mode, _) => mode,
        };
        Tls { mode, root: self.root.clone() }
    }

    /// The URL without what the driver does not know.
    fn rest(&self, base: &str) -> String {
        match self.drivers_own.as_slice() {
            [] => base.to_owned(),
            pairs => format!("{base}?{}", pairs.join("&")),
        }
    }
}

fn invalid<M: Into<String>>(message: M) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "postgres.url", message)
}

/// Names the parameter only when it cannot be the end of a password.
fn unknown(name: &str) -> Error {
    let is_word = name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
    let name = if is_word && name.starts_with("ssl") { name } else { "it has" };
    invalid(format!(
        "the URL of the database has a parameter ({name}) that is not known; known are sslmode, sslrootcert, passfile, {}",
        DRIVERS_OWN.join(", ")
    ))
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (code, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(str::from_utf8(code).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

fn shown(config: &Config, database: &str) -> String {
    let ports = config.get_ports();
    let mut places: Vec<_> = config.get_hosts().iter().map(host_name).collect();
    if places.is_empty() {
        places = config.get_hostaddrs().iter().map(ToString::to_string).collect();
    }
    let port = |number: usize| ports.get(number).or(ports.first()).filter(|it| **it != 5432);
    let places = places.iter().enumerate().map(|(number, it)| match port(number) {
        Some(port) => format!("{it}:{port}"),
        None => it.clone(),
    });
    format!("postgres://{}/{database}", places.collect::<Vec<_>>().join(","))
}

/// A host as people name it; the folder of a Unix socket as its path.
pub(super) fn host_name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(folder) => folder.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Result<(&str, Mode), &str>) {
        let address = Address::parse(url);
        match (address, expected) {
            (Ok(address), Ok((shown, mode))) => {
                assert_eq!((address.to_string().as_str(), address.tls.mode), (shown, mode));
                assert!(!format!("{address:?}").contains("CANARY"));
            }
            (Err(error), Err(says)) => {
                assert!(error.to_string().contains(says), "{error}");
                assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
            }
            (found, _) => panic!("{url}: {found:?}"),
        }
    }

    #[test]
    fn urls_are_read_and_shown_without_user_and_password() {
        check("postgres://u:CANARY/CANARY@h/d", Ok(("postgres://h/d", Mode::Prefer)));
        check("postgres://CANARY:CANARY@h/d", Ok(("postgres://h/d", Mode::Prefer)));
        check("postgresql://h:5433/d?sslmode=disable", Ok(("postgres://h:5433/d", Mode::Disable)));
        check("postgres://h/d?sslmode=require", Ok(("postgres://h/d", Mode::Require)));
        check(
            "postgres://h/d?sslmode=require&sslrootcert=%2Fx.crt",
            Ok(("postgres://h/d", Mode::VerifyCa)),
        );
        check(
            "postgres://a,b:7/d?sslmode=verify-full&connect_timeout=3",
            Ok(("postgres://a,b:7/d", Mode::VerifyFull)),
        );
        check(
            "postgres:///d?host=%2Frun%2Fpg&user=CANARY&password=CANARY&sslmode=verify-ca",
            Ok(("postgres:///run/pg/d", Mode::VerifyCa)),
        );
    }

    #[test]
    fn urls_that_cannot_be_meant_are_refused_without_showing_them() {
        for url in [
            "mysql://h/d",
            "postgres://u:CANARY@CANARY@h/d",
            "postgres://u:1?CANARY@h/d",
            "postgres://h:CANARY/d",
            "postgres://h/d?sslrootcert=%zz",
        ] {
            check(url, Err("cannot be read"));
        }
        for url in ["postgres://h", "postgres:///d", "postgres://h/"] {
            check(url, Err("names no host or no database"));
        }
        check("postgres://h/d?sslmode=allow", Err("sslmode is one of"));
        check("postgres://h/d?sslcert=x", Err("(sslcert)"));
        check("postgres://u:1?CANARY@h/d?x=y", Err("not known"));
    }
}
