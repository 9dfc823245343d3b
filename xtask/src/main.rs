//! The project's own commands: `cargo xtask COMMAND`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod args;
mod bench;
mod codegen;
mod demo;
mod mariadb;
mod odbc;
mod postgres;
mod process;
mod python;
mod synth;
mod system;
mod table;
mod test;
mod tidy;

use args::Args;
use std::process::ExitCode;

/// What a command ends with; the error is a sentence for the terminal.
type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// A command: its name, its options, what it does, and the function that does it.
struct Command {
    name: &'static str,
    options: &'static str,
    does: &'static str,
    run: fn(Args) -> Result,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        options: "[--long]",
        does: "runs all tests and ends with the number that passed, failed and were skipped; --long runs many more \
               generated and killed nights, which takes half an hour",
        run: test::run,
    },
    Command {
        name: "demo",
        options: "",
        does: "takes a made-up district through three nights, into target/demo/",
        run: demo::run,
    },
    Command {
        name: "synth",
        options: "--students N [--seed S] [--out DIR] [--version 1.1|1.2] [--change PERCENT]",
        does: "writes a made-up district of any size as a OneRoster zip",
        run: synth::run,
    },
    Command {
        name: "bench",
        options: "[odbc [--rows N]] [--students N] [--runs N]",
        does: "measures nights beside other programs that read the same files; with odbc, how fast databases are read",
        run: bench::run,
    },
    Command {
        name: "codegen",
        options: "[--check]",
        does: "writes the generated documents, or checks that they are up to date",
        run: codegen::run,
    },
    Command {
        name: "odbc",
        options: "COMMAND…",
        does: "runs a command beside private PostgreSQL and MariaDB servers, with the ODBC drivers for them and for \
               SQLite and SQL Server installed; the servers are in HOMEROOM_POSTGRES and HOMEROOM_MARIADB",
        run: odbc::run,
    },
    Command {
        name: "postgres",
        options: "COMMAND…",
        does: "runs a command beside a private PostgreSQL server, whose URL is in HOMEROOM_POSTGRES",
        run: postgres::run,
    },
    Command { name: "tidy", options: "", does: "checks the project's own rules", run: tidy::run },
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some(command) = COMMANDS.iter().find(|it| it.name == name) else {
        return usage(&name);
    };
    match (command.run)(Args::new(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask {name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage(name: &str) -> ExitCode {
    println!("Usage: cargo xtask COMMAND\n");
    for command in COMMANDS {
        println!("  {} {}\n      {}", command.name, command.options, command.does);
    }
    if matches!(name, "" | "help" | "--help" | "-h") {
        return ExitCode::SUCCESS;
    }
    eprintln!("\ncargo xtask: `{name}` is not a command");
    ExitCode::from(2)
}
