//! PostgreSQL: a server that many districts publish to at once, from many machines.

mod address;
mod connection;
mod copy;
mod erase;
mod failure;
mod forget;
mod history;
mod index_store;
mod kept;
mod layout;
mod migrate;
mod passfile;
mod publish;
mod read;
mod records;
mod rekeys;
mod review;
mod snapshot;
mod tls;
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
use address::Address;
use async_trait::async_trait;
use connection::connect;
use failure::Outcome;
use roster_core::{DistrictId, EntityKind, Result, Rows, value::Timestamp};
use std::{sync::Arc, time::Duration};
use tokio_postgres::Client;

/// What a failed publish is reported as.
const PUBLISH: &str = "postgres.publish";
/// How long to wait for another night of the same district, or for whoever holds a table.
const WAITING_TIME: Duration = Duration::from_mins(10);

/// Publishes to a PostgreSQL database, version 13 or newer, encoded as UTF-8.
///
/// Everything is in the schema `homeroom`; its tables are named after [`EntityKind::table`].  Readers see the last night
/// until the transaction of the next one is committed.  Districts publish beside each other; a second night of the same
/// district waits for the first.  A publish that began ends, even when its future is dropped.  Needs a Tokio runtime with
/// I/O and time.
///
/// Errors: [`roster_core::ErrorKind::Unavailable`] when the server cannot be reached, ends the connection, or lacks
/// space, memory or connections, [`roster_core::ErrorKind::AuthFailed`] when it refuses user or password,
/// [`roster_core::ErrorKind::PermissionDenied`] when the user lacks a right, [`roster_core::ErrorKind::ConfigInvalid`]
/// when the database or the tables are not there, are none of ours or of a newer Homeroom, or TLS does not come about,
/// [`roster_core::ErrorKind::Damaged`] when what is there does not fit together.
#[derive(Debug)]
pub struct PostgresSink {
    address: Arc<Address>,
    rows_at: RowsAt,
    waiting: Duration,
}

impl PostgresSink {
    /// The database at a URL in libpq's form, `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full`.  Does
    /// not touch it.
    ///
    /// `sslmode` is one of `disable`, `prefer` (unless told otherwise), `require`, `verify-ca` and `verify-full`, and
    /// `sslrootcert` a file of trusted certificates.  A password that the URL does not have is looked for in
    /// `PGPASSWORD`, then in the file of `passfile`, `PGPASSFILE` or `~/.pgpass`.
    ///
    /// # Errors
    ///
    /// [`roster_core::ErrorKind::ConfigInvalid`] when the URL cannot be read; the error does not quote it.
    pub fn new(url: &str) -> Result<Self> {
        let address = Arc::new(Address::parse(url)?);
        Ok(Self { address, rows_at: RowsAt::default(), waiting: WAITING_TIME })
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

    /// How long to wait while another night of the district is published, or another program keeps a table locked; ten
    /// minutes unless told.
    #[must_use]
    pub fn lock_timeout(mut self, lock_timeout: Duration) -> Self {
        self.waiting = lock_timeout;
        self
    }

    /// Works on a connection of its own.
    async fn with_client<T>(
        &self,
        operation: &'static str,
        work: impl AsyncFnOnce(&mut Client) -> Outcome<T>,
    ) -> Result<T> {
        let outcome = match connect(&self.address).await {
            Ok(mut client) => work(&mut client).await,
            Err(failure) => Err(failure),
        };
        outcome.map_err(|it| it.into_error(operation, &self.address))
    }
}

#[async_trait]
impl Sink for PostgresSink {
    fn describe(&self) -> String {
        self.address.to_string()
    }

    async fn exists(&self) -> Result<bool> {
        self.with_client("postgres.open", async |it| migrate::is_prepared(it).await).await
    }

    async fn prepare(&self) -> Result<()> {
        let waiting = self.waiting;
        self.with_client("postgres.prepare", async |it| migrate::prepare(it, waiting).await).await
    }

    async fn state(&self, district: &DistrictId) -> Result<PublishedState> {
        self.with_client("postgres.state", async |it| {
            index_store::state(it, district, &self.rows_at).await
        })
        .await
    }

    async fn published(&self, district: &DistrictId) -> Result<Published> {
        self.with_client("postgres.published", async |it| {
            index_store::load(it, district, &self.rows_at).await
        })
        .await
    }

