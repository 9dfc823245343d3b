//! The way to a database through an SSH server.

use crate::{config::Config, connection::Endpoint};
use roster_core::{Error, ErrorKind, Result};
use roster_ssh::{Connection, Tunnel};
use std::fmt;
use tokio::runtime::{Builder, Runtime};

/// A tunnel that is open, with the runtime that carries it: drivers block the thread they are called on.
pub(crate) struct OpenTunnel {
    /// Dropped before the runtime, so that it closes.
    tunnel: Option<Tunnel>,
    runtime: Option<Runtime>,
}

impl fmt::Debug for OpenTunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenTunnel").field("tunnel", &self.tunnel).finish_non_exhaustive()
    }
}

impl Drop for OpenTunnel {
    fn drop(&mut self) {
        drop(self.tunnel.take());
        if let Some(runtime) = self.runtime.take() {
            // A driver that was left behind must not keep this thread.
            runtime.shutdown_background();
        }
    }
}

/// Where the driver connects to: the server itself, or this end of a tunnel to it.
///
/// # Errors
///
/// Those of the SSH connection.
pub(crate) fn endpoint(config: &Config) -> Result<(Endpoint, Option<OpenTunnel>)> {
    let target = Endpoint::of(config);
    let Some(ssh) = &config.tunnel else { return Ok((target, None)) };
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("odbc.tunnel")
        .enable_all()
        .build()
        .map_err(|err| {
            let message =
                "no thread could be started for the tunnel; the machine is out of resources";
            Error::new(ErrorKind::Unavailable, "odbc.tunnel", message).source(err)
        })?;
    let tunnel = runtime
        .block_on(async { Connection::open(ssh).await?.tunnel(&target.host, target.port).await })?;
    let near = tunnel.address();
    let endpoint = Endpoint { host: near.ip().to_string(), port: near.port() };
    Ok((endpoint, Some(OpenTunnel { tunnel: Some(tunnel), runtime: Some(runtime) })))
}
