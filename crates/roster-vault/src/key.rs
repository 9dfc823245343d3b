//! Where the vault's key comes from.

use age::{secrecy::ExposeSecret as _, x25519};
use roster_core::{Error, ErrorKind, Result, Secret};
use roster_credentials::CredentialPlace;
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Longest time that the command for the key may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// No key is as long as this.
const MOST_BYTES: u64 = 64 * 1024;

/// The vault: credentials sealed with age, apart from all data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VaultConfig {
    /// Folder of the sealed credentials.  Default: `"vault"`, where a key is given.  Example: `"/var/lib/homeroom/vault"`
    pub folder: Option<PathBuf>,
    /// Where the key is.
    pub key: Option<KeyPlace>,
}

/// Where the vault's key is: `{ file = "/run/secrets/vault.key" }`, `{ env = "HOMEROOM_VAULT_KEY" }` or
/// `{ command = ["kms-decrypt", "vault.key"] }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeyPlace {
    /// Environment variable that holds the key.  Example: `"HOMEROOM_VAULT_KEY"`
    pub env: Option<String>,
    /// File that holds the key.  Example: `"/run/secrets/vault.key"`
    pub file: Option<PathBuf>,
    /// Program that writes the key to its standard output, and its arguments.
    /// Example: `["/usr/local/bin/kms-decrypt", "/etc/homeroom/vault.key.sealed"]`
    pub command: Option<Vec<String>>,
}

impl KeyPlace {
    /// What is wrong with the place itself; nothing outside is touched.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let given = [self.env.is_some(), self.file.is_some(), self.command.is_some()];
        let message = match given.iter().filter(|it| **it).count() {
            1 if self.command.as_ref().is_some_and(Vec::is_empty) => {
                "the command is empty; name a program"
            }
            1 => return None,
            0 => "the vault's key is missing; give one of env, file and command",
            _ => "the vault's key has several places; give one of env, file and command",
        };
        Some(message.to_owned())
    }

    /// The same, with a relative file starting at `base`.
    #[must_use]
    pub fn at(mut self, base: &Path) -> Self {
        self.file = self.file.map(|it| base.join(it));
        self
    }

    /// Reads the identities, of which the first seals.
    pub(crate) fn identities(&self) -> Result<Vec<x25519::Identity>> {
        let text = match &self.command {
            Some(words) => output(words)?,
            None => CredentialPlace {
                env: self.env.clone(),
                file: self.file.clone(),
                ..Default::default()
            }
            .read()?,
        };
        let lines = text.expose().lines().map(str::trim);
        let lines = lines.filter(|it| !it.is_empty() && !it.starts_with('#'));
        let identities = lines.map(|it| it.parse().map_err(|_| no_key()));
        let identities = identities.collect::<Result<Vec<x25519::Identity>>>()?;
        if identities.is_empty() { Err(no_key()) } else { Ok(identities) }
    }
}

/// A new key, as a file holds it, and its public part.
#[must_use]
pub fn new_key() -> (Secret<String>, String) {
    let identity = x25519::Identity::generate();
    let text = identity.to_string().expose_secret().to_owned();
    (Secret::new(text), identity.to_public().to_string())
}

fn no_key() -> Error {
    let message = "what is there is no age key; `homeroom vault key` makes one, which begins with AGE-SECRET-KEY-1";
    Error::new(ErrorKind::ConfigInvalid, "vault.key", message)
}

fn failed(message: &str, program: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "vault.key", message).context("command", program)
}

/// What a command writes to its standard output.
fn output(words: &[String]) -> Result<Secret<String>> {
    let [program, arguments @ ..] = words else { return Err(no_key()) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command
        .spawn()
        .map_err(|err| failed("the command for the key cannot be started", program).source(err))?;
    let deadline = Instant::now() + COMMAND_LIMIT;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            _ => {
                _ = child.kill();
                _ = child.wait();
                let error = failed("the command for the key did not end in 30 seconds", program);
                return Err(error.retry(roster_core::Retry::Backoff));
            }
        }
    };
    let mut text = zeroize::Zeroizing::new(String::new());
    let read = child.stdout.take().map(|it| it.take(MOST_BYTES).read_to_string(&mut text));
    match read {
        Some(Ok(_)) if status.success() => Ok(Secret::new(text.to_string())),
        _ => Err(failed("the command for the key failed; run it by hand to see why", program)),
    }
}
