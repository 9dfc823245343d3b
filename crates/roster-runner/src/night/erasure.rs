//! What is to be emptied because it is no longer shared.
//!
//! A record that is deleted keeps its last content, so that it can be looked at and comes back with its history.  What the
//! district does not share any more must not be kept in that way.

use super::{orphans::Going, planner::Planner};
use roster_core::EntityKind;
use roster_sink::{Erased, Erasure, Mark};

impl Planner {
    /// The erasures of the night; `going` are the records that it deletes.
    pub(super) fn erasures(&mut self, going: &Going) -> Vec<Erasure> {
        if self.sharer.shares_everything() {
            return Vec::new();
        }
        let entities: Vec<EntityKind> = self.published.indexes.keys().copied().collect();
        entities.into_iter().flat_map(|it| self.erasures_of(it, going)).collect()
    }

    fn erasures_of(&mut self, entity: EntityKind, going: &Going) -> Vec<Erasure> {
        if !self.sharing.includes(entity) {
            return vec![Erasure { entity, what: Erased::DeletedRows }];
        }
        let fields = self.sharer.excluded_fields_of(entity).to_vec();
        let rows = self.withheld_rows(entity, going);
        let fields = (!fields.is_empty()).then_some(Erased::Fields(fields));
        let rows = (!rows.is_empty()).then_some(Erased::Rows(rows));
        [fields, rows].into_iter().flatten().map(|what| Erasure { entity, what }).collect()
    }

    /// Locators of records that the feed has under new keys, and that are not shared.
    fn withheld_under_new_keys(&self, entity: EntityKind) -> Vec<u64> {
        let Some(index) = self.published.indexes.get(&entity) else { return Vec::new() };
        let slots = self.rekeyed.slots(entity);
        let unshared = slots.filter(|it| index.is_marked(*it, Mark::Unshared));
        unshared.map(|it| index.locator(it)).collect()
    }

    /// Locators of records that are not shared and are deleted, tonight or before.
    fn withheld_rows(&mut self, entity: EntityKind, going: &Going) -> Vec<u64> {
        let mut rows = self.withheld_under_new_keys(entity);
        let Some(index) = self.published.indexes.get_mut(&entity) else { return rows };
        let goes = |key: u128| going.get(&entity).is_some_and(|it| it.contains(&key));
        for key in self.sharer.withheld_keys(entity) {
            let slot = index.look_up(key).filter(|it| index.is_published(*it));
            rows.extend(
                slot.filter(|it| goes(key) || index.is_marked(*it, Mark::Deleted))
                    .map(|it| index.locator(it)),
            );
        }
        rows
    }
}
