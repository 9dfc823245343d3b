//! Which of the records that a run left out may be checked again: only those of which no newer night has spoken.

use super::Parts;
use crate::{
    night::evidence::{coverage, places},
    report::kept::{Form, Kept, Quarantined},
};
use roster_core::{DiagnosticCode, EntityKind, Origin, Result, Rows, model::EntitySchema};
use roster_sink::{Published, RunId, RunRecord, Sink, Slot, key_of};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Rows of a batch.
const MOST_ROWS: usize = 2048;
/// Work of looking for records in the places of a newer night, in bytes; beyond it they count as found.
const MOST_SEARCHED: usize = 1 << 32;

/// What was not checked again, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct LeftAlone {
    /// A newer night has published, deleted or left out the record, or has come whole without it.
    pub(crate) newer: u64,
    /// Another record of the same key was kept that night.
    pub(crate) duplicates: u64,
    /// The connector left it out: it takes the feed to read it again.
    pub(crate) unreadable: u64,
    /// Today's settings do not share it.
    pub(crate) not_shared: u64,
    /// It is not kept: there were too many, it could not be read at all, or the settings of that night kept it out.
    pub(crate) not_kept: u64,
}

/// Selects the records.
pub(super) struct Eligible<'s> {
    sink: &'s dyn Sink,
    of: &'s RunRecord,
    /// Completed nights since, the newest first.
    newer: &'s [RunRecord],
    left_alone: LeftAlone,
    rejected: u64,
}

/// What a newer night has said of an entity.
enum Said {
    /// Nothing.
    Nothing,
    /// All there is, or nobody knows.
    Everything,
    /// Something of these: keys that it left out, and where others stood.
    Some { left_out: HashSet<String>, places: Vec<u8> },
}

impl<'s> Eligible<'s> {
    pub(super) fn new(
        sink: &'s dyn Sink,
        of: &'s RunRecord,
        newer: &'s [RunRecord],
        rejected: u64,
    ) -> Self {
        Self { sink, of, newer, left_alone: LeftAlone::default(), rejected }
    }

    /// The records to check again, by entity, and how many others there are.
    pub(super) async fn select(
        mut self,
        kept: Kept,
        published: &mut Published,
    ) -> Result<(BTreeMap<EntityKind, Parts>, LeftAlone)> {
        let duplicates = duplicates(&kept);
        let there: u64 = kept.quarantine.values().map(|it| it.len() as u64).sum();
        self.left_alone.not_kept = self.rejected.saturating_sub(there);
        let mut parts = BTreeMap::new();
        for (entity, records) in kept.quarantine {
            let is_duplicate =
                |it: &Quarantined| duplicates.contains(&(entity, it.file.clone(), it.position));
            let of_model = self.of_model(records, is_duplicate);
            let unspoken = self.unspoken_of(entity, of_model, published).await?;
            if !unspoken.is_empty() {
                parts.insert(entity, rows(entity, &unspoken));
            }
        }
        Ok((parts, self.left_alone))
    }

