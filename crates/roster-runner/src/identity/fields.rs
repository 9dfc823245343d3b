//! Knows records again by their fields and by what they refer to.

use super::{
    keys::Night,
    layout::{Layout, Part},
    pairing::{Values, agreed},
    records::{Pair, Records},
    rounds::{How, Round, SAME, SAME_BUT_EXTENSIONS, compares_everything, rounds},
    text::{NONE, combined},
};
use roster_core::EntityKind;

/// A round with its fields found.
#[derive(Debug)]
pub(super) struct FieldRound {
    pub(super) how: How,
    filled: Vec<Part>,
    same: Vec<Part>,
    agree: Vec<Part>,
    identifiers: bool,
}

impl FieldRound {
    /// The rounds of an entity, strongest first.
    pub(super) fn all(layout: &Layout) -> Vec<Self> {
        let entity = layout.schema.kind;
        let everything = compares_everything(entity).then(|| Self::everything(layout));
        let named = rounds(entity).iter().map(|it| Self::named(layout, it));
        everything.into_iter().flatten().chain(named).collect()
    }

    /// Everything but the key, with extension fields and without.
    pub(super) fn everything(layout: &Layout) -> [Self; 2] {
        let round = |how, extensions: Option<Part>| Self {
            how,
            filled: Vec::new(),
            same: [Part::Content]
                .into_iter()
                .chain(extensions)
                .chain(layout.all_references())
                .collect(),
            agree: Vec::new(),
            identifiers: false,
        };
        [round(SAME, Some(Part::Extensions)), round(SAME_BUT_EXTENSIONS, None)]
    }

    fn named(layout: &Layout, round: &Round) -> Self {
        let parts = |names: &[&str]| names.iter().map(|it| layout.part(it)).collect();
        Self {
            how: round.how,
            filled: parts(round.fields),
            same: Vec::new(),
            agree: parts(round.agree),
            identifiers: round.identifiers,
        }
    }

    /// The values by which this round compares rows whose keys moved.
    pub(super) fn values(&self, records: &Records, entity: EntityKind) -> Values {
        Values::new(Night::BOTH.map(|night| {
            let mut keyed = Vec::new();
            for row in records.moving(entity, night) {
                let Some(value) = self.value(records, entity, night, row) else { continue };
                if !self.identifiers {
                    keyed.push((value, row));
                    continue;
                }
                let items = records.side(entity, night).items(row).chunks_exact(2);
                keyed.extend(items.map(|it| (combined([value, it[0], it[1]]), row)));
            }
            keyed
        }))
    }

    fn value(&self, records: &Records, entity: EntityKind, night: Night, row: u32) -> Option<u64> {
        let of = |it: &Part| records.value(entity, night, row, *it);
        if self.filled.iter().any(|it| of(it) == NONE) {
            return None;
        }
        Some(combined(self.filled.iter().chain(&self.same).map(of)))
    }

    /// Whether an old and a new row contradict each other nowhere.
    pub(super) fn agrees(&self, records: &Records, entity: EntityKind, old: u32, new: u32) -> bool {
        self.agree.iter().all(|part| agrees(records, entity, old, new, *part))
    }
}

/// Whether two rows have the same value of a part, or one of them has none.
pub(super) fn agrees(
    records: &Records,
    entity: EntityKind,
    old: u32,
    new: u32,
    part: Part,
) -> bool {
    let old = records.value(entity, Night::Old, old, part);
    let new = records.value(entity, Night::New, new, part);
    old == NONE || new == NONE || old == new
}

/// Finds pairs of an entity by its fields; again and again where its records refer to each other.
pub(super) fn pair_by_fields(records: &mut Records, entity: EntityKind) {
    let rounds = FieldRound::all(records.layout(entity));
    loop {
        let before = records.pairs(entity).len();
        for round in &rounds {
            if records.is_settled(entity) {
                return;
            }
            for (old, new) in agreed(round.values(records, entity).votes()) {
                if round.agrees(records, entity, old, new) {
                    records.join(entity, Pair { old, new, how: round.how });
                }
            }
        }
        let more = records.pairs(entity).len() > before;
        if !more || !entity.schema().refers_to_itself() {
            return;
        }
    }
}
