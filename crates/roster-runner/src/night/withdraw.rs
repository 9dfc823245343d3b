//! Withdraws what the sharing settings no longer share of records that tonight's feed does not give.
//!
//! What the feed gives goes through sharing as it streams in.  Published records that stay because the feed is silent
//! about them, or because they were rejected, go through it here, in load order.

use super::{deletions::FETCHED_ROWS, planner::Planner, references::Feed};
use crate::sharing::Decision;
use roster_core::{DistrictId, EntityKind, Result, Row, Rows};
use roster_sink::{Mark, Operation, Sink, Slot, content_of};
use std::{collections::BTreeSet, sync::Arc};

impl Planner {
    /// Plans updates of published records that are still shared in part, and gives the slots of those that are not
    /// shared any more.  `leaving` go already.
    pub(super) async fn withdrawn(
        &mut self,
        entity: EntityKind,
        leaving: &BTreeSet<Slot>,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Vec<Slot>> {
        let mut withdrawn = Vec::new();
        if !self.sharer.concerns(entity) || !self.sharing.includes(entity) {
            return Ok(withdrawn);
        }
        let mut changed = Rows::new(entity);
        for slots in self.left_in_place(entity, leaving).chunks(FETCHED_ROWS) {
            let index = self.published.indexes.entry(entity).or_default();
            let rows = sink.fetch(district, entity, index, slots).await?;
            for (slot, row) in slots.iter().zip(rows.iter()) {
                changed.clear();
                match self.sharer.decide(&row, &mut changed) {
                    Decision::Keep => {}
                    Decision::Changed => {
                        changed.iter().try_for_each(|it| self.update(*slot, &it))?;
                    }
                    Decision::Withhold => withdrawn.push(*slot),
                }
            }
        }
        let index = self.published.indexes.entry(entity).or_default();
        // A rejected record keeps its last good version.
        withdrawn.retain(|it| !index.is_marked(*it, Mark::Rejected));
        Ok(withdrawn)
    }

    /// Slots of active records that were not accepted tonight and stay.
    fn left_in_place(&mut self, entity: EntityKind, leaving: &BTreeSet<Slot>) -> Vec<Slot> {
        let index = self.published.indexes.entry(entity).or_default();
        let keeps_absent = self.feeds.get(&entity).is_none_or(Feed::keeps_absent);
        let stays = |it: &Slot| {
            !index.is_marked(*it, Mark::Deleted)
                && !index.is_marked(*it, Mark::Accepted)
                && (keeps_absent || index.is_marked(*it, Mark::Rejected))
        };
        index.slots().filter(|it| stays(it) && !leaving.contains(it)).collect()
    }

    fn update(&mut self, slot: Slot, row: &Row<'_>) -> Result<()> {
        let entity = row.entity();
        let content = content_of(row);
        let index = self.published.indexes.entry(entity).or_default();
        if index.content(slot) == content {
            return Ok(());
        }
        let key = index.key(slot);
        index.mark(slot, Mark::Updated);
        self.entities.entry(entity).or_default().updated += 1;
        self.writer.row(Operation::Update, slot, key, content, row)
    }
}
