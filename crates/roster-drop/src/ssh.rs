//! One SSH connection: who it is, and that it gets SFTP and nothing else.

use crate::{
    account::{Account, Ended},
    files::Files,
    guard::Ticket,
    password,
    server::Shared,
    stream,
};
use roster_ssh::{LegacyAlgorithm, preferred};
use russh::{
    Channel, ChannelId, Disconnect, MethodKind, MethodSet, Pty, SshId,
    keys::{Algorithm, PrivateKey},
    server::{
        Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey,
    },
};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How many SFTP sessions one connection may have.
const MOST_SESSIONS: usize = 4;
/// How many bytes a client may send before they are taken from it.
const WINDOW: u32 = 1 << 20;
/// How often a client may try to log in before it is sent away.
const MOST_ATTEMPTS: usize = 6;

/// Settings of the listener for all, or of the one for older clients.
pub(crate) fn settings(keys: Vec<PrivateKey>, legacy: bool, idle: Duration) -> Config {
    let old: &[LegacyAlgorithm] = if legacy { &LegacyAlgorithm::ALL } else { &[] };
    Config {
        server_id: SshId::Standard(Cow::Borrowed("SSH-2.0-Homeroom")),
        methods: MethodSet::from([MethodKind::PublicKey, MethodKind::Password].as_slice()),
        auth_rejection_time: Duration::from_millis(200),
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys,
        window_size: WINDOW,
        channel_buffer_size: 16,
        preferred: preferred(old),
        max_auth_attempts: MOST_ATTEMPTS,
        inactivity_timeout: Some(idle),
        nodelay: true,
        ..Config::default()
    }
}

/// The sessions of a connection that run or have ended.
pub(crate) type Sessions = Arc<Mutex<Vec<JoinHandle<Option<(Files, bool)>>>>>;

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) shared: Arc<Shared>,
    pub(crate) ticket: Arc<Ticket>,
    /// Whether it came where older algorithms are spoken.
    pub(crate) legacy: bool,
    pub(crate) login: Arc<Mutex<Option<Arc<Account>>>>,
    /// Cancelled when it is logged in.
    pub(crate) logged_in: CancellationToken,
    pub(crate) sessions: Sessions,
    pub(crate) channels: HashMap<ChannelId, Channel<Msg>>,
}

impl Connection {
    /// Whether the login exists and may be used here, for either way to prove who one is.
    fn find(&self, name: &str) -> Option<crate::Login> {
        match self.shared.logins.find(name) {
            Ok(login) => login.filter(|it| it.legacy || !self.legacy),
            Err(error) => {
                warn!(%error, "logins cannot be read; nobody is let in");
                None
            }
        }
    }

    async fn refuse(&self, known: bool, name: &str) -> Auth {
        let delay = self.ticket.failed(Instant::now());
        // What is no login may be a password that was typed into the wrong field.
        let login = if known { name } else { "unknown" };
        warn!(login, "a login failed");
        sleep(delay).await;
        Auth::reject()
    }

    fn accept(&mut self, name: &str) -> Auth {
        match self.shared.account(name) {
            Ok(account) if account.connect() => {
                self.ticket.succeeded();
                info!(login = name, "logged in");
                *self.login.lock().unwrap_or_else(PoisonError::into_inner) = Some(account);
                self.logged_in.cancel();
                Auth::Accept
            }
            Ok(_) => {
                warn!(login = name, "the login has all the connections that it may have");
                Auth::reject()
            }
            Err(error) => {
                warn!(login = name, %error, "the folder of the login cannot be used");
                Auth::reject()
            }
        }
    }

    fn account(&self) -> Option<Arc<Account>> {
        self.login.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, typed: &str) -> Result<Auth, Self::Error> {
        if self.ticket.is_locked_out(Instant::now()) || self.account().is_some() {
            return Ok(Auth::reject());
        }
        let login = self.find(user);
        let (typed, known) = (typed.to_owned(), login.is_some());
        // Hashing takes memory: a few at a time.
        let permit = self.shared.hashing.acquire().await.map_err(|_| russh::Error::Disconnect)?;
        let hash = login.and_then(|it| it.password_hash().map(str::to_owned));
        let verified =
            tokio::task::spawn_blocking(move || password::verify(&typed, hash.as_deref())).await;
        drop(permit);
        if verified.unwrap_or(false) {
            Ok(self.accept(user))
        } else {
            Ok(self.refuse(known, user).await)
        }
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        let old = matches!(offer.algorithm, Algorithm::Rsa { hash: None });
        let known = self.find(user).is_some_and(|it| it.has_key(offer.public_key));
        let right = known && (self.legacy || !old) && !self.ticket.is_locked_out(Instant::now());
        // Clients offer all the keys they have; that is no attempt to guess one.
        Ok(if right { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        let old = matches!(key.algorithm, Algorithm::Rsa { hash: None });
        let login = self.find(user);
        let right =
            login.as_ref().is_some_and(|it| it.has_key(key.public_key)) && (self.legacy || !old);
        if right && self.account().is_none() {
            return Ok(self.accept(user));
        }
        Ok(self.refuse(login.is_some(), user).await)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        let running = self.sessions.lock().unwrap_or_else(PoisonError::into_inner).len();
        if self.channels.len() + running < MOST_SESSIONS {
            self.channels.insert(channel.id(), channel);
            reply.accept().await;
        }
        // Else the reply is dropped, which refuses the channel.
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let (account, channel) = (self.account(), self.channels.remove(&id));
        let (Some(account), Some(channel), "sftp") = (account, channel, name) else {
            return session.channel_failure(id);
        };
        session.channel_success(id)?;
        let idle = Duration::from_secs(self.shared.config.limits.idle_secs);
        let handle = session.handle();
        let serving = tokio::spawn(async move {
            let ended = stream::serve(channel.into_stream(), Files::new(account), idle).await;
            _ = handle.close(id).await;
            ended
        });
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(serving);
        Ok(())
    }

    async fn shell_request(
        &mut self,
        id: ChannelId,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        refuse_program(id, session)
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        _: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        refuse_program(id, session)
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        _: &str,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn x11_request(
        &mut self,
        id: ChannelId,
        _: bool,
        _: &str,
        _: &str,
        _: u32,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }

    async fn env_request(
        &mut self,
        id: ChannelId,
        _: &str,
        _: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(id)
    }
}

fn refuse_program(id: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
    session.channel_failure(id)?;
    session.disconnect(
        Disconnect::ByApplication,
        "files can be sent by SFTP, and nothing else",
        "en",
    )
}

/// Ends what the sessions of a connection have begun, once the connection is over.
pub(crate) async fn end(sessions: &Sessions, lost: bool) -> Option<Ended> {
    let sessions = std::mem::take(&mut *sessions.lock().unwrap_or_else(PoisonError::into_inner));
    let mut worst = None;
    for session in sessions {
        let Ok(Some((files, wrong))) = session.await else { continue };
        let ended = tokio::task::spawn_blocking(move || files.end(lost || wrong)).await;
        worst = match (worst, ended) {
            (Some(Ended::BrokenOff), _) | (_, Ok(Ended::BrokenOff)) | (_, Err(_)) => {
                Some(Ended::BrokenOff)
            }
            _ => Some(Ended::Well),
        };
    }
    worst
}
