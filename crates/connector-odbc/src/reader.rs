//! Reads the queries of a profile: a lazy iterator of batches and completions.

use crate::{
    block::{Block, Columns},
    config::Settings,
    map::{Batches, Cells, Mapper, Query},
    session::Session,
};
use roster_core::{
    Completion, Coverage, EntityKind, Error, ErrorKind, ExtractEvent, ExtractRequest, Origin,
    Result, RunContext, Signal,
};
use std::{
    collections::{BTreeSet, VecDeque},
    iter::FusedIterator,
    sync::Arc,
};

/// Reads the queries of a profile.
///
/// Nothing happens before the first call of `next`.  After an error nothing more comes.  Blocks; meant for a thread
/// that may.
#[derive(Debug)]
pub(crate) struct Reader {
    settings: Arc<Settings>,
    ctx: RunContext,
    request: ExtractRequest,
    state: State,
    out: VecDeque<ExtractEvent>,
    failed: bool,
}

#[derive(Debug)]
enum State {
    Fresh,
    Open(Box<Open>),
    Finished,
}

/// A database in the course of being read.
struct Open {
    session: Session,
    mapper: Box<dyn Mapper>,
    /// Queries still to be run, by their place in the profile.
    jobs: VecDeque<usize>,
    /// Entities still to be announced.
    due: BTreeSet<EntityKind>,
    current: Option<Current>,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

/// The query in hand.
struct Current {
    job: usize,
    columns: Columns,
    batches: Batches,
    block: Option<Block>,
    /// The next row of the block.
    row: usize,
    /// The next row of the result set.
    position: u64,
}

impl Reader {
    /// A reader of what `request` asks for; does no I/O.
    pub(crate) fn new(settings: Arc<Settings>, ctx: RunContext, request: ExtractRequest) -> Self {
        let (state, out) = (State::Fresh, VecDeque::new());
        Self { settings, ctx, request, state, out, failed: false }
    }

    /// Does the next piece of work; what comes of it goes to `out`.
    fn advance(&mut self) -> Result<()> {
        if self.ctx.cancel.is_cancelled() {
            let message = "the run was cancelled";
            return Err(Error::new(ErrorKind::Cancelled, "odbc.read", message));
        }
        let queries = self.settings.profile.queries();
        match &mut self.state {
            State::Fresh => {
                let session = open(&self.settings, &self.ctx)?;
                self.state = State::Open(Box::new(Open {
                    session,
                    mapper: self.settings.profile.mapper(),
                    jobs: jobs(queries, &self.request),
                    due: wanted(queries, &self.request).collect(),
                    current: None,
                }));
            }
            State::Open(open) => match &mut open.current {
                Some(_) => open.read(&self.request, &self.ctx, queries, &mut self.out)?,
                None => match open.jobs.pop_front() {
                    Some(job) => start(open, job, &self.settings, &self.ctx, &self.request)?,
                    None => self.state = State::Finished,
                },
            },
            State::Finished => {}
        }
        Ok(())
    }
}

impl Iterator for Reader {
    type Item = Result<ExtractEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.out.pop_front() {
                return Some(Ok(event));
            }
            if self.failed || matches!(self.state, State::Finished) {
                return None;
            }
            if let Err(error) = self.advance() {
                self.failed = true;
                self.state = State::Finished;
                return Some(Err(error));
            }
        }
    }
}

impl FusedIterator for Reader {}

/// The entities that are asked for and that a query feeds.
fn wanted<'a>(
    queries: &'a [Query],
    request: &'a ExtractRequest,
) -> impl Iterator<Item = EntityKind> + 'a {
    queries.iter().flat_map(|it| it.feeds.iter().copied()).filter(|it| request.wants(*it))
}

/// The queries to run, those whose first entity stands higher in the load order first.
fn jobs(queries: &[Query], request: &ExtractRequest) -> VecDeque<usize> {
    let wants = |it: &&usize| queries[**it].feeds.iter().any(|it| request.wants(*it));
    let all: Vec<usize> = (0..queries.len()).collect();
    let mut jobs: Vec<usize> = all.iter().filter(wants).copied().collect();
    jobs.sort_by_key(|it| queries[*it].feeds.first().copied());
    jobs.into()
}

/// Opens a session whose account is one that is wanted.
///
/// # Errors
///
/// [`ErrorKind::PermissionDenied`] where the account may write and the settings do not accept that.
pub(crate) fn open(settings: &Settings, ctx: &RunContext) -> Result<Session> {
    let attempts = settings.config.attempts.get();
    let mut attempt = 1;
    let session = loop {
        match Session::open(settings, ctx) {
            Err(error) if attempt < attempts && may_pass(&error) => {
                ctx.signals.signal(Signal::Retrying { attempt });
                attempt += 1;
            }
            outcome => break outcome?,
        }
    };
    refuse_rights(settings, &session)?;
    Ok(session)
}

