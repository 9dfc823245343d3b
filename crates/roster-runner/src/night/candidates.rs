//! Published records that would go tonight, and how holding some of them back holds others back.

use roster_core::{EntityKind, Row};
use roster_sink::{PublishedIndex, Slot, key_of};
use std::collections::BTreeMap;

/// Number of a hold within its night, from 1; 0 stands for none.
pub(super) type HoldNumber = u16;

/// Goes whatever the limits say.
const BOUND: HoldNumber = HoldNumber::MAX;

/// Records of one entity that would go.
#[derive(Debug, Default)]
struct Table {
    /// In order.
    slots: Vec<Slot>,
    /// The hold that keeps each, 0 for none.
    held: Vec<HoldNumber>,
    /// Whether something that was expected explains that each goes.
    explained: Vec<bool>,
}

/// A candidate that names another one.
#[derive(Clone, Copy, Debug)]
struct Reference {
    from: u32,
    to: u32,
    required: bool,
}

/// Published records that would go tonight.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    tables: BTreeMap<EntityKind, Table>,
    references: BTreeMap<(EntityKind, EntityKind), Vec<Reference>>,
}

impl Candidates {
    /// Adds those of an entity; `is_bound` says which go whatever the limits say.
    pub(super) fn insert(
        &mut self,
        entity: EntityKind,
        slots: impl IntoIterator<Item = Slot>,
        is_bound: impl Fn(Slot) -> bool,
    ) {
        let mut slots: Vec<Slot> = slots.into_iter().collect();
        slots.sort_unstable();
        let held = slots.iter().map(|it| if is_bound(*it) { BOUND } else { 0 }).collect();
        let explained = vec![false; slots.len()];
        self.tables.insert(entity, Table { slots, held, explained });
    }

    /// Entities that have any, in load order.
    pub(super) fn entities(&self) -> Vec<EntityKind> {
        self.tables.iter().filter(|it| !it.1.slots.is_empty()).map(|it| *it.0).collect()
    }

    /// All slots of an entity, in order.
    pub(super) fn slots(&self, entity: EntityKind) -> &[Slot] {
        self.tables.get(&entity).map_or(&[], |it| &it.slots)
    }

    /// Number of those that are not bound to go.
    pub(super) fn count(&self, entity: EntityKind) -> u64 {
        self.open(entity).count() as u64
    }

    /// Slots that are not bound to go and not held yet, and whether something explains that they go: the calendar, or that
    /// something goes which they cannot be without.
    pub(super) fn open(&self, entity: EntityKind) -> impl Iterator<Item = (Slot, bool)> {
        let table = self.tables.get(&entity).into_iter();
        table.flat_map(|it| {
            let all = it.slots.iter().zip(&it.held).zip(&it.explained);
            all.filter(|it| *it.0.1 == 0).map(|it| (*it.0.0, *it.1))
        })
    }

    /// Slots that go after all.
    pub(super) fn going(&self, entity: EntityKind) -> impl Iterator<Item = Slot> {
        self.with(entity, |it| it == 0 || it == BOUND).map(|it| it.0)
    }

    /// Slots that are held back, and by which hold.
    pub(super) fn held(&self, entity: EntityKind) -> impl Iterator<Item = (Slot, HoldNumber)> {
        self.with(entity, |it| it != 0 && it != BOUND)
    }

    /// Whether a candidate goes whatever the limits say.
    pub(super) fn is_bound(&self, entity: EntityKind, slot: Slot) -> bool {
        let at = self.position(entity, slot).zip(self.tables.get(&entity));
        at.is_some_and(|(at, table)| table.held[at as usize] == BOUND)
    }

    /// Notes which other candidates a candidate names.
    pub(super) fn note(
        &mut self,
        slot: Slot,
        row: &Row<'_>,
        indexes: &mut BTreeMap<EntityKind, PublishedIndex>,
    ) {
        let entity = row.entity();
        let Some(from) = self.position(entity, slot) else { return };
        for (target, to, required) in self.named(row, indexes) {
            self.references.entry((entity, target)).or_default().push(Reference {
                from,
                to,
                required,
            });
        }
    }

