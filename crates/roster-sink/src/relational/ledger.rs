//! A plan's entries against the published index: what a publish checks and counts whatever the database.

use super::{rekeys::Pending, table::Table};
use crate::{
    EntityCounts, Mark, Operation, PlanEntry, PlanHeader, PlanReader, PublishedIndex, Slot,
};
use roster_core::{EntityKind, Error, ErrorKind, Result};

/// Takes the changes of one entity into its index.
#[derive(Debug)]
pub(crate) struct Ledger<'a> {
    /// What a failure is reported as.
    operation: &'static str,
    table: Table,
    index: &'a mut PublishedIndex,
    pending: &'a Pending,
    taken: Taken,
}

/// What a ledger took.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// How many changes.
    pub(crate) counts: EntityCounts,
    /// What changed of what was there before.
    pub(crate) changed: Vec<Slot>,
    /// What of it has another key.
    pub(crate) rekeyed: Vec<Slot>,
}

/// A record whose row is replaced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replaced {
    /// Where its row lies.
    pub(crate) locator: u64,
    /// It was deleted.
    pub(crate) restored: bool,
    /// Hash of the key that its row still has.
    pub(crate) old_key: u128,
}

impl<'a> Ledger<'a> {
    /// A ledger without changes.
    pub(crate) fn new(
        operation: &'static str,
        table: Table,
        index: &'a mut PublishedIndex,
        pending: &'a Pending,
    ) -> Self {
        Self { operation, table, index, pending, taken: Taken::default() }
    }

    /// A record that lies at `locator` from now on.
    pub(crate) fn create(&mut self, entry: &PlanEntry, locator: u64) {
        let slot = self.index.insert(entry.key, entry.content);
        self.index.set_locator(slot, locator);
        self.taken.counts.created += 1;
    }

    /// A record that has another content or key or is back.
    pub(crate) fn replace(&mut self, entry: &PlanEntry) -> Result<Replaced> {
        let slot = entry.slot;
        let replaced = match entry.operation {
            Operation::Rekey => self.rekey(entry)?,
            operation => {
                let restored = operation == Operation::Restore;
                let locator = self.locate(entry, restored)?;
                Replaced { locator, restored, old_key: entry.key }
            }
        };
        self.taken.changed.push(slot);
        self.index.set_content(slot, entry.content);
        self.index.unmark(slot, Mark::Deleted);
        if replaced.restored {
            self.taken.counts.restored += 1;
        } else {
            self.taken.counts.updated += 1;
        }
        Ok(replaced)
    }

    /// A record that is gone; gives its locator.
    pub(crate) fn delete(&mut self, entry: &PlanEntry) -> Result<u64> {
        let locator = self.locate(entry, false)?;
        self.taken.changed.push(entry.slot);
        self.index.mark(entry.slot, Mark::Deleted);
        self.taken.counts.deleted += 1;
        Ok(locator)
    }

    /// What was taken.
    pub(crate) fn finish(self) -> Taken {
        self.taken
    }

    /// The row of an entry that must be there, deleted or not.
    fn locate(&self, entry: &PlanEntry, deleted: bool) -> Result<u64> {
        let PlanEntry { slot, key, .. } = *entry;
        let fits = self.index.is_published(slot)
            && self.index.key(slot) == key
            && self.index.is_marked(slot, Mark::Deleted) == deleted;
        if fits { Ok(self.index.locator(slot)) } else { Err(self.not_as_planned()) }
    }

    fn rekey(&mut self, entry: &PlanEntry) -> Result<Replaced> {
        let PlanEntry { slot, key, .. } = *entry;
        let old_key = self.index.is_published(slot).then(|| self.index.key(slot));
        let allowed = old_key.filter(|it| self.pending.allows(*it, key));
        let old_key = allowed.ok_or_else(|| self.not_as_planned())?;
        self.index.set_key(slot, key);
        self.taken.rekeyed.push(slot);
        let restored = self.index.is_marked(slot, Mark::Deleted);
        Ok(Replaced { locator: self.index.locator(slot), restored, old_key })
    }

    fn not_as_planned(&self) -> Error {
        let message = format!(
            "the plan changes a record of {} that is not published as it says; make the plan again",
            self.table.name()
        );
        Error::new(ErrorKind::Damaged, self.operation, message)
    }
}

/// Takes a plan into an index whose rows are in an outlet: there, rows are appended in the order of the plan.
pub(crate) fn take_without_rows(
    operation: &'static str,
    table: Table,
    mut plan: PlanReader,
    index: &mut PublishedIndex,
    pending: &Pending,
) -> Result<Taken> {
    let (before, mut given) = (index.len(), Vec::new());
    let mut ledger = Ledger::new(operation, table, index, pending);
    while let Some((entry, _)) = plan.pass()? {
        match entry.operation {
            Operation::Create => ledger.create(&entry, ledger.index.len() as u64),
            Operation::Delete => _ = ledger.delete(&entry)?,
            Operation::Update | Operation::Restore | Operation::Rekey => {
                ledger.replace(&entry)?;
            }
        }
        let gets_key = matches!(entry.operation, Operation::Create | Operation::Rekey);
        given.extend((gets_key && before > 0).then_some(entry.key));
    }
    let taken = ledger.finish();
    if are_unique(index, given) { Ok(taken) } else { Err(already_there(operation, table.name())) }
}

/// Whether no two records have one of the keys that were given out: what a table's unique index sees to.
fn are_unique(index: &PublishedIndex, mut given: Vec<u128>) -> bool {
    given.sort_unstable();
    let last = Slot::try_from(index.len()).unwrap_or(Slot::MAX);
    let is_given = |it: &Slot| given.binary_search(&index.key(*it)).is_ok();
    given.is_empty()
        || given.windows(2).all(|it| it[0] != it[1])
            && (0..last).filter(is_given).count() == given.len()
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

/// The plan gives a record a key that another one has: a defect of the plan, or of the map of keys it goes by.
pub(crate) fn already_there(operation: &'static str, table: &str) -> Error {
    let message = format!(
        "the plan creates or re-keys a record of {table} that is there already; nothing was published"
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
