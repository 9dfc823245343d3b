//! The token of one district, and what it allows.
//!
//! An application's credentials give it by the district's id from the list of tokens, which lies on another host than
//! the API; Clever advises to keep the id and not the token, since a token may be replaced.

use crate::{
    config::{Access, Settings},
    scopes::Scopes,
};
use async_trait::async_trait;
use roster_core::{Error, ErrorKind, Result, RunContext, Secret};
use roster_http::{
    Api, Authorization, Authorize, Basic, Bearer, Client, Next, Page, PageSize, Paging, Rate,
    RateLimiter, Response, Target,
};
use serde::Deserialize;
use std::{num::NonZeroU32, sync::Arc};
use tokio::sync::Mutex;
use url::Url;

const TOKENS: &str = "clever.tokens";
const TOKEN_INFO: &str = "clever.tokeninfo";

/// Tokens are listed in pages of this size, if in pages at all.
const TOKENS_IN_A_PAGE: NonZeroU32 = NonZeroU32::new(1_000).expect("it is not zero");

/// Authorizes requests about one district.
#[derive(Debug)]
pub(crate) struct Account {
    settings: Arc<Settings>,
    client: Client,
    granted: Mutex<Option<Granted>>,
}

/// A token, and what it allows.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) authorization: Authorization,
    pub(crate) token: Secret<String>,
    pub(crate) scopes: Scopes,
}

/// A district that has connected with the application.
#[derive(Debug, Deserialize)]
pub(crate) struct Connected {
    owner: Owner,
    access_token: Secret<String>,
    #[serde(default)]
    scopes: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Owner {
    id: String,
}

#[derive(Deserialize)]
struct TokenList {
    data: Vec<Connected>,
    #[serde(default)]
    links: Vec<TokenLink>,
}

#[derive(Deserialize)]
struct TokenLink {
    rel: String,
    uri: String,
}

#[derive(Deserialize)]
struct TokenInfo {
    #[serde(default)]
    scopes: Vec<String>,
}

impl Connected {
    /// The district's id.
    pub(crate) fn district(&self) -> &str {
        &self.owner.id
    }

    /// What it allows.
    pub(crate) fn scopes(&self) -> Scopes {
        Scopes::new(self.scopes.iter().cloned())
    }

    /// The token.
    pub(crate) fn token(&self) -> &Secret<String> {
        &self.access_token
    }
}

/// Districts that have connected with an application, or the one with the id.
pub(crate) async fn connected(
    ctx: &RunContext,
    client: &Client,
    tokens: &Url,
    (client_id, client_secret): (&str, &Secret<String>),
    district: Option<&str>,
) -> Result<Vec<Connected>> {
    let auth = Arc::new(Basic::new(client_id, client_secret)?);
    let limiter = Arc::new(RateLimiter::unlimited());
    let api = Api::new(client.clone(), tokens.clone(), auth, limiter);
    let mut path = "/oauth/tokens?owner_type=district".to_owned();
    if let Some(district) = district {
        path.push_str("&district=");
        path.push_str(district);
    }
    let paging = Paging {
        operation: TOKENS,
        url: api.url(TOKENS, &path)?,
        limit: "limit",
        size: PageSize { start: TOKENS_IN_A_PAGE, least: TOKENS_IN_A_PAGE },
        after: None,
        offset: None,
    };
    let mut pages = api.pages(paging, Arc::new(tokens_of));
    let mut all = Vec::new();
    while let Some(page) = pages.next(ctx).await? {
        all.extend(page.content);
    }
    Ok(all)
}

fn tokens_of(response: &Response) -> Result<Page<Vec<Connected>>> {
    let TokenList { data, links } = response.json(TOKENS)?;
    let next = links.into_iter().find(|it| it.rel == "next");
    let next = next.map_or(Next::Done, |it| Next::Link(it.uri));
    Ok(Page { received: data.len() as u64, content: data, next })
}

impl Account {
    pub(crate) fn new(settings: Arc<Settings>, client: Client) -> Self {
        Self { settings, client, granted: Mutex::new(None) }
    }

    /// The token that counts now; asks for it the first time.
    pub(crate) async fn granted(&self, ctx: &RunContext) -> Result<Granted> {
        let mut granted = self.granted.lock().await;
        if let Some(granted) = &*granted {
            return Ok(granted.clone());
        }
        Ok(granted.insert(self.ask(ctx).await?).clone())
    }

    async fn ask(&self, ctx: &RunContext) -> Result<Granted> {
        match &self.settings.access {
            Access::Token(place) => {
                let token = place.read()?;
                let scopes = self.scopes_of(ctx, &token).await?;
                granted(token, scopes)
            }
            Access::Application { client_id, client_secret } => {
                let secret = client_secret.read()?;
                let application = (client_id.as_str(), &secret);
                let wanted = self.settings.district.as_deref();
                let tokens = &self.settings.tokens;
                let all = connected(ctx, &self.client, tokens, application, wanted).await?;
                let found = all.into_iter().find(|it| Some(it.district()) == wanted);
                let found = found.ok_or_else(|| not_connected(wanted.unwrap_or_default()))?;
                granted(found.token().clone(), found.scopes())
            }
        }
    }

    /// What a token allows; everything where the service does not say.
    async fn scopes_of(&self, ctx: &RunContext, token: &Secret<String>) -> Result<Scopes> {
        let auth = Arc::new(Bearer::new(token)?);
        let limiter = Arc::new(RateLimiter::unlimited());
        let api = Api::new(self.client.clone(), self.settings.tokens.clone(), auth, limiter);
        let url = api.url(TOKEN_INFO, "/oauth/tokeninfo")?;
        let info = api.get(ctx, TOKEN_INFO, &url, |it| it.json::<TokenInfo>(TOKEN_INFO)).await;
        match info {
            Ok(info) => Ok(Scopes::new(info.scopes)),
            // An old token may not be known there and be good all the same: the API decides.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) =>
            {
                Ok(Scopes::default())
            }
            Err(error) => Err(error),
        }
    }

    /// The limit that all who use this token share.
    pub(crate) fn limiter(&self, granted: &Granted) -> Arc<RateLimiter> {
        let rate = Rate::per_minute(self.settings.requests_per_minute);
        RateLimiter::shared(self.settings.api.as_str(), granted.token.expose(), rate)
    }
}

fn granted(token: Secret<String>, scopes: Scopes) -> Result<Granted> {
    let authorization = Authorization::new(&format!("Bearer {}", token.expose()))?;
    Ok(Granted { authorization, token, scopes })
}

fn not_connected(district: &str) -> Error {
    let message = "the district is not connected with the application; have its administrator add it in Clever";
    Error::new(ErrorKind::PermissionDenied, TOKENS, message).context("clever_district", district)
}

#[async_trait]
impl Authorize for Account {
    async fn authorize(&self, ctx: &RunContext, _: Target<'_>) -> Result<Authorization> {
        Ok(self.granted(ctx).await?.authorization)
    }

    async fn refused(&self, ctx: &RunContext, used: &Authorization) -> Result<bool> {
        let mut current = self.granted.lock().await;
        if current.as_ref().is_some_and(|it| it.authorization == *used) {
            *current = None;
            *current = Some(self.ask(ctx).await?);
        }
        Ok(current.as_ref().is_some_and(|it| it.authorization != *used))
    }
}