    /// Holds a candidate, unless it is bound or another hold keeps it already.
    pub(super) fn hold(&mut self, entity: EntityKind, slot: Slot, by: HoldNumber) {
        if let Some(at) = self.position(entity, slot) {
            self.hold_at(entity, at, by);
        }
    }

    /// Holds the candidates that a published row names, because the row stays.
    pub(super) fn keep_named(
        &mut self,
        row: &Row<'_>,
        indexes: &mut BTreeMap<EntityKind, PublishedIndex>,
        by: HoldNumber,
    ) {
        for (target, to, _) in self.named(row, indexes) {
            self.hold_at(target, to, by);
        }
    }

    /// Says that something explains why a candidate goes.
    pub(super) fn explain(&mut self, entity: EntityKind, slot: Slot) {
        if let Some(at) = self.position(entity, slot)
            && let Some(table) = self.tables.get_mut(&entity)
        {
            table.explained[at as usize] = true;
        }
    }

    /// What leaves the feed together with a record that it cannot be without is explained by that one and counts there:
    /// the roles and enrollments of a student who leaves.  What the feed still has speaks against it, and counts itself.
    /// Contacts are explained when all their students are.
    pub(super) fn explain_dependants(&mut self, is_in_feed: impl Fn(EntityKind, Slot) -> bool) {
        self.explain_contacts();
        let Self { tables, references } = self;
        for ((entity, _), references) in references {
            let Some(table) = tables.get_mut(entity) else { continue };
            for it in references.iter().filter(|it| it.required) {
                let at = it.from as usize;
                table.explained[at] |= !is_in_feed(*entity, table.slots[at]);
            }
        }
        self.spread_explanations();
    }

    /// A person or the settings have said that all of an entity's candidates go, and so does what belongs to them.
    pub(super) fn let_go(&mut self, entity: EntityKind, which: impl Fn(Slot) -> bool) {
        if let Some(table) = self.tables.get_mut(&entity) {
            for (explained, slot) in table.explained.iter_mut().zip(&table.slots) {
                *explained |= which(*slot);
            }
        }
        self.spread_explanations();
    }

    /// What cannot be without a held record is held with it, and asks for nothing of its own.
    pub(super) fn hold_dependants(&mut self) {
        let is_hold = |it: HoldNumber| it != 0 && it != BOUND;
        self.spread(|from, to, it| (it.required && is_hold(to) && from == 0).then_some((to, to)));
    }

    /// What cannot be without an explained record, or one that goes whatever the limits say, is explained too.
    fn spread_explanations(&mut self) {
        let Self { tables, references } = self;
        let mut changed = true;
        while std::mem::take(&mut changed) {
            for ((entity, target), references) in references.iter() {
                let required = references.iter().filter(|it| it.required);
                let expected = |tables: &BTreeMap<EntityKind, Table>, at: u32| {
                    tables.get(target).is_some_and(|it| {
                        it.explained[at as usize] || it.held[at as usize] == BOUND
                    })
                };
                for it in required {
                    if !expected(tables, it.to) {
                        continue;
                    }
                    let Some(table) = tables.get_mut(entity) else { continue };
                    let explained = &mut table.explained[it.from as usize];
                    changed |= !std::mem::replace(explained, true);
                }
            }
        }
    }

    /// A record that cannot be without one that is bound to go is bound too.
    pub(super) fn bind_dependants(&mut self) {
        self.spread(|from, to, it| {
            (it.required && to == BOUND && from != BOUND).then_some((BOUND, to))
        });
    }

    /// Makes what is held back whole: it keeps what it names, and what cannot be without it stays with it.
    pub(super) fn close(&mut self) {
        let is_hold = |it: HoldNumber| it != 0 && it != BOUND;
        self.spread(|from, to, it| {
            if is_hold(from) && to == 0 {
                Some((from, from))
            } else if it.required && is_hold(to) && from == 0 {
                Some((to, to))
            } else {
                None
            }
        });
    }

