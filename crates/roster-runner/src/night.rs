//! A night of one district: extract, share, check, plan, publish, report.
//!
//! Batches stream from the source through sharing and checks into a plan on disk; only key and content hashes stay in
//! memory.  Nothing is published unless the source has given all it had without an error.

mod calendar;
mod candidates;
mod changes;
mod contract;
mod deletions;
mod drift;
mod ending;
mod erasure;
pub(crate) mod evidence;
pub(crate) mod guard;
mod holding;
pub(crate) mod memory;
mod orphans;
mod plan_folder;
mod planner;
pub(crate) mod recheck;
mod recognition;
mod references;
mod rekeying;
mod schools;
mod selected;
mod selection;
mod siblings;
mod tally;
mod withdraw;
mod work_folder;

pub use ending::Ending;
pub use plan_folder::{apply, refuse_newer_feed};
pub(crate) use tally::shown_key;

use crate::{
    Limits, Sharing,
    keep::KeepSettings,
    look_back::{AreAll, look_back},
    night::{
        contract::Contract,
        drift::{Drift, Judged},
        evidence::Evidence,
        guard::Guard,
        planner::{Findings, Planned, Planner},
        selection::Selection,
        work_folder::WorkFolder,
    },
    sharing::Sharer,
};
use futures::StreamExt as _;
use roster_core::{
    BatchLimits, Diagnostic, DistrictId, EntityKind, Error, ErrorKind, ExtractEvent,
    ExtractRequest, ExtractStream, Result, RosterSource, RunContext, validate_request,
    value::Timestamp,
};
use roster_sink::{
    Erasure, HoldFilter, HoldState, KeptFolder, Outcome, Plan, PlanWriter, Published, RunError, RunId,
    RunRecord, RunReport, Sink,
};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use tokio::{
    runtime::Handle,
    task::{JoinError, spawn_blocking},
};

/// Where a night has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Finding out who is shared.
    Select,
    /// Reading, sharing, checking and planning.
    Extract,
    /// Writing to the sink.
    Publish,
    /// Done.
    Report,
}

/// Follows a night.  Must not block.
pub trait NightWatch: fmt::Debug + Send + Sync {
    /// A phase begins.
    fn phase(&self, phase: Phase);

    /// Records of an entity went through.
    fn rows(&self, entity: EntityKind, rows: u64);
}

/// Follows nothing.
#[derive(Debug)]
pub struct NoWatch;

impl NightWatch for NoWatch {
    fn phase(&self, _: Phase) {}

    fn rows(&self, _: EntityKind, _: u64) {}
}

/// Everything one night needs.
#[derive(Debug)]
pub struct Night {
    /// The district.
    pub district: DistrictId,
    /// The connector's id.
    pub connector: &'static str,
    /// Where the roster comes from.
    pub source: Arc<dyn RosterSource>,
    /// Where it goes; prepared.
    pub sink: Arc<dyn Sink>,
    /// What is shared.
    pub sharing: Sharing,
    /// How much may change before a person has to look.
    pub limits: Limits,
    /// How long things are kept.
    pub keep: KeepSettings,
    /// Folder in which the plan is kept until it is published.
    pub work_folder: PathBuf,
    /// Examples kept of each kind of finding.
    pub examples: usize,
    /// School nights without a change in the feed after which that is told; 0 for never.
    pub stale_after_school_nights: u32,
    /// Who follows.
    pub watch: Arc<dyn NightWatch>,
}

/// When a run started, and its id.
#[derive(Clone, Debug)]
struct Start {
    run: RunId,
    at: Timestamp,
    clock: Instant,
}

impl Start {
    fn now() -> Self {
        let at = Timestamp::now();
        Self { run: RunId::random(at), at, clock: Instant::now() }
    }
}

/// A night that is planned and not yet published.
struct Made {
    plan: Plan,
    record: RunRecord,
    published: Published,
    erasures: Vec<Erasure>,
    /// What the source offered, where it can tell.
    feed: Option<String>,
}

/// Why a night ended without a plan, and what was found until then.
struct Failure {
    error: Error,
    found: Option<Findings>,
    /// What was kept for review is in it.
    folder: Option<WorkFolder>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, found: None, folder: None }
    }
}

impl Night {
    /// Runs the whole night.  A failure is an outcome in the record, and the sink remembers the record either way.
    pub async fn run(self, ctx: &RunContext) -> RunRecord {
        self.run_and_tell(ctx).await.0
    }

    /// Does the same; tells, too, which feed was read, where the source can tell and nothing is held of it.
    pub(crate) async fn run_and_tell(self, ctx: &RunContext) -> (RunRecord, Option<String>) {
        let start = Start::now();
        let outcome = self.publish(ctx, &start).await;
        self.watch.phase(Phase::Report);
        match outcome {
            Ok((record, feed)) => {
                let is_done = record.report.outcome != Outcome::Held;
                (record, feed.filter(|_| is_done))
            }
            Err(failure) => (self.remember_failure(&start, failure).await, None),
        }
    }

