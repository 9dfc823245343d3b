//! Decides, at the end of a night, which published records are gone.
//!
//! Rejected is not missing, and incomplete is not empty: absence counts only where the feed was complete, had records at
//! all, and none of them was unreadable.  What the feed says is gone, and what of it is not shared, always goes; so does
//! all of a table that is left out.

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

/// Published rows fetched at a time.
pub(super) const FETCHED_ROWS: usize = 2048;

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
            let mut slots: BTreeSet<Slot> =
                gone.into_iter().chain(replaced).chain(orphaned).collect();
            slots.extend(self.withdrawn(entity, &slots, sink, district).await?);
            let index = self.published.indexes.entry(entity).or_default();
            if !slots.is_empty() {
                going.insert(entity, slots.iter().map(|it| index.key(*it)).collect());
            }
            self.delete(entity, slots.into_iter())?;
        }
        let erasures = self.erasures(&going);
        let Self { writer, published, entities, tally, .. } = self;
        Ok(Planned { writer, published, entities, tally, erasures })
    }

    /// Slots of published records that are gone: said to be, or absent where absence counts.
    fn gone(&mut self, entity: EntityKind) -> Vec<Slot> {
        let index = self.published.indexes.entry(entity).or_default();
        let unseen = |it: &Slot| {
            is_active(index, *it)
                && !index.is_marked(*it, Mark::Accepted)
                && !index.is_marked(*it, Mark::Rejected)
        };
        let unseen = index.slots().filter(unseen);
        if !self.sharing.includes(entity) {
            return unseen.collect();
        }
        let (mut gone, absent): (Vec<_>, Vec<_>) =
            unseen.partition(|it| index.is_marked(*it, Mark::Gone));
        let feed = self.feeds.get(&entity);
        let Some(feed) = feed.filter(|it| it.coverage == Some(Coverage::Complete)) else {
            return gone;
        };
        match (feed.read, feed.unidentified) {
            _ if absent.is_empty() => {}
            (0, _) => self.doubt(entity, DiagnosticCode::EntityBecameEmpty),
            (_, 1..) => self.doubt(entity, DiagnosticCode::DeletionsWithheld),
            _ => gone.extend(absent),
        }
        gone
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

    /// Takes out absent records of owners that were rejected tonight: a user's roles go by the user's record.
    async fn without_shielded(
        &mut self,
        entity: EntityKind,
        gone: Vec<Slot>,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Vec<Slot>> {
        let Some((number, owner)) = owner_of(entity) else { return Ok(gone) };
        if !self.sharing.includes(entity) {
            return Ok(gone);
        }
        if self.entities.get(&owner).is_none_or(|it| it.rejected == 0) {
            return Ok(gone);
        }
        let index = self.published.indexes.entry(entity).or_default();
        let (mut kept, absent): (Vec<_>, Vec<_>) =
            gone.into_iter().partition(|it| index.is_marked(*it, Mark::Gone));
        for slots in absent.chunks(FETCHED_ROWS) {
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
