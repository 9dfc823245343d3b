//! Whole nights against a simple model: rejected is not missing, incomplete is not empty, over every connector.
//!
//! Cases are made from seeds: a small district, what happens to it from night to night, and what is wrong with its feeds.
//! After each night the database is compared with what [`model`] says.  A case that fails is made smaller and printed
//! with its seed; `HOMEROOM_SEED=7` runs that one alone.  `HOMEROOM_LONG` runs many more.

mod case;
mod compare;
mod consumer;
mod district;
mod feed;
mod files;
mod model;
mod source;
mod world;

use crate::{
    case::{Breakage, Case, Step, cases},
    feed::Format,
    source::Promise,
    world::{Review, Setting, World},
};
use homeroom_tests::{long, tell_cases};
use libtest_mimic::{Arguments, Failed, Trial};
use proptest::{
    strategy::{Strategy as _, ValueTree},
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};
use roster_core::EntityKind;
use std::{
    env,
    ops::Range,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::runtime::Runtime;

/// Cases that ran, and their nights.
static RAN: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];

fn main() -> ExitCode {
    let formats = [
        ("nights_of_oneroster_1_1_publish_what_the_model_says", Format::OneRoster11),
        ("nights_of_oneroster_1_2_publish_what_the_model_says", Format::OneRoster12),
        ("nights_of_any_connector_publish_what_the_model_says", Format::Batches),
    ];
    let formats = formats.map(|(name, format)| {
        let setting = Setting { format, breaks: None, review: Review::Little };
        Trial::test(name, move || all_hold(setting))
    });
    let reviewed = [
        ("nights_that_are_held_and_approved_publish_what_the_model_says", Format::Batches),
        ("nights_of_oneroster_1_1_that_are_held_and_approved_do_too", Format::OneRoster11),
    ];
    let reviewed = reviewed.map(|(name, format)| {
        let setting = Setting { format, breaks: None, review: Review::Much };
        Trial::test(name, move || all_hold(setting))
    });
    let once_wrong = once_wrong().map(|(name, steps)| {
        Trial::test(format!("once_wrong::{name}"), move || holds_in_every_format(&steps))
    });
    let promises = Promise::ALL.map(|it| {
        let name = format!("source_that_breaks_a_promise_is_seen::{it:?}");
        Trial::test(name, move || is_seen(it))
    });
    let trials = formats.into_iter().chain(reviewed).chain(once_wrong).chain(promises).collect();
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    let [cases, nights] = RAN.each_ref().map(|it| it.load(Ordering::Relaxed));
    tell_cases(&format!("invariants: {cases} feeds, {nights} nights"));
    conclusion.exit_code()
}

/// Nights that once ended wrong.
fn once_wrong() -> [(&'static str, Vec<Step>); 6] {
    use EntityKind::{Enrollment, LineItem, Org, Result, Role, Section, User};
    let remove = |entity, nth| Step::Remove { entity, nth };
    let broken = |entity, nth, how| Step::Break { entity, nth, how };
    [
        // The results of its line items were accepted, and the line items went.
        ("section_that_goes_takes_results_with_it", vec![remove(Section, 0)]),
        ("parent_that_goes_is_left_out", vec![remove(Org, 0)]),
        // Nobody had looked at whom the published version names.
        (
            "unreadable_enrollment_goes_with_its_user",
            vec![remove(User, 0), broken(Enrollment, 0, Breakage::TooWide)],
        ),
        (
            "role_of_a_rejected_user_goes_with_its_school",
            vec![
                broken(User, 0, Breakage::TooWide),
                remove(Org, 1),
                Step::Forget { entity: Role, nth: 0 },
            ],
        ),
        // The sections are not spoken of, and go with their school after the rows that name them were accepted.
        (
            "new_rows_that_name_what_goes_late_are_not_published",
            vec![
                Step::Missing { entity: Section },
                remove(Org, 1),
                Step::Add { entity: LineItem, nth: 0 },
                Step::Add { entity: Result, nth: 0 },
                Step::Refer { entity: Result, nth: 8, to: 4 },
            ],
        ),
        // The published version names a line item that stays.
        (
            "rejected_for_a_record_that_goes_keeps_one_that_stays",
            vec![remove(Section, 0), Step::Refer { entity: Result, nth: 2, to: 0 }],
        ),
    ]
}

fn holds_in_every_format(steps: &[Step]) -> Result<(), Failed> {
    let runtime = runtime();
    for format in [Format::Batches, Format::OneRoster11, Format::OneRoster12] {
        let setting = Setting { format, breaks: None, review: Review::Little };
        World::run(&runtime, &Case(vec![steps.to_vec()]), setting)
            .map_err(|it| format!("{format:?}: {it}"))?;
    }
    Ok(())
}

fn seeds() -> Range<u64> {
    let seed = env::var("HOMEROOM_SEED").ok().and_then(|it| it.parse().ok());
    seed.map_or_else(|| 0..if long() { 3_000 } else { 40 }, |it| it..it + 1)
}

fn all_hold(setting: Setting) -> Result<(), Failed> {
    let runtime = runtime();
    seeds().try_for_each(|seed| Ok(run(&runtime, seed, setting)?))
}

/// The comparison finds a source that breaks a promise within few cases.
fn is_seen(promise: Promise) -> Result<(), Failed> {
    let runtime = runtime();
    let fails = |seed: &u64| {
        let case = tree(&mut runner(*seed)).current();
        let (format, review) = (Format::Batches, Review::Little);
        World::run(&runtime, &case, Setting { format, breaks: Some(promise), review }).is_err()
    };
    if (0..100).any(|it| fails(&it)) {
        return Ok(());
    }
    Err(format!("nothing in a hundred cases depends on {promise:?}").into())
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be started")
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { max_shrink_iters: 2_000, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn tree(runner: &mut TestRunner) -> Box<dyn ValueTree<Value = Case>> {
    cases().new_tree(runner).expect("every seed gives a case")
}

/// Runs the case of a seed; one that fails is made as small as can be.
fn run(runtime: &Runtime, seed: u64, setting: Setting) -> Result<(), String> {
    let mut runner = runner(seed);
    let tree = tree(&mut runner);
    let nights = AtomicUsize::new(0);
    let outcome = runner.run_one(tree, |case| {
        let ran = World::run(runtime, &case, setting).map_err(TestCaseError::fail)?;
        nights.store(ran, Ordering::Relaxed);
        Ok(())
    });
    match outcome {
        Ok(_) => {
            RAN[0].fetch_add(1, Ordering::Relaxed);
            RAN[1].fetch_add(nights.into_inner(), Ordering::Relaxed);
            Ok(())
        }
        Err(TestError::Fail(why, smallest)) => Err(format!(
            "{setting:?}: {why}\nafter the whole district on night 1 and then\n{smallest:?}run it again with HOMEROOM_SEED={seed}"
        )),
        Err(error) => Err(error.to_string()),
    }
}
