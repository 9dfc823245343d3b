//! Which state of which database is published.

use crate::{
    Case,
    bench::{Backend, categories, id, wait},
    cases,
};
use roster_sink::RunId;

pub(crate) const CASES: &[Case] = cases![
    a_database_has_one_id_that_no_other_has,
    every_publish_is_another_state_of_its_district,
];

fn a_database_has_one_id_that_no_other_has(backend: &Backend) {
    let bench = backend.bench();
    let store = || wait(bench.sink.state(&id("lakeside"))).unwrap().store;
    let first = store();
    wait(bench.sink.prepare()).unwrap();
    assert_eq!((store(), first.len()), (first.clone(), 32));
    assert_ne!(wait(backend.bench().sink.state(&id("lakeside"))).unwrap().store, first);
}

fn every_publish_is_another_state_of_its_district(backend: &Backend) {
    let bench = backend.bench();
    let check = |district: &str, basis: u64, run: Option<&str>| {
        let state = wait(bench.sink.state(&id(district))).unwrap();
        assert_eq!((state.basis, state.run), (basis, run.map(RunId::from_text)), "{district}");
        assert_eq!(bench.published(district).basis, basis);
    };
    check("lakeside", 0, None);
    bench.night("lakeside", "r1", &[categories(&[("a", "A")])]);
    bench.night("lakeside", "r2", &[categories(&[("a", "B")])]);
    bench.night("hilltop", "r3", &[categories(&[("a", "C")])]);
    check("lakeside", 2, Some("r2"));
    check("hilltop", 1, Some("r3"));
}
