//! Where the credentials of connectors are kept: in an environment variable, in a file or in the vault, never in
//! `homeroom.toml`.
//!
//! A configuration names the place, and the credential is read when it is needed, so that a rotated one counts from
//! the next night on and none stands in a file that is passed around.

use roster_core::{ConfigProblem, Error, ErrorKind, Result, Secret};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    fmt,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

/// A credential longer than this is none, but a file that was named by mistake.
const MAX_BYTES: u64 = 64 * 1024;

/// Where a credential is kept: `{ env = "NAME" }`, `{ file = "/run/secrets/name" }` or `{ vault = "name" }`; one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialPlace {
    /// Name of the environment variable that holds it, such as `"LAKESIDE_TOKEN"`.
    #[serde(default)]
    pub env: Option<String>,
    /// File that holds it and nothing else, such as `"/run/secrets/lakeside"`; a line break at its end does not count.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// Its name in the vault, such as `"lakeside.odbc"`; see `[vault]`.
    #[serde(default)]
    pub vault: Option<String>,
}

/// What keeps credentials by name.
pub trait CredentialVault: fmt::Debug + Send + Sync {
    /// Gives out a credential, and notes that it did.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when it has none of this name.
    fn credential(&self, name: &str) -> Result<Secret<String>>;
}

/// The program's vault: one for all connectors, since a configuration has one.
static VAULT: RwLock<Option<Arc<dyn CredentialVault>>> = RwLock::new(None);

/// Makes a vault the one of this program; `None`: there is none.
pub fn use_vault(vault: Option<Arc<dyn CredentialVault>>) {
    *VAULT.write().unwrap_or_else(PoisonError::into_inner) = vault;
}

fn from_vault(name: &str) -> Result<String> {
    let vault = VAULT.read().unwrap_or_else(PoisonError::into_inner).clone();
    let vault =
        vault.ok_or_else(|| invalid("there is no vault; set [vault] in the configuration"))?;
    Ok(vault.credential(name)?.expose().clone())
}

impl CredentialPlace {
    /// An environment variable.
    #[must_use]
    pub fn variable(name: impl Into<String>) -> Self {
        Self { env: Some(name.into()), ..Self::default() }
    }

    /// A file.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { file: Some(path.into()), ..Self::default() }
    }

    /// What is wrong with the place itself, for `Connector::validate`; nothing outside is touched.
    #[must_use]
    pub fn problem(&self, key: &'static str) -> Option<ConfigProblem> {
        let message = match (&self.env, &self.file, &self.vault) {
            (None, None, None) => "none of env, file and vault is given; give one of them",
            (Some(name), None, None) if !is_variable(name) => {
                "env is not the name of an environment variable; give its name, not its value"
            }
            (None, Some(path), None) if path.as_os_str().is_empty() => {
                "the path is empty; give a file"
            }
            (None, None, Some(name)) if name.is_empty() => {
                "the name is empty; give that of a credential"
            }
            (Some(_), None, None) | (None, Some(_), None) | (None, None, Some(_)) => return None,
            _ => "several of env, file and vault are given; keep one of them",
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
        let text = match (&self.env, &self.file, &self.vault) {
            (Some(name), None, None) => variable(name),
            (None, Some(path), None) => contents(path),
            (None, None, Some(name)) => from_vault(name),
            _ => Err(invalid(
                "a credential has one of an environment variable, a file and a name in the vault",
            )),
        }?;
        match text.trim() {
            "" => Err(self.placed(invalid("the credential is empty; put it there"))),
            text => Ok(Secret::new(text.to_owned())),
        }
    }

    fn placed(&self, error: Error) -> Error {
        match (&self.env, &self.file, &self.vault) {
            (Some(name), _, _) => error.context("env", name),
            (_, Some(path), _) => error.context("file", path.display()),
            (_, _, Some(name)) => error.context("vault", name),
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
        check("vault = 'lakeside.odbc'", false);
        check("vault = ''", true);
        check("vault = 'a'\nfile = 'b'", true);
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

    #[derive(Debug)]
    struct One;

    impl CredentialVault for One {
        fn credential(&self, name: &str) -> Result<Secret<String>> {
            if name == "known" {
                Ok(Secret::new("abc".to_owned()))
            } else {
                Err(invalid("unknown"))
            }
        }
    }

    #[test]
    fn credential_is_taken_from_the_vault_where_there_is_one() {
        let place =
            |name: &str| CredentialPlace { vault: Some(name.to_owned()), ..Default::default() };
        let error = place("known").read().unwrap_err();
        assert!(error.to_string().contains("[vault]"), "{error}");
        use_vault(Some(Arc::new(One)));
        assert_eq!(place("known").read().unwrap().expose(), "abc");
        assert!(place("other").read().is_err());
        use_vault(None);
    }

    #[test]
    fn a_missing_variable_or_file_is_named() {
        let missing = CredentialPlace::variable("HOMEROOM_NO_SUCH_VARIABLE").read().unwrap_err();
        assert!(missing.to_string().contains("HOMEROOM_NO_SUCH_VARIABLE"), "{missing}");
        let missing = CredentialPlace::file("/nowhere/token").read().unwrap_err();
        assert!(missing.to_string().contains("/nowhere/token"), "{missing}");
    }
}
