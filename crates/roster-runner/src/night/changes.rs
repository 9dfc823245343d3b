//! What a night's updates change, field by field: which values are lost, and what only the sharing settings take away.
//!
//! An optional value that cannot be read is left empty, and its record goes on.  One such value is a finding; a third of a
//! table's birth dates is a changed format, and nobody must lose them for it.

use super::{
    candidates::Candidates, deletions::FETCHED_ROWS, guard::Counts, holding::Place,
    planner::Planner, schools::School,
};
use crate::sharing::{Replacement, replace};
use roster_core::{EntityKind, Result, Row, Rows, model::EntitySchema};
use roster_sink::{Mark, Operation, PlanEntry, PublishedIndex, Slot, content_of, key_of};
use std::collections::BTreeMap;

/// How many records have another value tonight, or none, by school and field.
#[derive(Debug)]
pub(super) struct Changes {
    entity: EntityKind,
    /// By school; empty when too few records change to be looked at.
    by_school: Vec<FieldCounts>,
}

#[derive(Clone, Debug)]
struct FieldCounts {
    changed: Vec<u64>,
    lost: Vec<u64>,
}

impl Changes {
    fn new(entity: EntityKind, schools: usize) -> Self {
        let fields = entity.schema().fields.len();
        let none = FieldCounts { changed: vec![0; fields], lost: vec![0; fields] };
        Self { entity, by_school: vec![none; schools] }
    }

    /// Records by the field whose value they lose; `None` for all schools.
    pub(super) fn lost(&self, school: Option<School>) -> BTreeMap<&'static str, u64> {
        self.by_field(school, |it| &it.lost)
    }

    /// Records by the field whose value changes; `None` for all schools.
    pub(super) fn changed(&self, school: Option<School>) -> BTreeMap<&'static str, u64> {
        self.by_field(school, |it| &it.changed)
    }

    fn by_field(
        &self,
        school: Option<School>,
        of: impl Fn(&FieldCounts) -> &Vec<u64>,
    ) -> BTreeMap<&'static str, u64> {
        let schools = self.by_school.iter().zip(0..);
        let counts: Vec<_> =
            schools.filter(|it| school.is_none_or(|wanted| it.1 == wanted)).map(|it| of(it.0)).collect();
        let fields = self.entity.schema().fields.iter().enumerate();
        let sum = |number: usize| counts.iter().map(|it| it[number]).sum::<u64>();
        fields.map(|(number, it)| (it.name, sum(number))).filter(|it| it.1 > 0).collect()
    }
}

impl Planner {
    /// What the updates of an entity change, where they are so many that a limit may be broken.  From here on no limit is
    /// about those that only take away what is not shared any more, or whose published version cannot be without that.
    pub(super) async fn changes(
        &mut self,
        entity: EntityKind,
        counts: &[Counts],
        candidates: &Candidates,
        place: Place<'_>,
    ) -> Result<Changes> {
        let mut changes = Changes { entity, by_school: Vec::new() };
        if !self.guard.may_clear(entity, counts, &self.schools) {
            return Ok(changes);
        }
        changes = Changes::new(entity, self.schools.len());
        let Some(mut plan) = self.writer.changes(entity)? else { return Ok(changes) };
        while let Some((entries, rows)) = plan.chunk()? {
            let updates: Vec<&PlanEntry> =
                entries.iter().filter(|it| it.operation == Operation::Update).collect();
            for some in updates.chunks(FETCHED_ROWS) {
                let slots: Vec<Slot> = some.iter().map(|it| it.slot).collect();
                let index = self.published.indexes.entry(entity).or_default();
                let before = place.sink.fetch(place.district, entity, index, &slots).await?;
                for (entry, before) in some.iter().zip(before.iter()) {
                    let Some(after) = entry.row.and_then(|it| rows.get(it)) else { continue };
                    self.compare(entry.slot, &before, &after, candidates, &mut changes);
                }
            }
        }
        Ok(changes)
    }

    fn compare(
        &mut self,
        slot: Slot,
        before: &Row<'_>,
        after: &Row<'_>,
        candidates: &Candidates,
        changes: &mut Changes,
    ) {
        if self.hangs_on_unshared(before, candidates) {
            self.released.insert((before.entity(), slot));
            return;
        }
        let taken_away = self.not_shared(before, candidates);
        let mut shared = Rows::new(before.entity());
        replace(before, &taken_away, &mut shared);
        let Some(before) = shared.get(0) else { return };
        if !taken_away.is_empty() && content_of(&before) == content_of(after) {
            self.released.insert((before.entity(), slot));
            return;
        }
        let school = usize::from(self.schools.place(before.entity(), slot));
        let Some(counts) = changes.by_school.get_mut(school) else { return };
        for number in 0..before.schema().fields.len() {
            let (old, new) = (before.get(number), after.get(number));
            counts.changed[number] += u64::from(old != new);
            let is_lost = old.is_some_and(|it| !it.is_empty()) && new.is_none_or(str::is_empty);
            counts.lost[number] += u64::from(is_lost && self.is_missed(&before, number));
        }
    }

    /// Whether a value that does not come tonight could have come: what a reference names is still there.
    fn is_missed(&mut self, before: &Row<'_>, number: usize) -> bool {
        if number == EntitySchema::EXTENSIONS {
            return self.sharing.extension_fields.is_none();
        }
        let Some(reference) = before.schema().fields[number].reference else { return true };
        let value = before.get(number).unwrap_or_default();
        let index = self.published.indexes.entry(reference.entity).or_default();
        let mut is_there = |id: &str| {
            index.look_up(key_of(id)).is_some_and(|it| index.is_marked(it, Mark::Accepted))
        };
        if !reference.many {
            return is_there(value);
        }
        let items: Vec<String> = serde_json::from_str(value).unwrap_or_default();
        items.iter().any(|it| is_there(it))
    }

    /// What the sharing settings take away of a published row.
    pub(super) fn not_shared(
        &mut self,
        row: &Row<'_>,
        candidates: &Candidates,
    ) -> Vec<Replacement> {
        if self.sharer.shares_everything() {
            return Vec::new();
        }
        let mut taken_away = self.sharer.replacements(row);
        for (number, field) in row.schema().fields.iter().enumerate() {
            let (Some(to), Some(value)) = (field.reference, row.get(number)) else { continue };
            let goes = !to.many
                && !field.required
                && is_bound(candidates, &mut self.published.indexes, to.entity, value);
            if goes && taken_away.iter().all(|it| it.0 != number) {
                taken_away.push((number, None));
            }
        }
        taken_away
    }

    /// Whether a published row cannot be without a record that goes because it is not shared any more.
    pub(super) fn hangs_on_unshared(&mut self, row: &Row<'_>, candidates: &Candidates) -> bool {
        let indexes = &mut self.published.indexes;
        let mut required = super::references::required_references(row.entity());
        required.any(|(number, target)| {
            row.get(number).is_some_and(|it| is_bound(candidates, indexes, target, it))
        })
    }
}

fn is_bound(
    candidates: &Candidates,
    indexes: &mut BTreeMap<EntityKind, PublishedIndex>,
    entity: EntityKind,
    source_id: &str,
) -> bool {
    let slot = indexes.get_mut(&entity).and_then(|it| it.look_up(key_of(source_id)));
    slot.is_some_and(|it| candidates.is_bound(entity, it))
}
