//! What every connector promises, for the files of the specification in a folder, in an archive and in a folder they
//! land in, and for the same files under another system's names.

use connector_sftp_spec::{Config, SftpSpec, from_path};
use roster_core::{Connector as _, EntityKind, RosterSource};
use roster_tabular::LandingConfig;
use roster_testkit::{FileSet, FilesetHarness, Packaging};
use std::{path::Path, process::ExitCode, sync::Arc};

/// The files that the cases change.
const FILES: &[(EntityKind, &str)] = &[
    (EntityKind::Org, "schools.csv"),
    (EntityKind::Course, "courses.csv"),
    (EntityKind::Section, "sections.csv"),
    (EntityKind::User, "students.csv"),
    (EntityKind::Demographics, "demographics.csv"),
    (EntityKind::Enrollment, "enrollments.csv"),
];

fn open(path: &Path) -> Arc<dyn RosterSource> {
    from_path(path).expect("a path is all it needs")
}

fn open_landing(path: &Path) -> Arc<dyn RosterSource> {
    let landing = LandingConfig { path: path.to_owned(), stable_secs: 0, keep: 2 };
    let config = Config { landing: Some(landing), ..Config::default() };
    SftpSpec::build(config, Path::new("")).expect("the configuration is complete")
}

/// The same files, as PowerSchool's exports name them.
const OF_POWERSCHOOL: &[(EntityKind, &str)] = &[
    (EntityKind::Org, "Schools.csv"),
    (EntityKind::Course, "Courses.csv"),
    (EntityKind::Section, "Sections.csv"),
    (EntityKind::User, "Students.csv"),
    (EntityKind::Demographics, "Demographics.csv"),
    (EntityKind::Enrollment, "CC.csv"),
];

fn open_powerschool(path: &Path) -> Arc<dyn RosterSource> {
    let names = include_str!("../../../tests/district/sftp-spec-powerschool/columns.toml");
    let config = toml::from_str(names).expect("the names are a configuration");
    let config = Config { path: Some(path.to_owned()), ..config };
    SftpSpec::build(config, Path::new("")).expect("the configuration is complete")
}

/// A set of changes: a manifest that says so, and one file with its first record and its last, which is gone.
fn changes(files: &FileSet, name: &str) -> Option<FileSet> {
    let text = String::from_utf8(files.get(name)?.to_vec()).ok()?;
    let lines: Vec<_> = text.lines().collect();
    let [header, first, .., last] = lines[..] else { return None };
    let mut set = FileSet::default();
    set.set("manifest.csv", format!("file,mode\r\n{name},changes\r\n"));
    set.set(name, format!("deleted,{header}\r\nN,{first}\r\nY,{last}\r\n"));
    Some(set)
}

fn main() -> ExitCode {
    let harness = |packaging, open: fn(&Path) -> Arc<dyn RosterSource>| {
        FilesetHarness::new("sftp-spec", packaging, FILES, open).with_changes(changes)
    };
    let powerschool = |packaging| {
        let (losses, format) = ("sftp-spec", "sftp-spec-powerschool");
        FilesetHarness::with_losses_of(losses, format, packaging, OF_POWERSCHOOL, open_powerschool)
            .with_changes(changes)
    };
    roster_testkit::main(vec![
        harness(Packaging::Folder, open),
        harness(Packaging::Zip, open),
        harness(Packaging::Landing, open_landing),
        powerschool(Packaging::Folder),
        powerschool(Packaging::Zip),
    ])
}
