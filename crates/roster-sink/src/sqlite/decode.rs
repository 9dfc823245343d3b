//! Reading a plan on a thread of its own, while the rows before are being written.

use super::failure::Outcome;
use crate::{PlanEntry, PlanReader};
use roster_core::{DistrictId, EntityKind, Result, Rows, public_id};
use std::{
    sync::mpsc::{Receiver, SyncSender, channel, sync_channel},
    thread,
};
use uuid::fmt::Hyphenated;

/// Chunks read ahead.
const AHEAD: usize = 2;

/// Changes of an entity and what is needed to write them.
pub(super) struct Chunk {
    pub(super) entries: Vec<PlanEntry>,
    pub(super) rows: Rows,
    /// Public ids of the rows.
    pub(super) ids: Vec<PublicId>,
}

/// A public id as text.
#[derive(Clone, Copy)]
pub(super) struct PublicId([u8; Hyphenated::LENGTH]);

impl PublicId {
    fn new(district: &DistrictId, entity: EntityKind, source_id: &str) -> Self {
        let mut text = [0; Hyphenated::LENGTH];
        public_id(district, entity, source_id).hyphenated().encode_lower(&mut text);
        Self(text)
    }

    /// The text.
    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("a UUID is written in ASCII")
    }
}

/// Reads the chunks ahead and gives them to `write`, in order.
pub(super) fn each_chunk(
    reader: PlanReader,
    district: &DistrictId,
    entity: EntityKind,
    mut write: impl FnMut(&Chunk) -> Outcome<()>,
) -> Outcome<()> {
    let (filled, to_write) = sync_channel::<Result<Chunk>>(AHEAD);
    let (used, to_fill) = channel();
    thread::scope(|scope| {
        scope.spawn(move || fill(reader, district, entity, &to_fill, &filled));
        // The receiver is owned here, so that an error ends the reading thread too.
        for chunk in to_write {
            let chunk = chunk?;
            write(&chunk)?;
            // When the plan is at its end nobody takes the storage.
            _ = used.send(chunk);
        }
        Ok(())
    })
}

/// Fills chunks until the plan ends, fails, or nobody wants more.
fn fill(
    mut reader: PlanReader,
    district: &DistrictId,
    entity: EntityKind,
    to_fill: &Receiver<Chunk>,
    filled: &SyncSender<Result<Chunk>>,
) {
    loop {
        let empty = || Chunk { entries: Vec::new(), rows: Rows::new(entity), ids: Vec::new() };
        let mut chunk = to_fill.try_recv().unwrap_or_else(|_| empty());
        match reader.chunk().map(|it| it.is_some()) {
            Ok(false) => return,
            Ok(true) => {}
            Err(err) => {
                _ = filled.send(Err(err));
                return;
            }
        }
        reader.swap(&mut chunk.entries, &mut chunk.rows);
        chunk.ids.clear();
        chunk
            .ids
            .extend(chunk.rows.iter().map(|row| PublicId::new(district, entity, row.source_id())));
        if filled.send(Ok(chunk)).is_err() {
            return;
        }
    }
}
