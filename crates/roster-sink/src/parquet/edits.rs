//! A plan's changes of rows that are there, in the order of the rows.
//!
//! Of each change only its row and its place in the plan stay in memory; its new content is read when its row's turn has
//! come.

use super::PUBLISH;
use crate::{Operation, PlanReader, Slot};
use roster_core::{EntityKind, Error, ErrorKind, Result, Rows};
use std::ops::Range;

/// A change of a row that is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edit {
    pub(super) slot: Slot,
    pub(super) operation: Operation,
    place: u64,
}

/// The changes of a table's rows.
#[derive(Debug)]
pub(super) struct Edits {
    entity: EntityKind,
    all: Vec<Edit>,
    taken: usize,
    plan: PlanReader,
}

impl Edits {
    /// Looks through a plan for changes of the first `rows` rows.
    pub(super) fn collect(entity: EntityKind, rows: u64, mut plan: PlanReader) -> Result<Self> {
        let mut all = Vec::new();
        while let Some((entry, place)) = plan.pass()? {
            if entry.operation != Operation::Create {
                all.push(Edit { slot: entry.slot, operation: entry.operation, place });
            }
        }
        if !all.is_sorted_by_key(|it| it.slot) {
            all.sort_unstable_by_key(|it| it.slot);
        }
        let twice = all.windows(2).any(|it| it[0].slot == it[1].slot);
        if twice || all.last().is_some_and(|it| u64::from(it.slot) >= rows) {
            return Err(not_published(entity));
        }
        Ok(Self { entity, all, taken: 0, plan })
    }

    /// Whether a row of these changes.
    pub(super) fn any(&self, rows: Range<u64>) -> bool {
        let waiting = &self.all[self.taken..];
        waiting.first().is_some_and(|it| u64::from(it.slot) < rows.end)
    }

    /// The next changes of rows before `end`, with their new contents, as many as are needed for about `bytes` bytes.
    pub(super) fn take(&mut self, end: u64, bytes: usize) -> Result<(Vec<Edit>, Rows)> {
        let (mut edits, mut rows) = (Vec::new(), Rows::new(self.entity));
        while let Some(edit) = self.all.get(self.taken) {
            if u64::from(edit.slot) >= end || rows.bytes() >= bytes {
                break;
            }
            if edit.operation != Operation::Delete {
                self.plan.read_at(edit.place, &mut rows)?;
            }
            edits.push(*edit);
            self.taken += 1;
        }
        Ok((edits, rows))
    }
}

/// A plan that does not fit what is published.
pub(super) fn not_published(entity: EntityKind) -> Error {
    let message = format!(
        "the plan changes a record of {} that is not published as it says; make the plan again",
        entity.table()
    );
    Error::new(ErrorKind::Damaged, PUBLISH, message)
}
