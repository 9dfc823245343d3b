//! Clearing away: runs that are old, and what nights left that were never committed.

use super::{
    ParquetSink,
    location::{Files, Listed},
    manifest::{Manifest, Pointer, run_of},
    pointer::current,
};
use crate::{Outcome, RunId};
use roster_core::{Result, value::Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

impl ParquetSink {
    /// Deletes what no manifest needs that is kept; also manifests of runs that ended before `before`.  Wants the
    /// district's turn.
    pub(super) async fn prune(
        &self,
        operation: &'static str,
        files: &Files,
        before: Option<Timestamp>,
    ) -> Result<()> {
        let Some(pointer) = current(operation, files).await? else { return Ok(()) };
        let listed = files.list(operation).await?;
        let manifests = read_manifests(operation, files, &listed).await?;
        let committed = self.committed(&pointer, &listed).await?;
        let kept = self.kept(&pointer, manifests, &committed, before);
        let mut needed: BTreeSet<String> = kept.iter().map(Manifest::path).collect();
        needed.extend(kept.iter().flat_map(Manifest::files).map(|it| it.path.clone()));
        let kept: BTreeSet<_> = kept.iter().map(|it| it.run.as_str()).collect();
        let young = SystemTime::now().checked_sub(self.left_for);
        let is_young = |it: &Listed| young.is_none_or(|young| it.changed > young);
        let at_work: BTreeSet<_> = listed.iter().filter(|it| is_young(it)).map(run_in).collect();
        let goes = |it: &&Listed| {
            let run = run_in(it);
            // Whoever writes there now is not yet known: a night, or one who writes files of a kept run anew.
            let may_be_written = kept.contains(run) || !committed.contains(run);
            let stays = may_be_written && at_work.contains(run);
            !stays && !needed.contains(&it.path)
        };
        let goes: Vec<_> = listed.iter().filter(goes).map(|it| it.path.clone()).collect();
        // Manifests first: nobody finds one whose files are gone.
        let (manifests, rest) = goes.into_iter().partition(|it| run_of(it).is_some());
        files.delete(operation, manifests).await?;
        files.delete(operation, rest).await
    }

    /// Runs with files that the store says are published.
    async fn committed(&self, pointer: &Pointer, listed: &[Listed]) -> Result<BTreeSet<String>> {
        let mut committed = BTreeSet::from([pointer.run.as_str().to_owned()]);
        let runs: BTreeSet<_> = listed.iter().map(run_in).collect();
        for run in runs {
            let record = self.store.run(&RunId::from_text(run)).await?;
            if record.is_some_and(|it| it.report.outcome != Outcome::Failed) {
                committed.insert(run.to_owned());
            }
        }
        Ok(committed)
    }

    /// The manifests that stay: the last of those that are committed, and what the pointer names or named before.
    fn kept(
        &self,
        pointer: &Pointer,
        mut manifests: Vec<Manifest>,
        committed: &BTreeSet<String>,
        before: Option<Timestamp>,
    ) -> Vec<Manifest> {
        let named = |it: &Manifest| {
            let path = it.path();
            path == pointer.manifest || Some(&path) == pointer.previous.as_ref()
        };
        manifests.sort_unstable_by_key(|it| std::cmp::Reverse(it.basis));
        let mut last = self.keep_runs.get();
        let mut stays = |it: &Manifest| {
            let is_young = before.is_none_or(|before| it.at >= before);
            let stays = is_young && committed.contains(it.run.as_str()) && last > 0;
            last -= usize::from(stays);
            stays || named(it)
        };
        manifests.retain(|it| stays(it));
        manifests
    }
}

/// The manifests of all runs.
pub(super) async fn read_manifests(
    operation: &'static str,
    files: &Files,
    listed: &[Listed],
) -> Result<Vec<Manifest>> {
    let paths: BTreeMap<_, _> =
        listed.iter().filter_map(|it| Some((run_of(&it.path)?, &it.path))).collect();
    let mut manifests = Vec::with_capacity(paths.len());
    for path in paths.values() {
        manifests.extend(Manifest::read(operation, files, path).await?);
    }
    Ok(manifests)
}

/// The run whose folder a file is in.
fn run_in(file: &Listed) -> &str {
    file.path.split('/').nth(1).unwrap_or_default()
}
