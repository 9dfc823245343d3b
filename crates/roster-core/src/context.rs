//! What a run lends to a source.

use std::{fmt, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Things a runner cannot see in the stream itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Signal {
    /// Sleeping because the source asked for it.
    RateLimited {
        /// How long.
        wait: Duration,
    },
    /// A call failed and is tried again.
    Retrying {
        /// One-based attempt.
        attempt: u32,
    },
    /// How many bytes the whole extract will read, when that is known beforehand.
    BytesExpected(u64),
    /// Bytes came in from the source.
    BytesIn(u64),
}

/// Receives signals.  Must not block.
pub trait SignalSink: fmt::Debug + Send + Sync {
    /// Called by sources, from any thread.
    fn signal(&self, signal: Signal);
}

/// Ignores them.
#[derive(Debug)]
pub struct NoSignals;

impl SignalSink for NoSignals {
    fn signal(&self, _: Signal) {}
}

/// Cheap to clone; passed first, never stored in a source.
#[derive(Clone, Debug)]
pub struct RunContext {
    /// Graceful stop: finish the batch in hand, end with [`crate::ErrorKind::Cancelled`].
    pub cancel: CancellationToken,
    /// Where signals go.
    pub signals: Arc<dyn SignalSink>,
}

impl RunContext {
    /// A context that is never cancelled and ignores signals.
    #[must_use]
    pub fn detached() -> Self {
        Self { cancel: CancellationToken::new(), signals: Arc::new(NoSignals) }
    }
}
