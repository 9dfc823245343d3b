//! Rows that a plan creates, in groups, read on a thread of its own while the group before is encoded.

use super::night::Ids;
use crate::{Operation, PlanEntry, PlanReader};
use roster_core::{EntityKind, Result, Rows};
use std::{
    mem,
    sync::mpsc::{Receiver, SyncSender, channel, sync_channel},
    thread,
};
use uuid::Uuid;

/// Rows of a row group, about as many as DuckDB and others read at a time.
pub(super) const GROUP_ROWS: usize = 1 << 17;
/// Bytes of a row group after which it ends, however few rows it has: rows may be long.
pub(super) const GROUP_BYTES: usize = 64 << 20;

/// New rows and their public ids.
pub(super) struct NewRows {
    pub(super) rows: Rows,
    pub(super) ids: Vec<Uuid>,
}

/// Gives the rows that a plan creates to `write`, in order; the first group has up to `first` rows.
pub(super) fn each_group(
    plan: PlanReader,
    entity: EntityKind,
    ids: &Ids<'_>,
    first: usize,
    mut write: impl FnMut(&[NewRows]) -> Result<()>,
) -> Result<()> {
    // No group waits: the one that is read and the one that is encoded are enough in memory.
    let (filled, to_write) = sync_channel::<Result<Vec<NewRows>>>(0);
    let (used, to_fill) = channel();
    thread::scope(|scope| {
        let mut groups = Groups { entity, ids, group: Vec::new(), rows: 0, bytes: 0, most: first };
        scope.spawn(move || groups.fill(plan, &to_fill, &filled));
        // The receiver is owned here, so that an error ends the reading thread too.
        for group in to_write {
            let group = group?;
            write(&group)?;
            for rows in group {
                // When the plan is at its end nobody takes the storage.
                _ = used.send(rows);
            }
        }
        Ok(())
    })
}

/// The group that is being filled.
struct Groups<'a> {
    entity: EntityKind,
    ids: &'a Ids<'a>,
    group: Vec<NewRows>,
    rows: usize,
    bytes: usize,
    most: usize,
}

impl Groups<'_> {
    /// Fills groups until the plan ends, fails, or nobody wants more.
    fn fill(
        &mut self,
        mut plan: PlanReader,
        to_fill: &Receiver<NewRows>,
        filled: &SyncSender<Result<Vec<NewRows>>>,
    ) {
        let mut entries = Vec::new();
        loop {
            match plan.chunk().map(|it| it.is_some()) {
                Ok(true) => {}
                Ok(false) => break,
                Err(err) => {
                    _ = filled.send(Err(err));
                    return;
                }
            }
            let empty = || NewRows { rows: Rows::new(self.entity), ids: Vec::new() };
            let mut new = to_fill.try_recv().unwrap_or_else(|_| empty());
            plan.swap(&mut entries, &mut new.rows);
            keep_created(&entries, &mut new.rows);
            new.ids.clear();
            new.ids.extend(new.rows.iter().map(|it| self.ids.of(&it)));
            if let Some(full) = self.add(new)
                && filled.send(Ok(full)).is_err()
            {
                return;
            }
        }
        if !self.group.is_empty() {
            _ = filled.send(Ok(mem::take(&mut self.group)));
        }
    }

    /// Adds rows; gives the group that has no room for them.
    fn add(&mut self, new: NewRows) -> Option<Vec<NewRows>> {
        if new.rows.is_empty() {
            return None;
        }
        let (rows, bytes) = (new.rows.len(), new.rows.bytes());
        let full = self.rows + rows > self.most || self.bytes + bytes > GROUP_BYTES;
        let before = full.then(|| {
            (self.rows, self.bytes, self.most) = (0, 0, GROUP_ROWS);
            mem::take(&mut self.group)
        });
        self.rows += rows;
        self.bytes += bytes;
        self.group.push(new);
        before.filter(|it| !it.is_empty())
    }
}

/// Leaves only the rows of creations.
fn keep_created(entries: &[PlanEntry], rows: &mut Rows) {
    if entries.iter().all(|it| it.operation == Operation::Create) {
        return;
    }
    let mut created = Rows::new(rows.entity());
    for entry in entries.iter().filter(|it| it.operation == Operation::Create) {
        if let Some(row) = entry.row.and_then(|it| rows.get(it)) {
            created.push_row(row);
        }
    }
    *rows = created;
}