    /// Contacts go with the students they are contacts of.
    fn explain_contacts(&mut self) {
        let Some(users) = self.tables.get_mut(&EntityKind::User) else { return };
        let references = self.references.get(&(EntityKind::Relationship, EntityKind::User));
        let mut people: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for it in references.into_iter().flatten() {
            people.entry(it.from).or_default().push(it.to);
        }
        let mut contacts: BTreeMap<u32, bool> = BTreeMap::new();
        for pair in people.values().filter(|it| it.len() == 2) {
            for (one, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
                *contacts.entry(one).or_insert(true) &= users.explained[other as usize];
            }
        }
        for (contact, _) in contacts.into_iter().filter(|it| it.1) {
            users.explained[contact as usize] = true;
        }
    }

    /// Applies a rule along all references until it changes nothing; it gives the new holds of both ends.
    fn spread(
        &mut self,
        rule: impl Fn(HoldNumber, HoldNumber, Reference) -> Option<(HoldNumber, HoldNumber)>,
    ) {
        loop {
            let mut changed = false;
            let kinds: Vec<_> = self.references.keys().copied().collect();
            for (entity, target) in kinds {
                changed |= self.spread_along(entity, target, &rule);
            }
            if !changed {
                return;
            }
        }
    }

    fn spread_along(
        &mut self,
        entity: EntityKind,
        target: EntityKind,
        rule: impl Fn(HoldNumber, HoldNumber, Reference) -> Option<(HoldNumber, HoldNumber)>,
    ) -> bool {
        let Self { tables, references } = self;
        let mut changed = false;
        for it in references.get(&(entity, target)).into_iter().flatten() {
            let (from, to) = (it.from as usize, it.to as usize);
            let of = |tables: &BTreeMap<EntityKind, Table>, entity: &EntityKind, at: usize| {
                tables.get(entity).map_or(0, |it| it.held[at])
            };
            let before = (of(tables, &entity, from), of(tables, &target, to));
            let Some(after) = rule(before.0, before.1, *it).filter(|it| *it != before) else {
                continue;
            };
            changed = true;
            for (kind, at, held) in [(entity, from, after.0), (target, to, after.1)] {
                if let Some(table) = tables.get_mut(&kind) {
                    table.held[at] = held;
                }
            }
        }
        changed
    }

    /// The candidates that a row names: entity, position, whether the row cannot be without it.
    fn named(
        &self,
        row: &Row<'_>,
        indexes: &mut BTreeMap<EntityKind, PublishedIndex>,
    ) -> Vec<(EntityKind, u32, bool)> {
        let mut named = Vec::new();
        for (number, field) in row.schema().fields.iter().enumerate() {
            let (Some(reference), Some(value)) = (field.reference, row.get(number)) else {
                continue;
            };
            let mut add = |source_id: &str| {
                let slot =
                    indexes.get_mut(&reference.entity).and_then(|it| it.look_up(key_of(source_id)));
                let at = slot.and_then(|it| self.position(reference.entity, it));
                named.extend(at.map(|it| (reference.entity, it, field.required)));
            };
            if reference.many {
                let items: Vec<String> = serde_json::from_str(value).unwrap_or_default();
                for item in &items {
                    add(item);
                }
            } else {
                add(value);
            }
        }
        named
    }

    fn position(&self, entity: EntityKind, slot: Slot) -> Option<u32> {
        let at = self.tables.get(&entity)?.slots.binary_search(&slot).ok()?;
        u32::try_from(at).ok()
    }

    fn hold_at(&mut self, entity: EntityKind, at: u32, by: HoldNumber) {
        if let Some(held) = self.tables.get_mut(&entity).map(|it| &mut it.held[at as usize])
            && *held == 0
        {
            *held = by;
        }
    }

