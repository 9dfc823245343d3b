//! The program from start to exit code: arguments, log, signals, defects.

mod interrupts;

use crate::{
    cli::Cli,
    commands::App,
    console::{Colour, Console, Form},
    exit::{Exit, Failure},
    progress::Progress,
};
use clap::Parser as _;
use interrupts::Interrupts;
use std::{
    io,
    panic::{self, AssertUnwindSafe, Location},
    process::ExitCode,
};
use tokio_util::sync::CancellationToken;

/// Runs `homeroom` with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let progress = Progress::new();
    progress.log(cli.global.log, cli.global.log_json);
    let told = progress.clone();
    panic::set_hook(Box::new(move |defect| told.tell(&describe(defect.location()))));
    // What a defect leaves behind is looked at by nobody: the program ends.
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| run(cli, &progress)));
    let exit = match outcome {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            if failure.exit() != Exit::Done {
                progress.tell(&format!("homeroom: {failure}"));
            }
            failure.exit()
        }
        Err(_) => Exit::Defect,
    };
    ExitCode::from(exit as u8)
}

fn run(cli: Cli, progress: &Progress) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|err| Failure::Usage(format!("no threads can be started: {err}")))?;
    let Cli { global, command } = cli;
    let form = if global.json { Form::Json } else { Form::Text { colour: Colour::of_stdout() } };
    let mut app = App {
        global,
        console: Console::new(Box::new(io::stdout()), form),
        progress: progress.clone(),
        cancel: CancellationToken::new(),
    };
    runtime.block_on(async {
        // Listened for before anything starts, so that no interrupt comes too early.
        match Interrupts::listen() {
            Ok(interrupts) => {
                tokio::spawn(interrupts.obey(app.cancel.clone(), progress.clone()));
            }
            Err(err) => tracing::warn!(%err, "an interrupt will stop the program at once"),
        }
        app.run(&command).await
    })
}

/// A defect by its place alone: its message may hold what it stumbled over.
fn describe(place: Option<&Location<'_>>) -> String {
    let place = place.map_or_else(String::new, |it| format!(" at {}:{}", it.file(), it.line()));
    let version = env!("CARGO_PKG_VERSION");
    format!("homeroom: a defect of Homeroom {version}{place}; please report this line")
}
