//! What every sink on a database writes, night after night, and what it refuses: one suite for all of them, and what
//! only one of them has.
//!
//! PostgreSQL's cases need a server of their own, whose URL is in `HOMEROOM_POSTGRES`; without it they report themselves
//! as ignored.
#![cfg(any(feature = "sqlite", feature = "postgres"))]
#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod bench;
mod erasures;
mod forgetting;
mod holds;
mod kept;
mod nights;
#[cfg(feature = "oneroster")]
mod oneroster;
mod opening;
mod outlets;
#[cfg(all(feature = "sqlite", feature = "parquet"))]
mod parquet;
#[cfg(feature = "postgres")]
mod postgres;
mod readers;
mod refusals;
mod rekeys;
#[cfg(feature = "sqlite")]
mod sqlite;
mod states;
mod values;

use bench::Backend;
use libtest_mimic::{Arguments, Completion, Trial};
use std::process::ExitCode;

/// A test of a sink.
type Case = (&'static str, fn(&Backend));

/// The cases that every sink must pass.
const SUITE: &[(&str, &[Case])] = &[
    ("erasures", erasures::CASES),
    ("forgetting", forgetting::CASES),
    ("holds", holds::CASES),
    ("kept", kept::CASES),
    ("nights", nights::CASES),
    #[cfg(feature = "oneroster")]
    ("oneroster", oneroster::CASES),
    ("opening", opening::CASES),
    ("outlets", outlets::CASES),
    ("readers", readers::CASES),
    ("refusals", refusals::CASES),
    ("rekeys", rekeys::CASES),
    ("states", states::CASES),
    ("values", values::CASES),
];

fn main() -> ExitCode {
    #[cfg(feature = "sqlite")]
    if sqlite::failures::try_as_child().is_some() {
        return ExitCode::SUCCESS;
    }
    let mut tests = Vec::new();
    #[cfg(feature = "sqlite")]
    tests.extend(trials("sqlite", || Some(Backend::Sqlite), sqlite::CASES));
    #[cfg(all(feature = "sqlite", feature = "parquet"))]
    {
        let mut of_files = trials("parquet", || Some(Backend::Parquet), parquet::CASES);
        of_files.retain(|it| !parquet::EXCEPT.iter().any(|except| it.name().contains(except)));
        tests.extend(of_files);
        tests.extend(parquet::python_trials());
    }
    #[cfg(feature = "postgres")]
    tests.extend(trials("postgres", postgres::backend, postgres::CASES));
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// The suite and a sink's own cases, on its own kind of database.
fn trials(
    sink: &'static str,
    backend: fn() -> Option<Backend>,
    own: &[(&str, &'static [Case])],
) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (module, cases) in SUITE.iter().chain(own) {
        for (name, run) in *cases {
            trials.push(Trial::ignorable_test(format!("{sink}::{module}::{name}"), move || {
                let Some(backend) = backend() else {
                    return Ok(Completion::ignored_with("HOMEROOM_POSTGRES is not set"));
                };
                run(&backend);
                Ok(Completion::Completed)
            }));
        }
    }
    trials
}

/// Names functions as cases.
macro_rules! cases {
    ($($name:ident),+ $(,)?) => { &[$((stringify!($name), $name)),+] };
}
use cases;
