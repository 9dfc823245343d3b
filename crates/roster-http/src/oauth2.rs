//! OAuth 2.0 client credentials (RFC 6749, section 4.4): a token is fetched when it is needed and kept until it expires.

use crate::{Authorization, Authorize, Client, Outgoing, RetryPolicy, Target, retry, status_error};
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::HeaderMap;
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse,
    RequestTokenError, Scope, TokenResponse as _, TokenUrl, basic::BasicClient,
};
use roster_core::{Error, ErrorKind, Result, Retry, RunContext, Secret};
use std::{error, fmt, time::Duration};
use tokio::sync::Mutex;
use url::Url;

/// A token is renewed so long before it expires.
const EARLY: Duration = Duration::from_mins(1);

/// Where the client's id and secret go in a token request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// In the `Authorization` header.
    #[default]
    Header,
    /// In the body.
    Body,
}

/// Where tokens come from.
#[derive(Clone, Debug)]
pub struct TokenEndpoint {
    /// Its address.
    pub url: Url,
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret<String>,
    /// Scopes to ask for.
    pub scopes: Vec<String>,
    /// How the client says who it is.
    pub authentication: ClientAuthentication,
}

/// Authorizes with tokens from a [`TokenEndpoint`].
#[derive(Debug)]
pub struct ClientCredentials {
    client: Client,
    endpoint: TokenEndpoint,
    token: Mutex<Option<Token>>,
}

#[derive(Clone, Debug)]
struct Token {
    authorization: Authorization,
    /// Time since 1970 from which on it is not used any more.
    until: Option<Duration>,
}

impl ClientCredentials {
    /// Fetches nothing yet.
    #[must_use]
    pub fn new(client: Client, endpoint: TokenEndpoint) -> Self {
        Self { client, endpoint, token: Mutex::new(None) }
    }

    async fn fetch(&self, ctx: &RunContext) -> Result<Token> {
        let policy = RetryPolicy::default();
        for attempt in 1.. {
            let error = match self.fetch_once(ctx).await {
                Ok(token) => return Ok(token),
                Err(error) => error,
            };
            let Some(wait) = policy.wait(attempt, error.retry_verdict()) else {
                return Err(retry::exhausted(error, attempt));
            };
            let clock = self.client.clock().as_ref();
            retry::pause(ctx, clock, error.kind(), attempt, wait).await?;
        }
        unreachable!("the policy ends the attempts")
    }

    async fn fetch_once(&self, ctx: &RunContext) -> Result<Token> {
        let endpoint = &self.endpoint;
        let authentication = match endpoint.authentication {
            ClientAuthentication::Header => AuthType::BasicAuth,
            ClientAuthentication::Body => AuthType::RequestBody,
        };
        let client = BasicClient::new(ClientId::new(endpoint.client_id.clone()))
            .set_client_secret(ClientSecret::new(endpoint.client_secret.expose().clone()))
            .set_auth_type(authentication)
            .set_token_uri(TokenUrl::from_url(endpoint.url.clone()));
        let request = client
            .exchange_client_credentials()
            .add_scopes(endpoint.scopes.iter().cloned().map(Scope::new));
        let asked_at = self.client.clock().now();
        let sender = Sender { credentials: self, ctx };
        let answer = request.request_async(&sender).await.map_err(refusal)?;
        let authorization =
            Authorization::new(&format!("Bearer {}", answer.access_token().secret()))?;
        let until = answer.expires_in().map(|it| asked_at + it.saturating_sub(EARLY));
        Ok(Token { authorization, until })
    }

    /// Sends a token request, always to the endpoint that was configured.
    async fn send(&self, ctx: &RunContext, request: HttpRequest) -> Result<HttpResponse, Unsent> {
        let (parts, body) = request.into_parts();
        let outgoing = Outgoing {
            operation: OPERATION,
            method: parts.method,
            url: &self.endpoint.url,
            headers: sensitive(parts.headers),
            body: Bytes::from(body),
        };
        let answer = self.client.send(ctx, outgoing).await.map_err(|it| Unsent(it.error))?;
        // A refusal with a body is the standard's own; its code is read from there.
        let refused = answer.status.is_client_error() && answer.status != 429 && !answer.is_html();
        if !refused
            && let Some(failure) = status_error(OPERATION, &answer, self.client.clock().now())
        {
            return Err(Unsent(failure.error));
        }
        let mut response = HttpResponse::new(answer.body.to_vec());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

const OPERATION: &str = "http.token";

fn sensitive(mut headers: HeaderMap) -> HeaderMap {
    if let Some(value) = headers.get_mut(http::header::AUTHORIZATION) {
        value.set_sensitive(true);
    }
    headers
}

/// The way of token requests through our own client.
struct Sender<'a> {
    credentials: &'a ClientCredentials,
    ctx: &'a RunContext,
}

impl<'c> AsyncHttpClient<'c> for Sender<'_> {
    type Error = Unsent;
    type Future = BoxFuture<'c, Result<HttpResponse, Unsent>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.credentials.send(self.ctx, request))
    }
}

/// A token request that brought no answer.
#[derive(Debug)]
struct Unsent(Error);

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl error::Error for Unsent {}

/// The error of a token request; of a refusal only a code of the standard is told.
fn refusal(error: RequestTokenError<Unsent, oauth2::basic::BasicErrorResponse>) -> Error {
    use oauth2::basic::BasicErrorResponseType as Code;
    match error {
        RequestTokenError::Request(Unsent(error)) => error,
        RequestTokenError::ServerResponse(refusal) => {
            let code = match refusal.error() {
                Code::Extension(_) => "another",
                code => code.as_ref(),
            };
            let message =
                "the service gives no token for these credentials; check id, secret and scopes";
            Error::new(ErrorKind::AuthFailed, OPERATION, message).context("code", code)
        }
        _ => {
            let message = "the answer to the token request does not have the documented form";
            Error::new(ErrorKind::SchemaMismatch, OPERATION, message).retry(Retry::Backoff)
        }
    }
}

#[async_trait]
impl Authorize for ClientCredentials {
    async fn authorize(&self, ctx: &RunContext, _: Target<'_>) -> Result<Authorization> {
        let mut token = self.token.lock().await;
        let now = self.client.clock().now();
        if let Some(token) = token.as_ref().filter(|it| it.until.is_none_or(|until| now < until)) {
            return Ok(token.authorization.clone());
        }
        let fetched = self.fetch(ctx).await?;
        Ok(token.insert(fetched).authorization.clone())
    }

    async fn refused(&self, _: &RunContext, used: &Authorization) -> Result<bool> {
        let mut token = self.token.lock().await;
        if token.as_ref().is_some_and(|it| it.authorization == *used) {
            *token = None;
        }
        Ok(true)
    }
}
