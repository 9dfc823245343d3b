//! What the whole-program tests share: a bench that runs the built binary, reads its JSON and looks into its database.

#![allow(clippy::must_use_candidate, reason = "commands are run for what they do")]

mod bench;
mod binary;
mod database;
mod night;

pub use crate::{
    bench::{Bench, Output, feed},
    binary::homeroom,
    database::Database,
    night::{Counts, Finding, Night, expected},
};
