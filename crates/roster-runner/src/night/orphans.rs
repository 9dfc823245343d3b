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
use roster_core::{DistrictId, EntityKind, Result, Row};
use roster_sink::{Mark, PublishedIndex, Sink, Slot, key_of};
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
    /// Slots of records of an entity that go because of those that go already.
    pub(super) async fn orphaned(
        &mut self,
        entity: EntityKind,
        going: &Going,
        sink: &Arc<dyn Sink>,
        district: &DistrictId,
    ) -> Result<Vec<Slot>> {
        let mut orphaned = self.rejected_orphans(entity, going);
        let given_whole = self.feeds.get(&entity).is_some_and(|it| !Feed::keeps_absent(it));
        let hangs = required_references(entity).any(|(_, target)| going.contains_key(&target));
        if hangs && !given_whole {
            orphaned.extend(self.left_behind(entity, going, sink, district).await?);
        }
        orphaned.sort_unstable();
        orphaned.dedup();
        Ok(orphaned)
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
