//! Checks again what an earlier night left out, against what is published now, and publishes what passes.
//!
//! The records go the way of a delta's: through sharing, checks and plan, into a run of their own.  Nothing is deleted
//! and nothing is held: no limit is about records that a person asks for one run at a time.

mod eligible;

pub(crate) use eligible::LeftAlone;

use super::{
    Start, evidence::Evidence, feed, guard::Guard, memory, planner::Planner, selection::Selection,
    work_folder::WorkFolder, write_record,
};
use crate::{
    Limits, Sharing,
    look_back::{AreAll, look_back},
    night::{NoWatch, contract::Contract},
    report::{
        kept::Kept,
        words::Names,
    },
    sharing::{Decision, Sharer},
};
use eligible::Eligible;
use futures::StreamExt as _;
use roster_core::{
    Batch, BatchLimits, Completion, Coverage, DeleteSignal, DistrictId, EntityKind, EntityRequest,
    Error, ErrorKind, ExtractEvent, ExtractRequest, ExtractStream, Origin, Result, Rows, SyncMode,
    value::Timestamp,
};
use roster_sink::{
    HoldFilter, HoldRule, KeptFolder, Outcome, PlanHeader, PlanWriter, Published, RECHECK,
    RunRecord, RunReport, Sink,
};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};
use tokio::{runtime::Handle, task::spawn_blocking};

/// What it takes to check a district's records again.
#[derive(Debug)]
pub(crate) struct Recheck {
    /// The district.
    pub(crate) district: DistrictId,
    /// Where the run is remembered and its roster published; prepared.
    pub(crate) sink: Arc<dyn Sink>,
    /// What is shared today.
    pub(crate) sharing: Sharing,
    /// Folder in which the plan is kept until it is published.
    pub(crate) work_folder: PathBuf,
    /// Examples kept of each kind of finding.
    pub(crate) examples: usize,
    /// The names of the connector that read the feed.
    pub(crate) names: Names,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Rechecked {
    /// The run; `None` when there was nothing to check again.
    pub(crate) record: Option<RunRecord>,
    /// What was not checked again, and why.
    pub(crate) left_alone: LeftAlone,
}

/// Records of one file, page or query.
type Parts = Vec<(Origin, Rows)>;

impl Recheck {
    /// Checks again what `of` left out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when nothing is kept of the run any more, [`ErrorKind::Conflict`] when a night publishes
    /// meanwhile, and the sink's.
    pub(crate) async fn run(&self, of: &RunRecord) -> Result<Rechecked> {
        let start = Start::now();
        let kept = Kept::load(&*self.sink, &of.report.run).await?;
        let rejected: u64 = of.report.entities.values().map(|it| it.rejected).sum();
        if rejected > 0 && kept.quarantine.is_empty() && kept.findings.is_empty() {
            return Err(nothing_kept().context("run", &of.report.run));
        }
        let mut published = self.sink.published(&self.district).await?;
        if !published.rekeys.is_empty() {
            return Err(keys_wait().context("district", &self.district));
        }
        let holds = self.sink.holds(Some(&self.district), HoldFilter::Unsettled).await?;
        if let Some(hold) = holds.iter().find(|it| it.rule == HoldRule::Rekeyed) {
            return Err(new_keys_are_held().context("hold", &hold.id));
        }
        let newer = self.newer_nights(of).await?;
        let eligible = Eligible::new(&*self.sink, of, &newer, rejected);
        let (parts, mut left_alone) = eligible.select(kept, &mut published).await?;
        if parts.is_empty() {
            return Ok(Rechecked { record: None, left_alone });
        }
        let sharer = self.sharer(&parts, &mut published).await?;
        let (parts, sharer) = share(parts, sharer, &mut left_alone);
        let record = self.check(&start, parts, sharer, published).await?;
        Ok(Rechecked { record: Some(record), left_alone })
    }

    /// The district's completed nights since a run, the newest first.
    async fn newer_nights(&self, of: &RunRecord) -> Result<Vec<RunRecord>> {
        let newer = |it: &&RunRecord| it.started_at > of.started_at && it.is_completed_night();
        let found = |runs: &[RunRecord], all: AreAll| {
            let reached = all.0 || runs.iter().any(|it| it.started_at <= of.started_at);
            reached.then(|| runs.iter().filter(newer).cloned().collect())
        };
        Ok(look_back(&*self.sink, &self.district, found).await?.unwrap_or_default())
    }

    /// Who is shared, found out by today's settings.
    async fn sharer(
        &self,
        parts: &BTreeMap<EntityKind, Parts>,
        published: &mut Published,
    ) -> Result<Sharer> {
        let mut sharer = Sharer::new(&self.sharing);
        let deciding = sharer.selecting_entities();
        if !deciding.is_empty() {
            let parts = parts.iter().filter(|it| deciding.contains(it.0));
            let parts: BTreeMap<_, _> = parts.map(|it| (*it.0, it.1.clone())).collect();
            let request = request(&parts);
            let selection =
                Selection::new(&self.sharing, &mut sharer, published, &self.sink, &self.district);
            selection.run(&request, events(parts)).await?;
        }
        Ok(sharer)
    }

