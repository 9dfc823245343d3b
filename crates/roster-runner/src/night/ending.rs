//! What ends a night once it is published, also one that was planned before: what is not shared any more is emptied, what
//! is older than it is kept is deleted, and the source puts its feed away.

use crate::keep::KeepSettings;
use roster_core::{DistrictId, RosterSource, RunContext, value::Timestamp};
use roster_sink::{Erasure, Outcome, Sink};
use std::sync::Arc;

/// Whose night ends, and where it was published.
#[derive(Debug)]
pub struct Ending<'n> {
    /// The district.
    pub district: &'n DistrictId,
    /// Where it was published.
    pub sink: &'n Arc<dyn Sink>,
    /// How long things are kept.
    pub keep: &'n KeepSettings,
    /// The source whose feed was published; `None` when that is not known.
    pub source: Option<&'n Arc<dyn RosterSource>>,
}

impl Ending<'_> {
    /// Ends the night.  What fails is told and made up for by the next one: the roster is published already.
    pub(super) async fn run(&self, ctx: &RunContext, erasures: &[Erasure], outcome: Outcome) {
        self.erase(erasures).await;
        self.forget().await;
        // While something is held, the feed stays where it is: what is approved is published from it.
        let Some(source) = self.source.filter(|_| outcome != Outcome::Held) else { return };
        if let Err(error) = source.published(ctx).await {
            tracing::warn!(district = %self.district, %error, "the night is published, but the source could not put its feed away");
        }
    }

    /// Deletes what is older than it is to be kept.
    async fn forget(&self) {
        let retention = self.keep.retention(Timestamp::now());
        if let Err(error) = self.sink.forget(self.district, &retention).await {
            tracing::error!(district = %self.district, %error, "what is older than it is to be kept is not deleted yet; the next night tries again");
        }
    }

    /// Empties what is no longer shared.
    async fn erase(&self, erasures: &[Erasure]) {
        if erasures.is_empty() {
            return;
        }
        if let Err(error) = self.sink.erase(self.district, erasures).await {
            tracing::error!(district = %self.district, %error, "what is no longer shared is deleted but not yet emptied; the next night tries again");
        }
    }
}