    /// Writes the night's plan into `folder` and publishes and records nothing.
    ///
    /// # Errors
    ///
    /// The source's or the sink's, or [`ErrorKind::ConfigInvalid`] when the folder is in use.
    pub async fn plan(self, ctx: &RunContext, folder: &Path) -> Result<(Plan, RunRecord)> {
        let start = Start::now();
        let Made { plan, record, feed, erasures, .. } =
            self.make_plan(ctx, &start, folder).await.map_err(|it| it.error)?;
        let state = self.sink.state(&self.district).await?;
        plan_folder::write(folder, &record, state, feed, erasures)?;
        Ok((plan, record))
    }

    async fn publish(
        &self,
        ctx: &RunContext,
        start: &Start,
    ) -> Result<(RunRecord, Option<String>), Failure> {
        let folder = WorkFolder::create(&self.work_folder, &self.district, &start.run)?;
        let outcome = self.publish_from(ctx, start, &folder.plan()).await;
        outcome.map_err(|it| Failure { folder: Some(folder), ..it })
    }

    async fn publish_from(
        &self,
        ctx: &RunContext,
        start: &Start,
        folder: &Path,
    ) -> Result<(RunRecord, Option<String>), Failure> {
        let Made { plan, record, published, erasures, feed } =
            self.make_plan(ctx, start, folder).await?;
        self.watch.phase(Phase::Publish);
        let found = Findings::of(&record);
        let record = write_record(&self.sink, &plan, published, record, start.clock)
            .await
            .map_err(|error| Failure { found: Some(found), ..error.into() })?;
        self.ending().run(ctx, &erasures, record.report.outcome).await;
        Ok((record, feed))
    }

    fn ending(&self) -> Ending<'_> {
        let Self { district, sink, keep, source, .. } = self;
        Ending { district, sink, keep, source: Some(source) }
    }

    async fn make_plan(
        &self,
        ctx: &RunContext,
        start: &Start,
        folder: &Path,
    ) -> Result<Made, Failure> {
        let catalog = self.source.discover(ctx).await?;
        let mut sharer = Sharer::new(&self.sharing);
        let everything = ExtractRequest::everything(&catalog);
        validate_request(&catalog, &everything)?;
        let mut published = self.sink.published(&self.district).await?;
        let findings = self.select(ctx, &everything, &mut sharer, &mut published).await?;
        let writer = PlanWriter::create(folder)?;
        let mut planner = Planner::new(
            &self.sharing,
            sharer,
            published,
            (writer, Evidence::new(KeptFolder::create(folder)?)),
            self.guard(start).await?,
            self.examples,
            self.field_name(),
        );
        planner.drift =
            Drift::new(&self.sink, &self.district, self.connector, &catalog, &self.sharing).await?;
        for finding in &findings {
            planner.tally.add(finding);
        }
        let night = self.extract(ctx, everything, planner).await?;
        Ok(Made { feed: catalog.feed.fingerprint, ..self.finish_plan(start, night)? })
    }

    /// What earlier nights and persons have left for this one to know.
    async fn guard(&self, start: &Start) -> Result<Guard> {
        let completed = |runs: &[RunRecord], _: AreAll| {
            runs.iter().find(|it| it.is_completed_night()).map(|it| it.report.clone())
        };
        let last = look_back(&*self.sink, &self.district, completed).await?;
        Ok(Guard {
            district: self.district.clone(),
            run: start.run.clone(),
            now: start.at,
            limits: self.limits.clone(),
            // Those of the last completed run are among them: only such runs settle any.
            earlier: self.sink.holds(Some(&self.district), HoldFilter::Unsettled).await?,
            last_run: last.as_ref().map(|it| it.run.clone()),
            has_map: false,
            spoken_of: last.iter().flat_map(|it| it.entities.keys().copied()).collect(),
        })
    }

    /// The pass beforehand that finds out who is shared, if the settings need one; gives what is wrong with them.
    pub(crate) async fn select(
        &self,
        ctx: &RunContext,
        everything: &ExtractRequest,
        sharer: &mut Sharer,
        published: &mut Published,
    ) -> Result<Vec<Diagnostic>> {
        let deciding = sharer.selecting_entities();
        if deciding.is_empty() {
            return Ok(Vec::new());
        }
        self.watch.phase(Phase::Select);
        let wanted = everything.entities.iter().filter(|it| deciding.contains(&it.entity));
        let request =
            ExtractRequest { entities: wanted.cloned().collect(), limits: BatchLimits::default() };
        let events = self.source.extract(ctx, request.clone());
        let selection =
            Selection::new(&self.sharing, sharer, published, &self.sink, &self.district);
        selection.run(&request, events).await
    }

    async fn extract(
        &self,
        ctx: &RunContext,
        mut request: ExtractRequest,
        planner: Planner,
    ) -> Result<Planned, Failure> {
        self.watch.phase(Phase::Extract);
        request.entities.retain(|it| self.sharing.includes(it.entity));
        let contract = Contract::new(&request);
        let events = self.source.extract(ctx, request);
        let watch = self.watch.clone();
        let runtime = Handle::current();
        // Hashing and writing the plan would keep other districts' nights waiting on a thread of the runtime.
        let work = move || feed(&runtime, events, contract, planner, &*watch);
        let (planner, outcome) = spawn_blocking(work).await.map_err(panicked)?;
        match outcome {
            Ok(()) => Ok(planner.finish(&self.sink, &self.district).await?),
            Err(error) => Err(Failure { found: Some(planner.findings()), ..error.into() }),
        }
    }

    fn finish_plan(&self, start: &Start, planned: Planned) -> Result<Made> {
        let Planned {
            writer,
            published,
            entities,
            mut tally,
            erasures,
            evidence,
            drift,
            holds,
            settled,
        } = planned;
        evidence.finish()?;
        let (drifted, profile) = drift.finish(self.judged(start));
        for finding in &drifted {
            tally.add(finding);
        }
        let (diagnostics, causes) = tally.finish();
        let header = roster_sink::PlanHeader {
            run: start.run.clone(),
            district: self.district.clone(),
            connector: self.connector.to_owned(),
            basis: published.basis,
            entities: entities.clone(),
        };
        let plan = writer.finish(header)?;
        let outcome = match plan.changes() {
            _ if holds.iter().any(|it| it.state == HoldState::Open) => Outcome::Held,
            true => Outcome::Published,
            false => Outcome::Unchanged,
        };
        let report = RunReport { entities, diagnostics, holds, ..self.report(start, outcome) };
        let record = RunRecord {
            report,
            started_at: start.at,
            finished_at: Timestamp::now(),
            causes,
            settled,
            profile: Some(profile),
        };
        Ok(Made { plan, record, published, erasures, feed: None })
    }

    fn judged(&self, start: &Start) -> Judged {
        Judged {
            today: planner::today(start.at),
            stale_after: self.stale_after_school_nights,
            field_name: self.field_name(),
        }
    }

    fn report(&self, start: &Start, outcome: Outcome) -> RunReport {
        RunReport {
            run: start.run.clone(),
            district: self.district.clone(),
            connector: self.connector.to_owned(),
            outcome,
            entities: std::collections::BTreeMap::default(),
            diagnostics: Vec::new(),
            seconds: start.clock.elapsed().as_secs_f64(),
            peak_memory_bytes: memory::peak_bytes(),
            holds: Vec::new(),
            error: None,
        }
    }

    async fn remember_failure(&self, start: &Start, failure: Failure) -> RunRecord {
        let Failure { error, found, folder } = failure;
        let Findings { entities, diagnostics, causes } = found.unwrap_or_default();
        // A feed that is still being delivered is neither failed nor empty: there is nothing to do yet.
        let not_yet = error.kind() == ErrorKind::NotReady;
        let outcome = if not_yet { Outcome::Unchanged } else { Outcome::Failed };
        let error = Some(RunError::from(&error));
        let report = RunReport { entities, diagnostics, error, ..self.report(start, outcome) };
        let finished_at = Timestamp::now();
        let settled = Vec::new();
        let record =
            RunRecord { report, started_at: start.at, finished_at, causes, settled, profile: None };
        let kept = folder.as_ref().map(|it| KeptFolder::of(&it.plan()));
        if let Err(error) = self.sink.record(&record, kept.as_ref()).await {
            tracing::error!(district = %self.district, %error, "the run could not be recorded");
        }
        record
    }

    fn field_name(&self) -> fn(EntityKind, &str) -> Option<&'static str> {
        self.source.descriptor().field_name
    }
}

