//! A OneRoster zip as a sink: one file that always holds a district's published roster.
//!
//! A file cannot be published to in a transaction, so a database does it: everything goes to the store first, rows
//! included, and then the whole fileset is written anew from there and put in the file's place.  The file says which
//! state of the store it holds, so a night that finds an older one (the last night was killed in between, the disk was
//! full, somebody took the file away) writes it again.

mod file;
mod mark;

pub use file::OneRosterFile;

use crate::{
    AuditEntry, Decision, Erasure, Forgotten, Hold, HoldFilter, HoldId, HoldState, KeptFolder, Outcome, Plan,
    Published, PublishedIndex, PublishedState, RecordHistory, Rekey, Retention, RowStream, RunId,
    RunRecord, Sink, Slot, Snapshot,
};
use async_trait::async_trait;
use file::{remove_abandoned, write_error};
use mark::{Found, Mark};
use roster_core::{DistrictId, EntityKind, Error, ErrorKind, Result, Rows, value::Timestamp};
use roster_oneroster::Version;
use std::{fs, io, path::PathBuf, sync::Arc};

/// How often a file is written anew because the store moved meanwhile, before the next night has to do it.
const MOST_TRIES: usize = 3;

/// Publishes one district's roster as a OneRoster zip.
///
/// Readers that open the file see one night or the next, whole.  The file keeps the permissions it has; a new one can be
/// read by its owner alone.  A night that changes nothing leaves the file alone.
///
/// Errors: those of the store; [`ErrorKind::ConfigInvalid`] when the file is not one that Homeroom wrote, or holds
/// another district's roster; [`ErrorKind::Unavailable`] and [`ErrorKind::PermissionDenied`] when it cannot be written:
/// then the store has the night already, and the next one writes the file.
#[derive(Debug)]
pub struct OneRosterSink {
    version: Version,
    file: PathBuf,
    store: Arc<dyn Sink>,
}

impl OneRosterSink {
    /// The zip of this edition in this file; `store` is a database that holds the rows.  Touches neither.
    pub fn new(version: Version, file: impl Into<PathBuf>, store: Arc<dyn Sink>) -> Self {
        Self { version, file: file.into(), store }
    }

    /// Refuses to replace what is not this district's.
    fn refuse_others(&self, district: &DistrictId) -> Result<()> {
        let message = match mark::find(&self.file)? {
            Found::Nothing => return Ok(()),
            Found::Mark(mark) if mark.district == *district => return Ok(()),
            Found::Mark(_) => {
                "the file holds another district's roster; name a file for each district"
            }
            Found::Foreign => {
                "the file is there and was not written by Homeroom; name another one, or move it away"
            }
        };
        Err(Error::new(ErrorKind::ConfigInvalid, "oneroster.open", message)
            .context("path", self.file.display()))
    }

    /// Writes the file unless it holds what the store has.
    async fn refresh(&self, district: &DistrictId) -> Result<()> {
        remove_abandoned(&self.file);
        for _ in 0..MOST_TRIES {
            let state = self.store.state(district).await?;
            let wanted = Mark::new(district, &state, self.version);
            if state.basis == 0 || (self.holds(&wanted)? && !self.erasing().exists()) {
                return Ok(());
            }
            // Another night of the district may publish while this one writes: the file is compared again.
            self.write(&wanted).await?;
        }
        Ok(())
    }

    fn holds(&self, wanted: &Mark) -> Result<bool> {
        Ok(matches!(mark::find(&self.file)?, Found::Mark(it) if it == *wanted))
    }

    async fn write(&self, mark: &Mark) -> Result<()> {
        self.refuse_others(&mark.district)?;
        let rows = self.store.snapshot(&mark.district).await?;
        // The snapshot may be of a later night than the mark.  Then the file is written once more.
        let (version, comment) = (self.version, mark.comment());
        let file = OneRosterFile::write(rows, version, &self.file, &comment, || Ok(())).await?;
        let report = file.replace()?;
        for loss in report.losses {
            let (table, field, why) = (loss.entity.table(), loss.field, loss.why.code());
            tracing::debug!(district = %mark.district, table, field, why, records = loss.records, "left out of the OneRoster zip or changed");
        }
        self.forget_erasing()
    }

    /// A file beside that is there from before fields are emptied in the store until the zip is without them, too.
    fn erasing(&self) -> PathBuf {
        file::beside(&self.file, "erasing")
    }

    fn note_erasing(&self) -> Result<()> {
        fs::write(self.erasing(), "").map_err(|err| write_error(&self.file, err))
    }

    fn forget_erasing(&self) -> Result<()> {
        match fs::remove_file(self.erasing()) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => Err(write_error(&self.file, err)),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Sink for OneRosterSink {
    fn describe(&self) -> String {
        let edition = if self.version == Version::V1_1 { "1.1" } else { "1.2" };
        format!("oneroster-{edition}:{}", self.file.display())
    }

    async fn exists(&self) -> Result<bool> {
        self.store.exists().await
    }

    async fn prepare(&self) -> Result<()> {
        self.store.prepare().await
    }

    async fn state(&self, district: &DistrictId) -> Result<PublishedState> {
        self.store.state(district).await
    }

    async fn published(&self, district: &DistrictId) -> Result<Published> {
        self.refuse_others(district)?;
        self.store.published(district).await
    }

    async fn publish(&self, plan: &Plan, published: Published, run: &RunRecord) -> Result<()> {
        let district = &plan.header().district;
        self.refuse_others(district)?;
        self.store.publish(plan, published, run).await?;
        let written = self.refresh(district).await;
        written
            .map_err(|it| it.context("published", "in the store; the next night writes the file"))
    }

    async fn record(&self, run: &RunRecord, kept: Option<&KeptFolder>) -> Result<()> {
        let report = &run.report;
        if report.outcome == Outcome::Failed {
            // The night may be published already, where only the file could not be written: that is what is remembered.
            let remembered = self.store.run(&report.run).await?;
            if remembered.is_some_and(|it| it.report.outcome != Outcome::Failed) {
                return Ok(());
            }
            return self.store.record(run, kept).await;
        }
        self.refresh(&report.district).await?;
        self.store.record(run, kept).await
    }

    async fn erase(&self, district: &DistrictId, erasures: &[Erasure]) -> Result<u64> {
        let pending = self.erasing().exists();
        self.note_erasing()?;
        let erased = self.store.erase(district, erasures).await?;
        if erased == 0 && !pending {
            self.forget_erasing()?;
        }
        self.refresh(district).await?;
        Ok(erased)
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
        self.store.history(district, entity, source_id).await
    }

    async fn forget(&self, district: &DistrictId, retention: &Retention) -> Result<Forgotten> {
        self.store.forget(district, retention).await
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
        self.store.fetch(district, entity, index, slots).await
    }

    fn rows(&self, district: &DistrictId, entity: EntityKind) -> RowStream {
        self.store.rows(district, entity)
    }

    async fn snapshot(&self, district: &DistrictId) -> Result<Arc<dyn Snapshot>> {
        self.store.snapshot(district).await
    }
}