    async fn publish(&self, plan: &Plan, published: Published, run: &RunRecord) -> Result<()> {
        let (address, waiting) = (self.address.clone(), self.waiting);
        let (plan, run, rows_at) = (plan.clone(), run.clone(), self.rows_at.clone());
        let task = tokio::spawn(async move {
            let outcome =
                publish::publish(&address, waiting, &rows_at, &plan, published, &run).await;
            outcome.map_err(|it| it.into_error(PUBLISH, &address))
        });
        joined(task.await)
    }

    async fn record(&self, run: &RunRecord, kept: Option<&KeptFolder>) -> Result<()> {
        self.with_client("postgres.record", async |it| history::record(it, run, kept).await).await
    }

    async fn holds(&self, district: Option<&DistrictId>, which: HoldFilter) -> Result<Vec<Hold>> {
        self.with_client("postgres.holds", async |it| review::holds(it, district, which).await)
            .await
    }

    async fn hold(&self, id: &HoldId) -> Result<Option<Hold>> {
        self.with_client("postgres.holds", async |it| review::find(&*it, id).await).await
    }

    async fn decide(
        &self,
        id: &HoldId,
        state: HoldState,
        decision: &Decision,
        expires_at: Option<Timestamp>,
    ) -> Result<Hold> {
        self.with_client("postgres.decide", async |it| {
            review::decide(it, id, state, decision, expires_at).await
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
        let waiting = self.waiting;
        self.with_client("postgres.rekey", async |it| {
            rekeys::accept(it, waiting, district, hold, rekeys, decision).await
        })
        .await
    }

    async fn forget_rekeys(&self, district: &DistrictId, decision: &Decision) -> Result<u64> {
        let waiting = self.waiting;
        self.with_client("postgres.rekey", async |it| {
            rekeys::forget(it, waiting, district, decision).await
        })
        .await
    }

    async fn audit(&self, district: Option<&DistrictId>, most: usize) -> Result<Vec<AuditEntry>> {
        self.with_client("postgres.audit", async |it| review::audit(it, district, most).await).await
    }

    async fn kept_names(&self, run: &RunId) -> Result<Vec<String>> {
        self.with_client("postgres.kept", async |it| kept::names(it, run).await).await
    }

    async fn kept(&self, run: &RunId, name: &str) -> Result<Option<Vec<u8>>> {
        self.with_client("postgres.kept", async |it| kept::read(it, run, name).await).await
    }

    async fn history(
        &self,
        district: &DistrictId,
        entity: EntityKind,
        source_id: &str,
    ) -> Result<Option<RecordHistory>> {
        self.rows_at.check_rows("postgres.history")?;
        self.with_client("postgres.history", async |it| {
            records::history(it, district, entity, source_id).await
        })
        .await
    }

    async fn forget(&self, district: &DistrictId, retention: &Retention) -> Result<Forgotten> {
        let waiting = self.waiting;
        self.with_client("postgres.forget", async |it| {
            forget::forget(it, waiting, district, retention).await
        })
        .await
    }

    async fn erase(&self, district: &DistrictId, erasures: &[Erasure]) -> Result<u64> {
        self.rows_at.check_rows("postgres.erase")?;
        let waiting = self.waiting;
        self.with_client("postgres.erase", async |it| {
            erase::erase(it, waiting, district, erasures).await
        })
        .await
    }

    async fn runs(&self, district: Option<&DistrictId>, most: usize) -> Result<Vec<RunRecord>> {
        self.with_client("postgres.runs", async |it| history::runs(it, district, most).await).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<RunRecord>> {
        self.with_client("postgres.run", async |it| history::run(&*it, id).await).await
    }

    async fn fetch(
        &self,
        district: &DistrictId,
        entity: EntityKind,
        index: &PublishedIndex,
        slots: &[Slot],
    ) -> Result<Rows> {
        self.rows_at.check_rows("postgres.fetch")?;
        let locators: Vec<_> = slots.iter().map(|it| index.locator(*it).cast_signed()).collect();
        self.with_client("postgres.fetch", async |it| {
            read::fetch(it, district, entity, &locators).await
        })
        .await
    }

    fn rows(&self, district: &DistrictId, entity: EntityKind) -> RowStream {
        let (address, rows_at) = (self.address.clone(), self.rows_at.clone());
        task::rows_of(snapshot::take(address, rows_at, district.clone()), entity)
    }

    async fn snapshot(&self, district: &DistrictId) -> Result<Arc<dyn Snapshot>> {
        snapshot::take(self.address.clone(), self.rows_at.clone(), district.clone()).await
    }
}
