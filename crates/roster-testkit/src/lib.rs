//! Conformance cases, fault injection and the fixture district.
//!
//! What every connector promises ([`roster_core::guide`]) is written down here as [`CASES`], each with an id and the
//! sentence of the contract it holds a connector to.  A connector supplies a [`Harness`]: how to put the fixture
//! [`District`] where its source reads, how to break it, and what its format cannot tell ([`Losses`]).  Its
//! `tests/conformance.rs` (with `harness = false`) is then this:
//!
//! ```no_run
//! # use roster_core::{EntityKind, RosterSource};
//! # use roster_testkit::{FilesetHarness, Packaging};
//! # use std::{path::Path, process::ExitCode, sync::Arc};
//! # fn my_source(_: &Path) -> Arc<dyn RosterSource> { panic!("made by the connector") }
//! const TABLES: &[(EntityKind, &str)] = &[(EntityKind::User, "users.csv")];
//!
//! fn main() -> ExitCode {
//!     roster_testkit::main([FilesetHarness::new("my-format", Packaging::Zip, TABLES, my_source)])
//! }
//! ```
//!
//! A seed that a harness cannot make is reported as ignored, with the reason.  The kit's own tests run every case
//! against a well-behaved source and against one that breaks exactly the case's promise.

mod canaries;
mod cases;
mod difference;
mod district;
mod extracted;
mod fileset;
mod harness;
pub mod http;
mod logs;
mod losses;
mod record;
mod run;

pub use crate::{
    canaries::canaries,
    cases::{CASES, Case, Check, Run},
    difference::{Difference, Differences, differences},
    district::{District, district_folder},
    extracted::{Extracted, request},
    fileset::{FileSet, FilesetHarness, Packaging},
    harness::{Failed, Harness, Place, Seed, Writing},
    losses::Losses,
    record::Record,
    run::{main, run, trials},
};
