//! Numbering schemes: which of them number people, and which kept their numbers.

use super::USER;
use crate::identity::{keys::Night, records::Records};
use std::collections::{HashMap, HashSet};

/// Schemes in which nobody shares a number with others: a family's number is none of them.
#[derive(Debug, Default)]
pub(super) struct Schemes {
    personal: HashSet<u64>,
}

/// Of a hundred numbers at least so many are of one person alone.
const PERSONAL_PERCENT: usize = 99;

impl Schemes {
    pub(super) fn new(records: &Records) -> Self {
        let [old, new] = Night::BOTH.map(|night| personal(records, night));
        Self { personal: old.into_iter().filter(|it| new.contains(it)).collect() }
    }

    pub(super) fn is_personal(&self, scheme: u64) -> bool {
        self.personal.contains(&scheme)
    }
}

fn personal(records: &Records, night: Night) -> HashSet<u64> {
    let mut numbers: Vec<(u64, u64)> = Vec::new();
    let side = records.side(USER, night);
    for row in records.moving(USER, night) {
        numbers.extend(side.items(row).chunks_exact(2).map(|it| (it[0], it[1])));
    }
    numbers.sort_unstable();
    let mut counts: HashMap<u64, (usize, usize)> = HashMap::new();
    for people in numbers.chunk_by(|a, b| a == b) {
        let (all, alone) = counts.entry(people[0].0).or_default();
        *all += 1;
        *alone += usize::from(people.len() == 1);
    }
    let personal =
        |(_, (all, alone)): &(u64, (usize, usize))| alone * 100 >= all * PERSONAL_PERCENT;
    counts.into_iter().filter(personal).map(|it| it.0).collect()
}

/// Takes out pairs that have different numbers in a scheme that kept its numbers: the same names, and two people.
///
/// A scheme kept its numbers when at least half of the pairs, these and those found before, have the same in it; where
/// everybody got new numbers with the new keys, hardly anybody has.
pub(super) fn retain_unopposed(records: &Records, pairs: &mut Vec<(u32, u32)>) {
    let mut counts: HashMap<u64, (usize, usize)> = HashMap::new();
    let found = records.pairs(USER).iter().map(|it| (it.old, it.new));
    let fresh = pairs.iter().filter(|it| !records.is_paired(USER, Night::Old, it.0));
    for pair in found.chain(fresh.copied()) {
        each_scheme(records, pair, |scheme, same| {
            let (all, kept) = counts.entry(scheme).or_default();
            *all += 1;
            *kept += usize::from(same);
        });
    }
    let kept: HashSet<u64> =
        counts.into_iter().filter(|(_, (all, kept))| kept * 2 >= *all).map(|it| it.0).collect();
    pairs.retain(|pair| {
        let mut opposed = false;
        each_scheme(records, *pair, |scheme, same| opposed |= !same && kept.contains(&scheme));
        !opposed
    });
}

/// Calls `each` for every scheme that both records have, with whether they share a number in it.
fn each_scheme(records: &Records, (old, new): (u32, u32), mut each: impl FnMut(u64, bool)) {
    let old = records.side(USER, Night::Old).items(old);
    let new = records.side(USER, Night::New).items(new);
    for (index, item) in old.chunks_exact(2).enumerate() {
        let scheme = item[0];
        if old[..index * 2].chunks_exact(2).any(|it| it[0] == scheme) {
            continue;
        }
        let numbers = |items: &[u64]| -> Vec<u64> {
            items.chunks_exact(2).filter(|it| it[0] == scheme).map(|it| it[1]).collect()
        };
        let (old, new) = (numbers(old), numbers(new));
        if !new.is_empty() {
            each(scheme, old.iter().any(|it| new.contains(it)));
        }
    }
}
