//! A session with a database on a thread of its own, and a watchdog over it.
//!
//! Drivers ignore the time limits they are given, some of them all of them, and a call into a driver cannot be broken
//! off.  So the calls are made on a thread that may be left behind: whoever waits for it waits no longer than the
//! configuration allows.  A thread that comes back later finds nobody, and ends the connection.

use crate::{
    block::{Block, Columns},
    config::{Config, Settings},
    connection,
    driver::{self, Connection, Failure, FetchLimits},
    failure,
    map::Query,
    readonly::{self, Access},
    statement,
    tunnel::{self, OpenTunnel},
};
use roster_core::{Error, ErrorKind, Result, Retry, RunContext, Secret};
use roster_credentials::CredentialPlace;
use std::{
    num::NonZeroUsize,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

/// How often a waiting consumer looks whether the run was cancelled.
const GLANCE: Duration = Duration::from_millis(20);
/// What the watchdog waits longer than the driver was told to, so that the driver can say it better.
const GRACE: Duration = Duration::from_secs(1);

/// What the thread is asked to do.
enum Command {
    /// Tell the columns of a query.
    Describe(Work),
    /// Run a query and give all its rows.
    Run(Work),
    /// Run a query and give its first rows alone.
    Sample(Work),
}

/// A query on its way to the thread.
struct Work {
    name: String,
    sql: String,
    parameters: Vec<i32>,
}

impl Work {
    fn new(query: &Query) -> Self {
        Self {
            name: query.name.clone().into_owned(),
            sql: statement::plain(&query.sql).to_owned(),
            parameters: query.parameters.clone(),
        }
    }
}

/// What the thread says.
enum Answer {
    /// The login is done.
    Connected,
    /// The session is set up.
    Ready(Access),
    /// The columns of a query, which runs if it was to be run.
    Columns(Columns),
    /// Some rows.
    Block(Block),
    /// There are no more rows.
    End,
    /// It failed; nothing follows.
    Failed(Error),
}

/// A session that is open.
pub(crate) struct Session {
    commands: SyncSender<Command>,
    answers: Receiver<Answer>,
    ctx: RunContext,
    query_limit: Duration,
    fetch_limit: Duration,
    /// The query in hand, for errors.
    query: String,
    access: Access,
    /// Ends with the session.
    _tunnel: Option<OpenTunnel>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("access", &self.access).finish_non_exhaustive()
    }
}

impl Session {
    /// Logs in and sets the session up.  Whether the account is one that is wanted is for the caller to say.
    ///
    /// # Errors
    ///
    /// Where there is no driver, no server, no login, or no answer in time.
    pub(crate) fn open(settings: &Settings, ctx: &RunContext) -> Result<Self> {
        let config = &settings.config;
        let driver = settings.places.find(config.database, config.driver.as_deref())?;
        let (endpoint, tunnel) = tunnel::endpoint(config)?;
        let password = config.password.as_ref().map(CredentialPlace::read).transpose()?;
        let string = connection::string(config, &endpoint, &driver, password.as_ref())?;
        let limits = &config.time_limits;
        let (commands, orders) = sync_channel(1);
        let (sender, answers) = sync_channel(1);
        let worker = Worker { config: config.clone(), answers: sender };
        let login = limits.login();
        spawn(move || worker.work(&string, login, &orders))?;
        let mut session = Self {
            commands,
            answers,
            ctx: ctx.clone(),
            query_limit: limits.query(),
            fetch_limit: limits.fetch(),
            query: String::new(),
            access: Access::default(),
            _tunnel: tunnel,
        };
        session.wait("odbc.login", login)?;
        if let Answer::Ready(access) = session.wait("odbc.session", limits.query())? {
            session.access = access;
        }
        Ok(session)
    }

    /// What the session is like.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// The columns of a query, without running it.
    pub(crate) fn describe(&mut self, query: &Query) -> Result<Columns> {
        self.ask(Command::Describe(Work::new(query)), query)
    }

    /// Runs a query and tells its columns; its rows are [`Session::next`].
    pub(crate) fn run(&mut self, query: &Query) -> Result<Columns> {
        self.ask(Command::Run(Work::new(query)), query)
    }

    /// Runs a query for its first rows alone.
    pub(crate) fn sample(&mut self, query: &Query) -> Result<(Columns, Option<Block>)> {
        let columns = self.ask(Command::Sample(Work::new(query)), query)?;
        let mut first = None;
        while let Some(block) = self.next()? {
            first = first.or(Some(block));
        }
        Ok((columns, first))
    }

    /// The next rows of the query that runs; `None` after its last.
    pub(crate) fn next(&mut self) -> Result<Option<Block>> {
        match self.wait("odbc.fetch", self.fetch_limit)? {
            Answer::Block(block) => Ok(Some(block)),
            _ => Ok(None),
        }
    }