    /// Those that a check of the night left out, but for second ones of a key.
    fn of_model(
        &mut self,
        records: Vec<Quarantined>,
        is_duplicate: impl Fn(&Quarantined) -> bool,
    ) -> Vec<Quarantined> {
        let (of_model, others): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|it| it.form == Form::Model && it.source_id.is_some());
        let (duplicates, of_model): (Vec<_>, Vec<_>) = of_model.into_iter().partition(is_duplicate);
        self.left_alone.unreadable += others.len() as u64;
        self.left_alone.duplicates += duplicates.len() as u64;
        of_model
    }

    /// Those of which no newer night has spoken.
    async fn unspoken_of(
        &mut self,
        entity: EntityKind,
        records: Vec<Quarantined>,
        published: &mut Published,
    ) -> Result<Vec<Quarantined>> {
        let said = self.said(entity, records.len()).await?;
        let newer: BTreeSet<&RunId> = self.newer.iter().map(|it| &it.report.run).collect();
        let mut unspoken = Vec::with_capacity(records.len());
        for record in records {
            let source_id = record.source_id.as_deref().unwrap_or_default();
            let index = published.indexes.entry(entity).or_default();
            let slot = index.look_up(key_of(source_id));
            let is_spoken_of = spoken_of(&said, source_id, slot)?
                || (slot.is_some() && self.changed_since(entity, source_id, &newer).await?);
            if is_spoken_of {
                self.left_alone.newer += 1;
            } else {
                unspoken.push(record);
            }
        }
        Ok(unspoken)
    }

    /// Whether a published record was changed after the run's night, or by it: then it was not this one that passed.
    async fn changed_since(
        &self,
        entity: EntityKind,
        source_id: &str,
        newer: &BTreeSet<&RunId>,
    ) -> Result<bool> {
        let district = &self.of.report.district;
        let Some(history) = self.sink.history(district, entity, source_id).await? else {
            return Ok(false);
        };
        if history.last_run == self.of.report.run || newer.contains(&history.last_run) {
            return Ok(true);
        }
        // Also a later check of what was left out counts.
        let last = self.sink.run(&history.last_run).await?;
        Ok(last.is_some_and(|it| it.started_at > self.of.started_at))
    }

    /// What the newer nights have said of an entity.
    async fn said(&self, entity: EntityKind, records: usize) -> Result<Vec<Said>> {
        let mut said = Vec::new();
        for night in self.newer {
            said.push(self.said_by(night, entity, records).await?);
        }
        Ok(said)
    }

    async fn said_by(&self, night: &RunRecord, entity: EntityKind, records: usize) -> Result<Said> {
        if night.report.entities.get(&entity).is_none_or(|it| it.read == 0) {
            return Ok(Said::Nothing);
        }
        let run = &night.report.run;
        let Some(bytes) = self.sink.kept(run, coverage::FILE).await? else {
            return Ok(Said::Everything);
        };
        if coverage::read(&bytes)?.get(&entity).is_none_or(|it| *it) {
            return Ok(Said::Everything);
        }
        let places = self.sink.kept(run, &places::name(entity)).await?.unwrap_or_default();
        if places.len().saturating_mul(records) > MOST_SEARCHED {
            return Ok(Said::Everything);
        }
        let mut kept = Kept::load(self.sink, run).await?;
        let left_out = kept.quarantine.remove(&entity).unwrap_or_default();
        let left_out = left_out.into_iter().filter_map(|it| it.source_id).collect();
        Ok(Said::Some { left_out, places })
    }
}

fn spoken_of(said: &[Said], source_id: &str, slot: Option<Slot>) -> Result<bool> {
    for said in said {
        let spoken_of = match said {
            Said::Nothing => false,
            Said::Everything => true,
            Said::Some { left_out, .. } if left_out.contains(source_id) => true,
            Said::Some { places, .. } if places.is_empty() => false,
            Said::Some { places, .. } => !places::find(places, slot, key_of(source_id))?.is_empty(),
        };
        if spoken_of {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where second records of a key stood.
fn duplicates(kept: &Kept) -> HashSet<(EntityKind, String, u64)> {
    let twice = kept.findings.iter().filter(|it| it.code == DiagnosticCode::DuplicateKey.code());
    twice.filter_map(|it| Some((it.entity, it.file.clone()?, it.line?))).collect()
}

/// Rows of the records, in batches of one file each.
fn rows(entity: EntityKind, records: &[Quarantined]) -> Parts {
    let mut parts: Parts = Vec::new();
    for record in records {
        let goes_on = parts.last().is_some_and(|(origin, rows)| {
            rows.len() < MOST_ROWS && matches!(origin, Origin::File(it) if **it == *record.file)
        });
        if !goes_on {
            parts.push((Origin::File(record.file.as_str().into()), Rows::new(entity)));
        }
        let (_, rows) = parts.last_mut().expect("there is at least the one just made");
        push(rows, entity.schema(), record);
    }
    parts
}

fn push(rows: &mut Rows, schema: &EntitySchema, record: &Quarantined) {
    let mut row = rows.begin();
    for field in schema.fields {
        row.push(record.get(field.name));
    }
    row.finish(record.position);
}
