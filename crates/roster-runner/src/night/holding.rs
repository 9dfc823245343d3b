//! Holds changes back: what breaks a limit waits for a person, the rest of the night goes on.

use super::{
    candidates::{Candidates, HoldNumber},
    deletions::FETCHED_ROWS,
    guard::{Breach, Counts, Ruling, sketch_of},
    planner::Planner,
};
use crate::sharing::replace;
use roster_core::{DistrictId, EntityKind, Error, ErrorKind, Result, Rows};
use roster_sink::{
    EntityCounts, Hold, HoldRule, Mark, Operation, Sink, Slot, content_of, key_of,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Keys that a hold shows.
const EXAMPLES: usize = 10;

/// Where published rows are read from.
#[derive(Clone, Copy)]
pub(super) struct Place<'n> {
    pub(super) sink: &'n Arc<dyn Sink>,
    pub(super) district: &'n DistrictId,
}

/// A breach that nobody has let through, and its number.
type Held = (HoldNumber, Breach);

impl Planner {
    /// Finds out what waits for a person, marks it among the candidates and takes it out of the plan.
    pub(super) async fn hold_back(
        &mut self,
        candidates: &mut Candidates,
        place: Place<'_>,
    ) -> Result<Vec<Hold>> {
        if self.published.basis == 0 || !self.is_suspicious(candidates) {
            return Ok(Vec::new());
        }
        self.look_at(candidates, place).await?;
        candidates.bind_dependants();
        self.explain(candidates);
        let (held, mut holds) = self.rule(candidates, place).await?;
        let mut updates = BTreeMap::new();
        let entities: BTreeSet<EntityKind> = held.iter().map(|it| it.1.entity).collect();
        for entity in entities {
            let held = self.hold_updates(entity, &held, candidates, place).await?;
            updates.extend(held.into_iter().map(|it| ((entity, it.0), it.1)));
        }
        self.count_held_updates(&updates);
        updates.extend(self.hold_creations(&rekeyed(&held))?);
        self.keep_named_by(&updates, candidates, place).await?;
        candidates.close();
        self.count_held(candidates, &held);
        self.add_examples(&mut holds, candidates, &updates, place).await?;
        Ok(holds)
    }

    /// Whether any limit could be broken, so that an ordinary night need not read anything back.
    fn is_suspicious(&self, candidates: &Candidates) -> bool {
        let changed = |entity: EntityKind, counts: &EntityCounts| {
            self.guard.may_break(entity, candidates.count(entity), counts.updated)
                || self.guard.rejected(entity, counts).is_some()
        };
        !self.wholes.is_empty()
            || self.entities.iter().any(|(entity, counts)| changed(*entity, counts))
            || candidates.entities().iter().any(|it| changed(*it, &EntityCounts::default()))
    }

    /// Reads the candidates: where they belong, what explains that they go, and which of them name each other.
    async fn look_at(&mut self, candidates: &mut Candidates, place: Place<'_>) -> Result<()> {
        for entity in candidates.entities() {
            let slots = candidates.slots(entity).to_vec();
            for slots in slots.chunks(FETCHED_ROWS) {
                let index = self.published.indexes.entry(entity).or_default();
                let rows = place.sink.fetch(place.district, entity, index, slots).await?;
                for (slot, row) in slots.iter().zip(rows.iter()) {
                    let key = key_of(row.source_id());
                    self.schools.see(&row, key, *slot, &mut self.published.indexes);
                    self.calendar.see(&row, key);
                    if self.calendar.explains(&row, key) {
                        candidates.explain(entity, *slot);
                    }
                    candidates.note(*slot, &row, &mut self.published.indexes);
                }
            }
        }
        Ok(())
    }

    /// Finds out which candidates are expected to go.
    fn explain(&mut self, candidates: &mut Candidates) {
        let indexes = &self.published.indexes;
        candidates.explain_dependants(|entity, slot| {
            indexes.get(&entity).is_some_and(|it| it.is_marked(slot, Mark::Rejected))
        });
        for entity in std::mem::take(&mut self.confirmed) {
            candidates.let_go(entity, |_| true);
        }
    }

