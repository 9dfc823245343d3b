//! Starting other programs, and where things are.

use crate::Result;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("xtask is a folder of the workspace")
}

/// The cargo that started this program.
pub(crate) fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root());
    command
}

/// Runs a command to its end, its output on the terminal.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(failed(command, status).into()) }
}

/// Runs a command to its end and takes what it prints; its errors go to the terminal.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    command.stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|error| cannot_start(command, &error))?;
    if !output.status.success() {
        return Err(failed(command, output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Folder of built programs, `debug` or `release`.
pub(crate) fn target(profile: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).ok_or("this program is not in a target folder")?;
    Ok(target.join(profile))
}

/// Builds a program of the workspace for tests and demos, and tells where it is.
///
/// Built with the features of the whole workspace, so that tests, demo and documents share one build.
pub(crate) fn build(program: &str) -> Result<PathBuf> {
    run(cargo().args(["build", "--workspace", "--bin", program]))?;
    Ok(target("debug")?.join(program))
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("{} cannot be started: {error}", command.get_program().display())
}

fn failed(command: &Command, status: std::process::ExitStatus) -> String {
    let arguments: Vec<_> = command.get_args().map(std::ffi::OsStr::to_string_lossy).collect();
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    format!("`{} {}` ended with {status}", program.to_string_lossy(), arguments.join(" "))
}
