//! The client: one request, one answer within limits.

use crate::{ClientConfig, Clock, Failure, SystemClock, retry};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::{Certificate, Proxy, redirect::Policy};
use roster_core::{Error, ErrorKind, Result, Retry, RunContext, Signal};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use url::Url;

const CONNECT: Duration = Duration::from_secs(15);
/// Clever's own client waits as long "to match the API".
const ANSWER: Duration = Duration::from_mins(2);
const ANSWER_BYTES: u64 = 64 * 1024 * 1024;
/// The most bytes of an answer that is no success; nothing of it is told.
const REFUSAL_BYTES: u64 = 64 * 1024;

/// A client for any number of services.  Cheap to clone; clones share connections.
///
/// It is set up at the first request, so that making one touches nothing outside.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    config: ClientConfig,
    clock: Arc<dyn Clock>,
    made: Mutex<Option<reqwest::Client>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// One request as it goes out.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// Name of the operation for errors, such as `clever.users`.
    pub operation: &'static str,
    /// Method.
    pub method: Method,
    /// Where to.
    pub url: &'a Url,
    /// Headers; credentials among them are marked as sensitive, so that `Debug` hides them.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl<'a> Outgoing<'a> {
    /// A request to read something as JSON.
    #[must_use]
    pub fn get(operation: &'static str, url: &'a Url) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        Self { operation, method: Method::GET, url, headers, body: Bytes::new() }
    }
}

/// An answer, whole.  `Debug` shows no header and nothing of the body.
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, within the client's cap.
    pub body: Bytes,
    /// Path that was asked, without query.
    pub path: String,
    /// Query that was asked; empty where there was none.
    pub query: String,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("path", &self.path)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Response {
    /// Whether the body is a page for people, as services send for addresses they do not have.
    #[must_use]
    pub fn is_html(&self) -> bool {
        let named = self.headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
        named.is_some_and(|it| it.trim_start().to_ascii_lowercase().starts_with("text/html"))
    }

    /// The header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Reads the body as JSON.  What does not fit may be a broken answer, so it is worth another try.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SchemaMismatch`], which tells line and column, never what stands there.
    pub fn json<'a, T: serde::Deserialize<'a>>(&'a self, operation: &'static str) -> Result<T> {
        let error = |message| {
            Error::new(ErrorKind::SchemaMismatch, operation, message)
                .retry(Retry::Backoff)
                .context("path", &self.path)
        };
        if self.is_html() {
            return Err(error(
                "the service answered with a page for people, where JSON was expected",
            ));
        }
        serde_json::from_slice(&self.body).map_err(|err| {
            let message = match err.classify() {
                serde_json::error::Category::Eof => "the answer ends in the middle",
                serde_json::error::Category::Data => "the answer does not have the documented form",
                _ => "the answer is not JSON",
            };
            error(message).context("line", err.line()).context("column", err.column())
        })
    }

    #[cfg(test)]
    pub(crate) fn test(status: u16, body: &'static [u8]) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body),
            path: "/".to_owned(),
            query: String::new(),
        }
    }
}

