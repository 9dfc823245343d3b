//! A local TCP port behind which lies a port that the server can reach.

use crate::{Connection, error};
use roster_core::Result;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::copy_bidirectional_with_sizes,
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{debug, warn};

const OPERATION: &str = "ssh.tunnel";
/// Bytes that are taken from either side at once.
const BUFFER: usize = 64 << 10;

/// A local port that leads through the connection; it is closed, with all that goes through it, when this is dropped.
///
/// It listens on the loopback address only.  Whoever can open connections on this machine can use it.
#[derive(Debug)]
pub struct Tunnel {
    address: SocketAddr,
    connection: Connection,
    _stop: DropGuard,
}

/// Where the tunnel leads to, as the server sees it.
#[derive(Debug)]
struct Target {
    host: String,
    port: u16,
}

impl Tunnel {
    pub(crate) async fn open(connection: Connection, host: &str, port: u16) -> Result<Self> {
        let no_port = |it| error::unavailable(OPERATION, "no local port can be opened").source(it);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(no_port)?;
        let address = listener.local_addr().map_err(no_port)?;
        let stop = CancellationToken::new();
        let target = Arc::new(Target { host: host.to_owned(), port });
        tokio::spawn(serve(listener, connection.clone(), target, stop.clone()));
        Ok(Self { address, connection, _stop: stop.drop_guard() })
    }

    /// Where to connect to, on this machine.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether the connection that carries it has ended; then it leads nowhere.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }
}

async fn serve(
    listener: TcpListener,
    connection: Connection,
    target: Arc<Target>,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let (connection, target) = (connection.clone(), target.clone());
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = carry(stream, &connection, &target) => {}
            }
        });
    }
}

/// Carries one connection; where the far end cannot be reached, it is closed.
async fn carry(mut stream: TcpStream, connection: &Connection, target: &Target) {
    _ = stream.set_nodelay(true);
    let from = stream.peer_addr().map_or(0, |it| it.port());
    let opened = connection.handle.channel_open_direct_tcpip(
        &target.host,
        target.port.into(),
        Ipv4Addr::LOCALHOST.to_string(),
        from.into(),
    );
    match opened.await {
        Ok(channel) => {
            let mut far = channel.into_stream();
            let carried =
                copy_bidirectional_with_sizes(&mut stream, &mut far, BUFFER, BUFFER).await;
            debug!(ended_well = carried.is_ok(), "a connection through the tunnel ended");
        }
        Err(error) => {
            warn!(host = target.host, port = target.port, %error, "the server cannot or may not connect to the target");
        }
    }
}
