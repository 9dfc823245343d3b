//! Maps of old keys to new ones: what is accepted, and what of it a plan applies.

use crate::{Operation, PlanReader, PublishedIndex, Rekey, Slot, key_of};
use roster_core::{DistrictId, EntityKind, Error, ErrorKind, Result, public_id};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt::Write as _,
};
use uuid::Uuid;

/// How often a record's key is followed to the next one it got.
pub(crate) const LONGEST_CHAIN: usize = 100;

/// Refuses maps that would give two records one key, or one record two.
pub(crate) fn check(operation: &'static str, rekeys: &[Rekey]) -> Result<()> {
    let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
    for rekey in rekeys {
        let message = if rekey.old.is_empty() || rekey.new.is_empty() {
            "a map of keys has an empty key"
        } else if rekey.old == rekey.new {
            "a map of keys gives a record the key that it has; leave it out"
        } else if !old.insert((rekey.entity, &rekey.old)) {
            "a map of keys gives one record two new keys; decide for one of them"
        } else if !new.insert((rekey.entity, &rekey.new)) {
            "a map of keys gives two records one new key; decide for one of them"
        } else {
            continue;
        };
        return Err(Error::new(ErrorKind::ConfigInvalid, operation, message)
            .context("table", rekey.entity.table()));
    }
    Ok(())
}

/// Accepted maps of one entity that no night has applied yet, by hashes of keys.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    by_old: HashMap<u128, Map>,
}

#[derive(Clone, Copy, Debug)]
struct Map {
    new: u128,
    /// Number of the map in the database.
    number: i64,
}

impl Pending {
    /// Adds a map.
    pub(crate) fn push(&mut self, old: &str, new: &str, number: i64) {
        self.by_old.insert(key_of(old), Map { new: key_of(new), number });
    }

    /// True when there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_old.is_empty()
    }

    /// Whether a map gives the record of one key the other key.
    pub(crate) fn allows(&self, old: u128, new: u128) -> bool {
        self.by_old.get(&old).is_some_and(|it| it.new == new)
    }
}

/// What a plan applies.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Numbers of the maps.
    pub(crate) numbers: Vec<i64>,
    /// Records whose present key another record takes over in the same plan.
    pub(crate) in_the_way: Vec<Slot>,
}

/// Reads through a plan's changes of an entity for those that apply a map.  What does not fit a map is left to the
/// [`super::ledger::Ledger`].
pub(crate) fn look_through(
    mut plan: PlanReader,
    pending: &Pending,
    index: &PublishedIndex,
) -> Result<Applied> {
    let (mut applied, mut left, mut taken) = (Applied::default(), Vec::new(), HashSet::new());
    while let Some((entries, _)) = plan.chunk()? {
        for entry in entries {
            if entry.operation == Operation::Rekey && index.is_published(entry.slot) {
                let old = index.key(entry.slot);
                applied.numbers.extend(pending.by_old.get(&old).map(|it| it.number));
                left.push((entry.slot, old));
            }
            let gets_key = matches!(entry.operation, Operation::Create | Operation::Rekey);
            if gets_key && pending.by_old.contains_key(&entry.key) {
                taken.insert(entry.key);
            }
        }
    }
    let in_the_way = left.into_iter().filter(|it| taken.contains(&it.1)).map(|it| it.0);
    applied.in_the_way = in_the_way.collect();
    Ok(applied)
}

/// The public id of a record that is created under a key that `left` records had and gave up.
///
/// The first record of a key has the id that [`public_id`] makes of it, and keeps it when it gets another key.  A later
/// record of the same key is another one: its id is made of the key, U+001F and how many records gave the key up before.
/// Records never go away and a key is given up each time before it is given out again, so no two records share an id.
pub(crate) fn salted_id(
    district: &DistrictId,
    entity: EntityKind,
    source_id: &str,
    left: i64,
) -> Uuid {
    if left == 0 {
        return public_id(district, entity, source_id);
    }
    let mut salted = source_id.to_owned();
    _ = write!(salted, "\u{1f}{left}");
    public_id(district, entity, &salted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_that_are_not_one_to_one_are_refused() {
        let check = |pairs: &[(&str, &str)], says: &str| {
            let rekey = |(old, new): &(&str, &str)| Rekey {
                entity: EntityKind::User,
                old: (*old).to_owned(),
                new: (*new).to_owned(),
            };
            let rekeys: Vec<_> = pairs.iter().map(rekey).collect();
            let outcome = super::check("t", &rekeys);
            let told = outcome.map_or_else(|err| err.message().to_owned(), |()| String::new());
            assert!(told.contains(says) && told.is_empty() == says.is_empty(), "{pairs:?}: {told}");
        };
        check(&[("a", "b"), ("b", "a"), ("c", "d")], "");
        check(&[("a", "")], "empty key");
        check(&[("a", "a")], "key that it has");
        check(&[("a", "b"), ("a", "c")], "one record two new keys");
        check(&[("a", "c"), ("b", "c")], "two records one new key");
    }

    #[test]
    fn every_record_of_a_key_has_an_id_of_its_own() {
        let district = "d".parse().unwrap();
        let id = |left| salted_id(&district, EntityKind::User, "a", left);
        assert_eq!(id(0), public_id(&district, EntityKind::User, "a"));
        assert!(id(1) != id(0) && id(1) != id(2) && id(2) != id(0));
        assert_eq!(id(1), public_id(&district, EntityKind::User, "a\u{1f}1"));
    }
}
