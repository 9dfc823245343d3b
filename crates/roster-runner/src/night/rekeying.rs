//! Applies accepted maps of keys: a record that comes under its new key is the one that was published under the old.

use super::planner::Planner;
use roster_core::EntityKind;
use roster_sink::{Mark, Slot, key_of};

impl Planner {
    /// Lets records be found under their new keys.
    pub(super) fn take_new_keys(&mut self) {
        self.guard.has_map = !self.published.rekeys.is_empty();
        self.used.extend(self.guard.accepted_maps());
        for rekey in std::mem::take(&mut self.published.rekeys) {
            let index = self.published.indexes.entry(rekey.entity).or_default();
            let (old, new) = (key_of(&rekey.old), key_of(&rekey.new));
            // What is published under the new key already is another record.
            if index.look_up(new).is_some() {
                continue;
            }
            if let Some(slot) = index.look_up(old) {
                index.set_key(slot, new);
                self.rekeyed.insert((rekey.entity, slot), old);
            }
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
        let stays =
            self.rekeyed.iter().find(|it| it.0.0 == entity && *it.1 == key).map(|it| it.0.1)?;
        if index.is_marked(stays, Mark::Accepted) {
            return None;
        }
        index.set_key(stays, key);
        self.rekeyed.remove(&(entity, stays));
        Some(stays)
    }

    /// From the end of the feed on the index is as it was loaded: what is published names records by their old keys, and the
    /// plan says which have others.
    pub(super) fn give_back_keys(&mut self) {
        for ((entity, slot), old) in &self.rekeyed {
            if let Some(index) = self.published.indexes.get_mut(entity) {
                index.set_key(*slot, *old);
            }
        }
    }
}
