//! The pass beforehand that finds out what is shared, for settings that select schools, sections or people.
//!
//! It looks at what will be there after the night: the records of the feed, and the published ones that the feed leaves
//! in place because it gives only changes, or because records are missing from it or were rejected.  So an incomplete
//! feed neither lets anybody in whom it does not tell enough about, nor takes out those whom it is silent about.

use super::{contract::Contract, deletions::FETCHED_ROWS, references::Feed, selected::Selected};
use crate::{Sharing, sharing::Sharer};
use futures::StreamExt as _;
use roster_core::{
    Batch, Completion, Coverage, Diagnostic, DistrictId, EntityKind, ExtractEvent, ExtractRequest,
    ExtractStream, Result, Row, Severity,
};
use roster_sink::{Mark, Published, PublishedIndex, Sink, Slot, key_of};
use std::{collections::BTreeMap, sync::Arc};

/// Entities that the others of the pass refer to, in load order.
const STRUCTURE: [EntityKind; 4] =
    [EntityKind::Org, EntityKind::AcademicSession, EntityKind::Course, EntityKind::Section];
/// Entities that let people in.
const ADMITTING: [EntityKind; 3] =
    [EntityKind::Role, EntityKind::Relationship, EntityKind::Enrollment];

/// The pass under way.
#[derive(Debug)]
pub(super) struct Selection<'n> {
    settings: &'n Sharing,
    sharer: &'n mut Sharer,
    published: &'n mut Published,
    sink: &'n Arc<dyn Sink>,
    district: &'n DistrictId,
    feeds: BTreeMap<EntityKind, Feed>,
    /// Rejected records of each entity.
    rejected: BTreeMap<EntityKind, u64>,
    /// How many of [`STRUCTURE`] are complete with what is published.
    settled: usize,
    selected: Selected,
    /// Whether records that would let people in may be missing.
    doubt: bool,
}

impl<'n> Selection<'n> {
    pub(super) fn new(
        settings: &'n Sharing,
        sharer: &'n mut Sharer,
        published: &'n mut Published,
        sink: &'n Arc<dyn Sink>,
        district: &'n DistrictId,
    ) -> Self {
        Self {
            settings,
            sharer,
            published,
            sink,
            district,
            feeds: BTreeMap::new(),
            rejected: BTreeMap::new(),
            settled: 0,
            selected: Selected::new(settings),
            doubt: false,
        }
    }

    /// Looks at all that streams in and says which settings name nothing.
    ///
    /// # Errors
    ///
    /// The source's and the sink's, or [`roster_core::ErrorKind::ConfigInvalid`] when the settings select nothing.
    pub(super) async fn run(
        mut self,
        request: &ExtractRequest,
        mut events: ExtractStream,
    ) -> Result<Vec<Diagnostic>> {
        let mut contract = Contract::new(request);
        while let Some(event) = events.next().await {
            match event? {
                ExtractEvent::Batch(batch) => {
                    contract.batch(&batch)?;
                    self.batch(&batch).await?;
                }
                ExtractEvent::Done(completion) => {
                    contract.done(&completion)?;
                    self.done(&completion);
                }
            }
        }
        contract.end()?;
        self.finish().await
    }

    async fn batch(&mut self, batch: &Batch) -> Result<()> {
        let entity = batch.rows.entity();
        self.settle_structure_below(Some(entity)).await?;
        let feed = self.feeds.entry(entity).or_default();
        feed.read += batch.records_read;
        feed.replaced_owners.extend(batch.replaced_owners.iter().map(|it| key_of(it)));
        self.note_rejected(batch);
        let index = self.published.indexes.entry(entity).or_default();
        for tombstone in &batch.tombstones {
            if let Some(slot) = index.find(key_of(&tombstone.source_id)) {
                index.mark(slot, Mark::Gone);
            }
        }
        for row in batch.rows.iter() {
            self.selected.see(&row);
            if !self.sharer.select(&row) {
                // The checks will reject it: its last good version counts, as that of all rejected records.
                *self.rejected.entry(entity).or_default() += 1;
            } else if let Some(slot) = index.find(key_of(row.source_id())) {
                index.mark(slot, Mark::Accepted);
            }
        }
        Ok(())
    }

    fn note_rejected(&mut self, batch: &Batch) {
        let entity = batch.rows.entity();
        *self.rejected.entry(entity).or_default() += batch.records_rejected;
        let rejected = batch.diagnostics.iter().filter(|it| it.severity == Severity::Rejected);
        for source_id in rejected.filter_map(|it| it.source_id.as_deref()) {
            self.selected.see_rejected(entity, source_id);
        }
    }

