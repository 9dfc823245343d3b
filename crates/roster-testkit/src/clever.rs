//! A made-up Clever: the Data API and the list of tokens, on one loopback address, over records in memory.
//!
//! It follows recordings of the service where they differ from its description: items stand in `{data, uri}`, links
//! are relative to the root and keep the limit, tokens are not wrapped, an unknown path is answered with a web page,
//! and every answer of the API has the headers of its rate limit, none `Retry-After`.

mod data;

pub use data::CleverData;

use crate::http::{FakeHttp, HttpReply, HttpRequest};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Requests that a token has in a minute.
const REQUESTS_PER_MINUTE: u64 = 1_200;
/// Records of a page where no limit is asked for, and the most that may be asked for.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 10_000;

/// Something that the service does wrong with the links of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Twist {
    /// The first page leads to itself.
    NextToItself,
    /// The first page leads to this address.
    NextElsewhere(String),
    /// No page is ever the last: the next one is always the first.
    NextToFirst,
    /// The last page leads to an empty one.
    EmptyLastPage,
}

type Time = Box<dyn Fn() -> u64 + Send + Sync>;
type Hook = Box<dyn FnOnce(&mut CleverData) + Send>;

struct State {
    data: CleverData,
    twists: Vec<(String, Twist)>,
    /// What happens to the records after so many requests of the API.
    hooks: Vec<(u64, Hook)>,
    requests: u64,
    /// Milliseconds since 1970.
    time: Time,
    /// Requests by token and minute.
    minutes: HashMap<(String, u64), u64>,
}

/// A made-up Clever.
pub struct FakeClever {
    http: FakeHttp,
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for FakeClever {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeClever").field("http", &self.http).finish_non_exhaustive()
    }
}

impl FakeClever {
    /// Starts the service; time stands still in it.
    #[must_use]
    pub fn start(data: CleverData) -> Self {
        Self::start_at(data, || 1_700_000_000_000)
    }

