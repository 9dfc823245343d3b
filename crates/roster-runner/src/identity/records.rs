//! The rows of both nights, and which of them are known to be the same.

use super::{
    keys::{Keys, NOBODY, Night, Number},
    layout::{Layout, Part},
    rounds::How,
    side::Side,
    text::{NONE, combined},
};
use roster_core::{EntityKind, Row};

/// An old and a new row that are the same record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) old: u32,
    pub(super) new: u32,
    pub(super) how: How,
}

/// All of one entity but its keys, which other entities refer to.
#[derive(Debug)]
struct Table {
    layout: Layout,
    sides: [Side; 2],
    pairs: Vec<Pair>,
}

/// The rows of both nights.
#[derive(Debug)]
pub(super) struct Records {
    tables: Vec<Table>,
    keys: Vec<Keys>,
}

impl Records {
    pub(super) fn new() -> Self {
        let table = |it: &EntityKind| Table {
            layout: Layout::new(*it),
            sides: Default::default(),
            pairs: Vec::new(),
        };
        Self {
            tables: EntityKind::ALL.iter().map(table).collect(),
            keys: EntityKind::ALL.iter().map(|_| Keys::default()).collect(),
        }
    }

    /// Takes a row of a night; of several with one key only the first.
    pub(super) fn add(&mut self, night: Night, row: &Row<'_>) {
        let Self { tables, keys } = self;
        let entity = row.entity();
        let own = keys[entity as usize].number(row.source_id());
        if keys[entity as usize].see(own, night) {
            let Table { layout, sides, .. } = &mut tables[entity as usize];
            let number = |target: EntityKind, id: &str| keys[target as usize].number(id);
            sides[night as usize].push(row, own, layout, number);
        }
    }

    pub(super) fn layout(&self, entity: EntityKind) -> &Layout {
        &self.tables[entity as usize].layout
    }

    pub(super) fn side(&self, entity: EntityKind, night: Night) -> &Side {
        &self.tables[entity as usize].sides[night as usize]
    }

    pub(super) fn keys(&self, entity: EntityKind) -> &Keys {
        &self.keys[entity as usize]
    }

    pub(super) fn pairs(&self, entity: EntityKind) -> &[Pair] {
        &self.tables[entity as usize].pairs
    }

    /// Gives an entity's pairs and its rows away.
    pub(super) fn take(&mut self, entity: EntityKind) -> (Vec<Pair>, [Side; 2]) {
        let table = &mut self.tables[entity as usize];
        (std::mem::take(&mut table.pairs), std::mem::take(&mut table.sides))
    }

    /// Rows of a night whose keys the other night does not have.
    pub(super) fn moving(&self, entity: EntityKind, night: Night) -> impl Iterator<Item = u32> {
        let (side, keys) = (self.side(entity, night), self.keys(entity));
        (0..side.len()).filter(|it| !keys.stays(side.number(*it)))
    }

    /// Whether the other night has a row with the same key.
    pub(super) fn stays(&self, entity: EntityKind, night: Night, row: u32) -> bool {
        self.keys(entity).stays(self.side(entity, night).number(row))
    }

    /// Whether nothing is left to be found: one of the nights has no row that moved and is not paired.
    pub(super) fn is_settled(&self, entity: EntityKind) -> bool {
        let left = |night| self.moving(entity, night).any(|it| !self.is_paired(entity, night, it));
        !left(Night::Old) || !left(Night::New)
    }

    /// Whether it is known which row of the other night is the same record.
    pub(super) fn is_paired(&self, entity: EntityKind, night: Night, row: u32) -> bool {
        self.side(entity, night).partner(row) != NOBODY
    }

    /// From now on these rows are the same record, unless one of them is another's already.
    pub(super) fn join(&mut self, entity: EntityKind, pair: Pair) {
        let Table { sides: [old, new], pairs, .. } = &mut self.tables[entity as usize];
        if old.partner(pair.old) == NOBODY && new.partner(pair.new) == NOBODY {
            old.set_partner(pair.old, pair.new);
            new.set_partner(pair.new, pair.old);
            self.keys[entity as usize].join(old.number(pair.old), new.number(pair.new));
            pairs.push(pair);
        }
    }

    /// The value of a part of a row, references by what they stand for; [`NONE`] where there is none.
    pub(super) fn value(&self, entity: EntityKind, night: Night, row: u32, part: Part) -> u64 {
        let Table { layout, sides, .. } = &self.tables[entity as usize];
        let side = &sides[night as usize];
        match part {
            Part::Reference(place) => {
                let target = layout.references[place].1;
                self.meaning(target, side.reference(layout, place, row))
            }
            Part::List => self.list(layout, side.items(row)),
            _ => side.hash(part, row),
        }
    }

    /// What a reference stands for; [`NONE`] for no reference.
    pub(super) fn meaning(&self, target: EntityKind, number: Number) -> u64 {
        if number == NOBODY {
            return NONE;
        }
        u64::from(self.keys(target).meaning(number)) + 1
    }

    /// What a list of references stands for, whatever its order.
    fn list(&self, layout: &Layout, items: &[u64]) -> u64 {
        let super::layout::List::References(_, target) = layout.list else { return NONE };
        let number = |it: u64| Number::try_from(it).expect("lists of references are of numbers");
        let meanings = items.iter().map(|it| combined([self.meaning(target, number(*it))]));
        meanings.fold(NONE, u64::wrapping_add)
    }
}
