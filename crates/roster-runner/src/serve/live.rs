//! A night while it runs: how far it is, and when it last gave a sign of life.

use crate::night::{NightWatch, Phase};
use jiff::Timestamp;
use roster_core::{EntityKind, Signal, SignalSink};
use roster_schedule::Clock;
use serde::Serialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

/// How far a night is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct LiveProgress {
    /// `selecting`, `reading`, `publishing` or `reporting`.
    pub phase: Option<String>,
    /// The table that is read.
    pub table: Option<String>,
    /// Records of it that went through.
    pub rows: u64,
    /// Records of all tables.
    pub all_rows: u64,
    /// Bytes that came in.
    pub bytes: u64,
    /// Bytes that will come in, where that is known.
    pub bytes_expected: Option<u64>,
    /// Times that a call was tried again.
    pub retries: u64,
    /// Seconds that the source asked to wait.
    pub waited_seconds: u64,
}

#[derive(Debug)]
struct State {
    progress: LiveProgress,
    beat: Timestamp,
}

/// Follows one night.
#[derive(Debug)]
pub(crate) struct LiveNight {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Stops the night soon.
    pub(crate) cancel: CancellationToken,
    /// Gives the night up.
    pub(crate) abandon: CancellationToken,
}

impl LiveNight {
    pub(crate) fn new(clock: Arc<dyn Clock>, cancel: CancellationToken) -> Self {
        let state = State { progress: LiveProgress::default(), beat: clock.now() };
        Self { clock, state: Mutex::new(state), cancel, abandon: CancellationToken::new() }
    }

    /// How far it is.
    pub(crate) fn progress(&self) -> LiveProgress {
        self.state().progress.clone()
    }

    /// When it last gave a sign of life.
    pub(crate) fn beat(&self) -> Timestamp {
        self.state().beat
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut LiveProgress)) {
        let now = self.clock.now();
        let mut state = self.state();
        state.beat = now;
        change(&mut state.progress);
    }
}

impl NightWatch for LiveNight {
    fn phase(&self, phase: Phase) {
        let word = match phase {
            Phase::Select => "selecting",
            Phase::Extract => "reading",
            Phase::Publish => "publishing",
            Phase::Report => "reporting",
        };
        self.change(|it| it.phase = Some(word.to_owned()));
    }

    fn rows(&self, entity: EntityKind, rows: u64) {
        self.change(|it| {
            if it.table.as_deref() != Some(entity.table()) {
                it.table = Some(entity.table().to_owned());
                it.rows = 0;
            }
            it.rows += rows;
            it.all_rows += rows;
        });
    }
}

impl SignalSink for LiveNight {
    fn signal(&self, signal: Signal) {
        self.change(|it| match signal {
            Signal::BytesExpected(bytes) => it.bytes_expected = Some(bytes),
            Signal::BytesIn(bytes) => it.bytes += bytes,
            Signal::RateLimited { wait } => it.waited_seconds += wait.as_secs(),
            Signal::Retrying { .. } => it.retries += 1,
            _ => {}
        });
    }
}
