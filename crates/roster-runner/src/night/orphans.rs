//! Records that cannot stay because what they belong to goes tonight: an enrollment without its user, say.
//!
//! A record that the feed does not give, or that was rejected, keeps its last good version.  Where that cannot be without
//! a record that goes, it goes too.

use super::{deletions::FETCHED_ROWS, planner::Planner, references::required_references};
use futures::StreamExt as _;
use roster_core::{
    Diagnostic, DiagnosticCode, DistrictId, EntityKind, Locus, Result, Row, Severity,
};
use roster_sink::{Mark, Operation, PublishedIndex, Sink, Slot, key_of};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// Keys of the records that go tonight, table by table.
pub(super) type Going = HashMap<EntityKind, HashSet<u128>>;

impl Planner {
    /// Slots of records of an entity that go because of those that go already, beside those that are `leaving` anyway;
    /// `late` are those of which tonight's rows could not know that they go, to which it adds its own.
    pub(super) async fn orphaned(
        &mut self,
        entity: EntityKind,
        leaving: &BTreeSet<Slot>,
        going: &Going,
        late: &mut Going,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Vec<Slot>> {
        let mut nowhere = Vec::new();
        if hangs_on_any(entity, late) {
            nowhere = self.accepted_too_soon(entity, late, sink, district).await?;
        }
        let mut orphaned = Vec::new();
        if hangs_on_any(entity, going) {
            orphaned = self.left_behind(entity, leaving, going, sink, district).await?;
        }
        let index = self.published.indexes.entry(entity).or_default();
        let unknown = orphaned.iter().chain(&nowhere).map(|it| index.key(*it));
        let unknown: HashSet<u128> = unknown.collect();
        if !unknown.is_empty() {
            late.insert(entity, unknown);
        }
        Ok(orphaned)
    }

    /// Takes back that rows were accepted which name a record that goes after all: they are rejected.  Gives the slots of
    /// those that have no last good version.
    async fn accepted_too_soon(
        &mut self,
        entity: EntityKind,
        late: &Going,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Vec<Slot>> {
        let mut taken_back = self.planned_too_soon(entity, late)?;
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
                taken_back.push((slot, row.source_id().to_owned()));
            }
        }
        for (slot, source_id) in &taken_back {
            self.published.indexes.entry(entity).or_default().mark(*slot, Mark::Rejected);
            self.entities.entry(entity).or_default().rejected += 1;
            self.keep(entity, &finding(entity, source_id))?;
        }
        let index = self.published.indexes.entry(entity).or_default();
        let nowhere = taken_back.into_iter().map(|it| it.0);
        Ok(nowhere.filter(|it| !is_active(index, *it)).collect())
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
                Operation::Rekey if index.is_marked(slot, Mark::Deleted) => counts.restored -= 1,
                Operation::Update | Operation::Rekey | Operation::Delete => counts.updated -= 1,
            }
            orphans.push((slot, row.source_id().to_owned()));
            Ok(true)
        })?;
        Ok(orphans)
    }

    /// Slots of records that would stay as they are published.
    async fn left_behind(
        &mut self,
        entity: EntityKind,
        leaving: &BTreeSet<Slot>,
        going: &Going,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Vec<Slot>> {
        let index = self.published.indexes.entry(entity).or_default();
        let stay = index.slots().filter(|it| may_go(index, *it) && !leaving.contains(it));
        let stay: Vec<Slot> = stay.collect();
        let mut found = Vec::new();
        for slots in stay.chunks(FETCHED_ROWS) {
            let index = self.published.indexes.entry(entity).or_default();
            let rows = sink.fetch(district, entity, index, slots).await?;
            let hanging = slots.iter().zip(rows.iter()).filter(|it| hangs_on(&it.1, going));
            found.extend(hanging.map(|it| *it.0));
        }
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
    is_active(index, slot) && !index.is_marked(slot, Mark::Accepted)
}

fn is_active(index: &PublishedIndex, slot: Slot) -> bool {
    index.is_published(slot) && !index.is_marked(slot, Mark::Deleted)
}
