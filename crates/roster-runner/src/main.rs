//! The program `homeroom`.

use std::process::ExitCode;

fn main() -> ExitCode {
    roster_runner::main()
}
