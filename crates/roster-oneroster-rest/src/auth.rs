//! How a OneRoster service knows who asks.

use crate::options::Problems;
use roster_core::Result;
use roster_core::{Error, ErrorKind};
use roster_credentials::CredentialPlace;
use roster_http::{
    Authorize, Bearer, Client, ClientAuthentication, ClientCredentials, OAuth1, TokenEndpoint,
    service_url,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{path::Path, sync::Arc};

/// How the service knows who asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum AuthConfig {
    /// A token that does not change.
    Bearer {
        /// Where the token is kept, such as `{ env = "LAKESIDE_TOKEN" }`.
        token: CredentialPlace,
    },
    /// OAuth 1.0a: every request is signed with key and secret.
    OAuth1 {
        /// The key, such as `"3f7a0c"`.
        key: String,
        /// Where the secret is kept, such as `{ env = "LAKESIDE_SECRET" }`.
        secret: CredentialPlace,
        /// How requests are signed; default `"hmac-sha256"`.  Example: `"hmac-sha1"`
        #[serde(default)]
        signature: Signature,
    },
    /// OAuth 2.0 client credentials: key and secret are exchanged for a token.
    OAuth2 {
        /// Where tokens come from, such as `"https://sis.example.org/oauth/token"`.
        token_url: String,
        /// The client's id, such as `"homeroom"`.
        client_id: String,
        /// Where the client's secret is kept, such as `{ file = "/run/secrets/lakeside" }`.
        client_secret: CredentialPlace,
        /// Scopes to ask for; by default those of the version that read rosters and demographics.  Example:
        /// `["https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"]`
        #[serde(default)]
        scopes: Option<Vec<String>>,
        /// Where id and secret go in a token request: `"header"`, which is the default, or `"body"`.
        #[serde(default)]
        send_secret_in: SecretPlace,
    },
}

/// How requests are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// HMAC-SHA256, which the standard asks for from 1.1 on.
    #[default]
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    /// HMAC-SHA1, of older services.
    #[serde(rename = "hmac-sha1")]
    HmacSha1,
}

/// Where id and secret go in a token request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretPlace {
    /// In the `Authorization` header, which OAuth 2.0 asks of every service.
    #[default]
    Header,
    /// In the body.
    Body,
}

impl AuthConfig {
    /// What is wrong, without touching anything outside.
    pub fn problems(&self, problems: &mut Problems) {
        match self {
            Self::Bearer { token } => problems.credential("auth.token", Some(token)),
            Self::OAuth1 { key, secret, .. } => {
                problems.name("auth.key", Some(key));
                problems.credential("auth.secret", Some(secret));
            }
            Self::OAuth2 { token_url, client_id, client_secret, .. } => {
                problems.url("auth.token_url", Some(token_url));
                problems.name("auth.client_id", Some(client_id));
                problems.credential("auth.client_secret", Some(client_secret));
            }
        }
    }

    /// The same with relative files starting at `base`.
    #[must_use]
    pub fn at(mut self, base: &Path) -> Self {
        let place = match &mut self {
            Self::Bearer { token: place }
            | Self::OAuth1 { secret: place, .. }
            | Self::OAuth2 { client_secret: place, .. } => place,
        };
        *place = place.clone().at(base);
        self
    }

    /// Reads the credential and authorizes with it; `scopes` are asked for where none are configured.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] where the credential cannot be read or used.
    pub fn authorize(&self, client: &Client, scopes: &[String]) -> Result<Arc<dyn Authorize>> {
        Ok(match self {
            Self::Bearer { token } => Arc::new(Bearer::new(&token.read()?)?),
            Self::OAuth1 { key, secret, signature } => {
                let clock = client.clock().clone();
                Arc::new(OAuth1::new(key.clone(), secret.read()?, (*signature).into(), clock))
            }
            Self::OAuth2 { token_url, client_id, client_secret, scopes: own, send_secret_in } => {
                let url = service_url(token_url).map_err(|it| {
                    Error::new(ErrorKind::ConfigInvalid, "oneroster.authorize", it)
                })?;
                let endpoint = TokenEndpoint {
                    url,
                    client_id: client_id.clone(),
                    client_secret: client_secret.read()?,
                    scopes: own.clone().unwrap_or_else(|| scopes.to_vec()),
                    authentication: match send_secret_in {
                        SecretPlace::Header => ClientAuthentication::Header,
                        SecretPlace::Body => ClientAuthentication::Body,
                    },
                };
                Arc::new(ClientCredentials::new(client.clone(), endpoint))
            }
        })
    }
}
