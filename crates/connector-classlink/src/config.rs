//! What an operator writes to connect a district in ClassLink.

use roster_core::{ConfigProblem, Error, ErrorKind, Result};
use roster_credentials::CredentialPlace;
use roster_http::{Client, ClientConfig, PageSize, service_url};
use roster_oneroster_rest::{Problems, Services, Signature, page_size};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{num::NonZeroU32, path::Path};
use url::Url;

/// Hosts of ClassLink's proxy: the one of today, and the one of older pages.
const PROXIES: [&str; 2] =
    ["https://oneroster-proxy.apis.classlink.com", "https://oneroster-proxy.classlink.io"];

/// How a district in ClassLink is read: with `partner_key` and the district's `tenant_id`, or with a key and secret that
/// the district made itself, `url`, `key` and `secret`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the partner's API key is kept, such as `{ env = "CLASSLINK_PARTNER_KEY" }`; it is in the Partner Portal.
    #[serde(default)]
    pub partner_key: Option<CredentialPlace>,
    /// The district's tenant id, such as `2222`.
    #[serde(default)]
    pub tenant_id: Option<u64>,
    /// With `partner_key`: `"proxy"` reads through ClassLink's proxy, `"direct"` at the district's own Roster Server.
    /// Default `"proxy"`.  Example: `"direct"`
    #[serde(default)]
    pub access: Access,
    /// Address of the proxy; by default the one of today, then the one of older documents.  Example:
    /// `"https://oneroster-proxy.classlink.io"`
    #[serde(default)]
    pub proxy: Option<String>,
    /// Address of the district's Roster Server, such as `"https://lakeside-ca-v2.rosterserver.com"`, in place of the
    /// partner's key.
    #[serde(default)]
    pub url: Option<String>,
    /// The key that the district made, such as `"3f7a0c"`.
    #[serde(default)]
    pub key: Option<String>,
    /// Where the secret that the district made is kept, such as `{ env = "LAKESIDE_SECRET" }`.
    #[serde(default)]
    pub secret: Option<CredentialPlace>,
    /// How requests to the Roster Server itself are signed; default `"hmac-sha256"`.  Example: `"hmac-sha1"`
    #[serde(default)]
    pub signature: Signature,
    /// Whether line items and results are read where they are shared; default `false`.  Example: `true`
    #[serde(default)]
    pub gradebook: bool,
    /// Whether learning resources are read where they are shared; default `false`.  Example: `true`
    #[serde(default)]
    pub resources: bool,
    /// Records to ask for in one page, at most 10,000; default 5,000, halved while the service fails on them.
    /// Example: `1000`
    #[serde(default)]
    pub page_size: Option<NonZeroU32>,
    /// The way there: proxy of the own network, certificates, patience.
    #[serde(default)]
    pub client: ClientConfig,
}

/// Where the records are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// At ClassLink's proxy, with the district's bearer.
    #[default]
    Proxy,
    /// At the district's Roster Server, with OAuth 1.0a.
    Direct,
}

/// A configuration without contradictions.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) way: Way,
    pub(crate) proxies: Vec<Url>,
    pub(crate) signature: Signature,
    pub(crate) services: Services,
    pub(crate) page_size: PageSize,
    pub(crate) client: Client,
}

/// What lets us in.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// The partner's key; the tenant is needed to read a district.
    Partner { key: CredentialPlace, tenant_id: Option<u64>, access: Access },
    /// Key and secret of the district.
    District { url: Url, key: String, secret: CredentialPlace },
}

impl Config {
    pub(crate) fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Problems::default();
        let own = self.url.is_some() || self.key.is_some() || self.secret.is_some();
        match (&self.partner_key, own) {
            (Some(_), true) => {
                problems.add(
                    "partner_key",
                    "url, key and secret are for districts without it; remove one of them",
                );
            }
            (Some(key), false) => {
                problems.credential("partner_key", Some(key));
                if self.tenant_id.is_none() {
                    problems.add("tenant_id", "it is missing; give the district's tenant id");
                }
            }
            (None, true) => {
                problems.url("url", self.url.as_deref());
                problems.name("key", self.key.as_deref());
                problems.credential("secret", self.secret.as_ref());
            }
            (None, false) => {
                problems.add(
                    "partner_key",
                    "neither partner_key nor url, key and secret are given; give one of them",
                );
            }
        }
        problems.optional_url("proxy", self.proxy.as_deref());
        problems.page_size(self.page_size);
        problems.extend(self.client.problems());
        problems.all()
    }
}

impl Settings {
    /// Relative paths start at `base`.
    pub(crate) fn new(config: Config, base: &Path, client: Client) -> Result<Self> {
        let invalid = |key, message: String| {
            Error::new(ErrorKind::ConfigInvalid, "classlink.config", message).context("key", key)
        };
        // Listing districts needs none.
        let problem = config.problems().into_iter().find(|it| it.key != "tenant_id");
        if let Some(problem) = problem {
            return Err(invalid(problem.key, problem.message));
        }
        let parsed = |key, text: &str| service_url(text).map_err(|it| invalid(key, it));
        let way = match (config.partner_key, config.url, config.key, config.secret) {
            (Some(key), ..) => Way::Partner {
                key: key.at(base),
                tenant_id: config.tenant_id,
                access: config.access,
            },
            (None, Some(url), Some(key), Some(secret)) => {
                Way::District { url: parsed("url", &url)?, key, secret: secret.at(base) }
            }
            _ => return Err(invalid("partner_key", "a way into ClassLink is missing".to_owned())),
        };
        let hosts = config.proxy.as_deref().map_or(PROXIES.to_vec(), |it| vec![it]);
        Ok(Self {
            way,
            proxies: hosts.into_iter().map(|it| parsed("proxy", it)).collect::<Result<_>>()?,
            signature: config.signature,
            services: Services { gradebook: config.gradebook, resources: config.resources },
            page_size: page_size(config.page_size),
            client,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_way_in_is_asked_for() {
        let check = |text: &str, expected: &[&str]| {
            let config: Config = toml::from_str(text).unwrap();
            let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
            assert_eq!(keys, expected, "{text}");
        };
        let partner = "partner_key = { env = 'A' }\n";
        let own = "url = 'https://a-ca-v2.rosterserver.com'\nkey = 'k'\nsecret = { env = 'A' }\n";
        check(&format!("{partner}tenant_id = 2222\naccess = 'direct'"), &[]);
        check(own, &[]);
        check("", &["partner_key"]);
        check(partner, &["tenant_id"]);
        check(&format!("{partner}{own}"), &["partner_key"]);
        check("key = 'k'", &["url", "secret"]);
        check(
            &format!("{own}proxy = 'http://a.example'\npage_size = 10001"),
            &["proxy", "page_size"],
        );
        assert!(toml::from_str::<Config>("partner_key = 'abc'").is_err());
        assert!(toml::from_str::<Config>("tenant = 2222").is_err());
    }
}
