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
    forget_package(command.current_dir(root()));
    command
}

/// Takes out of a command's environment what cargo told this program of its package.
///
/// Some build scripts look at it, and would run again, with everything that needs them built anew, whenever cargo is
/// started by this program instead of by a person.
pub(crate) fn forget_package(command: &mut Command) {
    let own = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|it| it.0.to_str().is_some_and(own)) {
        command.env_remove(name);
    }
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
