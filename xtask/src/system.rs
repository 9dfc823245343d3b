//! Programs of the operating system that a command needs.

use crate::{Result, process};
use std::{env, path::Path, process::Command};

/// A program and the Debian package it comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
}

/// Compiles the SQLite that is built in.
pub(crate) const C_COMPILER: Program = Program { name: "cc", package: "build-essential" };
/// What nights are measured against.
pub(crate) const SQLITE: Program = Program { name: "sqlite3", package: "sqlite3" };
/// What nights are measured against.
pub(crate) const UNZIP: Program = Program { name: "unzip", package: "unzip" };

/// The server that SSH clients are tested against.
pub(crate) const SSHD: Program = Program { name: "sshd", package: "openssh-server" };
/// A client that the SFTP drop is tested with.
pub(crate) const SFTP: Program = Program { name: "sftp", package: "openssh-client" };
/// A client that the SFTP drop is tested with.
pub(crate) const LFTP: Program = Program { name: "lftp", package: "lftp" };

/// Makes sure that programs are there: installs their packages where that is allowed, else names them.
pub(crate) fn need(programs: &[Program]) -> Result {
    let missing = missing(programs, &env::var_os("PATH").unwrap_or_default());
    if missing.is_empty() || install(&missing) {
        return Ok(());
    }
    Err(sentence(&missing).into())
}

fn missing(programs: &[Program], path: &std::ffi::OsStr) -> Vec<Program> {
    // Servers are not on everybody's path.
    let folders: Vec<_> = env::split_paths(path).chain(["/usr/sbin".into()]).collect();
    let there = |it: &&Program| folders.iter().any(|folder| is_program(&folder.join(it.name)));
    programs.iter().filter(|it| !there(it)).copied().collect()
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.with_extension("exe").is_file()
}

/// Says what is missing and how to install it.
pub(crate) fn sentence(missing: &[Program]) -> String {
    let names: Vec<_> = missing.iter().map(|it| it.name).collect();
    let packages: Vec<_> = missing.iter().map(|it| it.package).collect();
    format!(
        "needs {} and may not install it; on Debian: apt-get install {}",
        names.join(" and "),
        packages.join(" ")
    )
}

/// Installs packages as root or through `sudo` without a password; tells whether it could.
pub(crate) fn install(missing: &[Program]) -> bool {
    let apt_get = |arguments: &[&str]| {
        let mut command = if is_root() { Command::new("apt-get") } else { sudo() };
        process::run(command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments)).is_ok()
    };
    let mut install = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    install.extend(missing.iter().map(|it| it.package));
    apt_get(&install) || (apt_get(&["update", "--quiet"]) && apt_get(&install))
}

/// Whether this program may do everything.
pub(crate) fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|it| it.trim() == "0")
}

fn sudo() -> Command {
    let mut command = Command::new("sudo");
    command.args(["--non-interactive", "apt-get"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_packages_of_programs_that_are_not_there() {
        let programs = [SQLITE, UNZIP];
        let missing = missing(&programs, std::ffi::OsStr::new("/nonexistent"));
        assert_eq!(missing, programs);
        assert!(sentence(&missing).ends_with("apt-get install sqlite3 unzip"));
    }

    #[test]
    fn finds_programs_on_the_path() {
        let own = env::current_exe().unwrap();
        let name = own.file_name().unwrap().to_str().unwrap().to_owned().leak();
        let program = Program { name, package: "none" };
        assert_eq!(missing(&[program], own.parent().unwrap().as_os_str()), []);
    }
}
