//! Finds records again whose keys at the source changed: a student information system that gave everybody new keys, a
//! district that moved from one connector to another.
//!
//! [`Matcher`] takes the records that would go and those that would come, and those that changed, and gives a map from
//! old keys to new ones ([`Matches`]).  A pair counts only if both records alone have what they have in common, and
//! nothing speaks against it.  What could be one or the other is listed and never guessed; names alone are never enough.
//!
//! Places come first: organizations, sessions, courses and sections by their fields.  Then people, by identifiers,
//! addresses, birth dates, and the sections and contacts they have; then sections again, by their people, and so on until
//! nothing new is found.  What hangs on them follows them.  Of the rows hashes are kept, of text only the keys.

mod ambiguous;
mod fields;
mod keys;
mod layout;
mod map_file;
mod matches;
mod pairing;
mod people;
mod records;
mod rounds;
mod sections;
mod side;
#[cfg(test)]
mod tests;
mod text;

pub use map_file::{
    COLUMNS, KEPT_PREFIX, MapFile, MapLine, Problem, kept_name, read_map, write_map,
};
pub use matches::{Ambiguous, Match, Matches};
pub use rounds::How;

use fields::{FieldRound, pair_by_fields};
use keys::Night;
use matches::Found;
use people::People;
use records::Records;
use roster_core::{EntityKind, Rows};
use std::{collections::BTreeMap, mem};

/// Times that people and sections are matched by each other.
const MOST_PASSES: usize = 5;

/// What places are, in load order; they are matched before people.
const PLACES: &[EntityKind] = &[EntityKind::Org, EntityKind::AcademicSession, EntityKind::Course];

/// Takes the records of two nights and finds out which are the same under other keys.
///
/// Rows may come in any order and any pieces.  Rows that are given for both nights under one key stay as they are, and
/// tell of what they refer to; rows that are the same in both nights need not be given.
#[derive(Debug)]
pub struct Matcher {
    records: Records,
}

impl Default for Matcher {
    fn default() -> Self {
        Self::new()
    }
}

impl Matcher {
    /// Without rows yet.
    #[must_use]
    pub fn new() -> Self {
        Self { records: Records::new() }
    }

    /// Takes published rows: those that would be deleted, and those that would be updated as they are published.
    pub fn old(&mut self, rows: &Rows) {
        rows.iter().for_each(|it| self.records.add(Night::Old, &it));
    }

    /// Takes rows of the feed: those that would be created, and those that would be updated as they would be then.
    pub fn new_rows(&mut self, rows: &Rows) {
        rows.iter().for_each(|it| self.records.add(Night::New, &it));
    }

    /// Matches them.
    #[must_use]
    pub fn run(self) -> Matches {
        let mut records = self.records;
        for entity in PLACES {
            pair_by_fields(&mut records, *entity);
        }
        let people = People::new(&records);
        for _ in 0..MOST_PASSES {
            let before = pairs(&records);
            pair_by_fields(&mut records, EntityKind::Section);
            sections::pair_by_people(&mut records);
            people.pair(&mut records);
            if pairs(&records) == before {
                break;
            }
        }
        for entity in EntityKind::ALL.iter().filter(|it| hangs_on_others(**it)) {
            pair_by_fields(&mut records, *entity);
        }
        finish(records, &people)
    }
}

fn hangs_on_others(entity: EntityKind) -> bool {
    !PLACES.contains(&entity) && entity != EntityKind::Section && entity != EntityKind::User
}

/// Pairs of sections and of people.
fn pairs(records: &Records) -> usize {
    records.pairs(EntityKind::Section).len() + records.pairs(EntityKind::User).len()
}

fn finish(mut records: Records, people: &People) -> Matches {
    let mut tables = BTreeMap::new();
    for entity in EntityKind::ALL {
        let count = |night| records.moving(*entity, night).count() as u64;
        let (going, coming) = (count(Night::Old), count(Night::New));
        if going + coming == 0 {
            continue;
        }
        let groups = groups(&records, *entity, people);
        let (mut pairs, [mut old, mut new]) = records.take(*entity);
        pairs.sort_unstable_by_key(|it| it.old);
        let (old, new) = (mem::take(&mut old.ids), mem::take(&mut new.ids));
        tables.insert(*entity, Found { pairs, groups, old, new, going, coming });
    }
    Matches { tables }
}

fn groups(records: &Records, entity: EntityKind, people: &People) -> Vec<ambiguous::Group> {
    if entity == EntityKind::User {
        let possible = |old, new| people.possible(records, old, new);
        return ambiguous::groups(records, entity, people.all_values(records), possible);
    }
    let rounds = FieldRound::all(records.layout(entity));
    let values = rounds.iter().map(|it| (it.how, it.values(records, entity)));
    ambiguous::groups(records, entity, values, |_, _| true)
}
