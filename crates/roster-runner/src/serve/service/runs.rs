//! Runs: the last ones, and one with what was wrong in it and why.

use super::{Answer, Refusal, Service};
use crate::{
    report::Review,
    serve::{Right, RunSummary, Viewer},
};
use roster_sink::{RunId, RunRecord, Sink};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// A run with what was wrong in it and why, without values.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunView {
    /// In a few numbers.
    pub summary: RunSummary,
    /// The report, as `homeroom sync --json` prints it.
    #[schema(value_type = Object)]
    pub report: Value,
    /// What was wrong, what cost most first.
    #[schema(value_type = Object)]
    pub root_causes: Value,
    /// Beside the nights before.
    #[schema(value_type = Object)]
    pub trends: Value,
    /// What waits since the run, as it stands now.
    #[schema(value_type = Object)]
    pub holds: Value,
}

/// Most runs that are given at once.
const MOST: usize = 1_000;

impl Service {
    /// The last runs of a district, newest first.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it.
    pub fn runs(&self, viewer: &Viewer, district: &str, most: usize) -> Answer<Vec<RunSummary>> {
        self.permit_district(viewer, Right::See, district)?;
        Ok(self.engine.store.runs(district, most.min(MOST))?)
    }

    /// One run.
    ///
    /// # Errors
    ///
    /// As role and districts refuse it.
    pub async fn run(&self, viewer: &Viewer, run: &str) -> Answer<RunView> {
        let (sink, record) = self.find_run(viewer, run).await?;
        let review = Review::load(&*sink, record).await?;
        Ok(RunView {
            summary: RunSummary::from(&review.record),
            report: json(&review.record.report)?,
            root_causes: json(&review.root_causes())?,
            trends: json(&review.trends())?,
            holds: json(&review.holds)?,
        })
    }

    /// A run that the viewer may see, and the sink that remembers it.
    pub(super) async fn find_run(
        &self,
        viewer: &Viewer,
        run: &str,
    ) -> Answer<(Arc<dyn Sink>, RunRecord)> {
        self.permit(viewer, Right::See)?;
        for sink in self.engine.sinks.all().await? {
            let found = sink.run(&RunId::from_text(run)).await?;
            if let Some(record) = found.filter(|it| viewer.sees(it.report.district.as_str())) {
                let own = self.engine.sinks.of(&record.report.district).await;
                return Ok((own.unwrap_or(sink), record));
            }
        }
        Err(Refusal::NotFound("there is no such run".to_owned()))
    }
}

pub(super) fn json(value: &impl Serialize) -> Answer<Value> {
    serde_json::to_value(value).map_err(|err| {
        let message = "the answer cannot be written as JSON";
        let kind = roster_core::ErrorKind::Internal;
        Refusal::Failed(roster_core::Error::new(kind, "serve.json", message).source(err))
    })
}