    /// Starts the service, with a clock in milliseconds since 1970.
    #[must_use]
    pub fn start_at(data: CleverData, time: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        let state = State {
            data,
            twists: Vec::new(),
            hooks: Vec::new(),
            requests: 0,
            time: Box::new(time),
            minutes: HashMap::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let answers = state.clone();
        let http = FakeHttp::start(move |request| lock(&answers).answer(request));
        Self { http, state }
    }

    /// The server, for its log and its faults.
    #[must_use]
    pub fn http(&self) -> &FakeHttp {
        &self.http
    }

    /// Changes the records.
    pub fn change(&self, change: impl FnOnce(&mut CleverData)) {
        change(&mut lock(&self.state).data);
    }

    /// Changes the records once so many more requests of the API have come.
    pub fn change_after(
        &self,
        requests: u64,
        change: impl FnOnce(&mut CleverData) + Send + 'static,
    ) {
        let mut state = lock(&self.state);
        let at = state.requests + requests;
        state.hooks.push((at, Box::new(change)));
    }

    /// Does something wrong with the links of a list, such as `users`, from now on.
    pub fn twist(&self, list: &str, twist: Twist) {
        lock(&self.state).twists.push((list.to_owned(), twist));
    }

    /// Stops doing anything wrong with links.
    pub fn untwist(&self) {
        lock(&self.state).twists.clear();
    }

    /// The most requests that any token had in any minute.
    #[must_use]
    pub fn most_in_a_minute(&self) -> u64 {
        lock(&self.state).minutes.values().copied().max().unwrap_or_default()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn answer(&mut self, request: &HttpRequest) -> HttpReply {
        match request.path() {
            "/oauth/tokens" => self.tokens(request),
            "/oauth/tokeninfo" => self.token_info(request),
            _ => self.api(request),
        }
    }

    fn tokens(&self, request: &HttpRequest) -> HttpReply {
        if request.header("authorization") != Some(self.data.basic().as_str()) {
            return HttpReply::json(&json!({"message": "unauthorized"})).with_status(401);
        }
        let wanted = request.query("district");
        let tokens: Vec<Value> = self
            .data
            .tokens()
            .into_iter()
            .filter(|it| wanted.as_deref().is_none_or(|wanted| it["owner"]["id"] == wanted))
            .collect();
        let links = [json!({"rel": "self", "uri": request.target()})];
        HttpReply::json(&json!({"data": tokens, "links": links}))
    }

    fn token_info(&self, request: &HttpRequest) -> HttpReply {
        if !self.is_token(request) {
            return HttpReply::json(&json!({"message": "unauthorized"})).with_status(401);
        }
        HttpReply::json(&json!({"client_id": self.data.client_id, "scopes": self.data.scopes}))
    }

    fn is_token(&self, request: &HttpRequest) -> bool {
        let wanted = format!("Bearer {}", self.data.token);
        request.header("authorization") == Some(wanted.as_str())
    }

    fn api(&mut self, request: &HttpRequest) -> HttpReply {
        self.requests += 1;
        let (due, later) =
            std::mem::take(&mut self.hooks).into_iter().partition(|it| it.0 < self.requests);
        self.hooks = later;
        let due: Vec<(u64, Hook)> = due;
        for (_, hook) in due {
            hook(&mut self.data);
        }
        let now = (self.time)() / 1_000;
        let token = request.header("authorization").unwrap_or_default().to_owned();
        let used = self.minutes.entry((token, now / 60)).or_default();
        *used += 1;
        let (used, left) = (*used, REQUESTS_PER_MINUTE.saturating_sub(*used));
        let reply = if used > REQUESTS_PER_MINUTE {
            HttpReply::json(&json!({"message": "too many requests"})).with_status(429)
        } else if !self.is_token(request) {
            HttpReply::json(&json!({"message": "unauthorized"})).with_status(401)
        } else {
            self.list(request)
        };
        reply
            .header("x-ratelimit-bucket", "bearer")
            .header("x-ratelimit-limit", REQUESTS_PER_MINUTE)
            .header("x-ratelimit-remaining", left)
            .header("x-ratelimit-reset", (now / 60 + 1) * 60)
            .header("x-request-id", format!("made-up-{}", self.requests))
    }

    fn list(&self, request: &HttpRequest) -> HttpReply {
        let path = request.path();
        let known = path.strip_prefix("/v3.1/").or_else(|| path.strip_prefix("/v3.0/"));
        let Some(name) = known.filter(|it| self.data.lists.contains_key(*it)) else {
            return HttpReply::page(404);
        };
        let limit = request.number("limit").unwrap_or(PAGE);
        if limit > LARGEST_PAGE {
            return HttpReply::json(&json!({"message": "limit is too large"})).with_status(413);
        }
        let version = &path[..=4];
        let page = Page { request, name, version, limit: limit.max(1) };
        page.reply(&self.data, &self.twists)
    }
}

/// A page that was asked for.
struct Page<'a> {
    request: &'a HttpRequest,
    name: &'a str,
    /// Such as `/v3.1`.
    version: &'a str,
    limit: usize,
}

impl Page<'_> {
    fn reply(&self, data: &CleverData, twists: &[(String, Twist)]) -> HttpReply {
        let role = self.request.query("role");
        let fits = |it: &&(String, Value)| {
            role.as_deref().is_none_or(|role| it.1["roles"].get(role).is_some())
        };
        let all: Vec<_> = data.lists[self.name].iter().filter(fits).collect();
        let after = self.request.query("starting_after").unwrap_or_default();
        let start = all.partition_point(|it| it.0 <= after);
        let rest = &all[start..];
        let page = &rest[..rest.len().min(self.limit)];
        let mut body = String::from("{\"data\":[");
        for (number, (id, record)) in page.iter().enumerate() {
            if number > 0 {
                body.push(',');
            }
            let uri = format!("{}/{}/{id}", self.version, self.name);
            body.extend([
                "{\"data\":",
                &record.to_string(),
                ",\"uri\":",
                &json!(uri).to_string(),
                "}",
            ]);
        }
        let links = Value::from(self.links(page, rest.len(), twists));
        body.extend(["],\"links\":", &links.to_string(), "}"]);
        HttpReply::new(200, "application/json; charset=utf-8", body)
    }

    fn links(
        &self,
        page: &[&(String, Value)],
        rest: usize,
        twists: &[(String, Twist)],
    ) -> Vec<Value> {
        let link = |rel: &str, uri: &str| json!({"rel": rel, "uri": uri});
        let mut links = vec![link("self", self.request.target())];
        if let Some((first, _)) = page.first() {
            links.push(link("prev", &self.address("ending_before", first)));
        }
        let twist = twists.iter().find(|it| it.0 == self.name).map(|it| &it.1);
        let next = page.last().map(|it| self.address("starting_after", &it.0));
        let list = format!("{}/{}?limit={}", self.version, self.name, self.limit);
        let next = match twist {
            Some(Twist::NextToItself) => Some(self.request.target().to_owned()),
            Some(Twist::NextElsewhere(address)) => Some(address.clone()),
            Some(Twist::NextToFirst) if rest <= self.limit => Some(list),
            Some(Twist::EmptyLastPage) => next,
            _ => next.filter(|_| rest > self.limit),
        };
        links.extend(next.map(|it| link("next", &it)));
        links
    }

    fn address(&self, cursor: &str, id: &str) -> String {
        let role = self.request.query("role").map_or_else(String::new, |it| format!("&role={it}"));
        format!("{}/{}?limit={}{role}&{cursor}={id}", self.version, self.name, self.limit)
    }
}
