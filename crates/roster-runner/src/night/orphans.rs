//! Records that cannot stay because what they belong to goes tonight: an enrollment without its user, say.
//!
//! A record that was rejected keeps its last good version, unless it was rejected for naming a record that is itself
//! gone: then it goes with it.  A feed that does not give a table whole leaves behind what hangs on a record it deletes;
//! that goes too.

use super::{
    planner::Planner,
    references::{Feed, required_references},
};
use futures::StreamExt as _;
use roster_core::{
    Diagnostic, DiagnosticCode, DistrictId, EntityKind, Locus, Result, Row, Severity,
};
use roster_sink::{Mark, Operation, PublishedIndex, Sink, Slot, key_of};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// A record that was rejected because a required reference names a published record that tonight's feed does not have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Orphan {
    pub(super) key: u128,
    pub(super) target: EntityKind,
    pub(super) target_key: u128,
}

/// Keys of the records that go tonight, table by table.
pub(super) type Going = HashMap<EntityKind, HashSet<u128>>;

impl Planner {
    /// Slots of records of an entity that go because of those that go already; `late` are those of which tonight's rows
    /// could not know that they go, to which it adds its own.
    pub(super) async fn orphaned(
        &mut self,
        entity: EntityKind,
        going: &Going,
        late: &mut Going,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Vec<Slot>> {
        let mut unknown = Vec::new();
        let given_whole = self.feeds.get(&entity).is_some_and(|it| !Feed::keeps_absent(it));
        if hangs_on_any(entity, going) && !given_whole {
            unknown.extend(self.left_behind(entity, going, sink, district).await?);
        }
        if hangs_on_any(entity, late) {
            unknown.extend(self.accepted_too_soon(entity, late, sink, district).await?);
        }
        let index = self.published.indexes.entry(entity).or_default();
        if !unknown.is_empty() {
            late.insert(entity, unknown.iter().map(|it| index.key(*it)).collect());
        }
        let mut orphaned = self.rejected_orphans(entity, going);
        orphaned.append(&mut unknown);
        orphaned.sort_unstable();
        orphaned.dedup();
        Ok(orphaned)
    }

    /// Takes back that rows were accepted which name a record that goes after all; gives the slots of those that are
    /// published, which go with it.
    async fn accepted_too_soon(
        &mut self,
        entity: EntityKind,
        late: &Going,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Vec<Slot>> {
        let mut orphans = self.planned_too_soon(entity, late)?;
        let mut rows = sink.rows(district, entity);
        while let Some(chunk) = rows.next().await {
            for row in chunk?.iter().filter(|it| hangs_on(it, late)) {
                let index = self.published.indexes.entry(entity).or_default();
                let slot = index.look_up(key_of(row.source_id()));
                let accepted = |it: &Slot| {
                    index.is_marked(*it, Mark::Accepted) && !index.is_marked(*it, Mark::Updated)
                };
                let Some(slot) = slot.filter(accepted) else { continue };
                index.unmark(slot, Mark::Accepted);
                self.entities.entry(entity).or_default().unchanged -= 1;
                orphans.push((slot, row.source_id().to_owned()));
            }
        }
        for (_, source_id) in &orphans {
            self.entities.entry(entity).or_default().rejected += 1;
            self.keep(entity, &finding(entity, source_id))?;
        }
        let index = self.published.indexes.entry(entity).or_default();
        Ok(orphans.into_iter().map(|it| it.0).filter(|it| may_go(index, *it)).collect())
    }

    /// The same for rows that the plan has already.
    fn planned_too_soon(
        &mut self,
        entity: EntityKind,
        late: &Going,
    ) -> Result<Vec<(Slot, String)>> {
        let mut orphans = Vec::new();
        let index = self.published.indexes.entry(entity).or_default();
        let counts = self.entities.entry(entity).or_default();
        self.writer.remove(entity, |entry, row| {
            let Some(row) = row.filter(|it| hangs_on(it, late)) else { return Ok(false) };
            let slot = index.look_up(entry.key).unwrap_or(entry.slot);
            index.unmark(slot, Mark::Accepted);
            index.unmark(slot, Mark::Updated);
            match entry.operation {
                Operation::Create => counts.created -= 1,
                Operation::Restore => counts.restored -= 1,
                Operation::Update | Operation::Rekey | Operation::Delete => counts.updated -= 1,
            }
            orphans.push((slot, row.source_id().to_owned()));
            Ok(true)
        })?;
        Ok(orphans)
    }

    fn rejected_orphans(&mut self, entity: EntityKind, going: &Going) -> Vec<Slot> {
        let orphans = self.orphans.remove(&entity).unwrap_or_default();
        let index = self.published.indexes.entry(entity).or_default();
        let goes =
            |it: &Orphan| going.get(&it.target).is_some_and(|keys| keys.contains(&it.target_key));
        let found = orphans.iter().filter(|it| goes(it)).filter_map(|it| index.look_up(it.key));
        found.collect::<Vec<_>>().into_iter().filter(|it| may_go(index, *it)).collect()
    }

    async fn left_behind(
        &mut self,
        entity: EntityKind,
        going: &Going,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Vec<Slot>> {
        let index = self.published.indexes.entry(entity).or_default();
        let mut found = Vec::new();
        let mut rows = sink.rows(district, entity);
        while let Some(chunk) = rows.next().await {
            let chunk = chunk?;
            let hanging = chunk.iter().filter(|it| hangs_on(it, going));
            found.extend(hanging.filter_map(|it| index.look_up(key_of(it.source_id()))));
        }
        found.retain(|it| may_go(index, *it) && !index.is_marked(*it, Mark::Gone));
        Ok(found)
    }
}

/// The finding about a row that was accepted too soon; where it stood is not known any more.
fn finding(entity: EntityKind, source_id: &str) -> Diagnostic {
    let field = required_references(entity).next().map(|it| entity.schema().fields[it.0].name);
    Diagnostic {
        code: DiagnosticCode::ReferenceRejected,
        severity: Severity::Rejected,
        field: field.map(Into::into),
        source_id: Some(source_id.into()),
        locus: Locus::Feed,
    }
}

fn hangs_on_any(entity: EntityKind, going: &Going) -> bool {
    required_references(entity).any(|(_, target)| going.contains_key(&target))
}

fn hangs_on(row: &Row<'_>, going: &Going) -> bool {
    required_references(row.entity()).any(|(number, target)| {
        let keys = going.get(&target);
        keys.zip(row.get(number)).is_some_and(|(keys, id)| keys.contains(&key_of(id)))
    })
}

fn may_go(index: &PublishedIndex, slot: Slot) -> bool {
    index.is_published(slot)
        && !index.is_marked(slot, Mark::Deleted)
        && !index.is_marked(slot, Mark::Accepted)
}
