//! Holds a source to the contract that deletions rest on (`docs/contract.md`): what breaks it ends the night, before
//! anything is published.

use roster_core::{Batch, Completion, EntityKind, Error, ErrorKind, ExtractRequest, Result};
use std::collections::BTreeSet;

/// What a stream has done so far.
#[derive(Debug)]
pub(super) struct Contract {
    wanted: BTreeSet<EntityKind>,
    begun: BTreeSet<EntityKind>,
    ended: BTreeSet<EntityKind>,
}

impl Contract {
    pub(super) fn new(request: &ExtractRequest) -> Self {
        let wanted = request.entities.iter().map(|it| it.entity).collect();
        Self { wanted, begun: BTreeSet::new(), ended: BTreeSet::new() }
    }

    /// A batch has come.
    pub(super) fn batch(&mut self, batch: &Batch) -> Result<()> {
        let entity = batch.rows.entity();
        // Findings about the set as a whole travel with any table, also when the set has none.
        if batch.records_read == 0 && batch.replaced_owners.is_empty() && batch.adds_up() {
            return Ok(());
        }
        self.spoken_of(entity)?;
        if !batch.adds_up() {
            return Err(broken(
                "a batch's rows, tombstones and rejected records are not what was read",
                entity,
            ));
        }
        if self.ended.range(entity..).next().is_some() {
            return Err(broken(
                "records came after their table, or one below it, had ended",
                entity,
            ));
        }
        self.begun.insert(entity);
        Ok(())
    }

    /// An entity has ended.
    pub(super) fn done(&mut self, completion: &Completion) -> Result<()> {
        self.spoken_of(completion.entity)?;
        if !self.ended.insert(completion.entity) {
            return Err(broken("a table ended twice", completion.entity));
        }
        Ok(())
    }

    /// The stream has ended without an error.
    pub(super) fn end(&self) -> Result<()> {
        match self.begun.difference(&self.ended).next() {
            Some(entity) => Err(broken("the stream ended in the middle of a table", *entity)),
            None => Ok(()),
        }
    }

    fn spoken_of(&self, entity: EntityKind) -> Result<()> {
        if self.wanted.contains(&entity) {
            return Ok(());
        }
        Err(broken("the source gave a table that was not asked for", entity))
    }
}

fn broken(what: &str, entity: EntityKind) -> Error {
    let message = format!("{what}; nothing is published, please report this connector");
    Error::new(ErrorKind::Internal, "night.contract", message).context("table", entity.table())
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::{BatchLimits, Coverage, EntityRequest, Origin, SyncMode};

    /// A batch with a record, one with findings alone, one that does not add up, or an end.
    enum Step {
        Batch(EntityKind),
        Findings(EntityKind),
        Wrong(EntityKind),
        Done(EntityKind),
    }

    fn check(steps: &[Step], expected: &str) {
        let wanted = [EntityKind::Org, EntityKind::User, EntityKind::Role];
        let request = |entity| EntityRequest { entity, mode: SyncMode::Snapshot, resume: None };
        let entities = wanted.map(request).into();
        let mut contract =
            Contract::new(&ExtractRequest { entities, limits: BatchLimits::default() });
        let outcome = steps.iter().try_for_each(|step| match step {
            Step::Batch(entity) => contract.batch(&batch(*entity, 1, 1)),
            Step::Findings(entity) => contract.batch(&batch(*entity, 0, 0)),
            Step::Wrong(entity) => contract.batch(&batch(*entity, 1, 0)),
            Step::Done(entity) => contract.done(&Completion {
                entity: *entity,
                coverage: Coverage::Complete,
                next: None,
            }),
        });
        let found = outcome.and_then(|()| contract.end()).map_err(|it| it.message().to_owned());
        assert!(found.clone().err().unwrap_or_default().contains(expected), "{found:?}");
        assert_eq!(found.is_ok(), expected.is_empty());
    }

    fn batch(entity: EntityKind, read: u64, rejected: u64) -> Batch {
        let empty = Batch::new(entity, Origin::File("x".into()));
        Batch { records_read: read, records_rejected: rejected, ..empty }
    }

    #[test]
    fn streams_that_break_the_contract_are_refused() {
        use EntityKind::{Org, Role, User};
        use Step::{Batch, Done, Findings, Wrong};
        check(
            &[Batch(Org), Done(Org), Batch(User), Batch(Role), Batch(User), Done(User), Done(Role)],
            "",
        );
        check(&[], "");
        check(&[Findings(EntityKind::Program)], "");
        check(&[Batch(Org)], "in the middle");
        check(&[Done(Org), Done(Org)], "twice");
        check(&[Done(Org), Batch(Org)], "had ended");
        check(&[Batch(User), Done(User), Batch(Org), Done(Org)], "had ended");
        check(&[Wrong(Org), Done(Org)], "not what was read");
        check(&[Batch(EntityKind::Program), Done(EntityKind::Program)], "not asked for");
    }
}
