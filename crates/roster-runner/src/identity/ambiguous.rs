//! Rows that were not paired and look alike, for a person to decide.

use super::{keys::Night, pairing::Values, records::Records, rounds::How};
use roster_core::EntityKind;
use std::collections::HashSet;

/// Old and new rows of which nothing tells which is which.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) why: How,
    pub(super) old: Vec<u32>,
    pub(super) new: Vec<u32>,
}

/// More rows than this that look alike tell a person nothing.
const MOST_ALIKE: usize = 50;

/// Groups what is left: each row stands in the smallest group that it is in, of equally small ones in the one by the
/// strongest values.
pub(super) fn groups(
    records: &Records,
    entity: EntityKind,
    values: impl Iterator<Item = (How, Values)>,
    possible: impl Fn(u32, u32) -> bool,
) -> Vec<Group> {
    let mut groups = Vec::new();
    if records.is_settled(entity) {
        return groups;
    }
    for (why, values) in values {
        for (old, new) in values.shared() {
            let left = |rows: &[(u64, u32)], night| -> Vec<u32> {
                let rows = rows.iter().map(|it| it.1);
                rows.filter(|it| !records.is_paired(entity, night, *it)).collect()
            };
            let group = Group { why, old: left(old, Night::Old), new: left(new, Night::New) };
            if group.old.is_empty() || group.new.is_empty() || group.rows() > MOST_ALIKE {
                continue;
            }
            if group.old.iter().any(|old| group.new.iter().any(|new| possible(*old, *new))) {
                groups.push(group);
            }
        }
    }
    groups.sort_by_key(Group::rows);
    disjoint(groups)
}

impl Group {
    fn rows(&self) -> usize {
        self.old.len() + self.new.len()
    }
}

/// Leaves every row in the first group that it is in.
fn disjoint(groups: Vec<Group>) -> Vec<Group> {
    let mut seen = [HashSet::new(), HashSet::new()];
    let mut kept = Vec::new();
    for mut group in groups {
        group.old.retain(|it| !seen[0].contains(it));
        group.new.retain(|it| !seen[1].contains(it));
        if group.old.is_empty() || group.new.is_empty() {
            continue;
        }
        seen[0].extend(group.old.iter().copied());
        seen[1].extend(group.new.iter().copied());
        kept.push(group);
    }
    kept
}