    fn done(&mut self, completion: &Completion) {
        self.feeds.entry(completion.entity).or_default().coverage = Some(completion.coverage);
    }

    async fn finish(mut self) -> Result<Vec<Diagnostic>> {
        self.settle_structure_below(None).await?;
        for entity in ADMITTING {
            self.settle(entity).await?;
            self.doubt |= self.is_doubtful(entity);
        }
        // People of a school or section that was itself rejected are not known to have left.
        let structure = [EntityKind::Org, EntityKind::Section];
        self.doubt |= structure.iter().any(|it| self.rejected.get(it).is_some_and(|it| *it > 0));
        let users = self.published.indexes.entry(EntityKind::User).or_default();
        let findings = self.selected.finish(users.active() > 0, |it| {
            is_whole(self.feeds.get(&it)) && self.rejected.get(&it).is_none_or(|it| *it == 0)
        })?;
        let active = users.slots().filter(|it| !users.is_marked(*it, Mark::Deleted));
        let in_doubt = active.filter(|_| self.doubt).map(|it| users.key(it));
        self.sharer.finish_selection(in_doubt);
        // What was seen in this pass has still to be seen in the next.
        for entity in STRUCTURE.into_iter().chain(ADMITTING) {
            self.published.indexes.entry(entity).or_default().reset();
        }
        Ok(findings)
    }

    async fn settle_structure_below(&mut self, entity: Option<EntityKind>) -> Result<()> {
        while let Some(next) = STRUCTURE.get(self.settled)
            && entity.is_none_or(|it| *next < it)
        {
            self.settled += 1;
            self.settle(*next).await?;
        }
        Ok(())
    }

    /// Looks at the published rows of an entity that tonight's feed may leave in place.
    async fn settle(&mut self, entity: EntityKind) -> Result<()> {
        let rejected = self.rejected.get(&entity).is_some_and(|it| *it > 0);
        match (is_whole(self.feeds.get(&entity)), rejected) {
            (true, false) => return Ok(()),
            (false, false) => self.sharer.expect_part_of(entity),
            (_, true) => {}
        }
        for slots in unseen(self.published.indexes.entry(entity).or_default()).chunks(FETCHED_ROWS)
        {
            let index = self.published.indexes.entry(entity).or_default();
            let rows = self.sink.fetch(self.district, entity, index, slots).await?;
            for (slot, row) in slots.iter().zip(rows.iter()) {
                let feed = self.feeds.get(&entity);
                let removed = index.is_marked(*slot, Mark::Gone) || is_replaced(feed, &row);
                match (removed, rejected) {
                    (false, _) => {
                        self.selected.see(&row);
                        self.sharer.select(&row);
                    }
                    (true, false) => self.sharer.select_removed(&row),
                    // What takes its place may be the record that was rejected.
                    (true, true) => {}
                }
            }
        }
        Ok(())
    }

    /// Whether records of an entity that would let people in may be missing.  A table that was never sent is not missing.
    fn is_doubtful(&mut self, entity: EntityKind) -> bool {
        let feed = self.feeds.get(&entity);
        let index = self.published.indexes.entry(entity).or_default();
        let ever = index.active() > 0 || !self.settings.includes(entity);
        let changes = feed.is_some_and(|it| it.coverage == Some(Coverage::Changes));
        self.rejected.get(&entity).is_some_and(|it| *it > 0) || changes || (ever && !is_whole(feed))
    }
}

/// Whether a feed gives an entity whole.
fn is_whole(feed: Option<&Feed>) -> bool {
    feed.is_some_and(|it| !it.keeps_absent())
}

/// Whether a delta gives the records of the row's owner anew.
fn is_replaced(feed: Option<&Feed>, row: &Row<'_>) -> bool {
    let owner = row.schema().owner().and_then(|it| row.get(it)).map(key_of);
    feed.zip(owner).is_some_and(|(feed, owner)| feed.replaced_owners.contains(&owner))
}

/// Slots of active records that the feed did not give.
fn unseen(index: &PublishedIndex) -> Vec<Slot> {
    let given = |it: &Slot| index.is_marked(*it, Mark::Accepted);
    let deleted = |it: &Slot| index.is_marked(*it, Mark::Deleted);
    index.slots().filter(|it| !given(it) && !deleted(it)).collect()
}