/// Refuses an account that may write, and a session that the server does not keep from writing though it could.
fn refuse_rights(settings: &Settings, session: &Session) -> Result<()> {
    let access = session.access();
    let rights = &access.rights;
    if !rights.is_empty() && settings.config.accept_writable_account.is_none() {
        let message = "the account may write; have the district grant it SELECT alone, or set \
                       accept_writable_account with the reason why it cannot";
        let error = Error::new(ErrorKind::PermissionDenied, "odbc.rights", message);
        return Err(error.context("rights", rights.join(", ")));
    }
    if !access.read_only && settings.config.database != crate::Database::SqlServer {
        let message = "the session could not be made read-only; nothing was read";
        return Err(Error::new(ErrorKind::Unsupported, "odbc.session", message));
    }
    Ok(())
}

/// Only a lost connection is worth another attempt at once: a driver that hangs would hang again.
fn may_pass(error: &Error) -> bool {
    error.kind() == ErrorKind::Unavailable && error.contexts().any(|it| it.0 == "state")
}

/// Starts a query; where the connection was lost meanwhile, with a new one.
///
/// Never in the middle: the rows of a new run may be others.  And not where the queries before it saw a snapshot that
/// a new connection does not see.
fn start(
    open: &mut Open,
    job: usize,
    settings: &Settings,
    ctx: &RunContext,
    request: &ExtractRequest,
) -> Result<()> {
    let query = &settings.profile.queries()[job];
    let is_first = open.due.len() == wanted_count(settings, request);
    let mut attempt = 1;
    let columns = loop {
        let may_begin_again = is_first || !open.session.access().snapshot;
        match open.session.run(query) {
            Err(error)
                if may_begin_again
                    && attempt < settings.config.attempts.get()
                    && may_pass(&error) =>
            {
                ctx.signals.signal(Signal::Retrying { attempt });
                attempt += 1;
                open.session = self::open(settings, ctx)?;
            }
            outcome => break outcome?,
        }
    };
    if let Some(expected) = query.columns
        && !columns.are(expected)
    {
        let message = "the query gives other columns than it should; this is a defect of the profile, please report it";
        let error = Error::new(ErrorKind::SchemaMismatch, "odbc.query", message);
        return Err(error.context("query", &query.name));
    }
    open.mapper.begin(job, &columns).map_err(|it| it.context("query", &query.name))?;
    let entities: Vec<_> = query.feeds.iter().copied().filter(|it| request.wants(*it)).collect();
    let batches = Batches::new(&Origin::Query(query.name.as_ref().into()), &entities);
    open.current = Some(Current { job, columns, batches, block: None, row: 0, position: 0 });
    Ok(())
}

fn wanted_count(settings: &Settings, request: &ExtractRequest) -> usize {
    wanted(settings.profile.queries(), request).collect::<BTreeSet<_>>().len()
}

impl Open {
    /// Maps rows until a batch is full or the block is used up.
    fn read(
        &mut self,
        request: &ExtractRequest,
        ctx: &RunContext,
        queries: &[Query],
        out: &mut VecDeque<ExtractEvent>,
    ) -> Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let Some(block) = &current.block else {
            match self.session.next()? {
                Some(block) => {
                    ctx.signals.signal(Signal::BytesIn(block.bytes() as u64));
                    current.block = Some(block);
                    current.row = 0;
                }
                None => self.end(queries, request, out),
            }
            return Ok(());
        };
        while current.row < block.len() {
            let row = Cells::new(block, current.row, &current.columns);
            let mut output = current.batches.output(Some(row), current.position);
            self.mapper.map(current.job, &row, &mut output);
            current.row += 1;
            current.position += 1;
            out.extend(current.batches.take_full(&request.limits).map(ExtractEvent::Batch));
            if !out.is_empty() {
                return Ok(());
            }
        }
        current.block = None;
        Ok(())
    }

    /// Ends the query in hand, and announces what no later query feeds.
    fn end(
        &mut self,
        queries: &[Query],
        request: &ExtractRequest,
        out: &mut VecDeque<ExtractEvent>,
    ) {
        let Some(mut current) = self.current.take() else { return };
        let position = current.position.saturating_sub(1);
        let mut output = current.batches.output(None, position);
        self.mapper.end(current.job, &mut output);
        out.extend(current.batches.take_rest().map(ExtractEvent::Batch));
        let later = self.jobs.iter().flat_map(|it| queries[*it].feeds.iter());
        let first_later = later.filter(|it| request.wants(**it)).min();
        let done = |it: &EntityKind| first_later.is_none_or(|later| it < later);
        let (done, due) = std::mem::take(&mut self.due).into_iter().partition(done);
        self.due = due;
        let done: BTreeSet<EntityKind> = done;
        out.extend(done.into_iter().map(|entity| {
            let coverage = Coverage::Complete;
            ExtractEvent::Done(Completion { entity, coverage, next: None })
        }));
    }
}
