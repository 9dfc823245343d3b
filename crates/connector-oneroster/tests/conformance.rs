//! What every connector promises, for sets of 1.1 and 1.2, in a folder, in an archive and in a folder they land in.

use connector_oneroster::{Config, OneRoster, from_path};
use roster_core::{Connector as _, EntityKind, RosterSource};
use roster_tabular::LandingConfig;
use roster_testkit::{FilesetHarness, Packaging};
use std::{path::Path, process::ExitCode, sync::Arc};

/// The files that the cases change.
const FILES: &[(EntityKind, &str)] = &[
    (EntityKind::Org, "orgs.csv"),
    (EntityKind::Course, "courses.csv"),
    (EntityKind::Section, "classes.csv"),
    (EntityKind::User, "users.csv"),
    (EntityKind::Demographics, "demographics.csv"),
    (EntityKind::Enrollment, "enrollments.csv"),
];

fn open(path: &Path) -> Arc<dyn RosterSource> {
    from_path(path).expect("a path is all it needs")
}

fn open_landing(path: &Path) -> Arc<dyn RosterSource> {
    let landing = LandingConfig { path: path.to_owned(), stable_secs: 0, keep: 2 };
    let config = Config { landing: Some(landing), ..Config::default() };
    OneRoster::build(config, Path::new("")).expect("the configuration is complete")
}

fn main() -> ExitCode {
    let mut harnesses = Vec::new();
    for format in ["oneroster-1.1", "oneroster-1.2"] {
        harnesses.push(FilesetHarness::new(format, Packaging::Folder, FILES, open));
        harnesses.push(FilesetHarness::new(format, Packaging::Zip, FILES, open));
        harnesses.push(FilesetHarness::new(format, Packaging::Landing, FILES, open_landing));
    }
    roster_testkit::main(harnesses)
}
