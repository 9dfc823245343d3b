//! Nights and erasures that are killed at every step.

use super::faulty::Faulty;
use crate::{
    Case,
    bench::{Backend, Bench, categories, enrollments, id, record, users, wait},
    cases,
};
use futures::StreamExt as _;
use object_store::{ObjectStoreExt as _, memory::InMemory, path::Path};
use roster_core::{EntityKind, Rows};
use roster_sink::{Erased, Erasure, Outcome, ParquetSink, Sink};
use std::{sync::Arc, time::Duration};

pub(crate) const CASES: &[Case] = cases![
    night_that_is_killed_at_any_step_leaves_the_old_state_or_the_new,
    first_night_that_is_killed_at_any_step_can_be_run_again,
    erasure_that_is_killed_at_any_step_is_finished_by_the_next,
    killed_night_does_not_hold_up_the_next_one,
];

/// An object store in memory and what remembers its nights.
struct Lake {
    bench: Bench,
    objects: Arc<InMemory>,
}

impl Lake {
    fn new(backend: &Backend) -> Self {
        let mut lake = Self { bench: backend.bench(), objects: Arc::new(InMemory::new()) };
        lake.bench.sink = lake.sink(usize::MAX).0;
        wait(lake.bench.sink.prepare()).unwrap();
        lake
    }

    /// A sink on it whose store is gone after so many writes.
    fn sink(&self, writes: usize) -> (Arc<dyn Sink>, Faulty) {
        let faulty = Faulty::new(self.objects.clone(), writes);
        let store = self.bench.database.outlet("memory");
        let sink = ParquetSink::on(Arc::new(faulty.clone()), Path::from("a/b"), "memory", store)
            .left_for(Duration::ZERO);
        (Arc::new(sink), faulty)
    }

    /// A night that is killed after so many writes; whether it came to its end.
    fn killed_night(&self, run: &str, feed: &[Rows], writes: usize) -> bool {
        let (sink, faulty) = self.sink(writes);
        let (plan, published) = self.bench.plan("d", run, feed);
        let outcome = wait(sink.publish(&plan, published, &record(&plan, Outcome::Published)));
        assert!(outcome.is_ok() || faulty.is_gone(), "{outcome:?}");
        !faulty.is_gone()
    }

    /// What readers see, who begin at the pointer: keys and names of users, and the run that the pointer names.
    fn seen(&self) -> (Option<String>, Vec<String>) {
        let read = async {
            let pointer = self.objects.get(&Path::from("a/b/d/current.json")).await.ok()?;
            let pointer: serde_json::Value =
                serde_json::from_slice(&pointer.bytes().await.unwrap()).unwrap();
            let run = pointer["run"].as_str().unwrap().to_owned();
            let mut rows = self.bench.sink.rows(&id("d"), EntityKind::User);
            let mut users = Vec::new();
            while let Some(batch) = rows.next().await {
                let batch = batch.unwrap();
                users.extend(
                    batch.iter().map(|it| it.fields().flatten().collect::<Vec<_>>().join("|")),
                );
            }
            Some((Some(run), users))
        };
        wait(read).unwrap_or_default()
    }

    /// All objects, by name.
    fn objects(&self) -> Vec<String> {
        let all = async {
            let objects: &dyn object_store::ObjectStore = &*self.objects;
            objects.list(None).map(|it| it.unwrap().location.to_string()).collect::<Vec<_>>().await
        };
        wait(all)
    }
}

fn feed(names: &[(&str, &str)]) -> [Rows; 3] {
    [users(names), categories(&[("k", names[0].1)]), enrollments(&[("e", "a")])]
}

fn first() -> [Rows; 3] {
    feed(&[("a", "Ada"), ("b", "Bo"), ("c", "Cy")])
}

fn second() -> [Rows; 3] {
    feed(&[("a", "Adaeze"), ("c", "Cy"), ("d", "Di")])
}

/// Users and objects as a night that nobody disturbs leaves them.
fn undisturbed(backend: &Backend) -> (Vec<String>, Vec<String>) {
    let lake = Lake::new(backend);
    lake.bench.night("d", "r1", &first());
    lake.bench.night("d", "r2", &second());
    (lake.seen().1, lake.objects())
}

