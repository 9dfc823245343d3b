//! The sink's side of the night.

use crate::{Plan, PublishedIndex, RunId, RunRecord, Slot};
use async_trait::async_trait;
use futures::stream::BoxStream;
use roster_core::{DistrictId, EntityKind, Result, Rows};
use std::{collections::BTreeMap, fmt};

/// What is published of a district.
#[derive(Debug, Default)]
pub struct Published {
    /// Grows by one with every publish of the district; 0 before the first.
    pub basis: u64,
    /// The index of each entity that was ever published.
    pub indexes: BTreeMap<EntityKind, PublishedIndex>,
}

/// What is to be emptied of one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Whose records.
    pub entity: EntityKind,
    /// Which of them, and what of them.
    pub what: Erased,
}

/// What is to be emptied.
#[derive(Clone, Debug, PartialEq, Eq)]
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

    /// Loads what is published of a district.
    async fn published(&self, district: &DistrictId) -> Result<Published>;

    /// Publishes a plan and records its run, both or neither.
    ///
    /// `published` is what [`Self::published`] gave, with tonight's marks or without.  Refuses with
    /// [`roster_core::ErrorKind::Conflict`] when the district's basis is no longer the plan's.
    async fn publish(&self, plan: &Plan, published: Published, run: &RunRecord) -> Result<()>;

    /// Records a run that published nothing.
    async fn record(&self, run: &RunRecord) -> Result<()>;

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
}