    /// Plans and publishes what passes.
    async fn check(
        &self,
        start: &Start,
        parts: BTreeMap<EntityKind, Parts>,
        sharer: Sharer,
        published: Published,
    ) -> Result<RunRecord> {
        let folder = WorkFolder::create(&self.work_folder, &self.district, &start.run)?;
        let plan = folder.plan();
        let writer = PlanWriter::create(&plan)?;
        let evidence = Evidence::new(KeptFolder::create(&plan)?);
        let planner = Planner::new(
            &self.sharing,
            sharer,
            published,
            (writer, evidence),
            self.no_guard(start),
            self.examples,
            self.names.field_name(),
        );
        let contract = Contract::new(&request(&parts));
        let (events, runtime) = (events(parts), Handle::current());
        let work = move || feed(&runtime, events, contract, planner, &NoWatch);
        let (planner, outcome) = spawn_blocking(work).await.map_err(super::panicked)?;
        outcome?;
        self.publish(start, planner).await
    }

    /// Publishes what was planned.  What a night does at its end, delete and hold back, is left out.
    async fn publish(&self, start: &Start, planner: Planner) -> Result<RunRecord> {
        let Planner { writer, published, entities, tally, evidence, .. } = planner;
        evidence.finish()?;
        let (diagnostics, causes) = tally.finish();
        let header = PlanHeader {
            run: start.run.clone(),
            district: self.district.clone(),
            connector: RECHECK.to_owned(),
            basis: published.basis,
            entities: entities.clone(),
        };
        let plan = writer.finish(header)?;
        let report = RunReport {
            run: start.run.clone(),
            district: self.district.clone(),
            connector: RECHECK.to_owned(),
            outcome: if plan.changes() { Outcome::Published } else { Outcome::Unchanged },
            entities,
            diagnostics,
            seconds: start.clock.elapsed().as_secs_f64(),
            peak_memory_bytes: memory::peak_bytes(),
            holds: Vec::new(),
            error: None,
        };
        let record = RunRecord {
            report,
            started_at: start.at,
            finished_at: Timestamp::now(),
            causes,
            settled: Vec::new(),
            profile: None,
        };
        write_record(&self.sink, &plan, published, record, start.clock).await
    }

    /// A guard that is never asked.
    fn no_guard(&self, start: &Start) -> Guard {
        Guard {
            district: self.district.clone(),
            run: start.run.clone(),
            now: start.at,
            limits: Limits::default(),
            earlier: Vec::new(),
            last_run: None,
            has_map: false,
            spoken_of: std::collections::BTreeSet::new(),
        }
    }
}

/// Takes out what is no longer shared, so that nothing published of it is touched.
fn share(
    parts: BTreeMap<EntityKind, Parts>,
    mut sharer: Sharer,
    left_alone: &mut LeftAlone,
) -> (BTreeMap<EntityKind, Parts>, Sharer) {
    let mut out = BTreeMap::new();
    for (entity, parts) in parts {
        let mut kept = Vec::with_capacity(parts.len());
        for (origin, rows) in parts {
            let mut decided = Rows::new(entity);
            for row in rows.iter() {
                match sharer.decide(&row, &mut decided) {
                    Decision::Keep => decided.push_row(row),
                    Decision::Changed => {}
                    Decision::Withhold => left_alone.not_shared += 1,
                }
            }
            kept.push((origin, decided));
        }
        out.insert(entity, kept);
    }
    (out, sharer)
}

/// The records as a source would stream them: changes, in load order.
fn events(parts: BTreeMap<EntityKind, Parts>) -> ExtractStream {
    let of_entity = |(entity, parts): (EntityKind, Parts)| {
        let batches = parts.into_iter().map(move |(origin, rows)| {
            let records_read = rows.len() as u64;
            ExtractEvent::Batch(Batch { rows, records_read, ..Batch::new(entity, origin) })
        });
        let done = Completion { entity, coverage: Coverage::Changes, next: None };
        batches.chain([ExtractEvent::Done(done)]).map(Ok)
    };
    futures::stream::iter(parts.into_iter().flat_map(of_entity)).boxed()
}

fn request(parts: &BTreeMap<EntityKind, Parts>) -> ExtractRequest {
    let mode = SyncMode::Delta { deletes: DeleteSignal::None };
    let wanted = |entity: &EntityKind| EntityRequest { entity: *entity, mode, resume: None };
    ExtractRequest { entities: parts.keys().map(wanted).collect(), limits: BatchLimits::default() }
}

fn nothing_kept() -> Error {
    let message = "the records that the run left out are not kept any longer, or never were; have the feed sent again";
    Error::new(ErrorKind::NotFound, "recheck", message)
}

/// What comes under a new key would be created beside the record that has the old one.
fn new_keys_are_held() -> Error {
    let message =
        "records that seem to have new keys are held; decide about the hold, and check again after the next night";
    Error::new(ErrorKind::Conflict, "recheck", message)
}

fn keys_wait() -> Error {
    let message =
        "an accepted map of keys waits for the district's next night; check again after that";
    Error::new(ErrorKind::Conflict, "recheck", message)
}
