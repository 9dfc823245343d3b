//! What an operator writes to connect a OneRoster fileset.

use roster_tabular::{BundleLimits, LandingConfig, PlaceConfig};
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

impl Config {
    /// One archive or folder.
    pub(crate) fn of_path(path: &Path) -> Self {
        Self { path: Some(path.to_owned()), ..Self::default() }
    }

    pub(crate) fn place(self) -> PlaceConfig {
        let Self { path, landing, limits } = self;
        PlaceConfig { path, landing, limits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_refused() {
        for text in ["pth = 'a.zip'", "landing = { path = 'a', keeep = 1 }", "limits = { max = 1 }"]
        {
            assert!(toml::from_str::<Config>(text).is_err(), "{text}");
        }
    }
}
