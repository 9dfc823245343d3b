//! What the whole-program tests share: a bench that runs the built binary, reads its JSON and looks into its database.

#![allow(clippy::must_use_candidate, reason = "commands are run for what they do")]

mod bench;
mod binary;
mod database;
mod night;
mod postgres;
mod rows;
mod scene;
mod store;

pub use crate::{
    bench::{Bench, Output, feed},
    binary::homeroom,
    database::Database,
    night::{Counts, Finding, Hold, Night, expected},
    postgres::{PostgresDatabase, WITHOUT_POSTGRES},
    rows::{FileRow, edit_rows},
    scene::{Scene, made_up_district, remove_students, student_number},
    store::Store,
};

/// Tells how many cases a test has made up and run; `cargo xtask test` repeats it at its end.
#[allow(clippy::print_stdout, reason = "tests tell what they have done")]
pub fn tell_cases(cases: &str) {
    println!("cases: {cases}");
}

/// Whether the long forms of tests are to run, which take minutes: `cargo xtask test --long` sets `HOMEROOM_LONG`.
#[must_use]
pub fn long() -> bool {
    std::env::var_os("HOMEROOM_LONG").is_some()
}
