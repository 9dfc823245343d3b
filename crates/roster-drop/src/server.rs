//! The server: listens, lets connections in, and tells of uploads that have finished.

use crate::{
    DropConfig, HostKeys, Logins, Uploads,
    account::{Account, Ended},
    guard::{Closed, Guard, Ticket},
    ssh::{self, Connection, Sessions},
    stoppable::Stoppable,
};
use roster_core::{Error, ErrorKind, Result};
use russh::server::{Config, run_stream};
use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, info, warn};

/// How many passwords are hashed at the same time; each takes 19 MiB.
const HASHING: usize = 2;
/// How often it is looked whether uploads have finished.
const TICK: Duration = Duration::from_millis(500);
/// For how long connections may go on when the server stops.
const FAREWELL: Duration = Duration::from_secs(5);

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: DropConfig,
    pub(crate) logins: Logins,
    pub(crate) hashing: Semaphore,
    accounts: Mutex<HashMap<String, Arc<Account>>>,
    guard: Arc<Guard>,
    uploads: Arc<dyn Uploads>,
}

impl Shared {
    /// The account of a login, made when it is first needed.
    pub(crate) fn account(&self, name: &str) -> io::Result<Arc<Account>> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = accounts.get(name) {
            return Ok(account.clone());
        }
        let root = self.config.folder_of(name);
        let account = Arc::new(Account::open(name, root, &self.config.limits)?);
        accounts.insert(name.to_owned(), account.clone());
        Ok(account)
    }

    fn tell_finished(&self) {
        let quiet = Duration::from_secs(self.config.quiet_secs);
        let accounts: Vec<_> = self
            .accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect();
        for account in accounts.iter().filter(|it| it.take_news(quiet)) {
            info!(login = account.name, "an upload has finished");
            self.uploads.finished(&account.name);
        }
    }
}

/// A drop that is running; dropping it stops it.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    legacy_address: Option<SocketAddr>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Server {
    /// Reads or makes the host keys, opens the ports, and lets clients in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] if the settings contradict each other, a port cannot be opened, or a file or
    /// folder cannot be used.
    pub async fn start(config: DropConfig, uploads: Arc<dyn Uploads>) -> Result<Self> {
        if let Some(problem) = config.problems().into_iter().next() {
            let error = Error::new(ErrorKind::ConfigInvalid, "drop.start", problem.message);
            return Err(error.context("key", problem.key));
        }
        let keys = HostKeys::open(&config)?;
        let shared = Arc::new(Shared {
            logins: Logins::of(&config),
            hashing: Semaphore::new(HASHING),
            accounts: Mutex::default(),
            guard: Guard::new(config.limits.clone()),
            uploads,
            config,
        });
        for name in shared.logins.all()?.keys() {
            shared.account(name).map_err(|it| unusable(name, it))?;
        }
        let listener = bind(&shared.config.listen).await?;
        let address = listener.local_addr().map_err(|it| no_port(&shared.config.listen, it))?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let mut server = Self { address, legacy_address: None, stop, tasks };
        server.listen(listener, &shared, keys.modern, false);
        if let Some(legacy) = &shared.config.legacy_listen {
            let listener = bind(legacy).await?;
            server.legacy_address = listener.local_addr().ok();
            server.listen(listener, &shared, keys.legacy, true);
        }
        server.tasks.spawn(tell(shared, server.stop.clone()));
        Ok(server)
    }

    fn listen(
        &self,
        listener: TcpListener,
        shared: &Arc<Shared>,
        keys: Vec<russh::keys::PrivateKey>,
        legacy: bool,
    ) {
        let idle = Duration::from_secs(shared.config.limits.idle_secs);
        let settings = Arc::new(ssh::settings(keys, legacy, idle));
        let door = Door { shared: shared.clone(), settings, legacy, stop: self.stop.clone() };
        self.tasks.spawn(door.open(listener, self.tasks.clone()));
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens for older clients, if it does.
    #[must_use]
    pub fn legacy_address(&self) -> Option<SocketAddr> {
        self.legacy_address
    }

    /// Ends all connections, whose uploads break off, and waits until everything is put in order.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if timeout(FAREWELL, self.tasks.wait()).await.is_err() {
            warn!("some connections did not end in time");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn tell(shared: Arc<Shared>, stop: CancellationToken) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => shared.tell_finished(),
        }
    }
}

