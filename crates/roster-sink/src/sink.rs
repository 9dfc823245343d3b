//! The sink's side of the night.

use crate::{
    AuditEntry, Decision, Hold, HoldFilter, HoldId, HoldState, KeptFolder, Plan, PublishedIndex, Rekey, RunId,
    RunRecord, Slot,
};
use async_trait::async_trait;
use futures::stream::BoxStream;
use roster_core::{DistrictId, EntityKind, Result, Rows, value::Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// What is published of a district.
#[derive(Debug, Default)]
pub struct Published {
    /// Grows by one with every publish of the district; 0 before the first.
    pub basis: u64,
    /// The index of each entity that was ever published.
    pub indexes: BTreeMap<EntityKind, PublishedIndex>,
    /// Accepted maps of keys that no night has applied yet.
    pub rekeys: Vec<Rekey>,
}

/// Which state of a district is published, told without loading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedState {
    /// Id of the database that remembers it, made at random when the database was first prepared: a state of another
    /// database is another one.
    pub store: String,
    /// As [`Published::basis`].
    pub basis: u64,
    /// The run that published it; `None` before the first.
    pub run: Option<RunId>,
}

/// What is known of one published record, deleted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordHistory {
    /// Its public id.
    pub id: String,
    /// The run that published it first.
    pub first_run: RunId,
    /// The run that last changed it.
    pub last_run: RunId,
    /// When it was deleted; `None` while it is active.
    pub deleted_at: Option<Timestamp>,
    /// Its entries in the change feed, oldest first.
    pub changes: Vec<RecordChange>,
}

/// An entry of the change feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordChange {
    /// The run.
    pub run: RunId,
    /// `create`, `update`, `restore` or `delete`.
    pub operation: String,
    /// When.
    pub at: Timestamp,
}

/// How far back things are kept.  What is `None` is kept for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Files kept for review ([`KeptFolder`]) of runs that ended before are deleted.
    pub kept_before: Option<Timestamp>,
    /// Runs that ended before are deleted, with their findings and settled holds; never the district's last completed one.
    pub runs_before: Option<Timestamp>,
    /// Entries of the change feed from before are deleted.
    pub changes_before: Option<Timestamp>,
    /// Records that were deleted before are emptied: keys and times stay, so that they can still return.
    pub deleted_before: Option<Timestamp>,
}

/// What [`Sink::forget`] deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Files kept for review.
    pub kept: u64,
    /// Runs.
    pub runs: u64,
    /// Entries of the change feed.
    pub changes: u64,
    /// Deleted records that were emptied.
    pub records: u64,
}

/// What is to be emptied of one entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Whose records, by table.
    #[serde(serialize_with = "crate::hold::table", deserialize_with = "crate::hold::from_table")]
    pub entity: EntityKind,
    /// Which of them, and what of them.
    pub what: Erased,
}

/// What is to be emptied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Erased {
    /// All fields of all deleted records.
    DeletedRows,
    /// All fields of the records at these locators.
    Rows(Vec<u64>),
    /// The fields of these numbers, of all records.
    Fields(Vec<usize>),
}

/// Rows of one entity.  The position of a row is its locator in the sink.
pub type RowStream = BoxStream<'static, Result<Rows>>;

