//! SQLite, the embedded default: one file, no server.

mod connection;
mod erase;
mod failure;
mod history;
mod index_store;
mod layout;
mod migrate;
mod publish;
mod read;
mod value;
mod write;

use crate::{
    Erasure, Plan, Published, PublishedIndex, RowStream, RunId, RunRecord, Sink, Slot,
    relational::task::{self, joined, next_batch},
};
use async_trait::async_trait;
use connection::Location;
use failure::Outcome;
use futures::{StreamExt as _, stream};
use roster_core::{DistrictId, EntityKind, Result, Rows};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, mpsc},
    task::spawn_blocking,
};

/// What a failed publish is reported as.
const PUBLISH: &str = "sqlite.publish";
/// How long to wait for another program's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Publishes to an SQLite database.
///
/// Tables are named after [`EntityKind::table`]; readers see the last night until the transaction of the next one is
/// committed, and only the very first load of a database makes them wait.  A publish that began ends on its own thread,
/// even when its future is dropped.
///
/// Errors: [`roster_core::ErrorKind::Unavailable`] when the database stays locked or the disk is full,
/// [`roster_core::ErrorKind::PermissionDenied`] when it may not be written, [`roster_core::ErrorKind::ConfigInvalid`]
/// when the file is none of ours or of a newer Homeroom, [`roster_core::ErrorKind::Damaged`] when it is damaged.
#[derive(Debug)]
pub struct SqliteSink {
    location: Location,
    /// Districts queue here instead of at the database's lock, which does not know whose turn it is.
    writers: Arc<Mutex<()>>,
}

impl SqliteSink {
    /// The database in this file.  Does not touch it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let location = Location { path: path.into(), busy_timeout: BUSY_TIMEOUT };
        Self { location, writers: Arc::default() }
    }

    /// How long to wait while another program keeps the database locked; 30 seconds unless told.
    #[must_use]
    pub fn busy_timeout(mut self, busy_timeout: Duration) -> Self {
        self.location.busy_timeout = busy_timeout;
        self
    }

    /// Reads on a blocking thread.
    async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut rusqlite::Connection) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let location = self.location.clone();
        let task = move || {
            location
                .open_to_read()
                .and_then(|mut it| work(&mut it))
                .map_err(|err| err.into_error(operation, &location.path))
        };
        joined(spawn_blocking(task).await)
    }

    /// Writes on a blocking thread, one at a time.
    async fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Location) -> Outcome<T> + Send + 'static,
    ) -> Result<T> {
        let location = self.location.clone();
        let turn = self.writers.clone().lock_owned().await;
        let task = move || {
            let outcome = work(&location).map_err(|err| err.into_error(operation, &location.path));
            drop(turn);
            outcome
        };
        joined(spawn_blocking(task).await)
    }
}

#[async_trait]
impl Sink for SqliteSink {
    fn describe(&self) -> String {
        format!("sqlite:{}", self.location.path.display())
    }

    async fn exists(&self) -> Result<bool> {
        Ok(self.location.path.exists())
    }

    async fn prepare(&self) -> Result<()> {
        self.write("sqlite.prepare", |location| {
            location.make_file()?;
            // Nothing is changed before it is known to be ours.
            migrate::identify(&location.open_plain()?)?;
            migrate::prepare(&mut location.open_to_write()?)
        })
        .await
    }

    async fn published(&self, district: &DistrictId) -> Result<Published> {
        let district = district.clone();
        self.read("sqlite.published", move |connection| index_store::load(connection, &district))
            .await
    }

    async fn publish(&self, plan: &Plan, published: Published, run: &RunRecord) -> Result<()> {
        let (plan, run) = (plan.clone(), run.clone());
        self.write(PUBLISH, move |location| publish::publish(location, &plan, published, &run))
            .await
    }

    async fn record(&self, run: &RunRecord) -> Result<()> {
        let run = run.clone();
        self.write("sqlite.record", move |location| {
            history::record(&mut location.open_to_write()?, &run)
        })
        .await
    }

    async fn erase(&self, district: &DistrictId, erasures: &[Erasure]) -> Result<u64> {
        let (district, erasures) = (district.clone(), erasures.to_vec());
        self.write("sqlite.erase", move |location| {
            erase::erase(&mut location.open_to_write()?, &district, &erasures)
        })
        .await
    }

    async fn runs(&self, district: Option<&DistrictId>, most: usize) -> Result<Vec<RunRecord>> {
        let district = district.cloned();
        self.read("sqlite.runs", move |connection| {
            history::runs(connection, district.as_ref(), most)
        })
        .await
    }

    async fn run(&self, id: &RunId) -> Result<Option<RunRecord>> {
        let id = id.clone();
        self.read("sqlite.run", move |connection| history::run(connection, &id)).await
    }

    async fn fetch(
        &self,
        district: &DistrictId,
        entity: EntityKind,
        index: &PublishedIndex,
        slots: &[Slot],
    ) -> Result<Rows> {
        let district = district.clone();
        let locators: Vec<_> = slots.iter().map(|it| index.locator(*it)).collect();
        self.read("sqlite.fetch", move |connection| {
            read::fetch(connection, &district, entity, &locators)
        })
        .await
    }

    fn rows(&self, district: &DistrictId, entity: EntityKind) -> RowStream {
        let (location, district) = (self.location.clone(), district.clone());
        // The task starts at the first poll and stops when nobody takes its batches.
        stream::once(async move {
            let (sender, receiver) = mpsc::channel(task::WAITING);
            let task = spawn_blocking(move || {
                let hand_out = |batch: &mut Rows| {
                    let batch = std::mem::replace(batch, Rows::new(entity));
                    sender.blocking_send(batch).is_ok()
                };
                location
                    .open_to_read()
                    .and_then(|mut it| read::stream(&mut it, &district, entity, hand_out))
                    .map_err(|err| err.into_error("sqlite.rows", &location.path))
            });
            stream::unfold((receiver, Some(task)), next_batch)
        })
        .flatten()
        .boxed()
    }
}