/// Plans what streams in until it ends or fails.
fn feed(
    runtime: &Handle,
    mut events: ExtractStream,
    mut contract: Contract,
    mut planner: Planner,
    watch: &dyn NightWatch,
) -> (Planner, Result<()>) {
    let mut step = |event: ExtractEvent| match event {
        ExtractEvent::Batch(batch) => {
            contract.batch(&batch)?;
            watch.rows(batch.rows.entity(), batch.records_read);
            planner.batch(batch)
        }
        ExtractEvent::Done(completion) => {
            contract.done(&completion)?;
            planner.done(&completion)
        }
    };
    let mut outcome = Ok(());
    while outcome.is_ok()
        && let Some(event) = runtime.block_on(events.next())
    {
        outcome = event.and_then(&mut step);
    }
    let outcome = outcome.and_then(|()| contract.end());
    (planner, outcome)
}

fn panicked(err: JoinError) -> Error {
    // The panic's own text may hold values; the place it happened is told on standard error.
    match err.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(err) => {
            Error::new(ErrorKind::Cancelled, "night.extract", "the program is ending").source(err)
        }
    }
}

async fn write_record(
    sink: &Arc<dyn Sink>,
    plan: &Plan,
    published: Published,
    mut record: RunRecord,
    clock: Instant,
) -> Result<RunRecord> {
    record.finished_at = Timestamp::now();
    record.report.seconds = clock.elapsed().as_secs_f64();
    record.report.peak_memory_bytes = memory::peak_bytes();
    if plan.changes() {
        sink.publish(plan, published, &record).await?;
    } else {
        sink.record(&record, Some(&plan.kept())).await?;
    }
    record.report.seconds = clock.elapsed().as_secs_f64();
    record.report.peak_memory_bytes = memory::peak_bytes();
    Ok(record)
}