    /// The breaches that are held, and their holds.  What belongs to something that is held or let through is not counted
    /// again, so entities come in load order.
    async fn rule(
        &mut self,
        candidates: &mut Candidates,
        place: Place<'_>,
    ) -> Result<(Vec<Held>, Vec<Hold>)> {
        let (mut held, mut holds) = (Vec::new(), Vec::new());
        let entities: Vec<EntityKind> = self.published.indexes.keys().copied().collect();
        let mut breaches = Vec::new();
        for entity in &entities {
            breaches.extend(self.breaches(*entity, HoldRule::Deleted, candidates));
        }
        let rekeyed = self.recognize(&breaches, candidates, place).await?;
        for breach in std::mem::take(&mut self.wholes) {
            self.judge(breach, candidates, &mut held, &mut holds)?;
        }
        // The one hold of new keys speaks of people, if theirs changed.
        for breach in rekeyed.iter().filter(|it| it.entity == EntityKind::User) {
            self.judge(breach.clone(), candidates, &mut held, &mut holds)?;
        }
        for entity in &entities {
            let new_keys = rekeyed.iter().find(|it| it.entity == *entity);
            let deleted = match new_keys {
                Some(it) => vec![it.clone()],
                None => self.breaches(*entity, HoldRule::Deleted, candidates),
            };
            for breach in deleted {
                self.judge(breach, candidates, &mut held, &mut holds)?;
            }
            if let Some(breach) = self.rejected(*entity, candidates) {
                let number = holds.len();
                self.judge(breach, candidates, &mut held, &mut holds)?;
                // All updates wait for that already.
                if holds.len() > number {
                    continue;
                }
            }
            for breach in self.updated(*entity, candidates, &rekeyed, place).await? {
                self.judge(breach, candidates, &mut held, &mut holds)?;
            }
        }
        Ok((held, holds))
    }

    /// What persons have said about a breach.
    pub(super) fn ruling(&self, breach: &Breach, candidates: &Candidates) -> Ruling {
        if !self.guard.has_decisions(breach.rule) {
            return Ruling::Open;
        }
        self.guard.ruling(breach, &self.schools, &self.keys_of(breach, candidates))
    }

    /// Keys of the records that a breach is about.
    fn keys_of(&self, breach: &Breach, candidates: &Candidates) -> Vec<u128> {
        let entity = breach.entity;
        let Some(index) = self.published.indexes.get(&entity) else { return Vec::new() };
        let is_of = |it: &Slot| breach.covers(self.schools.place(entity, *it));
        let slots: Vec<Slot> = match breach.rule {
            HoldRule::Deleted | HoldRule::Rekeyed => {
                candidates.open(entity).filter(|it| !it.1).map(|it| it.0).filter(is_of).collect()
            }
            HoldRule::Updated | HoldRule::Cleared => {
                index.slots().filter(|it| self.is_updated(entity, *it)).filter(is_of).collect()
            }
            HoldRule::Rejected => {
                index.all_slots().filter(|it| index.is_marked(*it, Mark::Rejected)).collect()
            }
            HoldRule::Emptied | HoldRule::Missing => {
                index.slots().filter(|it| !index.is_marked(*it, Mark::Deleted)).collect()
            }
        };
        slots.into_iter().map(|it| index.key(it)).collect()
    }

    /// Whether a published record has another content tonight that a limit is about.
    fn is_updated(&self, entity: EntityKind, slot: Slot) -> bool {
        let index = self.published.indexes.get(&entity);
        index.is_some_and(|it| it.is_marked(slot, Mark::Updated))
            && !self.released.contains(&(entity, slot))
    }

