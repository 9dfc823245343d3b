//! `cargo xtask test`: all tests of the workspace, with a count at the end.
//!
//! Tests that make up their cases print how many they ran, as a line that starts with [`CASES`].

use crate::{Result, args::Args, mariadb, odbc, postgres, process, python, system};
use std::{
    env,
    io::{BufRead, BufReader},
    process::Stdio,
};

/// Start of a line that says how many cases a test has made up and run.
const CASES: &str = "cases: ";
/// Tells tests to run their long forms.
const LONG: &str = "HOMEROOM_LONG";

/// How many cases tests make up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Short,
    Long,
}

pub(crate) fn run(mut args: Args) -> Result {
    let form = if args.flag("--long") { Form::Long } else { Form::Short };
    args.finish()?;
    system::need(&[system::C_COMPILER])?;
    let mut tally = Tally::default();
    let ended = build().and_then(|()| tests(form, &mut tally));
    tally.ended(ended.is_ok());
    print!("{}", tally.report());
    ended
}

/// Builds everything beforehand: the tests of the whole program run the program that is built here.
fn build() -> Result {
    process::run(process::cargo().args(["build", "--workspace", "--bins", "--tests"]))
}

fn tests(form: Form, tally: &mut Tally) -> Result {
    let (server, mariadb) = (server(), mariadb());
    odbc::install_drivers();
    if let Err(error) = system::need(&[system::SSHD, system::SFTP, system::LFTP]) {
        println!("no OpenSSH, no lftp: {error}");
    }
    let mut tests = process::cargo();
    tests
        .args(["test", "--workspace", "--no-fail-fast"])
        .env("HOMEROOM_BIN", process::target("debug")?.join("homeroom"))
        .stdout(Stdio::piped());
    match form {
        Form::Long => tests.env(LONG, "1"),
        Form::Short => tests.env_remove(LONG),
    };
    if let Some(server) = &server {
        tests.env(postgres::VARIABLE, server.url());
    }
    if let Some(server) = &mariadb {
        tests.env(mariadb::VARIABLE, server.url());
    }
    let packages = [
        python::DUCKDB,
        python::POLARS,
        python::MOTO,
        python::OAUTHLIB,
        python::PARAMIKO,
        python::AIOSMTPD,
    ];
    match python::with(&packages) {
        Ok(python) => _ = tests.env(python::VARIABLE, python),
        Err(error) => {
            println!("no DuckDB, Polars, S3, oauthlib, Paramiko and mail server: {error}");
        }
    }
    let mut tests = tests.spawn()?;
    let stdout = tests.stdout.take().ok_or("the tests have no output")?;
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        println!("{line}");
        tally.read(&line);
    }
    if tests.wait()?.success() { Ok(()) } else { Err("tests failed".into()) }
}

/// A server for PostgreSQL's tests, unless one is named already.  Without any they say that they were skipped.
fn server() -> Option<postgres::Server> {
    if env::var_os(postgres::VARIABLE).is_some() {
        return None;
    }
    let server = postgres::Server::start();
    if let Err(error) = &server {
        println!("no PostgreSQL: {error}");
    }
    server.ok()
}

/// The same for MariaDB, which the ODBC connector is tested with.
fn mariadb() -> Option<mariadb::Server> {
    if env::var_os(mariadb::VARIABLE).is_some() {
        return None;
    }
    let server = mariadb::Server::start();
    if let Err(error) = &server {
        println!("no MariaDB: {error}");
    }
    server.ok()
}

/// What the tests' output says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
    skipped_tests: Vec<String>,
    cases: Vec<String>,
}

impl Tally {
    fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += count(result, "passed");
            self.failed += count(result, "failed");
            self.skipped += count(result, "ignored");
        } else if let Some((name, reason)) = skipped(line) {
            self.skipped_tests.push(format!("{name}: {reason}"));
        } else if line.starts_with(CASES) {
            self.cases.push(line.to_owned());
        }
    }

    /// A program that broke off, or did not build, has told no result.
    fn ended(&mut self, success: bool) {
        if !success && self.failed == 0 {
            self.failed = 1;
        }
    }

    fn report(&self) -> String {
        let mut report = String::from("\n");
        for test in &self.skipped_tests {
            report.push_str("skipped: ");
            report.push_str(test);
            report.push('\n');
        }
        for cases in &self.cases {
            report.push_str(cases);
            report.push('\n');
        }
        let (passed, failed, skipped) = (self.passed, self.failed, self.skipped);
        format!("{report}{passed} passed, {failed} failed, {skipped} skipped\n")
    }
}

/// The number before `word` in `ok. 8 passed; 0 failed; 0 ignored; …`.
fn count(result: &str, word: &str) -> u64 {
    let mut before = "";
    for part in result.split([' ', ';']) {
        if part == word {
            return before.parse().unwrap_or(0);
        }
        before = part;
    }
    0
}

/// Name and reason in `test NAME ... ignored, REASON` or `test NAME ... ignored (REASON)`.
fn skipped(line: &str) -> Option<(&str, &str)> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let reason = outcome.strip_prefix("ignored")?.trim_matches([',', ' ', '(', ')']);
    Some((name.trim(), if reason.is_empty() { "no reason given" } else { reason }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], success: bool, expected: &str) {
        let mut tally = Tally::default();
        for line in lines {
            tally.read(line);
        }
        tally.ended(success);
        assert_eq!(tally.report(), expected);
    }

    #[test]
    fn results_of_several_programs_add_up() {
        check(
            &[
                "test a ... ok",
                "test result: ok. 8 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
                "test b ... ignored, needs files",
                "test zip::c   ... ignored (not offered)",
                "test result: FAILED. 2 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out",
            ],
            false,
            "\nskipped: b: needs files\nskipped: zip::c: not offered\n10 passed, 1 failed, 2 skipped\n",
        );
    }

    #[test]
    fn cases_that_tests_made_up_are_told() {
        check(
            &["test result: ok. 1 passed; 0 failed; 0 ignored", "cases: kills: 30 nights killed"],
            true,
            "\ncases: kills: 30 nights killed\n1 passed, 0 failed, 0 skipped\n",
        );
    }

    #[test]
    fn a_program_that_broke_off_counts_as_failed() {
        check(&["test a ... ok"], false, "\n0 passed, 1 failed, 0 skipped\n");
    }
}
