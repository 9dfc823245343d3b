//! Pages of records as they come, and reading ahead.

use crate::wire::Envelope;
use bytes::Bytes;
use futures::future::BoxFuture;
use roster_core::{Error, ErrorKind, Result, RunContext};
use roster_http::{Next, Page, Pages, Response};
use std::{fmt, ops::Range, sync::Arc};
use tokio::{sync::mpsc, task::JoinHandle};

/// The records of a page, each as it stood.  `Debug` shows how many.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Records {
    /// Path and query of the page; it holds no secret.
    pub(crate) place: Arc<str>,
    body: Bytes,
    ranges: Vec<Range<usize>>,
    /// Number of the first record in its page.
    first: usize,
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Records({})", self.ranges.len())
    }
}

impl Records {
    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// The JSON of a record.
    pub(crate) fn raw(&self, index: usize) -> &[u8] {
        &self.body[self.ranges[index].clone()]
    }

    /// Where a record stands in its page.
    pub(crate) fn position(&self, index: usize) -> u64 {
        (self.first + index) as u64
    }

    /// One of them alone.
    pub(crate) fn only(&self, index: usize) -> Self {
        Self { ranges: vec![self.ranges[index].clone()], first: self.first + index, ..self.clone() }
    }
}

/// The records of an answer, of which `envelope` was read.
pub(crate) fn records(response: &Response, envelope: &Envelope<'_>) -> Records {
    let start = response.body.as_ptr().addr();
    let range = |text: &str| {
        let from = text.as_ptr().addr() - start;
        from..from + text.len()
    };
    let place = match response.query.as_str() {
        "" => response.path.clone(),
        query => format!("{}?{query}", response.path),
    };
    Records {
        place: place.into(),
        ranges: envelope.data.iter().map(|it| range(it.get())).collect(),
        body: response.body.clone(),
        first: 0,
    }
}

/// Reads a page of a list.
pub(crate) fn page(operation: &'static str, response: &Response) -> Result<Page<Records>> {
    let envelope: Envelope<'_> = response.json(operation)?;
    let next = envelope.links.iter().find(|it| it.rel.get() == "next");
    let next = next.map_or(Next::Done, |it| Next::Link(it.uri.get().to_owned()));
    let content = records(response, &envelope);
    Ok(Page { received: content.len() as u64, content, next })
}

/// A list that is read ahead by one page, in a task of its own that ends with it.
#[derive(Debug)]
pub(crate) struct Ahead {
    pages: mpsc::Receiver<Result<Records>>,
    task: JoinHandle<()>,
}

impl Ahead {
    /// Starts to read; must be called in a runtime.
    pub(crate) fn start(ctx: &RunContext, mut pages: Pages<Records>) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        let ctx = ctx.clone();
        let work: BoxFuture<'static, ()> = Box::pin(async move {
            loop {
                let page = match pages.next(&ctx).await {
                    Ok(Some(page)) => Ok(page.content),
                    Ok(None) => return,
                    Err(error) => Err(error),
                };
                let failed = page.is_err();
                if sender.send(page).await.is_err() || failed {
                    return;
                }
            }
        });
        Self { pages: receiver, task: tokio::spawn(work) }
    }

    /// The next page; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Records>> {
        match self.pages.recv().await {
            Some(page) => page.map(Some),
            // A task that panicked has closed the channel too.
            None => match (&mut self.task).await {
                Ok(()) => Ok(None),
                Err(_) => Err(Error::new(
                    ErrorKind::Internal,
                    "clever.read",
                    "reading ahead ended with a defect; please report it",
                )),
            },
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The object of an event as a list of its own, in the place where the event stands.
pub(crate) fn of_event(page: &Records, index: usize, object: &str) -> Records {
    let body = format!("{{\"data\":{object}}}");
    Records {
        place: page.place.clone(),
        ranges: std::iter::once(0..body.len()).collect(),
        body: body.into(),
        first: page.first + index,
    }
}
