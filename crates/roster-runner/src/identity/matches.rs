//! What matching came to.

use super::{ambiguous::Group, records::Pair, rounds::How, side::Texts};
use roster_core::EntityKind;
use std::{collections::BTreeMap, fmt};

/// An old and a new key of one record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Match<'a> {
    /// The key it was published under.
    pub old: &'a str,
    /// The key that the feed has.
    pub new: &'a str,
    /// What the two have in common.
    pub how: How,
}

impl fmt::Debug for Match<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Match").field("how", &self.how).finish_non_exhaustive()
    }
}

/// Old and new keys of which nothing tells which belongs to which.
#[derive(Clone, PartialEq, Eq)]
pub struct Ambiguous<'a> {
    /// Keys that were published.
    pub old: Vec<&'a str>,
    /// Keys that the feed has.
    pub new: Vec<&'a str>,
    /// What they all have in common.
    pub why: How,
}

impl fmt::Debug for Ambiguous<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Ambiguous");
        debug.field("old", &self.old.len()).field("new", &self.new.len()).field("why", &self.why);
        debug.finish_non_exhaustive()
    }
}

/// What was found of one entity.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) pairs: Vec<Pair>,
    pub(super) groups: Vec<Group>,
    pub(super) old: Texts,
    pub(super) new: Texts,
    pub(super) going: u64,
    pub(super) coming: u64,
}

/// Which old and new keys belong to the same records.  Keys that both nights have are in none of it.
#[derive(Debug)]
pub struct Matches {
    pub(super) tables: BTreeMap<EntityKind, Found>,
}

impl Matches {
    /// Entities of which keys go or come, in load order.
    pub fn entities(&self) -> impl Iterator<Item = EntityKind> + '_ {
        self.tables.keys().copied()
    }

    /// The map of an entity, in the order in which the old rows were given.
    pub fn maps(&self, entity: EntityKind) -> impl Iterator<Item = Match<'_>> + '_ {
        self.tables.get(&entity).into_iter().flat_map(|found| {
            let key = |it: &Pair| Match {
                old: found.old.get(it.old),
                new: found.new.get(it.new),
                how: it.how,
            };
            found.pairs.iter().map(key)
        })
    }

    /// Keys of an entity that look alike, and of which nothing tells which belongs to which.
    pub fn ambiguous(&self, entity: EntityKind) -> impl Iterator<Item = Ambiguous<'_>> + '_ {
        self.tables.get(&entity).into_iter().flat_map(|found| {
            let keys = |it: &Group| Ambiguous {
                old: it.old.iter().map(|row| found.old.get(*row)).collect(),
                new: it.new.iter().map(|row| found.new.get(*row)).collect(),
                why: it.why,
            };
            found.groups.iter().map(keys)
        })
    }

    /// Old records that were matched.
    #[must_use]
    pub fn matched(&self, entity: EntityKind) -> u64 {
        self.of(entity, |it| it.pairs.len() as u64)
    }

    /// Old records whose keys the feed does not have.
    #[must_use]
    pub fn going(&self, entity: EntityKind) -> u64 {
        self.of(entity, |it| it.going)
    }

    /// New records whose keys are not published.
    #[must_use]
    pub fn coming(&self, entity: EntityKind) -> u64 {
        self.of(entity, |it| it.coming)
    }

    /// Old records that were not matched, the ambiguous ones among them.
    #[must_use]
    pub fn unmatched_old(&self, entity: EntityKind) -> u64 {
        self.going(entity) - self.matched(entity)
    }

    /// New records that were not matched, the ambiguous ones among them.
    #[must_use]
    pub fn unmatched_new(&self, entity: EntityKind) -> u64 {
        self.coming(entity) - self.matched(entity)
    }

    /// Share of the old records that were matched, from 0 to 1; 0 where none goes.
    #[must_use]
    pub fn share(&self, entity: EntityKind) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "a share needs no more digits")]
        let share = self.matched(entity) as f64 / self.going(entity).max(1) as f64;
        share
    }

    fn of(&self, entity: EntityKind, count: fn(&Found) -> u64) -> u64 {
        self.tables.get(&entity).map_or(0, count)
    }
}
