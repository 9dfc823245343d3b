//! What an operator writes to connect a district in Clever.

use roster_core::{ConfigProblem, Error, ErrorKind, Result};
use roster_credentials::CredentialPlace;
use roster_http::{ClientConfig, PageSize, service_url};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{num::NonZeroU32, path::Path};
use url::Url;

/// Where the API is.
const API: &str = "https://api.clever.com";
/// Where tokens are listed; another host than the API's.
const TOKENS: &str = "https://clever.com";
/// The most records of a page: above it Clever answers 413.
const LARGEST_PAGE: u32 = 10_000;
/// Pages are not made smaller than this.
const SMALLEST_PAGE: u32 = 100;
/// Clever counts requests by token and minute.
const REQUESTS_PER_MINUTE: u32 = 1_200;
/// A full pull comes at least so often also where events are read.
const FULL_EVERY_HOURS: u32 = 24;

/// How a district in Clever is read: with `client_id` and `client_secret` of the application and the `district`'s id,
/// or with a district's own `token`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The district's id in Clever, 24 hexadecimal digits, such as `"5a0c91b95c7cc000010d417c"`.  Its token is looked up
    /// by it, also after Clever has given it a new one.
    #[serde(default)]
    pub district: Option<String>,
    /// The application's client id, such as `"4c63c1cf623dce82caac"`.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Where the application's client secret is kept, such as `{ env = "CLEVER_CLIENT_SECRET" }`.
    #[serde(default)]
    pub client_secret: Option<CredentialPlace>,
    /// Where the district's token is kept, such as `{ file = "/run/secrets/lakeside-clever" }`, in place of the
    /// application's credentials.
    #[serde(default)]
    pub token: Option<CredentialPlace>,
    /// Version of the API; default `"3.1"`.  `"3.0"` has fewer demographics.
    #[serde(default)]
    pub version: ApiVersion,
    /// `"full"` reads everything every night; `"events"` reads what changed since the last night, as far as Clever's
    /// events tell it, and everything once a day.  Default `"full"`.  Example: `"events"`
    #[serde(default)]
    pub mode: Mode,
    /// With `mode = "events"`: hours after which everything is read again; default 24, at most 30 days.  Example: `12`
    #[serde(default)]
    pub full_every_hours: Option<NonZeroU32>,
    /// Records to ask for in one page, at most 10,000, which is the default; halved while Clever fails on them.
    /// Example: `1000`
    #[serde(default)]
    pub page_size: Option<NonZeroU32>,
    /// The most requests a minute with one token, at most 1,200, which is the default.  Example: `600`
    #[serde(default)]
    pub requests_per_minute: Option<NonZeroU32>,
    /// Where the API is; default `"https://api.clever.com"`.
    #[serde(default)]
    pub api_url: Option<String>,
    /// Where tokens are looked up; default `"https://clever.com"`.
    #[serde(default)]
    pub tokens_url: Option<String>,
    /// The way there: proxy, certificates, patience.
    #[serde(default)]
    pub client: ClientConfig,
}

/// Version of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// 3.0.
    #[serde(rename = "3.0")]
    V3_0,
    /// 3.1, which adds programs, home language and preferred names.
    #[default]
    #[serde(rename = "3.1")]
    V3_1,
}

impl ApiVersion {
    /// As in paths.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::V3_0 => "/v3.0",
            Self::V3_1 => "/v3.1",
        }
    }
}

/// What is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everything.
    #[default]
    Full,
    /// What changed, between full pulls.
    Events,
}

/// A configuration without contradictions.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) district: Option<String>,
    pub(crate) access: Access,
    pub(crate) version: ApiVersion,
    pub(crate) mode: Mode,
    pub(crate) full_every_hours: u32,
    pub(crate) pages: PageSize,
    pub(crate) requests_per_minute: NonZeroU32,
    pub(crate) api: Url,
    pub(crate) tokens: Url,
}

/// What lets us in.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    Token(CredentialPlace),
    Application { client_id: String, client_secret: CredentialPlace },
}