/// What lets connections in.
#[derive(Clone)]
struct Door {
    shared: Arc<Shared>,
    settings: Arc<Config>,
    legacy: bool,
    stop: CancellationToken,
}

impl Door {
    async fn open(self, listener: TcpListener, tasks: TaskTracker) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => self.let_in(stream, address, &tasks),
                Err(error) => {
                    warn!(%error, "a connection cannot be accepted");
                    // Out of handles, most likely: give others time to end.
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn let_in(&self, stream: TcpStream, address: SocketAddr, tasks: &TaskTracker) {
        match self.shared.guard.enter(address.ip(), Instant::now()) {
            Ok(ticket) => _ = tasks.spawn(self.clone().serve(stream, address, Arc::new(ticket))),
            Err(Closed::LockedOut) => debug!(%address, "refused: it failed to log in too often"),
            Err(closed) => warn!(%address, ?closed, "refused: too many connections"),
        }
    }

    async fn serve(self, stream: TcpStream, address: SocketAddr, ticket: Arc<Ticket>) {
        _ = stream.set_nodelay(true);
        let (cut, logged_in) = (self.stop.child_token(), CancellationToken::new());
        let login = Arc::new(Mutex::new(None));
        let sessions = Sessions::default();
        let connection = Connection {
            shared: self.shared.clone(),
            ticket,
            legacy: self.legacy,
            login: login.clone(),
            logged_in: logged_in.clone(),
            sessions: sessions.clone(),
            channels: HashMap::new(),
        };
        let stream = Stoppable::new(stream, cut.clone());
        let limit = Duration::from_secs(self.shared.config.limits.login_secs);
        let late = tokio::spawn(cut_when_late(limit, logged_in, cut));
        let ended = match run_stream(self.settings, stream, connection).await {
            Ok(running) => running.await,
            Err(error) => Err(error),
        };
        late.abort();
        let lost = ended.as_ref().is_err_and(is_lost);
        let how = ssh::end(&sessions, lost).await;
        let account: Option<Arc<Account>> =
            login.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(account) = account else {
            debug!(%address, "a connection ended without a login");
            return;
        };
        account.disconnect();
        match how {
            Some(Ended::BrokenOff) => {
                warn!(login = account.name, "a session broke off in the middle")
            }
            _ => info!(login = account.name, "a session ended"),
        }
    }
}

/// Cuts a connection that does not log in in time.
async fn cut_when_late(limit: Duration, logged_in: CancellationToken, cut: CancellationToken) {
    if timeout(limit, logged_in.cancelled()).await.is_err() {
        cut.cancel();
    }
}

/// Whether a connection was lost, and not just hung up without a word as some clients do.
fn is_lost(error: &russh::Error) -> bool {
    match error {
        russh::Error::IO(it) => it.kind() != io::ErrorKind::UnexpectedEof,
        russh::Error::Disconnect | russh::Error::HUP | russh::Error::InactivityTimeout => false,
        _ => true,
    }
}

async fn bind(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|it| no_port(address, it))
}

fn no_port(address: &str, error: io::Error) -> Error {
    let message = "the drop cannot listen here: the port is taken, or may be opened by root only";
    Error::new(ErrorKind::ConfigInvalid, "drop.start", message)
        .context("listen", address)
        .source(error)
}

fn unusable(login: &str, error: io::Error) -> Error {
    let message = "the folder of a login cannot be made or read";
    Error::new(ErrorKind::ConfigInvalid, "drop.start", message)
        .context("login", login)
        .source(error)
}
