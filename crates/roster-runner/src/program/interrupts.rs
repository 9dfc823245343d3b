//! Requests from outside to stop.

use crate::{exit::Exit, progress::Progress};
use std::io;
use tokio_util::sync::CancellationToken;

impl Interrupts {
    /// The first interrupt stops the work soon, the second at once.
    pub(super) async fn obey(mut self, cancel: CancellationToken, progress: Progress) {
        self.next().await;
        progress
            .tell("homeroom: stopping after the batch in hand; interrupt again to stop at once");
        cancel.cancel();
        self.next().await;
        std::process::exit(i32::from(Exit::DistrictFailed as u8));
    }
}

/// Requests to stop: the interrupt key, and what service managers send.
#[cfg(unix)]
pub(super) struct Interrupts {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Interrupts {
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Requests to stop: the interrupt key.
#[cfg(not(unix))]
pub(super) struct Interrupts;

#[cfg(not(unix))]
impl Interrupts {
    #[allow(clippy::unnecessary_wraps, reason = "other systems can refuse")]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
