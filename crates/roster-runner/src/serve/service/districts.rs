//! All districts at a glance, and one of them.

use super::{Answer, Service};
use crate::serve::{LiveProgress, Right, RunSummary, Standing, Viewer, board::last_good};
use jiff::Timestamp;
use roster_schedule::Standing as NightStanding;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A district at a glance.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Overview {
    /// Its id.
    pub district: String,
    /// Its name for people.
    pub name: Option<String>,
    /// The connector's id.
    pub connector: String,
    /// How it stands.
    pub standing: Standing,
    /// Whether somebody paused it.
    pub paused: bool,
    /// When its last night that ended well did so.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_good: Option<Timestamp>,
    /// Its next slot.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next: Option<Timestamp>,
    /// Its last run.
    #[schema(value_type = Option<RunSummary>)]
    pub last: Option<Arc<RunSummary>>,
    /// Records of users in the feeds of its last completed runs, oldest first, for a small plot.
    pub users: Vec<u64>,
}

/// A district.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DistrictView {
    /// At a glance.
    #[serde(flatten)]
    pub overview: Overview,
    /// The sink, without credentials.
    pub to: String,
    /// Its last runs, newest first.
    #[schema(value_type = Vec<RunSummary>)]
    pub runs: Vec<Arc<RunSummary>>,
    /// Its next slots.
    #[schema(value_type = Vec<String>)]
    pub upcoming: Vec<Timestamp>,
    /// The night it is in.
    pub night: NightView,
}

/// Where a district is in its night.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct NightView {
    /// `idle`, `waiting`, `queued` or `running`.
    pub state: String,
    /// Which try.
    pub attempt: Option<u32>,
    /// Since when it runs, or until when it waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// How far it is.
    pub progress: Option<LiveProgress>,
}

impl Service {
    /// The districts that a viewer sees, those that need a person first.
    ///
    /// # Errors
    ///
    /// As its role refuses it.
    pub fn overview(&self, viewer: &Viewer) -> Answer<Vec<Overview>> {
        self.permit(viewer, Right::See)?;
        let seen = self.engine.order.iter().filter(|it| viewer.sees(it));
        let mut all: Vec<_> = seen.map(|it| self.at_a_glance(it)).collect();
        all.sort_by_key(|it| it.standing);
        Ok(all)
    }

    /// One district.
    ///
    /// # Errors
    ///
    /// As its role and districts refuse it.
    pub fn district(&self, viewer: &Viewer, district: &str) -> Answer<DistrictView> {
        self.permit_district(viewer, Right::See, district)?;
        Ok(DistrictView {
            overview: self.at_a_glance(district),
            to: self.engine.districts[district].to.to_string(),
            runs: self.engine.board.runs(district),
            upcoming: self.engine.upcoming(district, 7),
            night: self.night(district),
        })
    }

    fn at_a_glance(&self, district: &str) -> Overview {
        let settings = &self.engine.districts[district];
        let runs = self.engine.board.runs(district);
        let completed = runs.iter().rev().filter(|it| it.is_good());
        let running =
            matches!(self.engine.standing(district).0, Some(NightStanding::Running { .. }));
        let standing = match runs.first() {
            _ if running => Standing::Running,
            None => Standing::New,
            Some(last) if !last.is_good() && last.outcome == "failed" => Standing::Failed,
            Some(last) if last.outcome == "held" => Standing::Held,
            Some(_) => Standing::Good,
        };
        Overview {
            district: district.to_owned(),
            name: settings.name.clone(),
            connector: settings.connector.to_owned(),
            standing,
            paused: self.engine.is_paused(district),
            last_good: last_good(&runs),
            next: self.engine.upcoming(district, 1).first().copied(),
            users: completed.map(|it| it.read.get("users").copied().unwrap_or_default()).collect(),
            last: runs.first().cloned(),
        }
    }

    fn night(&self, district: &str) -> NightView {
        let (standing, live) = self.engine.standing(district);
        let progress = live.map(|it| it.progress());
        let (state, attempt, at) = match standing {
            None | Some(NightStanding::Idle) => ("idle", None, None),
            Some(NightStanding::Waiting { until, attempt }) => {
                ("waiting", Some(attempt), Some(until))
            }
            Some(NightStanding::Queued { attempt }) => ("queued", Some(attempt), None),
            Some(NightStanding::Running { since, attempt }) => {
                ("running", Some(attempt), Some(since))
            }
        };
        NightView { state: state.to_owned(), attempt, at, progress }
    }
}
