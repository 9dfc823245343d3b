//! Applies accepted maps of keys: a record that comes under its new key is the one that was published under the old.

use super::{candidates::Candidates, deletions::FETCHED_ROWS, holding::Place, planner::Planner};
use crate::sharing::replace;
use roster_core::{EntityKind, Result, Rows, model::EntitySchema};
use roster_sink::{Mark, Operation, Slot, content_of, key_of};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Records that an accepted map gives another key.
#[derive(Debug, Default)]
pub(super) struct NewKeys {
    by_slot: HashMap<(EntityKind, Slot), NewKey>,
    by_old_key: HashMap<(EntityKind, u128), Slot>,
    /// Entities of which a record came under its new key.
    applied: BTreeSet<EntityKind>,
}

#[derive(Debug)]
struct NewKey {
    old: u128,
    new: String,
}

impl NewKeys {
    pub(super) fn is_empty(&self) -> bool {
        self.by_slot.is_empty()
    }

    /// Whether a record gets another key.
    pub(super) fn has(&self, entity: EntityKind, slot: Slot) -> bool {
        !self.by_slot.is_empty() && self.by_slot.contains_key(&(entity, slot))
    }

    /// The records of an entity that get another key.
    pub(super) fn slots(&self, entity: EntityKind) -> impl Iterator<Item = Slot> {
        self.by_slot.keys().filter(move |it| it.0 == entity).map(|it| it.1)
    }

    /// A record has come under its new key.
    pub(super) fn apply(&mut self, entity: EntityKind) {
        self.applied.insert(entity);
    }

    /// Entities of which a record has come under its new key.
    pub(super) fn applied(&self) -> Vec<EntityKind> {
        self.applied.iter().copied().collect()
    }

    fn insert(&mut self, entity: EntityKind, slot: Slot, key: NewKey) {
        self.by_old_key.insert((entity, key.old), slot);
        self.by_slot.insert((entity, slot), key);
    }
}

impl Planner {
    /// Lets records be found under their new keys.
    pub(super) fn take_new_keys(&mut self) {
        self.guard.has_map = !self.published.rekeys.is_empty();
        self.used.extend(self.guard.accepted_maps());
        for rekey in std::mem::take(&mut self.published.rekeys) {
            let index = self.published.indexes.entry(rekey.entity).or_default();
            let old = key_of(&rekey.old);
            if let Some(slot) = index.look_up(old) {
                self.rekeyed.insert(rekey.entity, slot, NewKey { old, new: rekey.new });
            }
        }
        self.leave_taken_keys();
        for ((entity, slot), key) in &self.rekeyed.by_slot {
            let index = self.published.indexes.entry(*entity).or_default();
            index.set_key(*slot, key_of(&key.new));
        }
    }

    /// What is published under a new key already is another record, unless it gets another key itself.
    fn leave_taken_keys(&mut self) {
        loop {
            let mut taken = Vec::new();
            for ((entity, slot), key) in &self.rekeyed.by_slot {
                let index = self.published.indexes.entry(*entity).or_default();
                let there = index.look_up(key_of(&key.new));
                if there.is_some_and(|it| !self.rekeyed.by_slot.contains_key(&(*entity, it))) {
                    taken.push((*entity, *slot));
                }
            }
            if taken.is_empty() {
                return;
            }
            for it in taken {
                self.rekeyed.by_slot.remove(&it);
            }
            let by_slot = &self.rekeyed.by_slot;
            self.rekeyed
                .by_old_key
                .retain(|(entity, _), slot| by_slot.contains_key(&(*entity, *slot)));
        }
    }

    /// The slot of a record, if it was published before or is known tonight.
    pub(super) fn find(&mut self, entity: EntityKind, key: u128) -> Option<Slot> {
        let index = self.published.indexes.entry(entity).or_default();
        let found = index.find(key);
        if found.is_some() || self.rekeyed.is_empty() {
            return found;
        }
        // The feed has the old key after all, and the new one has not come: nothing has changed.
        let stays = *self.rekeyed.by_old_key.get(&(entity, key))?;
        if index.is_marked(stays, Mark::Accepted) {
            return None;
        }
        index.set_key(stays, key);
        self.rekeyed.by_old_key.remove(&(entity, key));
        self.rekeyed.by_slot.remove(&(entity, stays));
        Some(stays)
    }

    /// From the end of the feed on the index is as it was loaded: what is published names records by their old keys, and the
    /// plan says which have others.
    pub(super) fn give_back_keys(&mut self) {
        for ((entity, slot), key) in &self.rekeyed.by_slot {
            if let Some(index) = self.published.indexes.get_mut(entity) {
                index.set_key(*slot, key.old);
            }
        }
    }

    /// Gives their new keys to records that stay as they are because the feed has nothing good of them tonight: what it
    /// has names them by these keys.
    pub(super) async fn rekey_what_stays(
        &mut self,
        candidates: &Candidates,
        place: Place<'_>,
    ) -> Result<()> {
        for (entity, slots) in self.staying(candidates) {
            for slots in slots.chunks(FETCHED_ROWS) {
                let index = self.published.indexes.entry(entity).or_default();
                let rows = place.sink.fetch(place.district, entity, index, slots).await?;
                let mut renamed = Rows::new(entity);
                for (slot, row) in slots.iter().zip(rows.iter()) {
                    let new = self.rekeyed.by_slot.get(&(entity, *slot)).map(|it| it.new.clone());
                    replace(&row, &[(EntitySchema::SOURCE_ID, new)], &mut renamed);
                }
                for (slot, row) in slots.iter().zip(renamed.iter()) {
                    let (key, content) = (key_of(row.source_id()), content_of(&row));
                    self.writer.row(Operation::Rekey, *slot, key, content, &row)?;
                    self.entities.entry(entity).or_default().updated += 1;
                }
            }
        }
        Ok(())
    }

    fn staying(&self, candidates: &Candidates) -> BTreeMap<EntityKind, Vec<Slot>> {
        let mut staying: BTreeMap<EntityKind, Vec<Slot>> = BTreeMap::new();
        for (entity, slot) in self.rekeyed.by_slot.keys() {
            let Some(index) = self.published.indexes.get(entity) else { continue };
            let is_written =
                index.is_marked(*slot, Mark::Accepted) || index.is_marked(*slot, Mark::Updated);
            if !is_written && !index.is_marked(*slot, Mark::Deleted) {
                staying.entry(*entity).or_default().push(*slot);
            }
        }
        for (entity, slots) in &mut staying {
            let going: std::collections::HashSet<Slot> = candidates.going(*entity).collect();
            slots.retain(|it| !going.contains(it));
            slots.sort_unstable();
        }
        staying
    }
}