impl Client {
    /// A client.  Does no I/O; relative paths of the configuration must have been resolved.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// The same under another clock, for tests.
    #[must_use]
    pub fn with_clock(config: ClientConfig, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { config, clock, made: Mutex::new(None) }))
    }

    /// The clock it goes by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// Sends a request once and reads the whole answer, whatever its status.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] for an unusable configuration, [`ErrorKind::Unavailable`] for network trouble and
    /// an answer that breaks off or takes too long, [`ErrorKind::Damaged`] for one over the cap,
    /// [`ErrorKind::Cancelled`].
    pub async fn send(
        &self,
        ctx: &RunContext,
        outgoing: Outgoing<'_>,
    ) -> Result<Response, Failure> {
        let client = self.made().map_err(Failure::new)?;
        let sent = self.exchange(ctx, &client, outgoing);
        retry::unless_cancelled(ctx, sent).await.map_err(Failure::new)?
    }

    async fn exchange(
        &self,
        ctx: &RunContext,
        client: &reqwest::Client,
        outgoing: Outgoing<'_>,
    ) -> Result<Response, Failure> {
        let Outgoing { operation, method, url, headers, body } = outgoing;
        let (path, query) = (url.path().to_owned(), url.query().unwrap_or_default().to_owned());
        let broken = |err: reqwest::Error| trouble(operation, &path, err);
        let request = client.request(method, url.clone()).headers(headers).body(body);
        let mut answer = request.send().await.map_err(broken)?;
        let status = answer.status();
        let cap = if status.is_success() { self.cap() } else { REFUSAL_BYTES };
        let headers = std::mem::take(answer.headers_mut());
        let expected = answer.content_length().unwrap_or(0).min(cap);
        let mut body = BytesMut::with_capacity(usize::try_from(expected).unwrap_or(0));
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            ctx.signals.signal(Signal::BytesIn(chunk.len() as u64));
            if (body.len() + chunk.len()) as u64 > cap {
                if !status.is_success() {
                    break;
                }
                return Err(over_the_cap(operation, &path, cap));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body: body.freeze(), path, query })
    }

    fn cap(&self) -> u64 {
        self.0.config.max_response_bytes.map_or(ANSWER_BYTES, Into::into)
    }

    fn made(&self) -> Result<reqwest::Client> {
        let mut made = self.0.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*made {
            return Ok(client.clone());
        }
        let client = make(&self.0.config)?;
        *made = Some(client.clone());
        Ok(client)
    }
}

fn make(config: &ClientConfig) -> Result<reqwest::Client> {
    // Another part of the process may have chosen a provider already; any will do.
    _ = rustls::crypto::ring::default_provider().install_default();
    let seconds = |given: Option<std::num::NonZeroU64>, default| {
        given.map_or(default, |it| Duration::from_secs(it.get()))
    };
    let mut builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .user_agent(concat!("homeroom/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(seconds(config.connect_timeout_secs, CONNECT))
        .timeout(seconds(config.timeout_secs, ANSWER));
    if let Some(text) = &config.proxy {
        builder = match text.as_str() {
            "none" => builder.no_proxy(),
            text => builder.proxy(proxy(config, text)?),
        };
    }
    if let Some(path) = &config.ca_file {
        let unusable = |why| invalid(why).context("file", path.display());
        let pem = std::fs::read(path)
            .map_err(|err| unusable("the file of certificates cannot be read").source(err))?;
        let certificates = Certificate::from_pem_bundle(&pem)
            .ok()
            .filter(|it| !it.is_empty())
            .ok_or_else(|| unusable("the file has no certificates in PEM form"))?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|err| invalid("the client cannot be set up").source(err))
}

fn proxy(config: &ClientConfig, text: &str) -> Result<Proxy> {
    let proxy = Proxy::all(text).map_err(|_| invalid("the proxy's address cannot be used"))?;
    Ok(match (&config.proxy_user, &config.proxy_password) {
        (Some(user), Some(place)) => proxy.basic_auth(user, place.read()?.expose()),
        _ => proxy,
    })
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "http.client", message)
}

/// Network trouble; the address is told by its path alone.
fn trouble(operation: &'static str, path: &str, err: reqwest::Error) -> Failure {
    let timeout = err.is_timeout();
    let message = if err.is_connect() {
        "the service cannot be reached"
    } else if timeout {
        "the service took too long"
    } else {
        "the answer broke off"
    };
    let kind = ErrorKind::Unavailable;
    let error = Error::new(kind, operation, message)
        .retry(Retry::Backoff)
        .context("path", path)
        .source(err.without_url());
    Failure { error, status: None, smaller_may_help: timeout }
}

fn over_the_cap(operation: &'static str, path: &str, cap: u64) -> Failure {
    let message =
        "the answer is larger than allowed; ask for smaller pages or raise max_response_bytes";
    let error = Error::new(ErrorKind::Damaged, operation, message);
    Failure::too_large(error.context("path", path).context("bytes", cap))
}