    /// Lets a breach through that a person has approved, or holds it.
    fn judge(
        &mut self,
        breach: Breach,
        candidates: &mut Candidates,
        held: &mut Vec<Held>,
        holds: &mut Vec<Hold>,
    ) -> Result<()> {
        let entity = breach.entity;
        match self.ruling(&breach, candidates) {
            Ruling::Approved(id) => {
                self.used.insert(id);
                if matches!(breach.rule, HoldRule::Deleted | HoldRule::Rekeyed) {
                    let schools = &self.schools;
                    candidates.let_go(entity, |it| breach.covers(schools.place(entity, it)));
                }
            }
            ruling => {
                // Keys change in many tables for one cause, which asks one question.
                let same =
                    |it: &&Held| breach.rule == HoldRule::Rekeyed && it.1.rule == HoldRule::Rekeyed;
                let keys = self.keys_of(&breach, candidates);
                let number = if let Some(it) = held.iter().find(same) {
                    let hold = &mut holds[usize::from(it.0) - 1];
                    hold.seen.extend([sketch_of(entity, &keys)]);
                    it.0
                } else {
                    let number = holds.len() + 1;
                    holds.push(self.guard.hold(number, &breach, &self.schools, ruling, &keys));
                    HoldNumber::try_from(number).map_err(|_| too_many())?
                };
                self.hold_deletions(candidates, number, &breach);
                candidates.hold_dependants();
                held.push((number, breach));
            }
        }
        Ok(())
    }

    fn breaches(&self, entity: EntityKind, rule: HoldRule, candidates: &Candidates) -> Vec<Breach> {
        self.guard.changed(entity, rule, &self.counts(entity, candidates), &self.schools)
    }

    /// The breach by rejected records that do not go with another one.
    fn rejected(&self, entity: EntityKind, candidates: &Candidates) -> Option<Breach> {
        let counts = self.entities.get(&entity)?;
        let going = self.following_rejections(entity, candidates);
        let rejected = counts.rejected.saturating_sub(going);
        self.guard.rejected(entity, &EntityCounts { rejected, ..*counts })
    }

    /// The breaches by updates: by values that are lost, or else by their number.
    async fn updated(
        &mut self,
        entity: EntityKind,
        candidates: &Candidates,
        rekeyed: &[Breach],
        place: Place<'_>,
    ) -> Result<Vec<Breach>> {
        let counts = self.counts(entity, candidates);
        let changes = self.changes(entity, &counts, candidates, place).await?;
        let cleared = self.guard.cleared(entity, &counts, &changes, &self.schools);
        // Who lets values go that the whole district loses has seen all updates of the table.
        if cleared.iter().any(|it| it.school.is_none()) {
            return Ok(cleared);
        }
        // What changed because it names records that have other keys now waits with them, or was accepted with them.
        let named: Vec<EntityKind> = rekeyed.iter().map(|it| it.entity).collect();
        if refers_to(entity, &named) || refers_to(entity, &self.rekeyed.applied()) {
            return Ok(cleared);
        }
        let updated = self.breaches(entity, HoldRule::Updated, candidates).into_iter();
        let updated = updated.filter(|it| cleared.iter().all(|lost| lost.school != it.school));
        let updated: Vec<Breach> =
            updated.map(|it| Breach { fields: changes.changed(it.school), ..it }).collect();
        Ok(cleared.into_iter().chain(updated).collect())
    }

    /// Rejected records that name one that goes, which counts there, and those that went on an earlier night.
    fn following_rejections(&self, entity: EntityKind, candidates: &Candidates) -> u64 {
        let Some(index) = self.published.indexes.get(&entity) else { return 0 };
        let is_rejected = |it: &Slot| index.is_marked(*it, Mark::Rejected);
        let going = candidates.slots(entity).iter().filter(|it| is_rejected(it)).count();
        let gone = index.slots().filter(|it| index.is_marked(*it, Mark::Deleted));
        (going + gone.filter(is_rejected).count()) as u64
    }

    /// What a night does to an entity's records, by school.
    fn counts(&self, entity: EntityKind, candidates: &Candidates) -> Vec<Counts> {
        let mut counts = vec![Counts::default(); self.schools.len()];
        let Some(index) = self.published.indexes.get(&entity) else { return counts };
        let active = |it: &Slot| index.is_published(*it) && !index.is_marked(*it, Mark::Deleted);
        for slot in index.slots().filter(active) {
            let school = &mut counts[usize::from(self.schools.place(entity, slot))];
            school.before += 1;
            school.updated += u64::from(self.is_updated(entity, slot));
        }
        for (slot, _) in candidates.open(entity).filter(|it| !it.1) {
            counts[usize::from(self.schools.place(entity, slot))].deleted += 1;
        }
        counts
    }

