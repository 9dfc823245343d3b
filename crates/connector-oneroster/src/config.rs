//! What an operator writes to connect a OneRoster fileset or a OneRoster service.

use crate::rest::RestSettings;
use roster_core::{ConfigProblem, Result};
use roster_http::ClientConfig;
use roster_oneroster_rest::{AuthConfig, Problems};
use roster_tabular::{BundleLimits, LandingConfig, PlaceConfig};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
};

/// Where OneRoster data comes from: a fileset, with `path` or `landing` and not both, or a service, with `mode = "rest"`,
/// `url` and `auth`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `"fileset"` reads CSV files, `"rest"` asks a service.  Default `"fileset"`.  Example: `"rest"`
    #[serde(default)]
    pub mode: Mode,
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
    /// With `mode = "rest"`: address of the service, without or with the standard's own part, such as
    /// `"https://sis.example.org"` or `"https://sis.example.org/ims/oneroster/v1p1"`.
    #[serde(default)]
    pub url: Option<String>,
    /// With `mode = "rest"`: version of the standard that the service speaks; default `"1.1"`.  Example: `"1.2"`
    #[serde(default)]
    pub version: RestVersion,
    /// With `mode = "rest"`: how the service knows who asks, such as
    /// `{ type = "oauth1", key = "3f7a0c", secret = { env = "LAKESIDE_SECRET" } }`.
    #[serde(default)]
    pub auth: Option<AuthConfig>,
    /// With `mode = "rest"`: whether line items, results and score scales are read where the service has them; default
    /// `false`.  Example: `true`
    #[serde(default)]
    pub gradebook: bool,
    /// With `mode = "rest"`: whether learning resources are read where the service has them; default `false`.
    /// Example: `true`
    #[serde(default)]
    pub resources: bool,
    /// With `mode = "rest"`: records to ask for in one page, at most 10,000; default 5,000, halved while the service
    /// fails on them.  Example: `1000`
    #[serde(default)]
    pub page_size: Option<NonZeroU32>,
    /// With `mode = "rest"`: the way there: proxy, certificates, patience.
    #[serde(default)]
    pub client: ClientConfig,
}

/// Where the data comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// CSV files.
    #[default]
    Fileset,
    /// A service.
    Rest,
}

/// Version of the standard that a service speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum RestVersion {
    /// 1.0, `/learningdata/v1`.
    #[serde(rename = "1.0")]
    V1_0,
    /// 1.1, `/ims/oneroster/v1p1`.
    #[default]
    #[serde(rename = "1.1")]
    V1_1,
    /// 1.2, `/ims/oneroster/rostering/v1p2` and what stands beside it.
    #[serde(rename = "1.2")]
    V1_2,
}

impl Config {
    /// One archive or folder.
    pub(crate) fn of_path(path: &Path) -> Self {
        Self { path: Some(path.to_owned()), ..Self::default() }
    }

    /// What is wrong, without touching anything outside.
    pub(crate) fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Problems::default();
        match self.mode {
            Mode::Rest => self.rest_problems(&mut problems),
            Mode::Fileset => {
                problems.extend(self.clone().place().problems());
                if self.url.is_some() || self.auth.is_some() {
                    problems.add(
                        "mode",
                        "url and auth are for services; write mode = \"rest\" or take them out",
                    );
                }
            }
        }
        problems.all()
    }

    fn rest_problems(&self, problems: &mut Problems) {
        if self.path.is_some() || self.landing.is_some() {
            problems.add("mode", "path and landing are for files; take them out, or mode");
        }
        problems.url("url", self.url.as_deref());
        match &self.auth {
            Some(auth) => auth.problems(problems),
            None => problems.add("auth", "it is missing; say how the service knows who asks"),
        }
        let more = self.gradebook || self.resources;
        if let Some(AuthConfig::OAuth2 { scopes: None, .. }) = &self.auth
            && more
        {
            problems.add(
                "auth.scopes",
                "gradebook and resources have scopes of their own; list all scopes to ask for",
            );
        }
        problems.page_size(self.page_size);
        problems.extend(self.client.problems());
    }

    /// The settings of a service; relative paths start at `base`.
    pub(crate) fn rest(self, base: &Path) -> Result<RestSettings> {
        RestSettings::new(self, base)
    }

    pub(crate) fn place(self) -> PlaceConfig {
        let Self { path, landing, limits, .. } = self;
        PlaceConfig { path, landing, limits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_an_address_and_a_way_to_say_who_asks() {
        let check = |text: &str, expected: &[&str]| {
            let config: Config = toml::from_str(text).unwrap();
            let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
            assert_eq!(keys, expected, "{text}");
        };
        let url = "mode = 'rest'\nurl = 'https://sis.example.org'\n";
        let oauth2 = "type = 'oauth2', client_id = 'a', client_secret = { env = 'A' }";
        check(&format!("{url}auth = {{ type = 'bearer', token = {{ env = 'A' }} }}"), &[]);
        check(
            &format!(
                "{url}auth = {{ type = 'oauth1', key = 'k', secret = {{ file = 'a' }}, signature = 'hmac-sha1' }}"
            ),
            &[],
        );
        check(
            &format!("{url}auth = {{ {oauth2}, token_url = 'https://sis.example.org/token' }}"),
            &[],
        );
        check(
            &format!(
                "{url}gradebook = true\nauth = {{ {oauth2}, token_url = 'http://sis.example.org/token' }}"
            ),
            &["auth.token_url", "auth.scopes"],
        );
        check(
            "mode = 'rest'\npath = 'a.zip'\npage_size = 20000",
            &["mode", "url", "auth", "page_size"],
        );
        check("path = 'a.zip'\nurl = 'https://sis.example.org'", &["mode"]);
        assert!(toml::from_str::<Config>("auth = { type = 'bearer', token = 'abc' }").is_err());
    }

    #[test]
    fn unknown_keys_are_refused() {
        for text in ["pth = 'a.zip'", "landing = { path = 'a', keeep = 1 }", "limits = { max = 1 }"]
        {
            assert!(toml::from_str::<Config>(text).is_err(), "{text}");
        }
    }
}