fn night_that_is_killed_at_any_step_leaves_the_old_state_or_the_new(backend: &Backend) {
    let (expected, objects) = undisturbed(backend);
    let mut steps = 0;
    loop {
        let lake = Lake::new(backend);
        lake.bench.night("d", "r1", &first());
        let before = lake.seen();
        if lake.killed_night("r2", &second(), steps) {
            break;
        }
        let basis = wait(lake.bench.sink.state(&id("d"))).unwrap().basis;
        let seen = lake.seen();
        assert!(seen == before || (basis == 2 && seen.1 == expected), "after {steps}: {seen:?}");
        // The next look at the district moves the pointer, if it has to be moved.
        lake.bench.published("d");
        let run = if basis == 2 { "r2" } else { "r1" };
        assert_eq!(lake.seen().0.as_deref(), Some(run), "after {steps}");
        let (plan, published) = lake.bench.plan("d", "r2", &second());
        assert_eq!(plan.changes(), basis == 1, "after {steps}");
        if plan.changes() {
            let record = record(&plan, Outcome::Published);
            wait(lake.bench.sink.publish(&plan, published, &record)).unwrap();
            assert_eq!(lake.objects(), objects, "after {steps}");
        }
        assert_eq!(lake.seen().1, expected, "after {steps}");
        steps += 1;
    }
    assert!(steps >= 6, "only {steps} steps");
}

fn first_night_that_is_killed_at_any_step_can_be_run_again(backend: &Backend) {
    let mut steps = 0;
    loop {
        let lake = Lake::new(backend);
        if lake.killed_night("r1", &first(), steps) {
            break;
        }
        lake.bench.published("d");
        let committed = wait(lake.bench.sink.state(&id("d"))).unwrap().basis == 1;
        assert_eq!(lake.seen().1.len(), if committed { 3 } else { 0 }, "after {steps}");
        // Another run, as the next night is one.
        let (plan, published) = lake.bench.plan("d", "r2", &second());
        let record = record(&plan, Outcome::Published);
        wait(lake.bench.sink.publish(&plan, published, &record)).unwrap();
        assert_eq!(lake.seen().1.len(), 3, "after {steps}");
        let left = lake.objects().iter().filter(|it| it.contains("/r1/")).count();
        assert_eq!(left > 0, committed, "after {steps}: {:?}", lake.objects());
        steps += 1;
    }
    assert!(steps >= 5, "only {steps} steps");
}

fn erasure_that_is_killed_at_any_step_is_finished_by_the_next(backend: &Backend) {
    let given_name = EntityKind::User.schema().field("given_name").unwrap();
    let erasures = [Erasure { entity: EntityKind::User, what: Erased::Fields(vec![given_name]) }];
    let mut steps = 0;
    loop {
        let lake = Lake::new(backend);
        lake.bench.night("d", "r1", &first());
        lake.bench.night("d", "r2", &second());
        let (sink, faulty) = lake.sink(steps);
        _ = wait(sink.erase(&id("d"), &erasures));
        if !faulty.is_gone() {
            break;
        }
        assert_eq!(lake.seen().1.len(), 3, "after {steps}");
        wait(lake.bench.sink.erase(&id("d"), &erasures)).unwrap();
        assert_eq!(wait(lake.bench.sink.erase(&id("d"), &erasures)).unwrap(), 0);
        assert_eq!(lake.seen().1, ["a|Okafor", "c|Okafor", "d|Okafor"], "after {steps}");
        let users: Vec<_> =
            lake.objects().into_iter().filter(|it| it.contains("/users-")).collect();
        assert_eq!(users, ["a/b/d/runs/r2/users-0.1.parquet"], "after {steps}");
        lake.bench.night("d", "r3", &first());
        assert_eq!(lake.seen().1.len(), 3);
        steps += 1;
    }
    assert!(steps >= 4, "only {steps} steps");
}

fn killed_night_does_not_hold_up_the_next_one(backend: &Backend) {
    let lake = Lake::new(backend);
    lake.bench.night("d", "r1", &first());
    for steps in 0..4 {
        lake.killed_night(&format!("killed{steps}"), &second(), steps);
    }
    lake.bench.night("d", "r2", &second());
    assert!(lake.objects().iter().all(|it| !it.contains("killed")), "{:?}", lake.objects());
}
