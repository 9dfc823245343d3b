//! `cargo xtask codegen`: the generated documents.
//!
//! The program that makes them needs all crates; it is one of its own, so that the other commands do not wait for it.

use crate::{Result, args::Args, process};
use std::process::Command;

pub(crate) fn run(mut args: Args) -> Result {
    let check = args.flag("--check");
    args.finish()?;
    let homeroom = process::build("homeroom")?;
    let program = process::build("codegen")?;
    let mut command = Command::new(program);
    command.current_dir(process::root()).env("HOMEROOM_BIN", homeroom);
    process::run(command.args(check.then_some("--check")))
}
