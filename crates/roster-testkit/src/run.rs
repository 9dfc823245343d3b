//! Turns cases into named tests.

use crate::{
    Harness,
    cases::{CASES, Case, Check},
    harness::Failed,
    logs,
};
use libtest_mimic::{Arguments, Completion, Trial};
use std::{process::ExitCode, sync::Arc, time::Duration};

/// No case takes this long unless its source hangs.
const DEADLINE: Duration = Duration::from_mins(1);

/// The `main` of a connector's `tests/conformance.rs`: every case with every harness, as tests with names.
pub fn main(harnesses: impl IntoIterator<Item = impl Harness>) -> ExitCode {
    let arguments = Arguments::from_args();
    let tests = harnesses.into_iter().flat_map(|it| trials(it)).collect();
    libtest_mimic::run(&arguments, tests).exit_code()
}

/// Every case with this harness.
pub fn trials(harness: impl Harness) -> Vec<Trial> {
    let harness: Arc<dyn Harness> = Arc::new(harness);
    let trial = |case: &'static Case| {
        let harness = harness.clone();
        Trial::ignorable_test(format!("{}::{}", harness.name(), case.id), move || {
            run(case, harness.as_ref()).map(|it| match it {
                Check::Passed => Completion::Completed,
                Check::NotOffered(what) => Completion::ignored_with(what),
            })
        })
    };
    CASES.iter().map(trial).collect()
}

/// Runs one case on a runtime of its own.
///
/// # Errors
///
/// What the harness's source does other than the case's clause says.
pub fn run(case: &Case, harness: &dyn Harness) -> Result<Check, Failed> {
    logs::keep();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(async {
        tokio::time::timeout(DEADLINE, (case.run)(harness))
            .await
            .unwrap_or_else(|_| Err(format!("still running after {DEADLINE:?}").into()))
    });
    // A source that hangs in a thread must not keep the report from being printed.
    runtime.shutdown_background();
    outcome
}
