//! Reads one collection, to its end, and judges whether anybody was missed.

use crate::{
    revision::{Revision, changing},
    service::{Select, Service},
};
use roster_core::{Error, ErrorKind, Result, Retry, RunContext};
use roster_http::{Next, Page, Paging, Response};
use roster_oneroster::rest::{Collection, Staging};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const OPERATION: &str = "oneroster.pull";

/// How often a collection is read that changes while it is read.
const ATTEMPTS: usize = 3;

/// A collection that was read to its end.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) staging: Staging,
    /// Whether nobody was missed, as far as the service tells.
    pub(crate) complete: bool,
}

/// What is known of a reading.
#[derive(Debug)]
struct State {
    staging: Staging,
    /// The total of the page before.
    total: Option<u64>,
    shrunk: bool,
    /// The service gives the same page again for another offset.
    repeats: bool,
}

/// What a reading came to, to compare it with the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outcome {
    rows: u64,
    keys: u64,
    total: Option<u64>,
}

/// Reads a collection until two readings agree, or one is whole beyond doubt.
pub(crate) async fn collect(
    ctx: &RunContext,
    service: &Service,
    collection: &'static Collection,
    revision: &Arc<Revision>,
) -> Result<Collected> {
    let mut before = None;
    let mut select = service.select();
    let mut attempt = 0;
    while attempt < ATTEMPTS {
        let state = match read(ctx, service, collection, revision, select).await {
            // Services that do not know `fields`, or a name in it, refuse the request.
            Err(error) if select == Select::Fields && refuses_fields(&error) => {
                select = Select::Everything;
                continue;
            }
            other => other?,
        };
        attempt += 1;
        let State { staging, total, shrunk, repeats } = state;
        let outcome = Outcome { rows: staging.rows(), keys: staging.keys(), total };
        let all = total.is_none_or(|it| outcome.rows >= it);
        if repeats && (total.is_none() || !all) {
            return Err(stuck(collection));
        }
        let doubtful = !all || shrunk || outcome.keys < outcome.rows;
        // A key that comes twice again, or a total that is never reached, is the service's own.
        if !doubtful || (!shrunk && before == Some(outcome)) {
            return Ok(Collected { staging, complete: all });
        }
        before = Some(outcome);
    }
    Err(changing().context("collection", collection.path))
}

async fn read(
    ctx: &RunContext,
    service: &Service,
    collection: &'static Collection,
    revision: &Arc<Revision>,
    select: Select,
) -> Result<State> {
    let staging = Staging::new(collection, service.version, &format!("/{}", collection.path));
    let state = State { staging, total: None, shrunk: false, repeats: false };
    let state = Arc::new(Mutex::new(state));
    let paging = Paging {
        operation: OPERATION,
        url: service.url(collection, select)?,
        limit: "limit",
        size: service.page_size,
        after: None,
        offset: Some("offset"),
    };
    let decode = {
        let (state, revision) = (state.clone(), revision.clone());
        move |response: &Response| {
            revision.observe(response)?;
            locked(&state).take(response)
        }
    };
    let mut pages = service.api.pages(paging, Arc::new(decode));
    loop {
        match pages.next(ctx).await {
            Ok(Some(_)) => {}
            Ok(None) => break,
            // Past the end some services have nothing to say.
            Err(error) if locked(&state).has_all() && is_past_the_end(&error) => break,
            Err(error) => return Err(error.context("collection", collection.path)),
        }
    }
    drop(pages);
    let state = Arc::into_inner(state).and_then(|it| it.into_inner().ok());
    state.ok_or_else(|| Error::new(ErrorKind::Internal, OPERATION, "pages are read after the last"))
}

impl State {
    /// Takes a page.
    fn take(&mut self, response: &Response) -> Result<Page<()>> {
        if response.status == 204 || (response.body.is_empty() && response.status == 200) {
            return self.take_nothing(response);
        }
        let again = |error: Error| error.retry(Retry::Backoff).context("path", &response.path);
        let expected = number(response, "x-count");
        let taken = self.staging.take_page(&response.body, expected).map_err(again)?;
        self.repeats |= taken.repeats;
        if let Some(total) = number(response, "x-total-count") {
            self.shrunk |= self.total.is_some_and(|it| total < it);
            self.total = Some(total);
        }
        let next = if taken.repeats { Next::Done } else { Next::Offset { total: None } };
        Ok(Page { content: (), received: taken.rows, next })
    }

    /// An answer without content is an empty page where the collection can be at its end.
    fn take_nothing(&self, response: &Response) -> Result<Page<()>> {
        if response.status == 204 && self.total.is_none_or(|it| self.staging.rows() >= it) {
            return Ok(Page { content: (), received: 0, next: Next::Done });
        }
        let message = "the answer is empty before the collection is at its end";
        let error = Error::new(ErrorKind::Unavailable, OPERATION, message);
        Err(error.retry(Retry::Backoff).context("path", &response.path))
    }

    /// Whether as many records came as the service told.
    fn has_all(&self) -> bool {
        self.total.is_some_and(|it| self.staging.rows() >= it)
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number(response: &Response, header: &str) -> Option<u64> {
    response.header(header)?.trim().parse().ok()
}

/// Whether an error may come of a name in `fields` that the service does not have.
fn refuses_fields(error: &Error) -> bool {
    let status = error.contexts().find(|it| it.0 == "status").map(|it| it.1);
    matches!(status, Some("400" | "422"))
}

fn is_past_the_end(error: &Error) -> bool {
    let status = error.contexts().find(|it| it.0 == "status").map(|it| it.1);
    matches!(status, Some("400" | "404" | "416" | "422"))
}

/// The service does not page.
fn stuck(collection: &Collection) -> Error {
    let message = "the service gives the same records for another offset and tells no total that they reach; whether \
                   these are all cannot be known, so none is taken";
    Error::new(ErrorKind::SchemaMismatch, OPERATION, message).context("collection", collection.path)
}
