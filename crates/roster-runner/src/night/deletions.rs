//! Decides, at the end of a night, which published records are gone.
//!
//! Rejected is not missing, and incomplete is not empty: absence counts only where the feed was complete, had records at
//! all, and none of them was unreadable.

use super::{
    orphans::Going,
    planner::{Planned, Planner},
};
use futures::StreamExt as _;
use roster_core::{
    Coverage, Diagnostic, DiagnosticCode, DistrictId, EntityKind, Locus, Result, Severity,
};
use roster_sink::{Mark, PublishedIndex, Sink, Slot, key_of};
use std::{collections::BTreeSet, sync::Arc};

/// Rows fetched at a time to see whom they belong to.
const FETCHED_ROWS: usize = 2048;

impl Planner {
    /// Plans the deletions and ends.
    pub(super) async fn finish(
        mut self,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Planned> {
        let entities: Vec<EntityKind> = self.published.indexes.keys().copied().collect();
        let mut going = Going::new();
        for entity in entities {
            let gone = self.gone(entity);
            let gone = self.without_shielded(entity, gone, sink, district).await?;
            let replaced = self.replaced(entity, sink, district).await?;
            let orphaned = self.orphaned(entity, &going, sink, district).await?;
            let slots: BTreeSet<Slot> = gone.into_iter().chain(replaced).chain(orphaned).collect();
            let index = self.published.indexes.entry(entity).or_default();
            if !slots.is_empty() {
                going.insert(entity, slots.iter().map(|it| index.key(*it)).collect());
            }
            self.delete(entity, slots.into_iter())?;
        }
        let Self { writer, published, entities, tally, .. } = self;
        Ok(Planned { writer, published, entities, tally })
    }

    /// Slots of published records that the feed says are gone.
    fn gone(&mut self, entity: EntityKind) -> Vec<Slot> {
        let index = self.published.indexes.entry(entity).or_default();
        let absent = |mark: &dyn Fn(Slot) -> bool| {
            index.slots().filter(|it| is_active(index, *it) && mark(*it)).collect::<Vec<_>>()
        };
        let unseen =
            |it: Slot| !index.is_marked(it, Mark::Accepted) && !index.is_marked(it, Mark::Rejected);
        if !self.sharing.includes(entity) {
            return absent(&unseen);
        }
        let Some(feed) = self.feeds.get(&entity) else { return Vec::new() };
        match feed.coverage {
            Some(Coverage::Changes) => absent(&|it| index.is_marked(it, Mark::Gone) && unseen(it)),
            Some(Coverage::Complete) => {
                let gone = absent(&unseen);
                let doubt = match (feed.read, feed.unidentified) {
                    _ if gone.is_empty() => None,
                    (0, _) => Some(DiagnosticCode::EntityBecameEmpty),
                    (_, 1..) => Some(DiagnosticCode::DeletionsWithheld),
                    _ => None,
                };
                let Some(code) = doubt else { return gone };
                self.doubt(entity, code);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn doubt(&mut self, entity: EntityKind, code: DiagnosticCode) {
        let field = Some(entity.table().into());
        self.tally.add(&Diagnostic {
            code,
            severity: Severity::Warning,
            field,
            source_id: None,
            locus: Locus::Feed,
        });
    }

    /// Takes out records of owners that were rejected tonight: a user's roles go by the user's record.
    async fn without_shielded(
        &mut self,
        entity: EntityKind,
        gone: Vec<Slot>,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Vec<Slot>> {
        let Some((number, owner)) = owner_of(entity) else { return Ok(gone) };
        if self.entities.get(&owner).is_none_or(|it| it.rejected == 0) {
            return Ok(gone);
        }
        let mut kept = Vec::with_capacity(gone.len());
        for slots in gone.chunks(FETCHED_ROWS) {
            let index = self.published.indexes.entry(entity).or_default();
            let rows = sink.fetch(district, entity, index, slots).await?;
            let owners = self.published.indexes.entry(owner).or_default();
            for (slot, row) in slots.iter().zip(rows.iter()) {
                let found = row.get(number).and_then(|it| owners.look_up(key_of(it)));
                let shielded = found.is_some_and(|it| {
                    owners.is_marked(it, Mark::Rejected) && !owners.is_marked(it, Mark::Accepted)
                });
                if !shielded {
                    kept.push(*slot);
                }
            }
        }
        Ok(kept)
    }

    /// Slots of published records whose owners a delta gives anew without them.
    async fn replaced(
        &mut self,
        entity: EntityKind,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Vec<Slot>> {
        let Some((number, _)) = owner_of(entity) else { return Ok(Vec::new()) };
        let Some(feed) = self.feeds.get(&entity).filter(|it| !it.replaced_owners.is_empty()) else {
            return Ok(Vec::new());
        };
        let index = self.published.indexes.entry(entity).or_default();
        let mut replaced = Vec::new();
        let mut rows = sink.rows(district, entity);
        while let Some(chunk) = rows.next().await {
            for row in chunk?.iter() {
                let owned =
                    row.get(number).is_some_and(|it| feed.replaced_owners.contains(&key_of(it)));
                let slot = if owned { index.look_up(key_of(row.source_id())) } else { None };
                replaced.extend(slot.filter(|it| {
                    let given = index.is_marked(*it, Mark::Accepted)
                        || index.is_marked(*it, Mark::Rejected);
                    is_active(index, *it) && !given && !index.is_marked(*it, Mark::Gone)
                }));
            }
        }
        Ok(replaced)
    }

    fn delete(&mut self, entity: EntityKind, slots: impl Iterator<Item = Slot>) -> Result<()> {
        let index = self.published.indexes.entry(entity).or_default();
        for slot in slots {
            self.writer.delete(entity, slot, index)?;
            self.entities.entry(entity).or_default().deleted += 1;
        }
        Ok(())
    }
}

fn is_active(index: &PublishedIndex, slot: Slot) -> bool {
    index.is_published(slot) && !index.is_marked(slot, Mark::Deleted)
}

fn owner_of(entity: EntityKind) -> Option<(usize, EntityKind)> {
    let schema = entity.schema();
    let number = schema.owner()?;
    Some((number, schema.fields[number].reference?.entity))
}
