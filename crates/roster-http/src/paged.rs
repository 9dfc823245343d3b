//! The one paging driver: links, cursors and offsets, with checks that every page leads on.

use crate::{Api, Failure, Response};
use roster_core::{Error, ErrorKind, Result, RunContext};
use std::{collections::HashSet, fmt, num::NonZeroU32, sync::Arc};
use url::Url;

/// The most pages of one list: with pages of one record still more than any district has.
const MAX_PAGES: u64 = 10_000_000;

/// Attempts at one size of page before a smaller one is tried.
const ATTEMPTS_BEFORE_SMALLER: u32 = 2;

/// Turns an answer into a page.
pub type Decode<T> = Arc<dyn Fn(&Response) -> Result<Page<T>> + Send + Sync>;

/// How a list is asked for.
#[derive(Clone, Debug)]
pub struct Paging {
    /// Name of the operation for errors, such as `clever.users`.
    pub operation: &'static str,
    /// Address of the list, with the query that all pages have.
    pub url: Url,
    /// Name of the query parameter for the size of a page, such as `limit`.
    pub limit: &'static str,
    /// Size of a page.
    pub size: PageSize,
    /// Name of the query parameter that [`Next::After`] fills, such as `starting_after`.
    pub after: Option<&'static str>,
    /// Name of the query parameter that [`Next::Offset`] fills, such as `offset`.
    pub offset: Option<&'static str>,
}

/// Size of a page, in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize {
    /// What is asked for at first.
    pub start: NonZeroU32,
    /// The least; it is halved down to this when the service fails on larger ones.
    pub least: NonZeroU32,
}

/// What comes after a page.  Exhaustive on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: this was the last.
    Done,
    /// The page at this link, absolute or from the service's root.
    Link(String),
    /// The page after this key.
    After(String),
    /// The page after all records received so far, of which the list has so many in all, where the service tells; a
    /// page without records ends the list in any case.
    Offset {
        /// Records of the whole list.
        total: Option<u64>,
    },
}

/// One page.
#[derive(Debug)]
pub struct Page<T> {
    /// What was made of it.
    pub content: T,
    /// Records received, those that cannot be used included.
    pub received: u64,
    /// What comes next.
    pub next: Next,
}

/// A list that is fetched page by page.
pub struct Pages<T> {
    api: Api,
    paging: Paging,
    decode: Decode<T>,
    size: NonZeroU32,
    at: Option<Position>,
    /// Addresses that were asked, without the size of the page; hashes only.
    seen: HashSet<u64>,
    received: u64,
    fetched: u64,
}

/// Where the next page begins.
#[derive(Clone, Debug)]
enum Position {
    Url(Url),
    Offset(u64),
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("operation", &self.paging.operation)
            .field("pages", &self.fetched)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

impl<T> Pages<T> {
    pub(crate) fn new(api: Api, paging: Paging, decode: Decode<T>) -> Self {
        let (size, at) = (paging.size.start, Some(Position::Url(paging.url.clone())));
        Self { api, paging, decode, size, at, seen: HashSet::new(), received: 0, fetched: 0 }
    }

    /// The size of the pages that are asked for now.
    #[must_use]
    pub fn page_size(&self) -> NonZeroU32 {
        self.size
    }

    /// Records received so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The next page; `None` after the last.  Nothing comes after an error.
    ///
    /// # Errors
    ///
    /// Those of [`Api::get`]; [`ErrorKind::Damaged`] when a page leads to another origin, and
    /// [`ErrorKind::SchemaMismatch`] when it leads nowhere new.
    pub async fn next(&mut self, ctx: &RunContext) -> Result<Option<Page<T>>> {
        let Some(position) = self.at.take() else { return Ok(None) };
        self.remember(&position)?;
        let page = self.fetch(ctx, &position).await?;
        self.fetched += 1;
        self.received += page.received;
        self.at = self.position_after(&page)?;
        Ok(Some(page))
    }

    /// Fetches the page at a position, in smaller pieces if the service fails on larger ones.
    async fn fetch(&mut self, ctx: &RunContext, position: &Position) -> Result<Page<T>> {
        loop {
            let url = self.sized(position);
            let smaller = self.smaller();
            let attempts = if smaller.is_some() { ATTEMPTS_BEFORE_SMALLER } else { u32::MAX };
            let (operation, decode) = (self.paging.operation, self.decode.as_ref());
            match (self.api.attempt(ctx, operation, &url, attempts, decode).await, smaller) {
                (Ok(page), _) => return Ok(page),
                (Err(Failure { smaller_may_help: true, .. }), Some(smaller)) => self.size = smaller,
                (Err(failure), _) => return Err(failure.error),
            }
        }
    }

    fn smaller(&self) -> Option<NonZeroU32> {
        let least = self.paging.size.least;
        let half = NonZeroU32::new(self.size.get() / 2).unwrap_or(least).max(least);
        (half < self.size).then_some(half)
    }

    /// The address of a position, with the size of the page as it is now.
    fn sized(&self, position: &Position) -> Url {
        let mut url = match position {
            Position::Url(url) => url.clone(),
            Position::Offset(_) => self.paging.url.clone(),
        };
        set_query(&mut url, self.paging.limit, &self.size.to_string());
        if let (Position::Offset(offset), Some(name)) = (position, self.paging.offset) {
            set_query(&mut url, name, &offset.to_string());
        }
        url
    }

    /// Refuses a position that was asked before.
    fn remember(&mut self, position: &Position) -> Result<()> {
        let mut url = self.sized(position);
        set_query(&mut url, self.paging.limit, "");
        let new = self.seen.insert(hash(url.as_str()));
        if !new {
            return Err(self.error("the service leads to a page that was read already"));
        }
        if self.fetched >= MAX_PAGES {
            return Err(self.error("the list does not end"));
        }
        Ok(())
    }

    fn position_after(&self, page: &Page<T>) -> Result<Option<Position>> {
        Ok(match &page.next {
            Next::Done => None,
            Next::Link(link) if link.trim().is_empty() => None,
            Next::Link(link) => {
                Some(Position::Url(self.api.url(self.paging.operation, link.trim())?))
            }
            Next::After(key) => {
                let name = self.paging.after.ok_or_else(|| self.error("the list has no cursor"))?;
                let mut url = self.paging.url.clone();
                set_query(&mut url, name, key);
                Some(Position::Url(url))
            }
            Next::Offset { total } => {
                let ended = page.received == 0 || total.is_some_and(|it| self.received >= it);
                (!ended).then_some(Position::Offset(self.received))
            }
        })
    }

    fn error(&self, message: &str) -> Error {
        Error::new(ErrorKind::SchemaMismatch, self.paging.operation, message)
            .context("path", self.paging.url.path())
            .context("page", self.fetched)
    }
}

fn hash(text: &str) -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    static STATE: std::sync::LazyLock<RandomState> = std::sync::LazyLock::new(RandomState::new);
    STATE.hash_one(text)
}

/// Sets a parameter and leaves the others as they are written.
fn set_query(url: &mut Url, name: &str, value: &str) {
    let kept: Vec<&str> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|it| !it.is_empty() && it.split('=').next() != Some(name))
        .collect();
    let mut query = kept.join("&");
    if !query.is_empty() {
        query.push('&');
    }
    let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    query.extend([name, "=", &value]);
    url.set_query(Some(&query));
}
