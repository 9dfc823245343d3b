//! What an operator may say about the way to a service: proxy, certificates, patience.

use roster_core::ConfigProblem;
use roster_credentials::CredentialPlace;
use schemars::JsonSchema;
use serde::Deserialize;
use std::{num::NonZeroU64, path::PathBuf};
use url::Url;

/// The way to a service.  Nothing set: straight to it, or through the proxy that the environment names (`HTTPS_PROXY`,
/// `NO_PROXY`), trusting the system's certificates.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// The proxy, such as `"http://proxy.example.org:3128"`, or `"none"` for none, whatever the environment says.
    #[serde(default)]
    pub proxy: Option<String>,
    /// Name to sign in to the proxy with, such as `"homeroom"`.
    #[serde(default)]
    pub proxy_user: Option<String>,
    /// Where the proxy's password is kept, such as `{ env = "PROXY_PASSWORD" }`.
    #[serde(default)]
    pub proxy_password: Option<CredentialPlace>,
    /// Certificates (PEM) to trust beside the system's, such as `"/etc/ssl/district-proxy.pem"`.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Seconds to wait for a connection; default 15.  Example: `5`
    #[serde(default)]
    pub connect_timeout_secs: Option<NonZeroU64>,
    /// Seconds that one answer may take from request to last byte; default 120.  Example: `300`
    #[serde(default)]
    pub timeout_secs: Option<NonZeroU64>,
    /// The most bytes of one answer; default 64 MiB.  Example: `16777216`
    #[serde(default)]
    pub max_response_bytes: Option<NonZeroU64>,
}

impl ClientConfig {
    /// What is wrong, without touching anything outside.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut problem = |key, message: &str| {
            problems.push(ConfigProblem { key, message: message.to_owned() });
        };
        if let Some(proxy) = self.proxy.as_deref().filter(|it| *it != "none") {
            match Url::parse(proxy) {
                Ok(url) if !url.username().is_empty() || url.password().is_some() => problem(
                    "client.proxy",
                    "the proxy's address holds a name or password; give proxy_user and proxy_password",
                ),
                Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {}
                _ => {
                    problem("client.proxy", "the proxy is not an address such as http://HOST:PORT");
                }
            }
        }
        if self.proxy_user.is_some() != self.proxy_password.is_some() {
            problem("client.proxy_user", "proxy_user and proxy_password go together; give both");
        }
        problems.extend(
            self.proxy_password.as_ref().and_then(|it| it.problem("client.proxy_password")),
        );
        problems
    }

    /// The same with relative paths starting at `base`.
    #[must_use]
    pub fn at(mut self, base: &std::path::Path) -> Self {
        self.ca_file = self.ca_file.map(|it| base.join(it));
        self.proxy_password = self.proxy_password.map(|it| it.at(base));
        self
    }
}

/// Reads the address of a service: `https`, or `http` on this machine itself; without credentials, query or fragment.
///
/// # Errors
///
/// What is wrong with it, for `Connector::validate`.
pub fn service_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|err| format!("it is not a web address: {err}"))?;
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err("the address has no host".to_owned()),
    };
    if url.scheme() != "https" && !(local && url.scheme() == "http") {
        return Err("credentials and records only go over https; begin it with https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address holds a name or password; take it out".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address has a query or fragment; take it out".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_hold_no_password() {
        let check = |text: &str, expected: &[&str]| {
            let config: ClientConfig = toml::from_str(text).unwrap();
            let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
            assert_eq!(keys, expected, "{text}");
        };
        check("", &[]);
        check("proxy = 'none'", &[]);
        check("proxy = 'http://proxy:3128'", &[]);
        check("proxy = 'http://me:secret@proxy:3128'", &["client.proxy"]);
        check("proxy = 'proxy'", &["client.proxy"]);
        check("proxy_user = 'me'", &["client.proxy_user"]);
        check("proxy_user = 'me'\nproxy_password = {}", &["client.proxy_password"]);
        assert!(toml::from_str::<ClientConfig>("timeout = 3").is_err());
        assert!(toml::from_str::<ClientConfig>("timeout_secs = 0").is_err());
    }

    #[test]
    fn services_are_reached_over_https_or_on_this_machine() {
        let check = |text: &str, fine: bool| assert_eq!(service_url(text).is_ok(), fine, "{text}");
        check("https://api.clever.com", true);
        check("https://api.clever.com/v3.1", true);
        check("http://127.0.0.1:8080", true);
        check("http://[::1]:8080", true);
        check("http://localhost", true);
        check("http://api.clever.com", false);
        check("http://127.0.0.1.example.org", false);
        check("https://me:secret@api.clever.com", false);
        check("https://api.clever.com?token=x", false);
        check("ftp://api.clever.com", false);
        check("api.clever.com", false);
    }
}
