//! What tests of the ODBC connector need: drivers, and servers to drive.

use crate::{Result, args::Args, mariadb, postgres, process, system};
use std::{path::Path, process::Command};

/// A driver: the beginning of its file's name, and the Debian package it comes in.
struct Driver {
    file: &'static str,
    package: &'static str,
}

const DRIVERS: [Driver; 4] = [
    Driver { file: "psqlodbcw", package: "odbc-postgresql" },
    Driver { file: "libsqlite3odbc", package: "libsqliteodbc" },
    Driver { file: "libmaodbc", package: "odbc-mariadb" },
    Driver { file: "libtdsodbc", package: "tdsodbc" },
];

/// `cargo xtask odbc COMMAND…`: runs a command beside the servers.
pub(crate) fn run(args: Args) -> Result {
    let words = args.rest();
    let (program, arguments) = words.split_first().ok_or("name a command to run")?;
    install_drivers();
    let (postgres, mariadb) = (postgres::Server::start()?, mariadb::Server::start()?);
    let mut command = Command::new(program);
    command.env(postgres::VARIABLE, postgres.url()).env(mariadb::VARIABLE, mariadb.url());
    process::forget_package(command.args(arguments));
    process::run(&mut command)
}

/// Installs the drivers that are not there, where that is allowed; tests without theirs say that they were skipped.
pub(crate) fn install_drivers() {
    let missing: Vec<_> = DRIVERS
        .iter()
        .filter(|it| !is_there(it))
        .map(|it| system::Program { name: it.file, package: it.package })
        .collect();
    if !missing.is_empty() && !system::install(&missing) {
        println!("no ODBC drivers: {}", system::sentence(&missing));
    }
}

/// Where Debian and Ubuntu have drivers.
fn is_there(driver: &Driver) -> bool {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut drivers = folders.map(|it| it.path().join("odbc")).filter(|it| it.is_dir());
    drivers.any(|it| has(&it, driver.file))
}

fn has(folder: &Path, file: &str) -> bool {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|it| it.file_name().to_string_lossy().starts_with(file))
}