    fn ask(&mut self, command: Command, query: &Query) -> Result<Columns> {
        self.query = query.name.clone().into_owned();
        if self.commands.send(command).is_err() {
            return Err(gone("odbc.query"));
        }
        match self.wait("odbc.query", self.query_limit)? {
            Answer::Columns(columns) => Ok(columns),
            _ => Err(gone("odbc.query")),
        }
    }

    /// Waits for the thread, not longer than the limit and not beyond a cancellation.
    fn wait(&self, operation: &'static str, limit: Duration) -> Result<Answer> {
        let until = Instant::now() + limit + GRACE;
        loop {
            match self.answers.recv_timeout(GLANCE) {
                Ok(Answer::Failed(error)) => return Err(error),
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(gone(operation)),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.ctx.cancel.is_cancelled() {
                let message = "the run was cancelled";
                return Err(Error::new(ErrorKind::Cancelled, operation, message));
            }
            if Instant::now() > until {
                return Err(self.hangs(operation, limit));
            }
        }
    }

    fn hangs(&self, operation: &'static str, limit: Duration) -> Error {
        let message = "the driver did not come back within its time limit and was left behind; it is tried again with the \
                       next night, and time_limits may be raised";
        let error = Error::new(ErrorKind::Unavailable, operation, message).retry(Retry::Backoff);
        let error = error.context("seconds", limit.as_secs());
        if self.query.is_empty() { error } else { error.context("query", &self.query) }
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<()> {
    let spawned = thread::Builder::new().name("odbc".to_owned()).spawn(work);
    spawned.map(drop).map_err(|err| {
        let message = "no thread could be started for the driver; the machine is out of resources";
        Error::new(ErrorKind::Unavailable, "odbc.login", message).source(err)
    })
}

fn gone(operation: &'static str) -> Error {
    let message = "the driver's thread came to grief; this is a defect of the driver or of ours, please report it";
    Error::new(ErrorKind::Internal, operation, message)
}

/// What works on the thread.
struct Worker {
    config: Config,
    answers: SyncSender<Answer>,
}

/// Nobody waits any more.
struct Left;

impl Worker {
    fn work(&self, string: &Secret<String>, login: Duration, orders: &Receiver<Command>) {
        let connected = driver::connect(string.expose(), login, |connection| {
            // Whoever has left needs no answer.
            _ = self.serve(connection, orders);
        });
        if let Err(failure) = connected {
            let error = failure::error(failure, "odbc.login", self.config.database, None, None);
            _ = self.answers.send(Answer::Failed(error));
        }
    }

    fn say(&self, answer: Answer) -> Result<(), Left> {
        self.answers.send(answer).map_err(|_| Left)
    }

    fn fail(
        &self,
        failure: Failure,
        operation: &'static str,
        work: Option<&Work>,
        columns: Option<&Columns>,
    ) -> Left {
        let query = work.map(|it| it.name.as_str());
        let error = failure::error(failure, operation, self.config.database, query, columns);
        _ = self.say(Answer::Failed(error));
        Left
    }

    fn serve(&self, connection: &Connection<'_>, orders: &Receiver<Command>) -> Result<(), Left> {
        self.say(Answer::Connected)?;
        let access = readonly::set_up(connection, &self.config)
            .map_err(|it| self.fail(it, "odbc.session", None, None))?;
        self.say(Answer::Ready(access))?;
        for order in orders {
            match order {
                Command::Describe(work) => self.describe(connection, &work)?,
                Command::Run(work) => self.run(connection, &work, None)?,
                Command::Sample(work) => self.run(connection, &work, Some(NonZeroUsize::MIN))?,
            }
        }
        Ok(())
    }

    fn describe(&self, connection: &Connection<'_>, work: &Work) -> Result<(), Left> {
        let columns = connection.describe(&work.sql);
        let columns = columns.map_err(|it| self.fail(it, "odbc.query", Some(work), None))?;
        self.say(Answer::Columns(columns))
    }

    /// Runs a query; `only` stops after so many rows.
    fn run(
        &self,
        connection: &Connection<'_>,
        work: &Work,
        only: Option<NonZeroUsize>,
    ) -> Result<(), Left> {
        let fetch = &self.config.fetch;
        let limits = FetchLimits {
            rows: only.unwrap_or(fetch.max_rows),
            bytes: fetch.max_bytes,
            value_bytes: fetch.max_value_bytes,
        };
        let limit = self.config.time_limits.query();
        let running = connection.query(&work.sql, &work.parameters, limit, limits);
        let (columns, mut cursor) =
            running.map_err(|it| self.fail(it, "odbc.query", Some(work), None))?;
        self.say(Answer::Columns(columns.clone()))?;
        let failed = |it| self.fail(it, "odbc.fetch", Some(work), Some(&columns));
        while let Some(block) = cursor.fetch().map_err(failed)? {
            self.say(Answer::Block(block))?;
            if only.is_some() {
                break;
            }
        }
        self.say(Answer::End)
    }
}