/// A place rosters are published to.
#[async_trait]
pub trait Sink: fmt::Debug + Send + Sync + 'static {
    /// Name for people, without credentials, such as `sqlite:roster.db`.
    fn describe(&self) -> String;

    /// Whether anything was ever prepared there.  Makes nothing, so that looking leaves no empty database.
    async fn exists(&self) -> Result<bool>;

    /// Makes or migrates what the sink needs, such as tables.  Called before anything else.
    async fn prepare(&self) -> Result<()>;

    /// Tells which state of a district is published.
    async fn state(&self, district: &DistrictId) -> Result<PublishedState>;

    /// Loads what is published of a district.
    async fn published(&self, district: &DistrictId) -> Result<Published>;

    /// Publishes a plan and records its run, its holds and its kept files, all or nothing.
    ///
    /// Holds of the run's report are added, those of [`RunRecord::settled`] get their new state, and both stand in the
    /// audit log.  A plan's [`crate::Operation::Rekey`] gives the record at its slot another key and marks the map of it
    /// as applied.
    ///
    /// `published` is what [`Self::published`] gave, with tonight's marks or without.  Refuses with
    /// [`roster_core::ErrorKind::Conflict`] when the district's basis is no longer the plan's.
    async fn publish(&self, plan: &Plan, published: Published, run: &RunRecord) -> Result<()>;

    /// Records a run that published nothing, with its holds and its kept files.
    async fn record(&self, run: &RunRecord, kept: Option<&KeptFolder>) -> Result<()>;

    /// Holds, newest first; of one district or of all.
    async fn holds(&self, district: Option<&DistrictId>, which: HoldFilter) -> Result<Vec<Hold>>;

    /// One hold.
    async fn hold(&self, id: &HoldId) -> Result<Option<Hold>>;

    /// Approves or discards a hold, which is written to the audit log; gives the hold as it is now.  Refuses with
    /// [`roster_core::ErrorKind::Conflict`] when the hold is superseded, used or expired, and with
    /// [`roster_core::ErrorKind::NotFound`] when there is none.
    async fn decide(
        &self,
        id: &HoldId,
        state: HoldState,
        decision: &Decision,
        expires_at: Option<Timestamp>,
    ) -> Result<Hold>;

    /// Accepts a map of keys that the district's next night applies, which is written to the audit log.  `hold` becomes
    /// approved.  A newer map takes the place of an older one of the same record, or to the same key, that was not applied
    /// yet.  Refuses with [`roster_core::ErrorKind::ConfigInvalid`] maps that are not one to one, and holds as
    /// [`Self::decide`] does.
    async fn accept_rekeys(
        &self,
        district: &DistrictId,
        hold: Option<&HoldId>,
        rekeys: &[Rekey],
        decision: &Decision,
    ) -> Result<()>;

    /// Takes back what was accepted of maps of keys and applied by no night, which is written to the audit log; gives the
    /// number of keys.  Holds that were approved by it wait for a person again.
    ///
    /// [`Self::publish`] does so itself once a night that holds nothing back has applied a map: keys that did not come
    /// with the others never come.
    async fn forget_rekeys(&self, district: &DistrictId, decision: &Decision) -> Result<u64>;

    /// The last entries of the audit log, newest first; of one district or of all.
    async fn audit(&self, district: Option<&DistrictId>, most: usize) -> Result<Vec<AuditEntry>>;

    /// Names of the files that were kept of a run, in order.
    async fn kept_names(&self, run: &RunId) -> Result<Vec<String>>;

    /// A file that was kept of a run, as it was written.
    async fn kept(&self, run: &RunId, name: &str) -> Result<Option<Vec<u8>>>;

    /// What is known of a published record; of one that has another key by now, also under those it had.
    async fn history(
        &self,
        district: &DistrictId,
        entity: EntityKind,
        source_id: &str,
    ) -> Result<Option<RecordHistory>>;

    /// Deletes for good what is older than a district keeps, which is written to the audit log.  No file of an SQLite
    /// database holds it afterwards; a server may keep it until its place is used again, see `docs/sinks.md`.
    async fn forget(&self, district: &DistrictId, retention: &Retention) -> Result<Forgotten>;

    /// Empties fields of records that are no longer shared, so that what was withdrawn is not kept; gives the number of
    /// rows that held anything.  Keys, runs and times stay.  Doing it again changes nothing.
    async fn erase(&self, district: &DistrictId, erasures: &[Erasure]) -> Result<u64>;

    /// The last runs, newest first; of one district or of all.
    async fn runs(&self, district: Option<&DistrictId>, most: usize) -> Result<Vec<RunRecord>>;

    /// One run.
    async fn run(&self, id: &RunId) -> Result<Option<RunRecord>>;

    /// The rows at these slots, deleted ones included, in the order given.
    async fn fetch(
        &self,
        district: &DistrictId,
        entity: EntityKind,
        index: &PublishedIndex,
        slots: &[Slot],
    ) -> Result<Rows>;

    /// All active rows of an entity, in the order of their first publication.
    fn rows(&self, district: &DistrictId, entity: EntityKind) -> RowStream;

    /// What is published of a district at this moment, to read all its tables of one night.
    async fn snapshot(&self, district: &DistrictId) -> Result<Arc<dyn Snapshot>>;
}

/// A district as it was published at one moment, whatever is published since.  Keep it no longer than needed: a database
/// cannot clear away what a reader may still ask for.
pub trait Snapshot: fmt::Debug + Send + Sync + 'static {
    /// All active rows of an entity, in the order of their first publication.
    ///
    /// One stream at a time: the next one begins when the one before is at its end or dropped.
    fn rows(&self, entity: EntityKind) -> RowStream;
}
