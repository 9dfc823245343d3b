//! Parquet files in a folder or on an S3-compatible object store, for whoever analyses rosters.
//!
//! What a night must remember lives in another sink, the store, and its commit is the commit: a night first writes the
//! files of its run, then their manifest, then publishes to the store, and then lets `current.json` name the manifest.
//! Readers begin at `current.json` and so never see a night that was not committed.  What a night that was killed in
//! between has left undone is made up for by the next look at the district.

mod changes;
mod edits;
mod erase;
mod export;
mod failure;
mod file_reader;
mod file_writer;
mod history;
mod layout;
mod location;
mod manifest;
mod new_rows;
mod night;
mod pointer;
mod prune;
mod publish;
mod read;
mod row_group;
mod table;
mod upload;
mod value;

pub use export::ParquetFile;

use crate::{
    AuditEntry, Decision, Erasure, Forgotten, Hold, HoldFilter, HoldId, HoldState, KeptFolder, Plan, Published,
    PublishedIndex, PublishedState, RecordHistory, Rekey, Retention, RowStream, RunId, RunRecord,
    Sink, Slot, Snapshot,
    relational::task::{joined, rows_of},
};
use async_trait::async_trait;
use location::{Files, Location, Lock};
use object_store::{ObjectStore, path::Path as ObjectPath};
use roster_core::{DistrictId, EntityKind, Error, ErrorKind, Result, Rows, value::Timestamp};
use std::{
    collections::HashMap,
    num::NonZero,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Mutex as Turn, OwnedMutexGuard},
    task::spawn_blocking,
};

/// What a failed publish is reported as.
const PUBLISH: &str = "parquet.publish";
/// Runs of a district that are kept unless told otherwise.
const KEPT_RUNS: NonZero<usize> = NonZero::new(7).expect("seven is more than zero");
/// What a run that was not committed leaves is cleared away after this time unless told otherwise: until then it may be
/// of a night that is still at work on another machine.
const LEFT_FOR: Duration = Duration::from_hours(1);

/// Publishes to Parquet files; another sink, the store, remembers the nights.
///
/// The store must be one that only remembers (such as [`crate::SqliteSink::index_only`]): the locator of a row is its
/// slot in the index, which is its place among all rows of its table.
///
/// Errors: [`ErrorKind::Unavailable`] when the disk is full or the object store does not answer,
/// [`ErrorKind::PermissionDenied`] and [`ErrorKind::AuthFailed`] when it refuses, [`ErrorKind::Damaged`] when the files
/// are not those that the store says are published, [`ErrorKind::ConfigInvalid`] when they are of a newer Homeroom, and
/// the store's own.
#[derive(Clone, Debug)]
pub struct ParquetSink {
    location: Location,
    store: Arc<dyn Sink>,
    keep_runs: NonZero<usize>,
    left_for: Duration,
    /// A district's writers queue here.
    turns: Arc<Mutex<HashMap<DistrictId, Arc<Turn<()>>>>>,
}

impl ParquetSink {
    /// Files in a local folder.  Touches nothing.
    pub fn folder(folder: impl Into<PathBuf>, store: Arc<dyn Sink>) -> Self {
        Self::at(Location::folder(folder.into()), store)
    }

    /// Files below `s3://BUCKET/PREFIX`.  Keys, region, endpoint and the like come from the environment: `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`, `AWS_ALLOW_HTTP` and the others that `object_store` knows.
    /// Touches nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when the address or the environment describe no object store.
    pub fn s3(address: &str, store: Arc<dyn Sink>) -> Result<Self> {
        Ok(Self::at(Location::s3(address)?, store))
    }

    /// Files on any object store, below a prefix; `name` is for people and holds no credentials.
    pub fn on(
        objects: Arc<dyn ObjectStore>,
        prefix: ObjectPath,
        name: &str,
        store: Arc<dyn Sink>,
    ) -> Self {
        Self::at(Location::on(objects, prefix, name.to_owned()), store)
    }

    fn at(location: Location, store: Arc<dyn Sink>) -> Self {
        let turns = Arc::default();
        Self { location, store, keep_runs: KEPT_RUNS, left_for: LEFT_FOR, turns }
    }

    /// How many runs of a district stay readable; seven unless told.  The one that `current.json` names and the one before
    /// it always do.
    #[must_use]
    pub fn keep_runs(mut self, runs: NonZero<usize>) -> Self {
        self.keep_runs = runs;
        self
    }

    /// For how long the files of a run that was not committed are left alone; an hour unless told.
    #[must_use]
    pub fn left_for(mut self, left_for: Duration) -> Self {
        self.left_for = left_for;
        self
    }

    /// Waits until nobody else writes the district's files, in this program and, in a local folder, in others.
    async fn turn(&self, operation: &'static str, files: &Files) -> Result<Held> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.entry(files.district().clone()).or_default().clone()
        };
        let turn = turn.lock_owned().await;
        let files = files.clone();
        let lock = joined(spawn_blocking(move || files.lock(operation)).await)?;
        Ok(Held { _turn: turn, _lock: lock })
    }
}

