//! Reading a plan on a thread of its own, while the rows before are being written.

use crate::{PlanEntry, PlanReader};
use roster_core::{EntityKind, Error, Result, Row, Rows};
use std::{
    sync::mpsc::{Receiver, SyncSender, channel, sync_channel},
    thread,
};

/// Chunks read ahead.
const AHEAD: usize = 2;

/// Changes of an entity and what is needed to write them.
pub(crate) struct Chunk<I> {
    pub(crate) entries: Vec<PlanEntry>,
    pub(crate) rows: Rows,
    /// Public ids of the rows, in the form that the database takes.
    pub(crate) ids: Vec<I>,
}

/// Reads the chunks ahead, with what `id` makes of each row, and gives them to `write`, in order.
pub(crate) fn each_chunk<I: Send, E: From<Error>>(
    reader: PlanReader,
    entity: EntityKind,
    id: impl Fn(&Row<'_>) -> I + Send,
    mut write: impl FnMut(&Chunk<I>) -> Result<(), E>,
) -> Result<(), E> {
    let (filled, to_write) = sync_channel::<Result<Chunk<I>>>(AHEAD);
    let (used, to_fill) = channel();
    thread::scope(|scope| {
        scope.spawn(move || fill(reader, entity, id, &to_fill, &filled));
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
fn fill<I>(
    mut reader: PlanReader,
    entity: EntityKind,
    id: impl Fn(&Row<'_>) -> I,
    to_fill: &Receiver<Chunk<I>>,
    filled: &SyncSender<Result<Chunk<I>>>,
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
        chunk.ids.extend(chunk.rows.iter().map(|row| id(&row)));
        if filled.send(Ok(chunk)).is_err() {
            return;
        }
    }
}
