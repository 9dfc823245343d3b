//! Decides, at the end of a night, which published records are gone.
//!
//! Rejected is not missing, and incomplete is not empty: absence counts only where the feed was complete, had records at
//! all, and none of them was unreadable.  What the feed says is gone, and what of it is not shared, always goes; so does
//! all of a table that is left out.

use super::{
    candidates::Candidates,
    evidence::Fate,
    guard::Breach,
    holding::Place,
    orphans::Going,
    planner::{Planned, Planner},
    references::Feed,
};
use futures::StreamExt as _;
use roster_core::{
    Coverage, Diagnostic, DiagnosticCode, DistrictId, EntityKind, Locus, Result, Severity,
};
use roster_sink::{HoldRule, Mark, PublishedIndex, Sink, Slot, key_of};
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

/// Published rows fetched at a time.
pub(super) const FETCHED_ROWS: usize = 2048;

impl Planner {
    /// Plans the deletions, holds back what breaks a limit, and ends.
    pub(super) async fn finish(
        mut self,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Planned> {
        self.give_back_keys();
        self.note_missing();
        let mut candidates = self.candidates(sink, district).await?;
        let holds = self.hold_back(&mut candidates, Place { sink, district }).await?;
        self.rekey_what_stays(&candidates, Place { sink, district }).await?;
        let going = self.delete(&candidates)?;
        let erasures = self.erasures(&going);
        let settled = self.guard.settle(&self.used);
        let Self { writer, published, entities, tally, evidence, drift, .. } = self;
        Ok(Planned {
            writer,
            published,
            entities,
            tally,
            erasures,
            evidence,
            drift,
            holds,
            settled,
        })
    }

    /// What would go if no limit were broken.
    async fn candidates(
        &mut self,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Candidates> {
        let entities: Vec<EntityKind> = self.published.indexes.keys().copied().collect();
        let (mut candidates, mut going) = (Candidates::default(), Going::new());
        let mut late = Going::new();
        for entity in entities {
            let gone = self.gone(entity);
            let gone = self.without_shielded(entity, gone, sink, district).await?;
            let replaced = self.replaced(entity, sink, district).await?;
            self.say_why(entity, &[(&gone, Fate::Absent), (&replaced, Fate::Replaced)])?;
            let mut slots: BTreeSet<Slot> = gone.into_iter().chain(replaced).collect();
            let orphaned = self.orphaned(entity, &slots, &going, &mut late, sink, district).await?;
            self.say_why(entity, &[(&orphaned, Fate::Orphaned)])?;
            slots.extend(orphaned);
            let withdrawn = self.withdrawn(entity, &slots, sink, district).await?;
            self.say_why(entity, &[(&withdrawn, Fate::Withdrawn)])?;
            let included = self.sharing.includes(entity);
            let index = self.published.indexes.entry(entity).or_default();
            for slot in withdrawn {
                index.mark(slot, Mark::Unshared);
                slots.insert(slot);
            }
            if !slots.is_empty() {
                going.insert(entity, slots.iter().map(|it| index.key(*it)).collect());
            }
            let unshared = |it| !included || index.is_marked(it, Mark::Unshared);
            candidates.insert(entity, slots, unshared);
        }
        Ok(candidates)
    }

    /// Notes which entities the feed no longer speaks of, although it gives all it speaks of whole.
    fn note_missing(&mut self) {
        let whole = |it: &Feed| it.coverage == Some(Coverage::Complete);
        if self.feeds.is_empty() || !self.feeds.values().all(whole) {
            return;
        }
        let silent = |it: &EntityKind| !self.feeds.contains_key(it) && self.sharing.includes(*it);
        let entities: Vec<_> = self.published.indexes.keys().copied().filter(silent).collect();
        for entity in entities.into_iter().filter(|it| self.guard.misses(*it)) {
            let index = self.published.indexes.entry(entity).or_default();
            let active: Vec<Slot> = index.slots().filter(|it| is_active(index, *it)).collect();
            if active.is_empty() {
                continue;
            }
            let keys: Vec<u128> = active.iter().map(|it| index.key(*it)).collect();
            if let Some(approved) = self.guard.confirms(entity, HoldRule::Missing, &keys) {
                self.used.insert(approved);
                self.confirmed.insert(entity);
                for slot in active {
                    index.mark(slot, Mark::Gone);
                }
            } else {
                let records = active.len() as u64;
                self.wholes.push(Breach::whole(entity, HoldRule::Missing, records));
            }
        }
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
            (0, _) => gone.extend(self.emptied(entity, absent)),
            (_, 1..) => self.doubt(entity, DiagnosticCode::DeletionsWithheld),
            _ => gone.extend(absent),
        }
        gone
    }

    /// Keeps for review why records go.  Where the feed says so, that has been kept with its place.
    fn say_why(&mut self, entity: EntityKind, going: &[(&Vec<Slot>, Fate)]) -> Result<()> {
        let shared = self.sharing.includes(entity);
        let spoken_of = self.feeds.contains_key(&entity);
        let index = self.published.indexes.entry(entity).or_default();
        for (slot, why) in going.iter().flat_map(|it| it.0.iter().map(|slot| (*slot, it.1))) {
            let why = match why {
                _ if !shared || index.is_marked(slot, Mark::Unshared) => Fate::Withdrawn,
                Fate::Absent if spoken_of && index.is_marked(slot, Mark::Gone) => continue,
                why => why,
            };
            self.evidence.leaves(entity, slot, why)?;
        }
        Ok(())
    }

    /// What goes of an entity that had records and has none: nothing, unless a person has confirmed it.
    fn emptied(&mut self, entity: EntityKind, absent: Vec<Slot>) -> Vec<Slot> {
        let index = self.published.indexes.entry(entity).or_default();
        let keys: Vec<u128> = absent.iter().map(|it| index.key(*it)).collect();
        if let Some(approved) = self.guard.confirms(entity, HoldRule::Emptied, &keys) {
            self.used.insert(approved);
            self.confirmed.insert(entity);
            return absent;
        }
        self.doubt(entity, DiagnosticCode::EntityBecameEmpty);
        let records = absent.len() as u64;
        self.wholes.push(Breach::whole(entity, HoldRule::Emptied, records));
        Vec::new()
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
                    owners.is_marked(it, Mark::Rejected)
                        && !owners.is_marked(it, Mark::Accepted)
                        && !owners.is_marked(it, Mark::Gone)
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

    /// Writes the deletions; gives the keys of what goes.
    fn delete(&mut self, candidates: &Candidates) -> Result<Going> {
        let mut going = Going::new();
        for entity in candidates.entities() {
            let index = self.published.indexes.entry(entity).or_default();
            let mut keys = HashSet::new();
            for slot in candidates.going(entity) {
                self.writer.delete(entity, slot, index)?;
                keys.insert(index.key(slot));
            }
            for (slot, hold) in candidates.held(entity) {
                self.writer.hold_deletion(hold, entity, slot, index)?;
            }
            self.entities.entry(entity).or_default().deleted += keys.len() as u64;
            going.insert(entity, keys);
        }
        Ok(going)
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
