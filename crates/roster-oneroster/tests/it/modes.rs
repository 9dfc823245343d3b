//! Complete or changes: what is deleted for being absent hangs on it, so that a doubtful file never counts as complete.

use crate::support::{Base, Files, Packing, Reading, read};
use Coverage::{Changes, Complete};
use DiagnosticCode::{FileModeUnclear, FileUnexpected, ManifestMissing, ManifestProperty};
use roster_core::{Coverage, DiagnosticCode, EntityKind};
use std::collections::BTreeSet;

const LINES: &str = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n";

fn coverage(reading: &Reading, entity: EntityKind) -> Option<Coverage> {
    reading.done.iter().find(|it| it.entity == entity).map(|it| it.coverage)
}

/// Reads a set of 1.1 with this manifest; what becomes of its users, their roles and contacts, and all codes found.
fn check(mut files: Files, manifest: Option<&str>, expected: Coverage, codes: &[DiagnosticCode]) {
    files.remove("manifest.csv");
    manifest.map(|it| files.insert("manifest.csv".to_owned(), it.as_bytes().to_vec()));
    let reading = read(&files, Packing::Deflated);
    assert!(reading.error.is_none(), "{manifest:?} {:?}", reading.error);
    for entity in [EntityKind::User, EntityKind::Role, EntityKind::Relationship] {
        assert_eq!(coverage(&reading, entity), Some(expected), "{manifest:?}");
    }
    let found: BTreeSet<_> = reading.diagnostics.iter().map(|it| it.code).collect();
    assert_eq!(found, codes.iter().copied().collect(), "{manifest:?}");
}

/// The users of a set of 1.1 and nothing else, without a status.
fn users_alone() -> Files {
    let mut files = Base::V1_1.files();
    files.retain(|name, _| name == "users.csv");
    files
}

/// With these lines about the users.
fn check_lines(lines: &str, expected: Coverage, codes: &[DiagnosticCode]) {
    check(users_alone(), Some(&format!("{LINES}{lines}")), expected, codes);
}

#[test]
fn a_mode_that_is_clear_counts_however_it_is_written() {
    check_lines("file.users,bulk\n", Complete, &[]);
    for lines in ["file.users,BULK\n", "file.users,Full\n", "file.users,complete\n"] {
        check_lines(lines, Complete, &[ManifestProperty]);
    }
    check_lines("fiel.users,bulk\n", Complete, &[ManifestProperty]);
    check_lines("file.users,bulk\nfile.users,Bulk\n", Complete, &[ManifestProperty]);
}

#[test]
fn a_file_whose_mode_is_not_clear_deletes_nothing_by_absence() {
    check_lines("file.orgs,absent\nfile.users,\n", Changes, &[FileModeUnclear]);
    check_lines("file.users,partial\n", Changes, &[FileModeUnclear]);
    check_lines("file.users,bulk\nfile.users,delta\n", Changes, &[FileModeUnclear]);
    check_lines("file.users,delta\nfile.users,bulk\n", Changes, &[FileModeUnclear]);
    check_lines("file.users,bulk\nfile.users,absent\n", Changes, &[FileModeUnclear]);
    check_lines("file.users,bulk\nfile.users,\n", Changes, &[FileModeUnclear]);
    check_lines("file.users,absent\n", Changes, &[FileUnexpected]);
    check_lines(
        "file.orgs,absent\nfile.students,bulk\n",
        Changes,
        &[FileUnexpected, ManifestProperty],
    );
    check_lines(
        "file.orgs,absent\nfile.users.csv,bulk\n",
        Changes,
        &[FileUnexpected, ManifestProperty],
    );
    check_lines("file.orgs,absent\nfile.us", Changes, &[FileUnexpected, ManifestProperty]);
}

#[test]
fn a_set_whose_manifest_names_no_file_is_complete_only_if_it_looks_whole() {
    for manifest in [None, Some(""), Some("propertyName,value\n"), Some(LINES)] {
        check(Base::V1_1.files(), manifest, Complete, &[ManifestMissing]);
        check(users_alone(), manifest, Changes, &[FileModeUnclear]);
        for part in ["orgs.csv", "classes.csv", "enrollments.csv"] {
            let mut files = Base::V1_1.files();
            files.remove(part);
            check(files, manifest, Changes, &[FileModeUnclear]);
        }
    }
    check(Base::V1_0.files(), None, Complete, &[]);
}

#[test]
fn explicit_deletions_count_in_a_file_whose_mode_is_not_clear() {
    let mut files = users_alone();
    crate::support::swap(&mut files, "users.csv", "u2,,,", "u2,toBeDeleted,,");
    let reading = read(&files, Packing::Deflated);
    assert_eq!(reading.gone(EntityKind::User), ["u2"]);
    assert_eq!(reading.keys(EntityKind::User), ["u1", "u3"]);
}

#[test]
fn a_value_nobody_can_read_is_told_where_the_file_is_not_there() {
    let mut files = users_alone();
    let manifest = format!("{LINES}file.users,bulk\nfile.orgs,perhaps\n");
    files.insert("manifest.csv".to_owned(), manifest.into_bytes());
    let reading = read(&files, Packing::Deflated);
    let found: Vec<_> =
        reading.diagnostics.iter().map(|it| (it.code, it.field.as_deref())).collect();
    assert_eq!(found, [(ManifestProperty, Some("file.orgs"))]);
}
