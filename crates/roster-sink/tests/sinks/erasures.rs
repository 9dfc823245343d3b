//! Emptying what is no longer shared.

use crate::{
    Case,
    bench::{Backend, Bench, id, users, wait},
    cases,
};
use roster_core::EntityKind;
use roster_sink::{Erased, Erasure};

pub(crate) const CASES: &[Case] = cases![
    fields_are_emptied_in_all_rows_of_the_district,
    deleted_rows_keep_their_keys_alone,
    rows_are_emptied_by_locator,
];

/// Two districts with the users a, b and c; of the first, b is deleted.
fn two_districts(backend: &Backend) -> Bench {
    let bench = backend.bench();
    let all = users(&[("a", "Ada"), ("b", "Bo"), ("c", "Cy")]);
    bench.night("one", "r1", std::slice::from_ref(&all));
    bench.night("two", "r2", &[all]);
    bench.night("one", "r3", &[users(&[("a", "Ada"), ("c", "Cy")])]);
    bench
}

/// Erases of the first district twice, rows by their slots; how many rows it was, and the names that are left.
#[track_caller]
fn check(backend: &Backend, what: Erased, rows: u64, left: [&str; 3]) {
    let bench = two_districts(backend);
    let index = &bench.published("one").indexes[&EntityKind::User];
    let what = match what {
        Erased::Rows(slots) => {
            let slot = |it: u64| u32::try_from(it).unwrap();
            Erased::Rows(slots.into_iter().map(|it| index.locator(slot(it))).collect())
        }
        what => what,
    };
    let changes = bench.query("SELECT * FROM changes ORDER BY district_id, seq");
    let erasures = [Erasure { entity: EntityKind::User, what }];
    let erase = || wait(bench.sink.erase(&id("one"), &erasures)).unwrap();
    assert_eq!((erase(), erase()), (rows, 0));
    let names = |district| {
        bench.query(&format!(
            "SELECT source_id, given_name, family_name FROM users WHERE district_id = '{district}' ORDER BY rowid"
        ))
    };
    assert_eq!(names("one"), left);
    assert_eq!(names("two"), ["a|Ada|Okafor", "b|Bo|Okafor", "c|Cy|Okafor"]);
    assert_eq!(bench.query("SELECT * FROM changes ORDER BY district_id, seq"), changes);
}

fn fields_are_emptied_in_all_rows_of_the_district(backend: &Backend) {
    let given_name = EntityKind::User.schema().field("given_name").unwrap();
    check(backend, Erased::Fields(vec![given_name]), 3, ["a|-|Okafor", "b|-|Okafor", "c|-|Okafor"]);
}

fn deleted_rows_keep_their_keys_alone(backend: &Backend) {
    check(backend, Erased::DeletedRows, 1, ["a|Ada|Okafor", "b|-|-", "c|Cy|Okafor"]);
}

fn rows_are_emptied_by_locator(backend: &Backend) {
    check(backend, Erased::Rows(vec![0, 2]), 2, ["a|-|-", "b|Bo|Okafor", "c|-|-"]);
}
