//! One service at one origin: authorized requests that are tried again.

use crate::{
    Authorize, Client, Failure, Outgoing, Pages, Paging, RateLimiter, Response, RetryPolicy,
    Target, paged::Decode, retry, status_error,
};
use http::{Method, StatusCode, header::AUTHORIZATION};
use roster_core::{Error, ErrorKind, Result, RunContext};
use std::sync::Arc;
use url::Url;

/// A service.  Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    origin: Url,
    auth: Arc<dyn Authorize>,
    limiter: Arc<RateLimiter>,
    policy: RetryPolicy,
}

/// What decoding made of an answer; an error whose verdict is to try again is tried again.
pub type Reply<T> = Result<T>;

impl Api {
    /// A service at the origin (scheme, host and port) of `origin`; nothing is ever sent elsewhere.
    #[must_use]
    pub fn new(
        client: Client,
        origin: Url,
        auth: Arc<dyn Authorize>,
        limiter: Arc<RateLimiter>,
    ) -> Self {
        Self { client, origin, auth, limiter, policy: RetryPolicy::default() }
    }

    /// The same with another policy.
    #[must_use]
    pub fn with_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The address of a path with query on this service, taken as it is written: nothing is escaped again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`] when it leads to another origin.
    pub fn url(&self, operation: &'static str, path: &str) -> Result<Url> {
        let url = self.origin.join(path).ok().filter(|it| it.origin() == self.origin.origin());
        url.ok_or_else(|| elsewhere(operation))
    }

    /// Fetches and decodes one document.
    ///
    /// # Errors
    ///
    /// Those of the status table, of the network and of `decode`, after as many attempts as the policy allows;
    /// [`ErrorKind::Cancelled`].
    pub async fn get<T>(
        &self,
        ctx: &RunContext,
        operation: &'static str,
        url: &Url,
        decode: impl Fn(&Response) -> Reply<T> + Send + Sync,
    ) -> Result<T> {
        self.attempt(ctx, operation, url, u32::MAX, &decode).await.map_err(|it| it.error)
    }

    /// Fetches a list page by page.
    #[must_use]
    pub fn pages<T>(&self, start: Paging, decode: Decode<T>) -> Pages<T> {
        Pages::new(self.clone(), start, decode)
    }

    /// Fetches and decodes one document; gives up after `large` attempts already where a smaller page may help.
    pub(crate) async fn attempt<T>(
        &self,
        ctx: &RunContext,
        operation: &'static str,
        url: &Url,
        large: u32,
        decode: &(dyn Fn(&Response) -> Reply<T> + Send + Sync),
    ) -> Result<T, Failure> {
        if url.origin() != self.origin.origin() {
            return Err(Failure::new(elsewhere(operation)));
        }
        for attempt in 1.. {
            let mut failure = match self.once(ctx, operation, url).await {
                Ok(response) => match decode(&response) {
                    Ok(decoded) => return Ok(decoded),
                    Err(error) => Failure::new(error),
                },
                Err(failure) => failure,
            };
            let enough = failure.smaller_may_help && attempt >= large;
            let wait = self.policy.wait(attempt, failure.error.retry_verdict());
            let Some(wait) = wait.filter(|_| !enough) else {
                failure.error = retry::exhausted(failure.error, attempt);
                return Err(failure);
            };
            let (clock, kind) = (self.client.clock().as_ref(), failure.error.kind());
            retry::pause(ctx, clock, kind, attempt, wait).await.map_err(Failure::new)?;
        }
        unreachable!("the policy ends the attempts")
    }

    /// One attempt, or two when the credential was renewed in between.
    async fn once(
        &self,
        ctx: &RunContext,
        operation: &'static str,
        url: &Url,
    ) -> Result<Response, Failure> {
        let mut renewed = false;
        loop {
            let target = Target { method: &Method::GET, url };
            let authorization = self.auth.authorize(ctx, target).await.map_err(Failure::new)?;
            let mut outgoing = Outgoing::get(operation, url);
            outgoing.headers.insert(AUTHORIZATION, authorization.header());
            let clock = self.client.clock().as_ref();
            let response = {
                let _permit = self.limiter.acquire(ctx, clock).await.map_err(Failure::new)?;
                self.client.send(ctx, outgoing).await?
            };
            self.limiter.observe(&response.headers, clock);
            if response.status == StatusCode::UNAUTHORIZED
                && !renewed
                && self.auth.refused(ctx, &authorization).await.map_err(Failure::new)?
            {
                renewed = true;
                continue;
            }
            return match status_error(operation, &response, clock.now()) {
                Some(failure) => Err(failure),
                None => Ok(response),
            };
        }
    }
}

fn elsewhere(operation: &'static str) -> Error {
    let message = "the service names an address elsewhere, to which no credential may go";
    Error::new(ErrorKind::Damaged, operation, message)
}