    fn with(
        &self,
        entity: EntityKind,
        is_wanted: impl Fn(HoldNumber) -> bool,
    ) -> impl Iterator<Item = (Slot, HoldNumber)> {
        let table = self.tables.get(&entity).into_iter();
        let all = table.flat_map(|it| it.slots.iter().copied().zip(it.held.iter().copied()));
        all.filter(move |it| is_wanted(it.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::{
        Rows,
        model::{EnrollmentRow, RelationshipRow, TypedRow},
    };

    /// Users `a` to `d`, and what names them, all of which would go.
    struct Night {
        candidates: Candidates,
        indexes: BTreeMap<EntityKind, PublishedIndex>,
    }

    impl Night {
        fn new(bound: &[&str]) -> Self {
            let mut night = Self { candidates: Candidates::default(), indexes: BTreeMap::new() };
            night.add(EntityKind::User, &["a", "b", "c", "d"], bound);
            night.add(EntityKind::Section, &["x", "y"], bound);
            night.add(EntityKind::Enrollment, &["ax", "bx", "cy"], bound);
            night.add(EntityKind::Relationship, &["a-d", "b-d"], bound);
            for (source_id, user_source_id, section_source_id) in
                [("ax", "a", "x"), ("bx", "b", "x"), ("cy", "c", "y")]
            {
                night.note(&EnrollmentRow {
                    source_id,
                    user_source_id,
                    section_source_id,
                    ..Default::default()
                });
            }
            for (source_id, student_source_id) in [("a-d", "a"), ("b-d", "b")] {
                night.note(&RelationshipRow {
                    source_id,
                    student_source_id,
                    contact_source_id: "d",
                    ..Default::default()
                });
            }
            night.candidates.bind_dependants();
            night
        }

        fn add(&mut self, entity: EntityKind, ids: &[&str], bound: &[&str]) {
            let index = self.indexes.entry(entity).or_default();
            let slots: Vec<Slot> = ids.iter().map(|it| index.insert(key_of(it), 0)).collect();
            let bound: Vec<Slot> =
                slots.iter().zip(ids).filter(|it| bound.contains(it.1)).map(|it| *it.0).collect();
            self.candidates.insert(entity, slots, |it| bound.contains(&it));
        }

        fn note<'a, T: TypedRow<'a>>(&mut self, row: &T) {
            let mut rows = Rows::new(T::ENTITY);
            rows.push(0, row);
            let row = rows.get(0).unwrap();
            let slot = self.slot(T::ENTITY, row.source_id());
            self.candidates.note(slot, &row, &mut self.indexes);
        }

        fn slot(&mut self, entity: EntityKind, id: &str) -> Slot {
            self.indexes.get_mut(&entity).unwrap().look_up(key_of(id)).unwrap()
        }

        fn going(&self) -> String {
            let count = |it: &EntityKind| {
                format!("{}{:?}", it.table(), self.candidates.going(*it).collect::<Vec<_>>())
            };
            self.candidates.entities().iter().map(count).collect::<Vec<_>>().join(" ")
        }
    }

    #[test]
    fn held_records_keep_what_they_name_and_what_cannot_be_without_them() {
        #[track_caller]
        fn check(held: &[(EntityKind, &str)], bound: &[&str], expected: &str) {
            let mut night = Night::new(bound);
            for (entity, id) in held {
                let slot = night.slot(*entity, id);
                night.candidates.hold(*entity, slot, 1);
            }
            night.candidates.close();
            assert_eq!(night.going(), expected, "{held:?} {bound:?}");
        }
        let everything =
            "sections[0, 1] users[0, 1, 2, 3] relationships[0, 1] enrollments[0, 1, 2]";
        check(&[], &[], everything);
        let linked = "sections[1] users[2] relationships[] enrollments[2]";
        check(&[(EntityKind::Enrollment, "ax")], &[], linked);
        check(&[(EntityKind::User, "a")], &[], linked);
        check(
            &[(EntityKind::User, "c")],
            &[],
            "sections[0] users[0, 1, 3] relationships[0, 1] enrollments[0, 1]",
        );
        check(&[(EntityKind::User, "a")], &["a"], everything);
        check(
            &[(EntityKind::User, "c")],
            &["y"],
            "sections[0, 1] users[0, 1, 3] relationships[0, 1] enrollments[0, 1, 2]",
        );
    }

    #[test]
    fn contacts_are_explained_by_all_their_students() {
        let check = |explained: &[&str], expected: usize| {
            let mut night = Night::new(&[]);
            for id in explained {
                let slot = night.slot(EntityKind::User, id);
                night.candidates.explain(EntityKind::User, slot);
            }
            night.candidates.explain_dependants(|_, _| false);
            let users = night.candidates.open(EntityKind::User);
            assert_eq!(users.filter(|it| it.1).count(), expected, "{explained:?}");
        };
        check(&["c"], 1);
        check(&["a"], 1);
        check(&["a", "b"], 3);
    }
}