impl Config {
    pub(crate) fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = self.access_problems();
        let mut problem = |key, message: &str| {
            problems.push(ConfigProblem { key, message: message.to_owned() });
        };
        if self.district.as_deref().is_some_and(|it| !is_id(it)) {
            problem("district", "it is not an id of Clever's: letters and digits, usually 24");
        }
        if self.page_size.is_some_and(|it| it.get() > LARGEST_PAGE) {
            problem("page_size", "Clever gives at most 10,000 records in a page; give no more");
        }
        if self.requests_per_minute.is_some_and(|it| it.get() > REQUESTS_PER_MINUTE) {
            problem("requests_per_minute", "Clever allows 1,200 requests a minute; give no more");
        }
        if self.full_every_hours.is_some_and(|it| it.get() > 30 * 24) {
            problem("full_every_hours", "Clever keeps events for 30 days; give at most 720");
        }
        for (key, text) in [("api_url", &self.api_url), ("tokens_url", &self.tokens_url)] {
            if let Some(Err(message)) = text.as_deref().map(service_url) {
                problem(key, &message);
            }
        }
        problems.extend(self.client.problems());
        problems
    }

    fn access_problems(&self) -> Vec<ConfigProblem> {
        let problem = |key, message: &str| ConfigProblem { key, message: message.to_owned() };
        let mut problems = Vec::new();
        match (&self.client_id, &self.client_secret, &self.token) {
            (None, None, None) => problems.push(problem(
                "client_id",
                "nothing lets us in; give client_id, client_secret and district, or token",
            )),
            (None, None, Some(_)) => {}
            (_, _, Some(_)) => problems.push(problem(
                "token",
                "both a token and the application's credentials are given; remove one of them",
            )),
            (Some(_), Some(_), None) if self.district.is_none() => problems.push(problem(
                "district",
                "the district's id is missing; `homeroom districts discover` lists them",
            )),
            (Some(_), Some(_), None) => {}
            _ => problems
                .push(problem("client_id", "client_id and client_secret go together; give both")),
        }
        problems.extend(self.client_secret.as_ref().and_then(|it| it.problem("client_secret")));
        problems.extend(self.token.as_ref().and_then(|it| it.problem("token")));
        problems
    }

    /// Relative paths start at `base`.
    pub(crate) fn resolve(self, base: &Path) -> Result<Settings> {
        if let Some(problem) = self.problems().into_iter().next() {
            return Err(invalid(problem.message).context("key", problem.key));
        }
        let url = |given: Option<String>, default: &str| {
            service_url(given.as_deref().unwrap_or(default)).map_err(invalid)
        };
        let number = |given: Option<NonZeroU32>, default| {
            given.or(NonZeroU32::new(default)).unwrap_or(NonZeroU32::MIN)
        };
        let access = match (self.client_id, self.client_secret, self.token) {
            (Some(client_id), Some(secret), _) => {
                Access::Application { client_id, client_secret: secret.at(base) }
            }
            (_, _, Some(token)) => Access::Token(token.at(base)),
            _ => return Err(invalid("nothing lets us in".to_owned())),
        };
        let start = number(self.page_size, LARGEST_PAGE);
        Ok(Settings {
            district: self.district,
            access,
            version: self.version,
            mode: self.mode,
            full_every_hours: self.full_every_hours.map_or(FULL_EVERY_HOURS, NonZeroU32::get),
            pages: PageSize { start, least: number(None, SMALLEST_PAGE).min(start) },
            requests_per_minute: number(self.requests_per_minute, REQUESTS_PER_MINUTE),
            api: url(self.api_url, API)?,
            tokens: url(self.tokens_url, TOKENS)?,
        })
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.chars().all(|it| it.is_ascii_alphanumeric())
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "clever.config", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let check = |text: &str, expected: &[&str]| {
            let config: Config = toml::from_str(text).unwrap();
            let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
            assert_eq!(keys, expected, "{text}");
        };
        let application = "client_id = 'a'\nclient_secret = { env = 'S' }\n";
        check("token = { env = 'T' }", &[]);
        check(&format!("{application}district = '5a0c91b95c7cc000010d417c'"), &[]);
        check("", &["client_id"]);
        check(application, &["district"]);
        check("client_id = 'a'", &["client_id"]);
        check(&format!("{application}token = {{ env = 'T' }}"), &["token"]);
        check("token = { env = 'a b' }\npage_size = 10001", &["token", "page_size"]);
        check("token = {}\ndistrict = 'a/b'", &["token", "district"]);
        check(
            "token = { env = 'T' }\nrequests_per_minute = 1201\nfull_every_hours = 721\napi_url = 'http://clever.com'",
            &["requests_per_minute", "full_every_hours", "api_url"],
        );
    }

    #[test]
    fn unknown_keys_and_versions_are_refused() {
        for text in ["tokn = 1", "version = '2.1'", "mode = 'delta'", "page_size = 0"] {
            assert!(toml::from_str::<Config>(text).is_err(), "{text}");
        }
    }
}
