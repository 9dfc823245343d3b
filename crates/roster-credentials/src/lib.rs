//! Where the credentials of connectors are kept: in an environment variable or in a file, never in `homeroom.toml`.
//!
//! A configuration names the place, and the credential is read when it is needed, so that a rotated one counts from
//! the next night on and none stands in a file that is passed around.

use roster_core::{ConfigProblem, Error, ErrorKind, Result, Secret};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

/// A credential longer than this is none, but a file that was named by mistake.
const MAX_BYTES: u64 = 64 * 1024;

/// Where a credential is kept: `{ env = "NAME" }` or `{ file = "/run/secrets/name" }`, and not both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialPlace {
    /// Name of the environment variable that holds it, such as `"LAKESIDE_TOKEN"`.
    #[serde(default)]
    pub env: Option<String>,
    /// File that holds it and nothing else, such as `"/run/secrets/lakeside"`; a line break at its end does not count.
    #[serde(default)]
    pub file: Option<PathBuf>,
}

impl CredentialPlace {
    /// An environment variable.
    #[must_use]
    pub fn variable(name: impl Into<String>) -> Self {
        Self { env: Some(name.into()), file: None }
    }

    /// A file.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { env: None, file: Some(path.into()) }
    }

    /// What is wrong with the place itself, for `Connector::validate`; nothing outside is touched.
    #[must_use]
    pub fn problem(&self, key: &'static str) -> Option<ConfigProblem> {
        let message = match (&self.env, &self.file) {
            (None, None) => "neither env nor file is given; give one of them",
            (Some(_), Some(_)) => "both env and file are given; remove one of them",
            (Some(name), None) if !is_variable(name) => {
                "env is not the name of an environment variable; give its name, not its value"
            }
            (None, Some(path)) if path.as_os_str().is_empty() => "the path is empty; give a file",
            _ => return None,
        };
        Some(ConfigProblem { key, message: message.to_owned() })
    }

    /// A relative file, from `base` on.
    #[must_use]
    pub fn at(mut self, base: &Path) -> Self {
        self.file = self.file.map(|it| base.join(it));
        self
    }

    /// Reads the credential, without white space around it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when the variable or file is missing, empty, not text or far too long; names the
    /// place, never what it holds.
    pub fn read(&self) -> Result<Secret<String>> {
        let text = match (&self.env, &self.file) {
            (Some(name), None) => variable(name),
            (None, Some(path)) => contents(path),
            _ => Err(invalid("a credential has either an environment variable or a file")),
        }?;
        match text.trim() {
            "" => Err(self.placed(invalid("the credential is empty; put it there"))),
            text => Ok(Secret::new(text.to_owned())),
        }
    }

    fn placed(&self, error: Error) -> Error {
        match (&self.env, &self.file) {
            (Some(name), _) => error.context("env", name),
            (_, Some(path)) => error.context("file", path.display()),
            _ => error,
        }
    }
}

fn is_variable(name: &str) -> bool {
    let allowed = |it: char| it.is_ascii_alphanumeric() || it == '_';
    !name.is_empty()
        && name.chars().all(allowed)
        && !name.starts_with(|it: char| it.is_ascii_digit())
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "credential.read", message)
}

fn variable(name: &str) -> Result<String> {
    let error = |why| invalid(why).context("env", name);
    match std::env::var(name) {
        Ok(text) => Ok(text),
        Err(std::env::VarError::NotPresent) => {
            Err(error("the environment variable is not set; set it where homeroom runs"))
        }
        Err(std::env::VarError::NotUnicode(_)) => Err(error("the credential is not text")),
    }
}

fn contents(path: &Path) -> Result<String> {
    let error = |why: &str| invalid(why).context("file", path.display());
    let file = File::open(path)
        .map_err(|err| error("the credential's file cannot be opened").source(err))?;
    let mut text = String::new();
    file.take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|_| error("the credential's file cannot be read as text"))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(error("the file is too long for a credential"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_place_is_asked_for() {
        let check = |text: &str, wrong: bool| {
            let place: CredentialPlace = toml::from_str(text).unwrap();
            assert_eq!(place.problem("token").is_some(), wrong, "{text}");
        };
        check("env = 'LAKESIDE_TOKEN'", false);
        check("file = 'token'", false);
        check("", true);
        check("file = ''", true);
        check("env = 'a-b'", true);
        check("env = '1A'", true);
        check("env = 'A'\nfile = 'b'", true);
        assert!(toml::from_str::<CredentialPlace>("value = 'x'").is_err());
    }

    #[test]
    fn files_are_read_without_their_last_line_break_and_errors_do_not_quote_them() {
        let folder = tempfile::tempdir().unwrap();
        let check = |bytes: &[u8], expected: Option<&str>| {
            std::fs::write(folder.path().join("token"), bytes).unwrap();
            let read = CredentialPlace::file("token").at(folder.path()).read();
            match (read, expected) {
                (Ok(secret), Some(expected)) => assert_eq!(secret.expose(), expected),
                (Err(error), None) => assert!(!format!("{error:?}").contains("CANARY"), "{error}"),
                (read, _) => panic!("{read:?}"),
            }
        };
        check(b"abc\n", Some("abc"));
        check(b" \n", None);
        check(b"CANARY\xff", None);
        check(&b"CANARY".repeat(20_000), None);
    }

    #[test]
    fn a_missing_variable_or_file_is_named() {
        let missing = CredentialPlace::variable("HOMEROOM_NO_SUCH_VARIABLE").read().unwrap_err();
        assert!(missing.to_string().contains("HOMEROOM_NO_SUCH_VARIABLE"), "{missing}");
        let missing = CredentialPlace::file("/nowhere/token").read().unwrap_err();
        assert!(missing.to_string().contains("/nowhere/token"), "{missing}");
    }
}
