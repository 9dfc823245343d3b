//! A connection to a server that is recognized and that let us in.

use crate::{SftpClient, SshConfig, Tunnel, algorithms, error, host_key::Pins, login::Credentials};
use roster_core::{Error, ErrorKind, Result};
use russh::{
    Limits, SshId,
    client::{self, Handle},
    keys::PublicKeyOrCertificate,
};
use std::{borrow::Cow, sync::Arc, time::Duration};
use tokio::time::timeout;

const OPERATION: &str = "ssh.connect";

/// After so many bytes in one direction new keys are agreed on; RFC 4253 §9 recommends a gigabyte at most.
const REKEY_BYTES: usize = 512 << 20;
/// After so long new keys are agreed on, as RFC 4253 §9 recommends.
const REKEY_TIME: Duration = Duration::from_hours(1);

/// A connection to a server; it ends when this and all that came from it are dropped.
#[derive(Clone)]
pub struct Connection {
    pub(crate) handle: Arc<Handle<Client>>,
    server: Arc<str>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Connection {
    /// Calls the server, recognizes it, and logs in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] if the settings contradict each other, or a file or secret cannot be read;
    /// [`ErrorKind::AuthFailed`] if the host key is not the pinned one or the login is refused;
    /// [`ErrorKind::Unsupported`] if no algorithm is common; [`ErrorKind::Unavailable`] if the server does not answer.
    pub async fn open(config: &SshConfig) -> Result<Self> {
        if let Some(problem) = config.problems().into_iter().next() {
            let error = Error::new(ErrorKind::ConfigInvalid, OPERATION, problem.message);
            return Err(error.context("key", problem.key));
        }
        let server: Arc<str> = format!("{}:{}", config.host, config.port).into();
        let limit = Duration::from_secs(config.connect_timeout_secs);
        let late = |_| {
            error::unavailable(OPERATION, "the server did not answer in time")
                .context("connect_timeout_secs", config.connect_timeout_secs)
        };
        let opened = timeout(limit, connect(config)).await.map_err(late).and_then(|it| it);
        let handle = opened.map_err(|it| it.context("server", &server))?;
        Ok(Self { handle: Arc::new(handle), server })
    }

    /// An SFTP session.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] if the server offers no SFTP, [`ErrorKind::Unavailable`] if the connection is lost.
    pub async fn sftp(&self) -> Result<SftpClient> {
        SftpClient::open(self).await
    }

    /// A local port behind which lies `host:port` as the server sees it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] if no local port can be had.
    pub async fn tunnel(&self, host: &str, port: u16) -> Result<Tunnel> {
        Tunnel::open(self.clone(), host, port).await
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }
}

async fn connect(config: &SshConfig) -> Result<Handle<Client>> {
    let credentials = Credentials::read(config)?;
    let pins = Pins::read(config)?;
    let mut preferred = algorithms::preferred(&config.legacy_algorithms);
    pins.order(preferred.key.to_mut());
    let settings = client::Config {
        client_id: SshId::Standard(Cow::Borrowed("SSH-2.0-Homeroom")),
        limits: Limits::new(REKEY_BYTES, REKEY_BYTES, REKEY_TIME),
        preferred,
        keepalive_interval: Some(Duration::from_secs(config.keepalive_secs)),
        nodelay: true,
        ..client::Config::default()
    };
    let address = (config.host.as_str(), config.port);
    let connected = client::connect(Arc::new(settings), address, Client { pins }).await;
    let mut handle = connected.map_err(Refused::into_error)?;
    credentials.log_in(&mut handle).await?;
    Ok(handle)
}

/// Our side of a connection: it recognizes the server and takes nothing else from it.
#[derive(Debug)]
pub(crate) struct Client {
    pins: Pins,
}

impl client::Handler for Client {
    type Error = Refused;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Refused> {
        match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                self.pins.check(key).map(|()| true).map_err(Refused::Server)
            }
            // Certificates are not asked for.
            PublicKeyOrCertificate::Certificate(_) => Ok(false),
        }
    }
}

/// Why a connection was not made.
#[derive(Debug)]
pub(crate) enum Refused {
    Server(Error),
    Protocol(russh::Error),
}

impl From<russh::Error> for Refused {
    fn from(it: russh::Error) -> Self {
        Self::Protocol(it)
    }
}

impl Refused {
    fn into_error(self) -> Error {
        match self {
            Self::Server(it) => it,
            Self::Protocol(it) => error::ssh(OPERATION, it),
        }
    }
}
