//! What an operator writes to connect a OneRoster fileset.

use roster_core::{ConfigProblem, Error, ErrorKind, Result};
use roster_tabular::{BundleLimits, LandingConfig, LandingFolder};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Where a OneRoster fileset comes from: `path` or `landing`, and not both.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// A zip archive or a folder that is one set, read anew every night, such as `"/srv/sis/oneroster.zip"`.
    #[serde(default)]
    pub path: Option<PathBuf>,
    /// A folder that sets land in, such as `{ path = "/srv/drop/lakeside" }`: the newest one that is complete is
    /// read, and put away once it is published.
    #[serde(default)]
    pub landing: Option<LandingConfig>,
    /// How much an archive may hold; the defaults fit districts of several million students.
    #[serde(default)]
    pub limits: BundleLimits,
}

/// A configuration without contradictions.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) place: Place,
    pub(crate) limits: BundleLimits,
}

/// Where the set is.
#[derive(Debug)]
pub(crate) enum Place {
    Path(PathBuf),
    Landing(LandingFolder),
}

impl Config {
    /// One archive or folder.
    pub(crate) fn of_path(path: &Path) -> Self {
        Self { path: Some(path.to_owned()), ..Self::default() }
    }

    pub(crate) fn problems(&self) -> Vec<ConfigProblem> {
        let problem = |key, message: &str| ConfigProblem { key, message: message.to_owned() };
        match (&self.path, &self.landing) {
            (None, None) => {
                vec![problem("path", "neither path nor landing is given; give one of them")]
            }
            (Some(_), Some(_)) => {
                vec![problem("landing", "both path and landing are given; remove one of them")]
            }
            (Some(path), None) if path.as_os_str().is_empty() => {
                vec![problem("path", "the path is empty; give an archive or a folder")]
            }
            (None, Some(landing)) if landing.path.as_os_str().is_empty() => {
                vec![problem("landing.path", "the path is empty; give a folder")]
            }
            _ => Vec::new(),
        }
    }

    /// Relative paths start at `base`.
    pub(crate) fn resolve(self, base: &Path) -> Result<Settings> {
        if let Some(problem) = self.problems().into_iter().next() {
            let error = Error::new(ErrorKind::ConfigInvalid, "oneroster.config", problem.message);
            return Err(error.context("key", problem.key));
        }
        let Self { path, landing, limits } = self;
        let place = match (path, landing) {
            (Some(path), _) => Place::Path(base.join(path)),
            (None, Some(mut landing)) => {
                landing.path = base.join(landing.path);
                Place::Landing(LandingFolder::new(landing, limits.clone()))
            }
            (None, None) => Place::Path(base.to_owned()),
        };
        Ok(Settings { place, limits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_place_is_asked_for() {
        let check = |text: &str, expected: &[&str]| {
            let config: Config = toml::from_str(text).unwrap();
            let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
            assert_eq!(keys, expected, "{text}");
        };
        check("path = 'a.zip'", &[]);
        check("landing = { path = 'drop' }", &[]);
        check("", &["path"]);
        check("path = ''", &["path"]);
        check("landing = { path = '' }", &["landing.path"]);
        check("path = 'a.zip'\nlanding = { path = 'drop' }", &["landing"]);
    }

    #[test]
    fn unknown_keys_are_refused() {
        for text in ["pth = 'a.zip'", "landing = { path = 'a', keeep = 1 }", "limits = { max = 1 }"]
        {
            assert!(toml::from_str::<Config>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn relative_paths_start_at_the_configuration_file() {
        let settings =
            Config::of_path(Path::new("a.zip")).resolve(Path::new("/etc/homeroom")).unwrap();
        assert!(
            matches!(settings.place, Place::Path(it) if it == Path::new("/etc/homeroom/a.zip"))
        );
    }
}
