//! What an operator writes to connect to an SSH server.

use crate::{LegacyAlgorithm, SecretSource, host_key};
use roster_core::ConfigProblem;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A server, how to log in to it, and how it is recognized.
///
/// One of `password` and `key_file` is needed, and one of `host_keys` and `known_hosts`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SshConfig {
    /// Its name or address, such as `"sftp.lakeside.example"`.
    #[schemars(required)]
    pub host: String,
    /// Its port; default 22.  Example: `2222`
    pub port: u16,
    /// The name to log in with, such as `"homeroom"`.
    #[schemars(required)]
    pub username: String,
    /// Where the password is kept, such as `{ env = "LAKESIDE_PASSWORD" }` or `{ file = "/run/secrets/lakeside" }`.
    pub password: Option<SecretSource>,
    /// The file of a private key, in OpenSSH's or PKCS#8's format, such as `"/etc/homeroom/id_ed25519"`.
    pub key_file: Option<PathBuf>,
    /// Where the passphrase of the private key is kept, if it has one, such as `{ env = "LAKESIDE_PASSPHRASE" }`.
    pub key_passphrase: Option<SecretSource>,
    /// The server's host keys that are trusted: fingerprints as `ssh-keygen -l` prints them, or public keys, such as
    /// `["SHA256:uNiVztksCsDhcc0u9e8BrrVoOrXvDzVQMNArdkPbwyU"]`.
    pub host_keys: Vec<String>,
    /// A file of trusted host keys in OpenSSH's format, such as `"/etc/homeroom/known_hosts"`.
    pub known_hosts: Option<PathBuf>,
    /// Older algorithms that may be used with this server, by their SSH names, such as
    /// `["diffie-hellman-group14-sha1", "ssh-rsa"]`.
    pub legacy_algorithms: Vec<LegacyAlgorithm>,
    /// How many seconds connecting and logging in may take together; default 30.  Example: `60`
    pub connect_timeout_secs: u64,
    /// After how many silent seconds the server is asked whether it is still there; three questions without an answer
    /// end the connection; default 15.  Example: `60`
    pub keepalive_secs: u64,
}

impl Default for SshConfig {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 22,
            username: String::new(),
            password: None,
            key_file: None,
            key_passphrase: None,
            host_keys: Vec::new(),
            known_hosts: None,
            legacy_algorithms: Vec::new(),
            connect_timeout_secs: 30,
            keepalive_secs: 15,
        }
    }
}

impl SshConfig {
    /// Everything that is wrong with it, found without touching anything outside.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut refuse = |wrong: bool, key, message: &str| {
            if wrong {
                problems.push(ConfigProblem { key, message: message.to_owned() });
            }
        };
        refuse(self.host.is_empty(), "host", "the host is empty; give a name or an address");
        refuse(self.port == 0, "port", "port 0 does not exist; SSH's own is 22");
        refuse(self.username.is_empty(), "username", "the username is empty");
        let nothing = self.password.is_none() && self.key_file.is_none();
        refuse(nothing, "password", "neither password nor key_file is given; give one of them");
        let passphrase = self.key_passphrase.is_some() && self.key_file.is_none();
        refuse(passphrase, "key_passphrase", "a passphrase is given and no key_file; give both");
        let unpinned = self.host_keys.is_empty() && self.known_hosts.is_none();
        let message = "the server cannot be recognized: give its fingerprint in host_keys, or a known_hosts file";
        refuse(unpinned, "host_keys", message);
        let unreadable = self.host_keys.iter().any(|it| host_key::Pin::parse(it).is_none());
        let message =
            "an entry is neither a fingerprint (`SHA256:…`) nor a public key (`ssh-ed25519 AAAA…`)";
        refuse(unreadable, "host_keys", message);
        refuse(
            self.connect_timeout_secs == 0,
            "connect_timeout_secs",
            "0 seconds are never enough",
        );
        refuse(
            self.keepalive_secs == 0,
            "keepalive_secs",
            "0 seconds are too few; 15 is the default",
        );
        problems
    }

    /// Relative paths start at `base`.
    #[must_use]
    pub fn resolve(mut self, base: &Path) -> Self {
        self.password = self.password.map(|it| it.resolve(base));
        self.key_passphrase = self.key_passphrase.map(|it| it.resolve(base));
        self.key_file = self.key_file.map(|it| base.join(it));
        self.known_hosts = self.known_hosts.map(|it| base.join(it));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_found_at_once() {
        let check = |text: &str, expected: &[&str]| {
            let config: SshConfig = toml::from_str(text).unwrap();
            let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
            assert_eq!(keys, expected, "{text}");
        };
        let good = "host = 'h'\nusername = 'u'\npassword = { env = 'P' }\nknown_hosts = 'k'\n";
        check(good, &[]);
        check("", &["host", "username", "password", "host_keys"]);
        check(
            &good.replace("password = { env = 'P' }", "key_passphrase = { file = 'p' }"),
            &["password", "key_passphrase"],
        );
        check(&format!("{good}host_keys = ['MD5:00']"), &["host_keys"]);
        check(
            &format!("{good}port = 0\nconnect_timeout_secs = 0\nkeepalive_secs = 0"),
            &["port", "connect_timeout_secs", "keepalive_secs"],
        );
    }

    #[test]
    fn unknown_keys_and_algorithms_are_refused() {
        for text in ["hots = 'h'", "legacy_algorithms = ['rot13']", "password = 'CANARY'"] {
            assert!(toml::from_str::<SshConfig>(text).is_err(), "{text}");
        }
    }
}
