//! What only SQLite's readers and writers meet.

use super::{open, path};
use crate::{
    Case,
    bench::{Backend, categories, record, wait},
    cases,
    values::{sample, sample_rows},
};
use roster_core::{EntityKind, ErrorKind, Retry};
use roster_sink::{Outcome, Sink as _, SqliteSink};
use std::time::Duration;

pub(super) const CASES: &[Case] = cases![
    locked_database_is_unavailable_and_may_be_tried_again,
    numbers_are_kept_as_numbers,
    nul_comes_back,
];

fn locked_database_is_unavailable_and_may_be_tried_again(backend: &Backend) {
    let bench = backend.bench();
    let (plan, published) = bench.plan("d", "r1", &[categories(&[("a", "A")])]);
    let other = open(&bench);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let sink = SqliteSink::new(path(&bench)).busy_timeout(Duration::from_millis(10));
    let run = record(&plan, Outcome::Published);
    let error = wait(sink.publish(&plan, published, &run)).unwrap_err();
    assert_eq!((error.kind(), error.retry_verdict()), (ErrorKind::Unavailable, Retry::Backoff));
    assert_eq!(wait(sink.record(&run, None)).unwrap_err().kind(), ErrorKind::Unavailable);
    other.execute_batch("COMMIT").unwrap();
    wait(sink.publish(&plan, bench.published("d"), &run)).unwrap();
}

fn numbers_are_kept_as_numbers(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[sample_rows(EntityKind::Category, |it| Some(sample(it)))]);
    assert_eq!(bench.query("SELECT typeof(weight) FROM categories"), ["real"]);
}

fn nul_comes_back(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("a", "b\0c")])]);
    let read = bench.rows("d", EntityKind::Category);
    assert_eq!(read[0].get(0).unwrap().get(2), Some("b\0c"));
}