/// A district's turn, until it is dropped.
#[derive(Debug)]
struct Held {
    _turn: OwnedMutexGuard<()>,
    _lock: Lock,
}

#[async_trait]
impl Sink for ParquetSink {
    fn describe(&self) -> String {
        self.location.name().to_owned()
    }

    async fn exists(&self) -> Result<bool> {
        self.store.exists().await
    }

    async fn prepare(&self) -> Result<()> {
        // The store may be a file in the folder.
        let location = self.location.clone();
        joined(spawn_blocking(move || location.prepare()).await)?;
        self.store.prepare().await
    }

    async fn state(&self, district: &DistrictId) -> Result<PublishedState> {
        self.store.state(district).await
    }

    async fn published(&self, district: &DistrictId) -> Result<Published> {
        let published = self.store.published(district).await?;
        if published.basis > 0 {
            self.point("parquet.published", &self.location.of(district)?).await?;
        }
        Ok(published)
    }

    async fn publish(&self, plan: &Plan, published: Published, run: &RunRecord) -> Result<()> {
        let (sink, plan, run) = (self.clone(), plan.clone(), run.clone());
        // On a task of its own, so that a publish that began ends, even when this future is dropped.
        let task = tokio::spawn(async move { sink.publish_whole(&plan, published, &run).await });
        joined(task.await)
    }

    async fn record(&self, run: &RunRecord, kept: Option<&KeptFolder>) -> Result<()> {
        self.store.record(run, kept).await?;
        let district = &run.report.district;
        if self.store.state(district).await?.basis > 0 {
            self.point("parquet.record", &self.location.of(district)?).await?;
        }
        Ok(())
    }

    async fn holds(&self, district: Option<&DistrictId>, which: HoldFilter) -> Result<Vec<Hold>> {
        self.store.holds(district, which).await
    }

    async fn hold(&self, id: &HoldId) -> Result<Option<Hold>> {
        self.store.hold(id).await
    }

    async fn decide(
        &self,
        id: &HoldId,
        state: HoldState,
        decision: &Decision,
        expires_at: Option<Timestamp>,
    ) -> Result<Hold> {
        self.store.decide(id, state, decision, expires_at).await
    }

    async fn accept_rekeys(
        &self,
        district: &DistrictId,
        hold: Option<&HoldId>,
        rekeys: &[Rekey],
        decision: &Decision,
    ) -> Result<()> {
        self.store.accept_rekeys(district, hold, rekeys, decision).await
    }

    async fn forget_rekeys(&self, district: &DistrictId, decision: &Decision) -> Result<u64> {
        self.store.forget_rekeys(district, decision).await
    }

    async fn audit(&self, district: Option<&DistrictId>, most: usize) -> Result<Vec<AuditEntry>> {
        self.store.audit(district, most).await
    }

    async fn kept_names(&self, run: &RunId) -> Result<Vec<String>> {
        self.store.kept_names(run).await
    }

    async fn kept(&self, run: &RunId, name: &str) -> Result<Option<Vec<u8>>> {
        self.store.kept(run, name).await
    }

    async fn history(
        &self,
        district: &DistrictId,
        entity: EntityKind,
        source_id: &str,
    ) -> Result<Option<RecordHistory>> {
        self.record_history(district, entity, source_id).await
    }

    async fn forget(&self, district: &DistrictId, retention: &Retention) -> Result<Forgotten> {
        let forgotten = self.store.forget(district, retention).await?;
        self.forget_files(district, retention, forgotten).await
    }

    async fn erase(&self, district: &DistrictId, erasures: &[Erasure]) -> Result<u64> {
        self.erase_values(district, erasures).await
    }

    async fn runs(&self, district: Option<&DistrictId>, most: usize) -> Result<Vec<RunRecord>> {
        self.store.runs(district, most).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<RunRecord>> {
        self.store.run(id).await
    }

    async fn fetch(
        &self,
        district: &DistrictId,
        entity: EntityKind,
        index: &PublishedIndex,
        slots: &[Slot],
    ) -> Result<Rows> {
        let locators: Vec<_> = slots.iter().map(|it| index.locator(*it)).collect();
        self.fetch_rows(district, entity, locators).await
    }

    fn rows(&self, district: &DistrictId, entity: EntityKind) -> RowStream {
        let (sink, district) = (self.clone(), district.clone());
        rows_of(async move { sink.snapshot(&district).await }, entity)
    }

    async fn snapshot(&self, district: &DistrictId) -> Result<Arc<dyn Snapshot>> {
        self.take_snapshot(district).await
    }
}

/// A manifest that must be there is not.
fn no_manifest(operation: &'static str, files: &Files, run: &RunId) -> Error {
    let message = "the store says that this run is published, but its files are not there; restore them from a backup, or \
                   let a new store remember the nights and load the district again";
    Error::new(ErrorKind::Damaged, operation, message)
        .context("run", run)
        .context("district", files.district())
}
