//! Records of one entity that refer to each other: who is there, and who is in a circle of parents.

use super::planner::missing_required;
use roster_core::{Origin, Rows};
use roster_sink::key_of;
use std::collections::{HashMap, HashSet};

/// The records of an entity that may refer to each other.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    pub(super) keys: HashSet<u128>,
    pub(super) circular: HashSet<u128>,
}

/// Who is there, and who is in a circle of parents.
pub(super) fn siblings(batches: &[(Rows, Origin)]) -> Siblings {
    let mut parents: HashMap<u128, u128> = HashMap::new();
    let mut siblings = Siblings::default();
    for row in batches.iter().flat_map(|(rows, _)| rows.iter()) {
        if missing_required(&row).is_some() {
            continue;
        }
        let key = key_of(row.source_id());
        siblings.keys.insert(key);
        let schema = row.schema();
        let own = schema
            .fields
            .iter()
            .position(|it| it.reference.is_some_and(|to| to.entity == schema.kind));
        if let Some(parent) = own.and_then(|it| row.get(it)) {
            parents.entry(key).or_insert_with(|| key_of(parent));
        }
    }
    siblings.circular = circular(&parents);
    siblings
}

/// Keys that are their own ancestors.
fn circular(parents: &HashMap<u128, u128>) -> HashSet<u128> {
    let mut circular = HashSet::new();
    let mut cleared = HashSet::new();
    for start in parents.keys() {
        let mut path = Vec::new();
        let mut on_path = HashSet::new();
        let mut at = *start;
        while !cleared.contains(&at) && on_path.insert(at) {
            path.push(at);
            let Some(parent) = parents.get(&at) else { break };
            at = *parent;
        }
        if on_path.contains(&at)
            && parents.contains_key(&at)
            && path.contains(&at)
            && !cleared.contains(&at)
        {
            let first = path.iter().position(|it| *it == at).unwrap_or(path.len());
            circular.extend(&path[first..]);
        }
        cleared.extend(path);
    }
    circular
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_of_parents_are_found_and_chains_are_not() {
        let check = |pairs: &[(u128, u128)], expected: &[u128]| {
            let mut found: Vec<_> =
                circular(&pairs.iter().copied().collect()).into_iter().collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{pairs:?}");
        };
        check(&[(1, 2), (2, 3)], &[]);
        check(&[(1, 1)], &[1]);
        check(&[(1, 2), (2, 1), (3, 1)], &[1, 2]);
        check(&[(1, 2), (2, 3), (3, 1), (4, 5)], &[1, 2, 3]);
    }
}
