//! What an operator writes to run the drop.

use roster_core::ConfigProblem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The SFTP drop, which `homeroom serve` runs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DropConfig {
    /// Address and port to listen on; default `"0.0.0.0:2222"`.  Example: `"[::]:22"`
    pub listen: String,
    /// A second address and port, for clients that speak only older algorithms: SHA-1, CBC, `ssh-rsa`.  Only logins that
    /// were allowed to (`homeroom drop add --legacy`) are let in there.  Default: none.  Example: `"0.0.0.0:2223"`
    pub legacy_listen: Option<String>,
    /// The folder that has a folder for each login.  A district's landing folder is the one with its id, such as
    /// `landing = { path = "/srv/homeroom/drop/lakeside" }`.  Example: `"/srv/homeroom/drop"`
    #[schemars(required)]
    pub folder: PathBuf,
    /// Where host keys and logins are kept; default: `.homeroom` in `folder`.  Example: `"/etc/homeroom/drop"`
    pub state: Option<PathBuf>,
    /// Whether a finished upload starts the district's night at once, or waits for the schedule; default
    /// `"schedule"`.  Example: `"at_once"`
    pub start: Start,
    /// For how many seconds nothing must have come before an upload counts as finished; default 30.  Example: `60`
    pub quiet_secs: u64,
    /// How much clients may do.
    pub limits: DropLimits,
}

/// What a finished upload does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// It starts the district's night.
    AtOnce,
    /// It waits for the next scheduled night.
    #[default]
    Schedule,
}

/// How much clients may do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DropLimits {
    /// Bytes that a login's folder may hold, without the sets that were taken; default 8 GiB.  Example: `1073741824`
    pub max_bytes: u64,
    /// Files and folders that a login's folder may hold; default 1,000.  Example: `100`
    pub max_files: u64,
    /// Connections of all clients together; default 200.  Example: `500`
    pub max_connections: usize,
    /// Connections of one address; default 50, for districts may share one.  Example: `10`
    pub max_connections_per_address: usize,
    /// Connections of one login; default 10.  Example: `2`
    pub max_connections_per_login: usize,
    /// How many seconds a client may take to log in; default 30.  Example: `60`
    pub login_secs: u64,
    /// After how many silent seconds a connection is closed; default 600.  Example: `120`
    pub idle_secs: u64,
    /// Failed logins after which an address is locked out; default 20.  Each one makes the next answer slower.
    /// Example: `5`
    pub max_failed_logins: u32,
    /// For how many seconds an address is locked out; default 900.  Example: `3600`
    pub lockout_secs: u64,
}

impl Default for DropConfig {
    fn default() -> Self {
        Self {
            listen: "0.0.0.0:2222".to_owned(),
            legacy_listen: None,
            folder: PathBuf::new(),
            state: None,
            start: Start::default(),
            quiet_secs: 30,
            limits: DropLimits::default(),
        }
    }
}

impl Default for DropLimits {
    fn default() -> Self {
        Self {
            max_bytes: 8 << 30,
            max_files: 1_000,
            max_connections: 200,
            max_connections_per_address: 50,
            max_connections_per_login: 10,
            login_secs: 30,
            idle_secs: 600,
            max_failed_logins: 20,
            lockout_secs: 900,
        }
    }
}

impl DropConfig {
    /// Everything that is wrong with it, found without touching anything outside.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut refuse = |wrong: bool, key, message: &str| {
            if wrong {
                problems.push(ConfigProblem { key, message: message.to_owned() });
            }
        };
        let no_port =
            |it: &str| it.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err());
        let message = "the address has no port; write it as 0.0.0.0:2222";
        refuse(no_port(&self.listen), "listen", message);
        refuse(self.legacy_listen.as_deref().is_some_and(no_port), "legacy_listen", message);
        let folder = "the folder is empty; give the one that is to have the districts' folders";
        refuse(self.folder.as_os_str().is_empty(), "folder", folder);
        let limits = &self.limits;
        let none = [
            (limits.max_bytes, "limits.max_bytes"),
            (limits.max_files, "limits.max_files"),
            (limits.max_connections as u64, "limits.max_connections"),
            (limits.max_connections_per_address as u64, "limits.max_connections_per_address"),
            (limits.max_connections_per_login as u64, "limits.max_connections_per_login"),
            (limits.login_secs, "limits.login_secs"),
            (limits.idle_secs, "limits.idle_secs"),
            (limits.max_failed_logins.into(), "limits.max_failed_logins"),
        ];
        for (value, key) in none {
            refuse(value == 0, key, "with 0 nobody can upload anything");
        }
        problems
    }

    /// Relative paths start at `base`.
    #[must_use]
    pub fn resolve(mut self, base: &Path) -> Self {
        self.folder = base.join(self.folder);
        self.state = self.state.map(|it| base.join(it));
        self
    }

    /// Where host keys and logins are kept.
    #[must_use]
    pub fn state_folder(&self) -> PathBuf {
        self.state.clone().unwrap_or_else(|| self.folder.join(".homeroom"))
    }

    /// The folder of a login.
    #[must_use]
    pub fn folder_of(&self, login: &str) -> PathBuf {
        self.folder.join(login)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_found_at_once() {
        let check = |text: &str, expected: &[&str]| {
            let config: DropConfig = toml::from_str(text).unwrap();
            let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
            assert_eq!(keys, expected, "{text}");
        };
        check("folder = 'drop'", &[]);
        check("", &["folder"]);
        check(
            "folder = 'd'\nlisten = 'localhost'\nlegacy_listen = '::'",
            &["listen", "legacy_listen"],
        );
        check(
            "folder = 'd'\n[limits]\nmax_files = 0\nidle_secs = 0",
            &["limits.max_files", "limits.idle_secs"],
        );
    }

    #[test]
    fn unknown_keys_are_refused() {
        for text in ["foldr = 'd'", "start = 'now'", "limits = { max = 1 }"] {
            assert!(toml::from_str::<DropConfig>(text).is_err(), "{text}");
        }
    }
}
