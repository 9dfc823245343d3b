//! The partner's list of districts, and the credentials that ClassLink keeps for each.
//!
//! The list tells no total; its end is an empty page.  `oneroster_application_id` comes escaped and goes into the path
//! as it is: escaped once more it names nothing.

use crate::config::{Settings, Way};
use roster_core::{Error, ErrorKind, Result, RunContext, Secret};
use roster_http::{Api, Bearer, Next, Page, PageSize, Paging, RateLimiter, Response};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use std::{
    fmt,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};
use url::Url;

const OPERATION: &str = "classlink.applications";

/// Districts of a page of the list.
const PAGE: NonZeroU32 = NonZeroU32::new(1_000).expect("1000 is not zero");

/// A district that shares with the application.  `Debug` hides its credential.
#[derive(Clone)]
pub struct Application {
    /// Its tenant id.
    pub tenant_id: u64,
    /// Its name.
    pub name: String,
    /// Whether its administrator has switched the application on, and ClassLink the district.
    pub enabled: bool,
    /// The segment of the proxy's path, escaped.
    pub(crate) path: String,
    pub(crate) bearer: Option<Secret<String>>,
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("tenant_id", &self.tenant_id)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Listed {
    applications: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(deserialize_with = "number")]
    tenant_id: Option<u64>,
    #[serde(default)]
    tenant_name: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    enabled: bool,
    #[serde(default)]
    tenant_status: Option<String>,
    #[serde(default)]
    oneroster_application_id: Option<String>,
    #[serde(default)]
    bearer: Option<String>,
}

/// A value that comes as it is or as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Flag(bool),
    Number(u64),
    Text(String),
    Other(IgnoredAny),
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Loose::deserialize(deserializer)? {
        Loose::Number(number) => Some(number),
        Loose::Text(text) => text.trim().parse().ok(),
        Loose::Flag(_) | Loose::Other(_) => None,
    })
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Loose::deserialize(deserializer)? {
        Loose::Flag(flag) => flag,
        Loose::Number(number) => number == 1,
        Loose::Text(text) => text.trim().eq_ignore_ascii_case("true"),
        Loose::Other(_) => false,
    })
}

impl Row {
    /// The district; `None` for a row that names none.
    fn application(self) -> Option<Application> {
        let active = self.tenant_status.is_none_or(|it| it.trim().eq_ignore_ascii_case("active"));
        Some(Application {
            tenant_id: self.tenant_id?,
            name: self.tenant_name.unwrap_or_default(),
            enabled: self.enabled && active,
            path: self.oneroster_application_id.filter(|it| is_segment(it))?,
            bearer: self.bearer.filter(|it| !it.trim().is_empty()).map(Secret::new),
        })
    }
}

/// Whether a text is one escaped segment of a path, so that it leads nowhere else.
fn is_segment(text: &str) -> bool {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"%-._~=+!$&'()*,;:@".contains(&it);
    !text.is_empty() && text.bytes().all(plain) && !matches!(text, "." | "..")
}

/// ClassLink's proxy with the partner's key, at the first of its hosts that answers.
pub(crate) struct Partner {
    pub(crate) api: Api,
    pub(crate) proxy: Url,
    pub(crate) key: Secret<String>,
    pub(crate) applications: Vec<Application>,
}

/// All districts of the partner's list.
pub(crate) async fn list(ctx: &RunContext, settings: &Settings) -> Result<Vec<Application>> {
    Ok(partner(ctx, settings).await?.applications)
}

/// Finds the host and reads the list.
pub(crate) async fn partner(ctx: &RunContext, settings: &Settings) -> Result<Partner> {
    let Way::Partner { key, .. } = &settings.way else {
        let message = "the list of districts is for partners; configure partner_key";
        return Err(Error::new(ErrorKind::ConfigInvalid, OPERATION, message));
    };
    let key = key.read()?;
    let mut failed = None;
    for proxy in &settings.proxies {
        let auth = Arc::new(Bearer::new(&key)?);
        let limiter = Arc::new(RateLimiter::unlimited());
        let api = Api::new(settings.client.clone(), proxy.clone(), auth, limiter);
        match read_list(ctx, &api).await {
            Ok(applications) => {
                return Ok(Partner { api, proxy: proxy.clone(), key, applications });
            }
            Err(error) if is_of_the_host(&error) => _ = failed.get_or_insert(error),
            Err(error) => return Err(error),
        }
    }
    Err(failed.unwrap_or_else(|| {
        Error::new(ErrorKind::ConfigInvalid, OPERATION, "no proxy is configured")
    }))
}

/// Whether another host may answer.
fn is_of_the_host(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::NotFound | ErrorKind::SchemaMismatch)
}

/// Reads the list to its end.
pub(crate) async fn read_list(ctx: &RunContext, api: &Api) -> Result<Vec<Application>> {
    let list = Arc::new(Mutex::new(Vec::new()));
    let decode = {
        let list = list.clone();
        move |response: &Response| {
            let listed: Listed = response.json(OPERATION)?;
            let received = listed.applications.len() as u64;
            let rows = listed.applications.into_iter().filter_map(Row::application);
            list.lock().unwrap_or_else(PoisonError::into_inner).extend(rows);
            Ok(Page { content: (), received, next: Next::Offset { total: None } })
        }
    };
    let paging = Paging {
        operation: OPERATION,
        url: api.url(OPERATION, "/applications")?,
        limit: "limit",
        size: PageSize { start: PAGE, least: PAGE },
        after: None,
        offset: Some("offset"),
    };
    let mut pages = api.pages(paging, Arc::new(decode));
    while pages.next(ctx).await?.is_some() {}
    drop(pages);
    let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *list))
}

/// Credentials of a district's own Roster Server.
#[derive(Deserialize)]
pub(crate) struct DirectAccess {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret<String>,
    pub(crate) endpoint_url: String,
}

#[derive(Deserialize)]
struct ServerAnswer {
    server: DirectAccess,
}

/// Asks for the credentials of a district's own Roster Server.
pub(crate) async fn direct_access(
    ctx: &RunContext,
    partner: &Partner,
    application: &Application,
) -> Result<DirectAccess> {
    const OPERATION: &str = "classlink.server";
    let path = format!("/applications/{}/server", application.path);
    let url = partner.api.url(OPERATION, &path)?;
    let answer = partner.api.get(ctx, OPERATION, &url, |it| it.json::<ServerAnswer>(OPERATION));
    Ok(answer.await?.server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_lead_nowhere_else() {
        let check = |text: &str, expected: bool| assert_eq!(is_segment(text), expected, "{text}");
        check("%2FKVed75Gs%3D", true);
        check("abc-123", true);
        check("", false);
        check("..", false);
        check("a/b", false);
        check("a?b", false);
        check("a#b", false);
    }
}
