//! A folder to run the program in.

use crate::{Database, Night, homeroom};
use roster_testkit::{FileSet, canaries, district_folder};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// The district's id in the tests.
const DISTRICT: &str = "marigold";

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Output {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Standard output as lines of JSON.
    ///
    /// # Panics
    ///
    /// When a line is not JSON.
    #[must_use]
    pub fn json(&self) -> Vec<serde_json::Value> {
        let parse =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|err| panic!("{err}: {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// Both outputs.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The same when it ended with this code.
    ///
    /// # Panics
    ///
    /// When it ended with another.
    #[track_caller]
    #[allow(clippy::return_self_not_must_use, reason = "many only care how a command ends")]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.text());
        self
    }
}

/// Runs the program in a folder of its own.  Whatever it prints is searched for names, addresses and passwords.
#[derive(Debug)]
pub struct Bench {
    folder: TempDir,
}

impl Bench {
    /// A new, empty folder.
    ///
    /// # Panics
    ///
    /// When none can be made.
    #[must_use]
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    /// A path in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("the folder can be written to");
        path
    }

    /// Writes a set of files as a zip archive.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn zip(&self, name: &str, files: &FileSet) -> PathBuf {
        self.write(name, files.zip().expect("the files can be zipped"))
    }

    /// Runs the program.
    ///
    /// # Panics
    ///
    /// When it prints what nobody may see.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Output {
        let output = Command::new(homeroom())
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("RUST_LOG")
            .output()
            .expect("the program can be started");
        let output = Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        let printed = output.text();
        if let Some(canary) = canaries().iter().find(|it| printed.contains(it.as_str())) {
            panic!("{canary:?} is printed by {arguments:?}:\n{printed}");
        }
        output
    }

    /// Runs a sync of a feed into `roster.db`.
    #[track_caller]
    pub fn sync(&self, feed: &Path) -> Output {
        self.sync_into(feed, "sqlite:roster.db")
    }

    /// Runs a sync of a feed into a sink.
    ///
    /// # Panics
    ///
    /// When the program prints what nobody may see.
    #[track_caller]
    pub fn sync_into(&self, feed: &Path, sink: &str) -> Output {
        let feed = feed.to_str().expect("temporary folders have readable names");
        let arguments = ["--connector", "oneroster", "--from", feed, "--district", DISTRICT];
        self.run(&[&["sync"], &arguments[..], &["--to", sink, "--json", "--log", "trace"]].concat())
    }

    /// Starts a sync of a feed into `roster.db` and does not wait for it.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn start(&self, feed: &Path) -> Child {
        Command::new(homeroom())
            .args(["sync", "--connector", "oneroster", "--district", DISTRICT, "--json"])
            .args(["--to", "sqlite:roster.db", "--from"])
            .arg(feed)
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program can be started")
    }

    /// A night that ends well.
    ///
    /// # Panics
    ///
    /// When it does not.
    #[track_caller]
    pub fn night(&self, feed: &Path) -> Night {
        Night::parse(&self.sync(feed).ended(0).stdout)
    }

    /// A night that holds something back, as the design has it: exit code 10.
    ///
    /// # Panics
    ///
    /// When it does not.
    #[track_caller]
    pub fn held_night(&self, feed: &Path) -> Night {
        let night = Night::parse(&self.sync(feed).ended(10).stdout);
        assert_eq!(night.outcome, "held");
        night
    }

    /// A night that fails, as the design has it: exit code 11, one line with the outcome and the error.
    ///
    /// # Panics
    ///
    /// When it does not fail so.
    #[track_caller]
    pub fn failed_night(&self, feed: &Path) -> Night {
        let night = Night::parse(&self.sync(feed).ended(11).stdout);
        assert_eq!(night.outcome, "failed");
        assert!(!night.error_kind().is_empty(), "no error is told: {night:?}");
        night
    }

    /// Names in the folder but for those of `roster.db`, sorted.
    ///
    /// # Panics
    ///
    /// When the folder cannot be read.
    pub fn left_behind(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder is there");
        let names = entries.filter_map(|it| it.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|it| !it.starts_with("roster.db")).collect();
        names.sort();
        names
    }

    /// What `roster.db` holds.
    #[must_use]
    pub fn database(&self) -> Database {
        Database::open(&self.path("roster.db"))
    }
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

/// The fixture district in one of its formats.
///
/// # Panics
///
/// When it cannot be read.
#[must_use]
pub fn feed(format: &str) -> FileSet {
    FileSet::read(&district_folder().join(format)).expect("the district's files can be read")
}
