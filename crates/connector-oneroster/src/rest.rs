//! A service of any vendor, reached with the credential of one district.

use crate::{
    OneRoster,
    config::{Config, RestVersion},
};
use async_trait::async_trait;
use roster_core::{Connector, Error, ErrorKind, Result, RunContext, SourceDescriptor};
use roster_http::{Api, Client, RateLimiter, service_url};
use roster_oneroster::Version;
use roster_oneroster_rest::{
    AuthConfig, Connect, Connected, Service, Services, page_size, prefix_of,
};
use std::{path::Path, sync::Arc};
use url::Url;

static DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    id: OneRoster::ID,
    title: "OneRoster service",
    field_name: roster_oneroster::property_name,
};

/// How a service is reached.
#[derive(Debug)]
pub(crate) struct RestSettings {
    url: Url,
    auth: AuthConfig,
    version: Version,
    services: Services,
    page_size: roster_http::PageSize,
    client: Client,
}

impl RestSettings {
    /// Of a configuration; relative paths start at `base`.
    pub(crate) fn new(config: Config, base: &Path) -> Result<Self> {
        let invalid = |key, message: String| {
            Error::new(ErrorKind::ConfigInvalid, "oneroster.config", message).context("key", key)
        };
        if let Some(problem) = config.problems().into_iter().next() {
            return Err(invalid(problem.key, problem.message));
        }
        let (Some(url), Some(auth)) = (config.url, config.auth) else {
            return Err(invalid("url", "a service has an address and an authorization".to_owned()));
        };
        Ok(Self {
            url: service_url(&url).map_err(|it| invalid("url", it))?,
            auth: auth.at(base),
            version: match config.version {
                RestVersion::V1_0 => Version::V1_0,
                RestVersion::V1_1 => Version::V1_1,
                RestVersion::V1_2 => Version::V1_2_1,
            },
            services: Services { gradebook: config.gradebook, resources: config.resources },
            page_size: page_size(config.page_size),
            client: Client::new(config.client.at(base)),
        })
    }

    /// The same with another client, for tests.
    pub(crate) fn with_client(self, client: Client) -> Self {
        Self { client, ..self }
    }

    /// The scopes that read rosters and demographics: the second is in no other scope.
    fn scopes(&self) -> Vec<String> {
        let version = if self.version == Version::V1_2_1 { "v1p2" } else { "v1p1" };
        let scope =
            |it: &str| format!("https://purl.imsglobal.org/spec/or/{version}/scope/{it}.readonly");
        ["roster-core", "roster-demographics"].map(scope).into()
    }
}

#[async_trait]
impl Connect for RestSettings {
    fn descriptor(&self) -> &'static SourceDescriptor {
        &DESCRIPTOR
    }

    async fn connect(&self, _: &RunContext) -> Result<Connected> {
        let auth = self.auth.authorize(&self.client, &self.scopes())?;
        let limiter = Arc::new(RateLimiter::unlimited());
        let service = Service {
            api: Api::new(self.client.clone(), self.url.clone(), auth, limiter),
            version: self.version,
            prefix: prefix_of(&self.url),
            services: self.services,
            page_size: self.page_size,
            select_fields: true,
        };
        let found = format!(
            "OneRoster {} at {}",
            self.version.declared(),
            self.url.host_str().unwrap_or_default()
        );
        Ok(Connected { service, found })
    }
}
