//! Publishing a plan: files, manifest, the store's commit, pointer, in this order.

use super::{
    PUBLISH, ParquetSink,
    changes::{ChangeFeed, Rekeyed},
    location::Files,
    manifest::{Manifest, SCHEMA_VERSION},
    night::Night,
    pointer::not_pointed,
    table::Tables,
};
use crate::{
    Outcome, Plan, Published, PublishedIndex, RunRecord,
    relational::{history::recorded_already, ledger::check_basis, task::joined},
};
use roster_core::{EntityKind, Error, ErrorKind, Result};
use std::collections::BTreeSet;
use tokio::task::spawn_blocking;

impl ParquetSink {
    /// Publishes a plan.
    pub(super) async fn publish_whole(
        &self,
        plan: &Plan,
        mut published: Published,
        run: &RunRecord,
    ) -> Result<()> {
        // What is published, without tonight's entries and keys.
        published.indexes.values_mut().for_each(PublishedIndex::reset);
        let district = &plan.header().district;
        let files = self.location.of(district)?;
        let _turn = self.turn(PUBLISH, &files).await?;
        let state = self.store.state(district).await?;
        check_basis(PUBLISH, plan.header(), published.basis, state.basis)?;
        self.refuse_recorded(run).await?;
        let base = self.published_manifest(PUBLISH, &files).await?;
        let (published, manifest) = {
            let (files, plan, run) = (files.clone(), plan.clone(), run.clone());
            let (base, store) = (base.clone(), state.store);
            let work = move || -> Result<_> {
                let manifest = write_files(&files, &plan, &published, base, store, &run)?;
                Ok((published, manifest))
            };
            joined(spawn_blocking(work).await)?
        };
        manifest.write(PUBLISH, &files).await?;
        self.refuse_moved(&files, base).await?;
        self.store.publish(plan, published, run).await?;
        self.move_pointer(PUBLISH, &files).await.map_err(not_pointed)?;
        if let Err(error) = self.prune(PUBLISH, &files, None).await {
            tracing::warn!(%district, %error, "old runs could not be cleared away; the next night tries again");
        }
        Ok(())
    }

    /// Files of a run that is published are never written over.
    async fn refuse_recorded(&self, run: &RunRecord) -> Result<()> {
        match self.store.run(&run.report.run).await? {
            Some(recorded) if recorded.report.outcome != Outcome::Failed => {
                Err(recorded_already(PUBLISH))
            }
            _ => Ok(()),
        }
    }

    /// Where no lock keeps others away, files that the new manifest needs may have been written anew meanwhile, to empty
    /// what is no longer shared.
    async fn refuse_moved(&self, files: &Files, base: Option<Manifest>) -> Result<()> {
        let found = self.published_manifest(PUBLISH, files).await?;
        if found == base {
            return Ok(());
        }
        let message = "what is published moved while the files were written; make the plan again";
        Err(Error::new(ErrorKind::Conflict, PUBLISH, message).context("district", files.district()))
    }
}

/// Writes the files of a run; gives what will be its manifest.
///
/// Blocks: not for a thread of the runtime.
fn write_files(
    files: &Files,
    plan: &Plan,
    published: &Published,
    base: Option<Manifest>,
    store: String,
    run: &RunRecord,
) -> Result<Manifest> {
    let header = plan.header();
    let night = Night {
        files,
        district: &header.district,
        run: &header.run,
        at: run.finished_at,
        basis: header.basis + 1,
        first_load: header.basis == 0,
    };
    let (mut all, given_up) = base.map(|it| (it.tables, it.rekeys)).unwrap_or_default();
    let mut tables = Tables {
        night: &night,
        plan,
        changes: ChangeFeed::new(&night)?,
        rekeyed: Rekeyed::new(&night, given_up)?,
    };
    let none = PublishedIndex::default();
    for entity in EntityKind::ALL {
        let index = published.indexes.get(entity).unwrap_or(&none);
        let before = all.get(entity.table()).cloned().unwrap_or_default();
        if let Some(table) = tables.write(*entity, &before, index)? {
            all.insert(entity.table().to_owned(), table);
        }
    }
    let Tables { changes, rekeyed, .. } = tables;
    Ok(Manifest {
        schema_version: SCHEMA_VERSION,
        district: header.district.clone(),
        run: header.run.clone(),
        basis: night.basis,
        store,
        at: run.finished_at,
        tables: all,
        changes: changes.finish()?,
        rekeys: rekeyed.finish()?,
        emptied: BTreeSet::new(),
        erasures: 0,
    })
}
