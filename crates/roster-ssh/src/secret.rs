//! Where a credential is kept: in an environment variable or in a file, never in the configuration itself.

use roster_core::{Error, ErrorKind, Result, Secret};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Where a credential is kept: `{ env = "NAME" }` or `{ file = "PATH" }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum SecretSource {
    /// The name of an environment variable, such as `"LAKESIDE_SFTP_PASSWORD"`.
    Env(String),
    /// A file that holds nothing else, such as `"/run/secrets/lakeside"`; one line end at its end is left out.
    File(PathBuf),
}

impl SecretSource {
    /// Relative files start at `base`.
    #[must_use]
    pub fn resolve(self, base: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(base.join(path)),
            Self::Env(name) => Self::Env(name),
        }
    }

    /// Reads the credential.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] if the variable or the file is not there, is empty or is not text.
    pub fn read(&self) -> Result<Secret<String>> {
        let text = match self {
            Self::Env(name) => {
                env::var(name).map_err(|_| self.problem("is not set, or is not text"))?
            }
            Self::File(path) => {
                fs::read_to_string(path).map_err(|it| self.problem("cannot be read").source(it))?
            }
        };
        let text =
            text.strip_suffix('\n').map_or(text.as_str(), |it| it.strip_suffix('\r').unwrap_or(it));
        if text.is_empty() {
            return Err(self.problem("is empty"));
        }
        Ok(Secret::new(text.to_owned()))
    }

    fn problem(&self, what: &str) -> Error {
        let (place, name) = match self {
            Self::Env(name) => ("environment variable", name.clone()),
            Self::File(path) => ("file", path.display().to_string()),
        };
        let message = format!("the {place} that should hold the credential {what}");
        Error::new(ErrorKind::ConfigInvalid, "secret.read", message).context("name", name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_left_out_and_nothing_else() {
        let check = |text: &str, expected: Option<&str>| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("secret"), text).unwrap();
            let read = SecretSource::File("secret".into()).resolve(folder.path()).read();
            assert_eq!(read.ok().map(|it| it.expose().clone()).as_deref(), expected, "{text:?}");
        };
        check("CANARY\n", Some("CANARY"));
        check("CANARY\r\n", Some("CANARY"));
        check(" CANARY \n\n", Some(" CANARY \n"));
        check("", None);
        check("\n", None);
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error = SecretSource::Env("HOMEROOM_NO_SUCH".into()).read().expect_err("it is not set");
        assert!(error.to_string().contains("HOMEROOM_NO_SUCH"), "{error}");
    }
}
