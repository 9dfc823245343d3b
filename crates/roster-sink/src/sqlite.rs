//! SQLite, the embedded default: one file, no server.

mod connection;
mod erase;
mod failure;
mod forget;
mod history;
mod index_store;
mod kept;
mod layout;
mod migrate;
mod publish;
mod read;
mod records;
mod rekeys;
mod review;
mod snapshot;
mod value;
mod write;

use crate::{
    AuditEntry, Decision, Erasure, Forgotten, Hold, HoldFilter, HoldId, HoldState, KeptFolder, Plan, Published,
    PublishedIndex, PublishedState, RecordHistory, Rekey, Retention, RowStream, RunId, RunRecord,
    Sink, Slot, Snapshot,
    relational::{
        outlet::RowsAt,
        task::{self, joined},
    },
};
use async_trait::async_trait;
use connection::Location;
use failure::Outcome;
use roster_core::{DistrictId, EntityKind, Result, Rows, value::Timestamp};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{sync::Mutex, task::spawn_blocking};

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
    rows_at: RowsAt,
    /// Districts queue here instead of at the database's lock, which does not know whose turn it is.
    writers: Arc<Mutex<()>>,
}

impl SqliteSink {
    /// The database in this file.  Does not touch it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let location = Location { path: path.into(), busy_timeout: BUSY_TIMEOUT, size_limit: None };
        Self { location, rows_at: RowsAt::default(), writers: Arc::default() }
    }

    /// Only remembers nights, for an outlet that keeps the rows itself: everything is published but rows and change feed.
    ///
    /// The locator of a record is its slot: rows are added in the order of the plan, so it is the row's number among all
    /// that were ever added to its table in the outlet, from 0.  `outlet` is the outlet's name, without credentials.  A
    /// district belongs to one outlet, or to the database itself: [`roster_core::ErrorKind::ConfigInvalid`] otherwise.
    /// What asks for rows is [`roster_core::ErrorKind::Unsupported`].
    #[must_use]
    pub fn index_only(mut self, outlet: &str) -> Self {
        self.rows_at = RowsAt::outlet(outlet);
        self
    }

    /// How long to wait while another program keeps the database locked; 30 seconds unless told.
    #[must_use]
    pub fn busy_timeout(mut self, busy_timeout: Duration) -> Self {
        self.location.busy_timeout = busy_timeout;
        self
    }

    /// Bytes that the file may grow to; what needs more fails as on a full disk.  The log beside it is not counted.
    #[must_use]
    pub fn size_limit(mut self, bytes: u64) -> Self {
        self.location.size_limit = Some(bytes);
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

    async fn state(&self, district: &DistrictId) -> Result<PublishedState> {
        let (district, rows_at) = (district.clone(), self.rows_at.clone());
        self.read("sqlite.state", move |connection| {
            index_store::state(connection, &district, &rows_at)
        })
        .await
    }

    async fn published(&self, district: &DistrictId) -> Result<Published> {
        let (district, rows_at) = (district.clone(), self.rows_at.clone());
        self.read("sqlite.published", move |connection| {
            index_store::load(connection, &district, &rows_at)
        })
        .await
    }

    async fn publish(&self, plan: &Plan, published: Published, run: &RunRecord) -> Result<()> {
        let (plan, run, rows_at) = (plan.clone(), run.clone(), self.rows_at.clone());
        self.write(PUBLISH, move |location| {
            publish::publish(location, &rows_at, &plan, published, &run)
        })
        .await
    }

    async fn record(&self, run: &RunRecord, kept: Option<&KeptFolder>) -> Result<()> {
        let (run, kept) = (run.clone(), kept.cloned());
        self.write("sqlite.record", move |location| {
            history::record(&mut location.open_to_write()?, &run, kept.as_ref())
        })
        .await
    }

    async fn holds(&self, district: Option<&DistrictId>, which: HoldFilter) -> Result<Vec<Hold>> {
        let district = district.cloned();
        self.read("sqlite.holds", move |connection| {
            review::holds(connection, district.as_ref(), which)
        })
        .await
    }

    async fn hold(&self, id: &HoldId) -> Result<Option<Hold>> {
        let id = id.clone();
        self.read("sqlite.holds", move |connection| review::find(connection, &id)).await
    }

    async fn decide(
        &self,
        id: &HoldId,
        state: HoldState,
        decision: &Decision,
        expires_at: Option<Timestamp>,
    ) -> Result<Hold> {
        let (id, decision) = (id.clone(), decision.clone());
        self.write("sqlite.decide", move |location| {
            review::decide(&mut location.open_to_write()?, &id, state, &decision, expires_at)
        })
        .await
    }

    async fn accept_rekeys(
        &self,
        district: &DistrictId,
        hold: Option<&HoldId>,
        rekeys: &[Rekey],
        decision: &Decision,
    ) -> Result<()> {
        let (district, hold) = (district.clone(), hold.cloned());
        let (rekeys, decision) = (rekeys.to_vec(), decision.clone());
        self.write("sqlite.rekey", move |location| {
            let mut connection = location.open_to_write()?;
            rekeys::accept(&mut connection, &district, hold.as_ref(), &rekeys, &decision)
        })
        .await
    }

    async fn forget_rekeys(&self, district: &DistrictId, decision: &Decision) -> Result<u64> {
        let (district, decision) = (district.clone(), decision.clone());
        self.write("sqlite.rekey", move |location| {
            rekeys::forget(&mut location.open_to_write()?, &district, &decision)
        })
        .await
    }

    async fn audit(&self, district: Option<&DistrictId>, most: usize) -> Result<Vec<AuditEntry>> {
        let district = district.cloned();
        self.read("sqlite.audit", move |connection| {
            review::audit(connection, district.as_ref(), most)
        })
        .await
    }

    async fn kept_names(&self, run: &RunId) -> Result<Vec<String>> {
        let run = run.clone();
        self.read("sqlite.kept", move |connection| kept::names(connection, &run)).await
    }

    async fn kept(&self, run: &RunId, name: &str) -> Result<Option<Vec<u8>>> {
        let (run, name) = (run.clone(), name.to_owned());
        self.read("sqlite.kept", move |connection| kept::read(connection, &run, &name)).await
    }

    async fn history(
        &self,
        district: &DistrictId,
        entity: EntityKind,
        source_id: &str,
    ) -> Result<Option<RecordHistory>> {
        self.rows_at.check_rows("sqlite.history")?;
        let (district, source_id) = (district.clone(), source_id.to_owned());
        self.read("sqlite.history", move |connection| {
            records::history(connection, &district, entity, &source_id)
        })
        .await
    }

    async fn forget(&self, district: &DistrictId, retention: &Retention) -> Result<Forgotten> {
        let (district, retention) = (district.clone(), *retention);
        self.write("sqlite.forget", move |location| forget::forget(location, &district, &retention))
            .await
    }

    async fn erase(&self, district: &DistrictId, erasures: &[Erasure]) -> Result<u64> {
        self.rows_at.check_rows("sqlite.erase")?;
        let (district, erasures) = (district.clone(), erasures.to_vec());
        self.write("sqlite.erase", move |location| erase::erase(location, &district, &erasures))
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
        self.rows_at.check_rows("sqlite.fetch")?;
        let district = district.clone();
        let locators: Vec<_> = slots.iter().map(|it| index.locator(*it)).collect();
        self.read("sqlite.fetch", move |connection| {
            read::fetch(connection, &district, entity, &locators)
        })
        .await
    }

    fn rows(&self, district: &DistrictId, entity: EntityKind) -> RowStream {
        let (location, rows_at) = (self.location.clone(), self.rows_at.clone());
        task::rows_of(snapshot::take(location, rows_at, district.clone()), entity)
    }

    async fn snapshot(&self, district: &DistrictId) -> Result<Arc<dyn Snapshot>> {
        snapshot::take(self.location.clone(), self.rows_at.clone(), district.clone()).await
    }
}
