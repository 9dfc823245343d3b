//! Checks a person's map against what is published: it must give published records keys that nothing else has.  What is
//! wrong is told by its line: a cell may hold anything, also a name.

use crate::identity::{MapFile, MapLine, Problem};
use roster_core::EntityKind;
use roster_sink::{Mark, Published, key_of};
use std::collections::HashMap;

/// Everything that is wrong with a map, in the order of its lines.
pub(super) fn problems(map: &MapFile, published: &mut Published) -> Vec<Problem> {
    let mut problems = repeated(map);
    for MapLine { line, rekey } in &map.pairs {
        let table = rekey.entity.table();
        let (old, new) = (&rekey.old, &rekey.new);
        let mut tell = |message: String| problems.push(Problem { line: *line, message });
        if old == new {
            tell(format!("{table}: the old key and the new one are the same; leave the row out"));
            continue;
        }
        match standing(published, rekey.entity, old) {
            Standing::Active => {}
            Standing::Deleted => {
                tell(format!("{table}: the record with the old key is deleted"));
            }
            Standing::Unknown => {
                tell(format!("{table}: no record is published under the old key"));
            }
        }
        match standing(published, rekey.entity, new) {
            Standing::Unknown => {}
            Standing::Active => {
                tell(format!("{table}: another record is published under the new key"));
            }
            Standing::Deleted => tell(format!(
                "{table}: another record was published under the new key and is deleted"
            )),
        }
    }
    problems.sort();
    problems
}

/// What is published under a key.
enum Standing {
    Active,
    Deleted,
    Unknown,
}

fn standing(published: &mut Published, entity: EntityKind, source_id: &str) -> Standing {
    let Some(index) = published.indexes.get_mut(&entity) else { return Standing::Unknown };
    match index.look_up(key_of(source_id)).filter(|it| index.is_published(*it)) {
        None => Standing::Unknown,
        Some(slot) if index.is_marked(slot, Mark::Deleted) => Standing::Deleted,
        Some(_) => Standing::Active,
    }
}

/// Keys that stand in a map twice.
fn repeated(map: &MapFile) -> Vec<Problem> {
    let (mut old, mut new, mut problems) = (HashMap::new(), HashMap::new(), Vec::new());
    for MapLine { line, rekey } in &map.pairs {
        for (seen, which, key) in [(&mut old, "old", &rekey.old), (&mut new, "new", &rekey.new)] {
            let first = *seen.entry((rekey.entity, key)).or_insert(*line);
            if first != *line {
                let table = rekey.entity.table();
                let message =
                    format!("{table}: the {which} key stands on line {first} already");
                problems.push(Problem { line: *line, message });
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::read_map;
    use roster_sink::PublishedIndex;

    #[test]
    fn all_problems_are_told_in_the_order_of_their_lines() {
        let mut index = PublishedIndex::default();
        for key in ["a", "b", "c", "gone"] {
            index.insert(key_of(key), 0);
        }
        index.settle();
        let gone = index.look_up(key_of("gone")).expect("it was inserted");
        index.mark(gone, Mark::Deleted);
        let mut published = Published::default();
        published.indexes.insert(EntityKind::User, index);
        let mut check = |rows: &str, expected: &[&str]| {
            let text = format!("entity,old_source_id,new_source_id\n{rows}");
            let map = read_map(text.as_bytes()).expect("the rows are well formed");
            let shown = |it: Problem| format!("{}: {}", it.line, it.message);
            let problems: Vec<_> = problems(&map, &mut published).into_iter().map(shown).collect();
            assert_eq!(problems, expected, "{rows}");
        };
        check("users,a,x\nusers,b,y\nusers,c,\n", &[]);
        check(
            "users,a,a\n",
            &["2: users: the old key and the new one are the same; leave the row out"],
        );
        check(
            "users,a,x\nusers,b,x\nusers,a,y\n",
            &[
                "3: users: the new key stands on line 2 already",
                "4: users: the old key stands on line 2 already",
            ],
        );
        check(
            "users,gone,x\nusers,d,y\norgs,a,z\nusers,a,b\nusers,b,gone\n",
            &[
                "2: users: the record with the old key is deleted",
                "3: users: no record is published under the old key",
                "4: orgs: no record is published under the old key",
                "5: users: another record is published under the new key",
                "6: users: another record was published under the new key and is deleted",
            ],
        );
    }
}