    fn hold_deletions(&self, candidates: &mut Candidates, number: HoldNumber, breach: &Breach) {
        let waits = |(slot, explained): &(Slot, bool)| {
            !explained && breach.holds_deletions(self.schools.place(breach.entity, *slot))
        };
        let slots: Vec<Slot> =
            candidates.open(breach.entity).filter(waits).map(|it| it.0).collect();
        for slot in slots {
            candidates.hold(breach.entity, slot, number);
        }
    }

    /// Takes an entity's held updates out of the plan; gives their slots and holds.  What is not shared any more of the
    /// published versions that stay goes all the same.
    async fn hold_updates(
        &mut self,
        entity: EntityKind,
        held: &[Held],
        candidates: &Candidates,
        place: Place<'_>,
    ) -> Result<BTreeMap<Slot, HoldNumber>> {
        let mut updates = self.updates_of(entity, held)?;
        let shared = self.shared_versions(entity, &mut updates, candidates, place).await?;
        self.writer.hold_back(entity, |entry, _| {
            let is_update = entry.operation == Operation::Update;
            Ok(updates.get(&entry.slot).filter(|_| is_update).copied())
        })?;
        for (slot, row) in &shared {
            let Some(row) = row.get(0) else { continue };
            let (key, content) = (key_of(row.source_id()), content_of(&row));
            self.writer.row(Operation::Update, *slot, key, content, &row)?;
            self.entities.entry(entity).or_default().updated += 1;
        }
        Ok(updates)
    }

    /// The updates of an entity that wait, and their holds.
    fn updates_of(
        &mut self,
        entity: EntityKind,
        held: &[Held],
    ) -> Result<BTreeMap<Slot, HoldNumber>> {
        let mut updates = BTreeMap::new();
        let by_school = self.holds_by_school(entity, held);
        if by_school.iter().all(Option::is_none) {
            return Ok(updates);
        }
        let Some(mut plan) = self.writer.changes(entity)? else { return Ok(updates) };
        while let Some((entries, _)) = plan.chunk()? {
            for it in entries.iter().filter(|it| it.operation == Operation::Update) {
                let by = by_school[usize::from(self.schools.place(entity, it.slot))];
                let by = by.filter(|_| !self.released.contains(&(entity, it.slot)));
                updates.extend(by.map(|by| (it.slot, by)));
            }
        }
        Ok(updates)
    }

    /// The hold of each school's updates.
    fn holds_by_school(&self, entity: EntityKind, held: &[Held]) -> Vec<Option<HoldNumber>> {
        let mut by_school = vec![None; self.schools.len()];
        for (number, breach) in held.iter().filter(|it| it.1.entity == entity) {
            for (by, school) in by_school.iter_mut().zip(0..) {
                if by.is_none() && breach.holds_updates(school) {
                    *by = Some(*number);
                }
            }
        }
        by_school
    }

    /// What the sharing settings leave of the published versions of held updates, where they take something away.  An
    /// update waits for nobody when its published version cannot be without what is not shared any more.
    async fn shared_versions(
        &mut self,
        entity: EntityKind,
        updates: &mut BTreeMap<Slot, HoldNumber>,
        candidates: &Candidates,
        place: Place<'_>,
    ) -> Result<Vec<(Slot, Rows)>> {
        let mut shared = Vec::new();
        if self.sharer.shares_everything() {
            return Ok(shared);
        }
        let slots: Vec<Slot> = updates.keys().copied().collect();
        for slots in slots.chunks(FETCHED_ROWS) {
            let index = self.published.indexes.entry(entity).or_default();
            let rows = place.sink.fetch(place.district, entity, index, slots).await?;
            for (slot, row) in slots.iter().zip(rows.iter()) {
                if self.hangs_on_unshared(&row, candidates) {
                    updates.remove(slot);
                    continue;
                }
                let taken_away = self.not_shared(&row, candidates);
                if !taken_away.is_empty() {
                    let mut left = Rows::new(entity);
                    replace(&row, &taken_away, &mut left);
                    let is_other = left.get(0).is_some_and(|it| content_of(&it) != content_of(&row));
                    shared.extend(is_other.then_some((*slot, left)));
                }
            }
        }
        Ok(shared)
    }

