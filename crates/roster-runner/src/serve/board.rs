//! The last runs of every district, in memory, so that the overview of a thousand costs no query.

use super::{store::ControlStore, summary::RunSummary};
use jiff::Timestamp;
use roster_core::Result;
use serde::Serialize;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock},
};
use utoipa::ToSchema;

/// Runs of a district that are kept in memory.
const KEPT: usize = 30;

/// How a district stands, at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its last night failed.
    Failed,
    /// Something waits for a person.
    Held,
    /// A night runs.
    Running,
    /// It never had a night.
    New,
    /// Its last night ended well.
    Good,
}

/// The last runs of every district, newest first.
#[derive(Debug, Default)]
pub(crate) struct Board(RwLock<HashMap<String, VecDeque<Arc<RunSummary>>>>);

impl Board {
    /// Loads what is remembered.
    pub(crate) fn load(store: &ControlStore, districts: &[String]) -> Result<Self> {
        let mut runs = HashMap::new();
        for district in districts {
            let last = store.runs(district, KEPT)?;
            runs.insert(district.clone(), last.into_iter().map(Arc::new).collect());
        }
        Ok(Self(RwLock::new(runs)))
    }

    pub(crate) fn add(&self, run: RunSummary) {
        let mut runs = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let of_district = runs.entry(run.district.clone()).or_default();
        let place = of_district.partition_point(|it| it.started_at > run.started_at);
        if of_district.get(place).is_none_or(|it| it.run != run.run) {
            of_district.insert(place, Arc::new(run));
            of_district.truncate(KEPT);
        }
    }

    /// The last runs of a district, newest first.
    pub(crate) fn runs(&self, district: &str) -> Vec<Arc<RunSummary>> {
        let runs = self.0.read().unwrap_or_else(PoisonError::into_inner);
        runs.get(district).map(|it| it.iter().cloned().collect()).unwrap_or_default()
    }
}

/// When the last of these runs that ended well did so.
pub(crate) fn last_good(runs: &[Arc<RunSummary>]) -> Option<Timestamp> {
    runs.iter().find(|it| it.is_good()).map(|it| it.finished_at)
}
