//! Batches in the making: rows of one page, by entity.

use roster_core::{
    Batch, BatchLimits, Diagnostic, EntityKind, ExtractEvent, ExtractRequest, Origin, SourceRecord,
    Tombstone, model::TypedRow,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Batches in the making.
#[derive(Debug)]
pub(crate) struct Output {
    limits: BatchLimits,
    /// Batches of what is asked for, in load order.
    batches: BTreeMap<EntityKind, Batch>,
    ready: VecDeque<ExtractEvent>,
    /// Rows given so far.
    rows: BTreeMap<EntityKind, u64>,
}

impl Output {
    pub(crate) fn new(request: &ExtractRequest) -> Self {
        let nowhere = || Origin::Page(Arc::from(""));
        let batch = |entity| (entity, Batch::new(entity, nowhere()));
        Self {
            limits: request.limits,
            batches: request.entities.iter().map(|it| batch(it.entity)).collect(),
            ready: VecDeque::new(),
            rows: BTreeMap::new(),
        }
    }

    /// Whether rows of the entity are asked for.
    pub(crate) fn wants(&self, entity: EntityKind) -> bool {
        self.batches.contains_key(&entity)
    }

    /// What follows is read from this page.
    pub(crate) fn at(&mut self, place: &Arc<str>) {
        self.flush();
        for batch in self.batches.values_mut() {
            batch.origin = Origin::Page(place.clone());
        }
    }

    /// Adds a row, if its entity is asked for.
    pub(crate) fn push<'a, T: TypedRow<'a>>(&mut self, position: u64, row: &T) {
        if let Some(batch) = self.batches.get_mut(&T::ENTITY) {
            batch.rows.push(position, row);
            batch.records_read += 1;
            *self.rows.entry(T::ENTITY).or_default() += 1;
        }
    }

    /// Leaves a record out.
    pub(crate) fn reject(&mut self, entity: EntityKind, finding: Diagnostic, record: SourceRecord) {
        if let Some(batch) = self.batches.get_mut(&entity) {
            batch.records_read += 1;
            batch.records_rejected += 1;
            batch.diagnostics.push(finding);
            batch.rejected.push(record);
        }
    }

    /// Adds a finding about a record that is kept.
    pub(crate) fn find(&mut self, entity: EntityKind, finding: Diagnostic) {
        if let Some(batch) = self.batches.get_mut(&entity) {
            batch.diagnostics.push(finding);
        }
    }

    /// The record is gone.
    pub(crate) fn bury(&mut self, entity: EntityKind, position: u64, source_id: &str) {
        if let Some(batch) = self.batches.get_mut(&entity) {
            batch.records_read += 1;
            batch.tombstones.push(Tombstone { source_id: source_id.into(), position });
        }
    }

    /// All rows of this owner's are given, so that others of theirs are gone.
    pub(crate) fn replace(&mut self, entity: EntityKind, owner: &str) {
        if let Some(batch) = self.batches.get_mut(&entity) {
            batch.replaced_owners.push(owner.into());
        }
    }

    /// The place of a record in the page that is read now.
    pub(crate) fn locus(&self, entity: EntityKind, position: u64) -> Option<roster_core::Locus> {
        self.batches.get(&entity).map(|it| it.origin.locus(position))
    }

    /// A record is mapped whole: ends the batches if one is full.
    pub(crate) fn end_record(&mut self) {
        let full = |it: &Batch| {
            it.rows.len() + it.tombstones.len() >= self.limits.max_rows.get()
                || it.rows.bytes() >= self.limits.max_bytes.get()
        };
        if self.batches.values().any(full) {
            self.flush();
        }
    }

    /// Ends all batches.
    pub(crate) fn flush(&mut self) {
        for (entity, batch) in &mut self.batches {
            if !batch.is_empty() {
                let fresh = Batch::new(*entity, batch.origin.clone());
                self.ready.push_back(ExtractEvent::Batch(std::mem::replace(batch, fresh)));
            }
        }
    }

    /// What is ready to be sent.
    pub(crate) fn pop(&mut self) -> Option<ExtractEvent> {
        self.ready.pop_front()
    }

    /// Sends an event after all that is ready.
    pub(crate) fn send(&mut self, event: ExtractEvent) {
        self.flush();
        self.ready.push_back(event);
    }
}