    /// The published version of a held update stays, and so does what it names.
    pub(super) async fn keep_named_by(
        &mut self,
        updates: &BTreeMap<(EntityKind, Slot), HoldNumber>,
        candidates: &mut Candidates,
        place: Place<'_>,
    ) -> Result<()> {
        let updates: Vec<_> = updates.iter().map(|(it, by)| (it.0, it.1, *by)).collect();
        for same in updates.chunk_by(|one, other| one.0 == other.0) {
            for some in same.chunks(FETCHED_ROWS) {
                let entity = some[0].0;
                let slots: Vec<Slot> = some.iter().map(|it| it.1).collect();
                let index = self.published.indexes.entry(entity).or_default();
                let rows = place.sink.fetch(place.district, entity, index, &slots).await?;
                for (row, (_, _, by)) in rows.iter().zip(some) {
                    candidates.keep_named(&row, &mut self.published.indexes, *by);
                }
            }
        }
        Ok(())
    }

    fn count_held_updates(&mut self, updates: &BTreeMap<(EntityKind, Slot), HoldNumber>) {
        for (entity, _) in updates.keys() {
            let counts = self.entities.entry(*entity).or_default();
            counts.updated -= 1;
            counts.held += 1;
        }
    }

    fn count_held(&mut self, candidates: &Candidates, held: &[Held]) {
        for entity in candidates.entities() {
            self.entities.entry(entity).or_default().held += candidates.held(entity).count() as u64;
        }
        let whole = |it: &&Held| matches!(it.1.rule, HoldRule::Emptied | HoldRule::Missing);
        for (_, breach) in held.iter().filter(whole) {
            self.entities.entry(breach.entity).or_default().held += breach.records;
        }
    }

    /// Keys of a few records of each hold.
    async fn add_examples(
        &mut self,
        holds: &mut [Hold],
        candidates: &Candidates,
        updates: &BTreeMap<(EntityKind, Slot), HoldNumber>,
        place: Place<'_>,
    ) -> Result<()> {
        for (hold, number) in holds.iter_mut().zip(1..) {
            let index = self.published.indexes.entry(hold.entity).or_default();
            let deleted = candidates.held(hold.entity).filter(|it| it.1 == number).map(|it| it.0);
            let changed = updates.iter().filter(|it| it.0.0 == hold.entity && *it.1 == number);
            let slots = deleted.chain(changed.map(|it| it.0.1));
            let mut slots: Vec<Slot> = slots.take(EXAMPLES).collect();
            if matches!(hold.rule, HoldRule::Emptied | HoldRule::Missing) {
                let stays =
                    |it: &Slot| index.is_published(*it) && !index.is_marked(*it, Mark::Deleted);
                slots.extend(index.slots().filter(stays).take(EXAMPLES));
            }
            let rows = place.sink.fetch(place.district, hold.entity, index, &slots).await?;
            hold.examples = rows.iter().map(|it| it.source_id().to_owned()).collect();
        }
        Ok(())
    }
}

/// Whether records of an entity name some of these.
fn refers_to(entity: EntityKind, targets: &[EntityKind]) -> bool {
    let mut references = entity.schema().fields.iter().filter_map(|it| it.reference);
    references.any(|it| targets.contains(&it.entity))
}

fn too_many() -> Error {
    let message =
        "the night breaks more limits than can be told apart; check the limits of schools";
    Error::new(ErrorKind::ConfigInvalid, "night.guard", message)
}

/// The entities whose keys have changed, and their holds.
fn rekeyed(held: &[Held]) -> BTreeMap<EntityKind, HoldNumber> {
    let rekeyed = held.iter().filter(|it| it.1.rule == HoldRule::Rekeyed);
    rekeyed.map(|(number, breach)| (breach.entity, *number)).collect()
}
