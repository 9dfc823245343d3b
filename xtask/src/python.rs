//! A Python with the modules that tests and benches ask: named by the environment, or made in the target folder.

use crate::{Result, process};
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Names the Python that tests ask.
pub(crate) const VARIABLE: &str = "HOMEROOM_PYTHON";

/// A module and what pip calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Module {
    name: &'static str,
    package: &'static str,
}

/// Reads what Homeroom publishes, and is measured beside it.
pub(crate) const DUCKDB: Module = Module { name: "duckdb", package: "duckdb" };
/// Reads what Homeroom publishes, and is measured beside it.
pub(crate) const POLARS: Module = Module { name: "polars", package: "polars" };
/// Verifies signatures of OAuth 1.0a.
pub(crate) const OAUTHLIB: Module = Module { name: "oauthlib", package: "oauthlib" };
/// A server of S3's protocol.
pub(crate) const MOTO: Module = Module { name: "moto", package: "moto[server]" };

/// A client that the SFTP drop is tested with.
pub(crate) const PARAMIKO: Module = Module { name: "paramiko", package: "paramiko" };

/// A server that takes mail.
pub(crate) const AIOSMTPD: Module = Module { name: "aiosmtpd", package: "aiosmtpd" };

/// A Python that has the modules: the one that the environment names, the system's, or one of our own, which is made.
pub(crate) fn with(modules: &[Module]) -> Result<PathBuf> {
    let named = env::var_os(VARIABLE).filter(|it| !it.is_empty()).map(PathBuf::from);
    for python in named.iter().chain([&PathBuf::from("python3")]) {
        if missing(python, modules).is_empty() {
            return Ok(python.clone());
        }
    }
    let folder = process::target("python")?;
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !python.exists() {
        println!("making {} for {}", folder.display(), packages(modules).join(", "));
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let missing = missing(&python, modules);
    if !missing.is_empty() {
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        process::run(Command::new(&python).args(pip).args(packages(&missing)))?;
    }
    Ok(python)
}

/// The modules that a Python does not have; all of them where there is no such Python.
fn missing(python: &Path, modules: &[Module]) -> Vec<Module> {
    let lacks = |it: &&Module| {
        let find = format!(
            "import importlib.util, sys; sys.exit(importlib.util.find_spec('{}') is None)",
            it.name
        );
        let status = Command::new(python).args(["-c", &find]).stderr(Stdio::null()).status();
        !status.is_ok_and(|it| it.success())
    };
    modules.iter().filter(lacks).copied().collect()
}

fn packages(modules: &[Module]) -> Vec<&'static str> {
    modules.iter().map(|it| it.package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_is_not_there_has_no_module() {
        let all = [DUCKDB, POLARS];
        assert_eq!(missing(Path::new("no-such-python"), &all), all);
        assert_eq!(packages(&[MOTO]), ["moto[server]"]);
    }
}
