//! A plan's entries against the published index: what a publish checks and counts whatever the database.

use super::table::Table;
use crate::{EntityCounts, Mark, Operation, PlanEntry, PlanHeader, PublishedIndex, Slot};
use roster_core::{EntityKind, Error, ErrorKind, Result};

/// Takes the changes of one entity into its index.
#[derive(Debug)]
pub(crate) struct Ledger<'a> {
    /// What a failure is reported as.
    operation: &'static str,
    table: Table,
    index: &'a mut PublishedIndex,
    written: EntityCounts,
    changed: Vec<Slot>,
}

impl<'a> Ledger<'a> {
    /// A ledger without changes.
    pub(crate) fn new(
        operation: &'static str,
        table: Table,
        index: &'a mut PublishedIndex,
    ) -> Self {
        Self { operation, table, index, written: EntityCounts::default(), changed: Vec::new() }
    }

    /// A record that lies at `locator` from now on.
    pub(crate) fn create(&mut self, entry: &PlanEntry, locator: u64) {
        let slot = self.index.insert(entry.key, entry.content);
        self.index.set_locator(slot, locator);
        self.written.created += 1;
    }

    /// A record that has another content or is back; gives its locator.
    pub(crate) fn replace(&mut self, entry: &PlanEntry) -> Result<u64> {
        let restored = entry.operation == Operation::Restore;
        let locator = self.locate(entry, restored)?;
        self.index.set_content(entry.slot, entry.content);
        self.index.unmark(entry.slot, Mark::Deleted);
        if restored {
            self.written.restored += 1;
        } else {
            self.written.updated += 1;
        }
        Ok(locator)
    }

    /// A record that is gone; gives its locator.
    pub(crate) fn delete(&mut self, entry: &PlanEntry) -> Result<u64> {
        let locator = self.locate(entry, false)?;
        self.index.mark(entry.slot, Mark::Deleted);
        self.written.deleted += 1;
        Ok(locator)
    }

    /// What was taken, and the slots of what was there before.
    pub(crate) fn finish(self) -> (EntityCounts, Vec<Slot>) {
        (self.written, self.changed)
    }

    /// The row of an entry that must be there, deleted or not.
    fn locate(&mut self, entry: &PlanEntry, deleted: bool) -> Result<u64> {
        let PlanEntry { slot, key, .. } = *entry;
        let fits = self.index.is_published(slot)
            && self.index.key(slot) == key
            && self.index.is_marked(slot, Mark::Deleted) == deleted;
        if !fits {
            let message = format!(
                "the plan changes a record of {} that is not published as it says; make the plan again",
                self.table.name()
            );
            return Err(Error::new(ErrorKind::Damaged, self.operation, message));
        }
        self.changed.push(slot);
        Ok(self.index.locator(slot))
    }
}

/// Refuses a plan that was made on another published state than the one found.
pub(crate) fn check_basis(
    operation: &'static str,
    plan: &PlanHeader,
    loaded: u64,
    found: u64,
) -> Result<()> {
    if found == plan.basis && loaded == plan.basis {
        return Ok(());
    }
    let message = "what is published moved since the plan was made; make the plan again";
    Err(Error::new(ErrorKind::Conflict, operation, message)
        .context("district", &plan.district)
        .context("planned_on", plan.basis)
        .context("found", found))
}

/// Refuses a plan whose file does not hold what its header says: it was cut off or changed.
pub(crate) fn check_counts(
    operation: &'static str,
    entity: EntityKind,
    planned: EntityCounts,
    written: EntityCounts,
) -> Result<()> {
    let changes = |it: EntityCounts| (it.created, it.updated, it.deleted, it.restored);
    if changes(planned) == changes(written) {
        return Ok(());
    }
    let message = format!(
        "the plan's changes of {} are not as many as its header says; make the plan again",
        entity.table()
    );
    Err(Error::new(ErrorKind::Damaged, operation, message))
}

/// The plan creates what is there: a defect of the plan.
pub(crate) fn already_there(operation: &'static str, table: &str) -> Error {
    let message = format!(
        "the plan creates a record of {table} that is there already; nothing was published"
    );
    Error::new(ErrorKind::Internal, operation, message)
}

/// The index and the table are not of the same night.
pub(crate) fn not_there(operation: &'static str, table: &str) -> Error {
    let message = format!(
        "the published index points at a row of {table} that is not there; restore the database from a backup"
    );
    Error::new(ErrorKind::Damaged, operation, message)
}

/// A field that no check of the night should have let through.
pub(crate) fn not_canonical(
    operation: &'static str,
    table: &str,
    field: &roster_core::model::FieldSchema,
) -> Error {
    let message = format!(
        "{table}.{} holds no canonical {:?}; the checks of the night let it through",
        field.name, field.field_type
    );
    Error::new(ErrorKind::Internal, operation, message)
}
