//! A made-up OneRoster service over the fixture district: OneRoster 1.1 and 1.2, as any vendor's, and as ClassLink's
//! Roster Server with its proxy.
//!
//! Shapes are those of recorded answers: every value a string, empty strings for nothing, `href`s to another host,
//! passwords in the records of users unless `fields=` leaves them out.

mod faults;
mod harness;
mod objects;
mod state;

pub use faults::RosterFault;
pub use harness::{Opened, RestHarness};
pub use objects::RosterData;

use crate::http::{FakeHttp, HttpReply, HttpRequest};
use serde_json::json;
use state::State;
use std::sync::{Arc, Mutex, PoisonError};

/// Key of the direct access, and of the token endpoint.
pub const CONSUMER_KEY: &str = "made-up-key";
/// Secret of the direct access, and of the token endpoint.
pub const CONSUMER_SECRET: &str = "canary-consumer-secret";
/// Token of the partner at ClassLink's proxy.
pub const PARTNER_TOKEN: &str = "canary-partner-token";
/// Token of the district at ClassLink's proxy, and of services that take a bearer.
pub const DISTRICT_TOKEN: &str = "canary-district-token";
/// Token that [`RosterFault::BearerRotated`] puts in its place.
pub const ROTATED_TOKEN: &str = "canary-rotated-token";
/// The application's id at ClassLink's proxy, escaped as the list of applications has it.
pub const APPLICATION: &str = "%2Fma3de0up%3D";
/// The tenant's id at ClassLink.
pub const TENANT: u64 = 2222;

/// A service that runs until it is dropped.
#[derive(Debug)]
pub struct RosterServer {
    http: FakeHttp,
    state: Arc<Mutex<State>>,
}

impl RosterServer {
    /// Starts a service of this data.
    #[must_use]
    pub fn start(data: RosterData) -> Self {
        let state = Arc::new(Mutex::new(State::new(data)));
        let answering = state.clone();
        let http = FakeHttp::start(move |request| locked(&answering).answer(request));
        let url = http.url("");
        locked(&state).url = url;
        Self { http, state }
    }

    /// The HTTP service itself: its address, its log, faults of the transport.
    #[must_use]
    pub fn http(&self) -> &FakeHttp {
        &self.http
    }

    /// Lets something be as no service should be.
    pub fn fault(&self, fault: RosterFault) {
        fault.happen(&self.http, &mut locked(&self.state));
    }

    /// Changes the records, as a district does between two nights.
    pub fn change(&self, change: impl FnOnce(&mut RosterData)) {
        change(&mut locked(&self.state).data);
    }

    /// Sets the revision that pages tell in `x-perm-rev`.
    pub fn set_revision(&self, revision: &str) {
        locked(&self.state).revision = Some(revision.to_owned());
    }

    /// Adds another district that invited the application; it has no data.
    pub fn invite(&self, tenant: u64, name: &str) {
        locked(&self.state).invited.push((tenant, name.to_owned()));
    }
}

fn locked(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// Finds what a path is for.
    fn answer(&mut self, request: &HttpRequest) -> HttpReply {
        let path = request.path().to_owned();
        if path == "/token" {
            return token(request);
        }
        if path == "/applications" {
            return self.applications(request);
        }
        if path == format!("/applications/{APPLICATION}/server") {
            return self.server(request);
        }
        let proxied = path.strip_prefix(&format!("/{APPLICATION}"));
        let allowed = match proxied {
            Some(_) => self.allows_bearer(request),
            None => self.allows_bearer(request) || signed(request),
        };
        if !allowed {
            return HttpReply::json(&json!({"message": "unauthorized"})).with_status(401);
        }
        self.page(proxied.unwrap_or(&path), request)
    }

    fn allows_bearer(&self, request: &HttpRequest) -> bool {
        request.header("authorization") == Some(&format!("Bearer {}", self.token))
    }

    /// The partner's list of districts, without any header that tells how many they are.
    fn applications(&self, request: &HttpRequest) -> HttpReply {
        if !is_partner(request) {
            return HttpReply::page(401);
        }
        let own = (TENANT, "Marigold Valley".to_owned());
        let all = std::iter::once(&own).chain(&self.invited).enumerate().map(|(index, (tenant, name))| {
            let own = *tenant == TENANT;
            json!({
                "id": 12_345 + index, "application_id": 67_890, "tenant_id": tenant, "tenant_name": name,
                "bearer": if own { self.token.as_str() } else { "canary-other-token" },
                "enabled": if own && self.disabled { "false" } else { "true" }, "tenant_status": "Active",
                "oneroster_application_id": if own { APPLICATION.to_owned() } else { format!("%2Fother{index}%3D") },
                "name": "Homeroom", "version": "",
            })
        });
        let (offset, limit) = (request.number("offset").unwrap_or(0), request.number("limit"));
        let page: Vec<_> = all.skip(offset).take(limit.unwrap_or(100)).collect();
        HttpReply::json(&json!({"status": 1, "applications": page}))
    }

    /// The credential of the direct access.
    fn server(&self, request: &HttpRequest) -> HttpReply {
        if !is_partner(request) {
            return HttpReply::page(401);
        }
        HttpReply::json(&json!({"status": 1, "message": "", "server": {
            "client_id": CONSUMER_KEY, "client_secret": CONSUMER_SECRET,
            "endpoint_url": format!("{}/ims/oneroster/v1p1", self.url),
        }}))
    }
}

fn is_partner(request: &HttpRequest) -> bool {
    request.header("authorization") == Some(&format!("Bearer {PARTNER_TOKEN}"))
}

/// Whether a request is signed with OAuth 1.0a; what the signature is worth is tested elsewhere.
fn signed(request: &HttpRequest) -> bool {
    let header = request.header("authorization").unwrap_or_default();
    let has = |part: &str| header.contains(part);
    header.starts_with("OAuth ")
        && has(&format!("oauth_consumer_key=\"{CONSUMER_KEY}\""))
        && (has("oauth_signature_method=\"HMAC-SHA256\"")
            || has("oauth_signature_method=\"HMAC-SHA1\""))
        && has("oauth_signature=\"")
        && has("oauth_nonce=\"")
        && has("oauth_timestamp=\"")
}

/// OAuth 2.0 client credentials, in the header or in the body.
fn token(request: &HttpRequest) -> HttpReply {
    // `made-up-key:canary-consumer-secret`
    let basic = "Basic bWFkZS11cC1rZXk6Y2FuYXJ5LWNvbnN1bWVyLXNlY3JldA==";
    let in_header = request.header("authorization") == Some(basic);
    let in_body = request.form("client_secret").as_deref() == Some(CONSUMER_SECRET);
    if !(in_header || in_body) {
        return HttpReply::json(&json!({"error": "invalid_client"})).with_status(401);
    }
    let body = json!({"access_token": DISTRICT_TOKEN, "token_type": "bearer", "expires_in": 3600});
    HttpReply::json(&body)
}
