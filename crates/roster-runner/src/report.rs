//! What a run's reports say: to us, without values, and to the district, in its own names and with the values it sent.

pub(crate) mod causes;
mod csv;
pub(crate) mod district;
mod html;
pub(crate) mod kept;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod trends;
pub(crate) mod words;

use causes::{RootCause, root_causes};
use kept::Kept;
use roster_core::Result;
use roster_sink::{Hold, RunRecord, Sink};
use trends::{Trends, earlier_nights, trends};
use words::Names;

/// Everything that reports of a run are made of.
#[derive(Debug)]
pub(crate) struct Review {
    /// The run.
    pub(crate) record: RunRecord,
    /// What it kept.
    pub(crate) kept: Kept,
    /// The nights before it, the newest first.
    pub(crate) earlier: Vec<RunRecord>,
    /// What waits for a person since the run, as it stands now.
    pub(crate) holds: Vec<Hold>,
}

impl Review {
    /// Loads it.
    ///
    /// # Errors
    ///
    /// The sink's, and [`roster_core::ErrorKind::Damaged`] when what the run kept cannot be read.
    pub(crate) async fn load(sink: &dyn Sink, record: RunRecord) -> Result<Self> {
        let kept = Kept::load(sink, &record.report.run).await?;
        let earlier = earlier_nights(sink, &record).await?;
        let mut holds = Vec::new();
        for hold in &record.report.holds {
            holds.push(sink.hold(&hold.id).await?.unwrap_or_else(|| hold.clone()));
        }
        Ok(Self { record, kept, earlier, holds })
    }

    /// The names of the connector that read the feed.
    pub(crate) fn names(&self) -> Names {
        Names::of_run(&self.record, &self.earlier)
    }

    /// What was wrong, what cost most first.
    pub(crate) fn root_causes(&self) -> Vec<RootCause> {
        root_causes(&self.record, &self.kept, self.names())
    }

    /// How the run differs from the nights before.
    pub(crate) fn trends(&self) -> Trends {
        trends(&self.record, &self.earlier)
    }
}
