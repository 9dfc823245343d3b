//! A made-up district on a bench, and the nights that are run of it.

use crate::{Bench, Hold, Night, Output, edit_rows};
use roster_synth::{Options, Version, write_first};
use roster_testkit::FileSet;
use std::{collections::BTreeMap, fs};

/// Where a bench publishes to.
const STORE: [&str; 2] = ["--to", "sqlite:roster.db"];

/// A made-up district of a number of students as OneRoster files.
///
/// # Panics
///
/// When it cannot be written.
#[must_use]
pub fn made_up_district(students: u64, version: Version) -> FileSet {
    let bench = Bench::new();
    let path = bench.path("feed.zip");
    let options = Options { students, version, ..Options::default() };
    write_first(&options, &path).expect("the feed can be written");
    let archive = fs::read(&path).expect("the feed was written");
    FileSet::unzip(&archive).expect("the feed is a zip archive")
}

/// A district that is published, and what its next feed starts from.
#[derive(Debug)]
pub struct Scene {
    /// Where it is published.
    pub bench: Bench,
    /// What was published.
    pub files: FileSet,
}

impl Scene {
    /// A made-up district of a number of students.
    #[must_use]
    pub fn new(students: u64) -> Self {
        Self::of(made_up_district(students, Version::V1_2))
    }

    /// A district of these files.
    ///
    /// # Panics
    ///
    /// When they cannot be published.
    #[must_use]
    pub fn of(files: FileSet) -> Self {
        let scene = Self { bench: Bench::new(), files };
        assert_eq!(scene.night(&scene.files, 0).outcome, "published");
        scene
    }

    /// A night of these files that ends with an exit code.
    ///
    /// # Panics
    ///
    /// When it ends with another.
    #[track_caller]
    pub fn night(&self, files: &FileSet, code: i32) -> Night {
        let output = self.bench.sync(&self.bench.zip("feed.zip", files)).ended(code);
        Night::parse(&output.stdout)
    }

    /// The next feed, edited.
    #[must_use]
    pub fn next(&self, edit: impl FnOnce(&mut FileSet)) -> FileSet {
        let mut files = self.files.clone();
        edit(&mut files);
        files
    }

    /// Runs a command on the store.
    ///
    /// # Panics
    ///
    /// When it ends with another code.
    #[track_caller]
    pub fn run(&self, arguments: &[&str], code: i32) -> Output {
        self.bench.run(&[arguments, &STORE].concat()).ended(code)
    }

    /// Decides about a hold.
    ///
    /// # Panics
    ///
    /// When that ends with another code.
    #[track_caller]
    pub fn decide(&self, command: &str, hold: &Hold, more: &[&str], code: i32) -> Output {
        let why = ["--by", "Kim of support", "--reason", "the district confirmed it by telephone"];
        self.run(&[&[command, &hold.id], &why[..], more].concat(), code)
    }

    /// All holds, newest first, as their words and their state.
    ///
    /// # Panics
    ///
    /// When they cannot be listed.
    #[must_use]
    pub fn holds(&self) -> Vec<String> {
        let lines = self.run(&["holds", "--all", "--json"], 0).json();
        let hold = |it| serde_json::from_value::<Hold>(it).expect("a line is a hold");
        lines.into_iter().map(hold).map(|it| format!("{} {}", it.words(), it.state)).collect()
    }

    /// Keys of the records that are published, by table.
    #[must_use]
    pub fn active(&self) -> BTreeMap<&'static str, Vec<String>> {
        let database = self.bench.database();
        let tables = [
            "orgs",
            "academic_sessions",
            "courses",
            "sections",
            "users",
            "roles",
            "demographics",
            "enrollments",
        ];
        tables.into_iter().map(|it| (it, database.active(it))).collect()
    }
}

/// Takes out every student for whom `leaves` holds, with what belongs to them.
pub fn remove_students(files: &mut FileSet, leaves: impl Fn(&str) -> bool) {
    for (file, column) in [
        ("users.csv", "sourcedId"),
        ("roles.csv", "userSourcedId"),
        ("demographics.csv", "sourcedId"),
        ("enrollments.csv", "userSourcedId"),
    ] {
        edit_rows(files, file, |row| !leaves(row.get(column)));
    }
}

/// The number in a made-up student's key.
#[must_use]
pub fn student_number(student: &str) -> Option<u64> {
    student.strip_prefix("stu-")?.parse().ok()
}
