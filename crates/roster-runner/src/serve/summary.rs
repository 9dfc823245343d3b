//! A run in a few numbers, for overviews and plots.

use jiff::Timestamp;
use roster_sink::{Outcome, RunRecord};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A run in a few numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunSummary {
    /// Its id.
    pub run: String,
    /// The district.
    pub district: String,
    /// The connector's id.
    pub connector: String,
    /// `published`, `unchanged`, `held` or `failed`.
    pub outcome: String,
    /// When it started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub finished_at: Timestamp,
    /// Seconds it took.
    pub seconds: f64,
    /// Records in the feed, by table.
    pub read: BTreeMap<String, u64>,
    /// Records that were created.
    pub created: u64,
    /// Records that were updated.
    pub updated: u64,
    /// Records that were deleted.
    pub deleted: u64,
    /// Records that were restored.
    pub restored: u64,
    /// Records that were left out by a check.
    pub rejected: u64,
    /// Records that wait for a person.
    pub held: u64,
    /// Holds that it made.
    pub holds: u64,
    /// Stable word of the kind of error, of a run that failed or waits for its feed.
    pub error: Option<String>,
    /// What was found and what to do, without values.
    pub error_message: Option<String>,
    /// Who must act.
    pub actor: Option<String>,
}

impl RunSummary {
    /// Whether it ended well: what the source had is published, but for what is held.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.outcome != Outcome::Failed.code() && self.error.is_none()
    }
}

impl From<&RunRecord> for RunSummary {
    fn from(record: &RunRecord) -> Self {
        let report = &record.report;
        let sum = |count: fn(&roster_sink::EntityCounts) -> u64| {
            report.entities.values().map(count).sum()
        };
        let read = report.entities.iter().map(|(kind, it)| (kind.table().to_owned(), it.read));
        Self {
            run: report.run.to_string(),
            district: report.district.to_string(),
            connector: report.connector.clone(),
            outcome: report.outcome.code().to_owned(),
            started_at: record.started_at,
            finished_at: record.finished_at,
            seconds: report.seconds,
            read: read.collect(),
            created: sum(|it| it.created),
            updated: sum(|it| it.updated),
            deleted: sum(|it| it.deleted),
            restored: sum(|it| it.restored),
            rejected: sum(|it| it.rejected),
            held: sum(|it| it.held),
            holds: report.holds.len() as u64,
            error: report.error.as_ref().map(|it| it.kind.clone()),
            error_message: report.error.as_ref().map(|it| it.message.clone()),
            actor: report.error.as_ref().map(|it| it.actor.clone()),
        }
    }
}
