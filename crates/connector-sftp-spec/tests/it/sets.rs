//! Sets: what is there, what is missing, what it means for those who are not in it.

use super::{Extract, REJECTED, WARNING, example, read, read_with};
use connector_sftp_spec::{from_path, template};
use roster_core::{Coverage, EntityKind, ErrorKind, RunContext};
use roster_testkit::FileSet;
use std::fs;

#[test]
fn filled_example_is_clean_and_whole() {
    let extract = read(&example());
    assert!(extract.error.is_none() && extract.codes().is_empty(), "{:?}", extract.findings());
    assert!(extract.done.iter().all(|it| it.1 == Coverage::Complete));
    assert_eq!(extract.done.len(), 10);
}

#[test]
fn contacts_that_are_missing_keep_people_from_being_removed() {
    let check = |edit: &dyn Fn(&mut FileSet), config: &str, expected: Coverage, codes: &[&str]| {
        let mut set = example();
        set.remove("contacts.csv");
        edit(&mut set);
        let extract = read_with(&set, config);
        assert_eq!(extract.coverage(EntityKind::User), Some(expected), "{:?}", extract.error);
        assert_eq!(extract.coverage(EntityKind::Enrollment), Some(Coverage::Complete));
        assert_eq!(extract.codes().iter().map(|it| it.0).collect::<Vec<_>>(), codes);
    };
    let manifest = template::manifest();
    let none = manifest.replace("contacts.csv,full,4", "contacts.csv,none,");
    check(&|_| {}, "", Coverage::Changes, &["people_incomplete"]);
    check(&|_| {}, "absent = ['contacts']", Coverage::Complete, &[]);
    check(&|set| set.set("manifest.csv", none.clone()), "", Coverage::Complete, &[]);
}

#[test]
fn manifest_says_what_is_there_and_how_much() {
    let check = |from: &str, to: &str, expected: Option<ErrorKind>, codes: &[&str]| {
        let mut set = example();
        set.set("manifest.csv", template::manifest().replace(from, to));
        let extract = read(&set);
        assert_eq!(extract.error.as_ref().map(roster_core::Error::kind), expected, "{to}");
        assert_eq!(extract.codes().iter().map(|it| it.0).collect::<Vec<_>>(), codes, "{to}");
        extract
    };
    check("x", "x", None, &[]);
    check("students.csv,full,3", "Students,FULL,", None, &[]);
    check("students.csv,full,3", "students.csv,full,4", Some(ErrorKind::Damaged), &[]);
    check("students.csv,full,3", "students.csv,full,many", None, &["manifest_property"]);
    let changes = check("students.csv,full,3", "students.csv,changes,3", None, &[]);
    assert_eq!(changes.coverage(EntityKind::User), Some(Coverage::Changes));
    let unnamed = check("programs.csv,full,3\r\n", "", None, &["file_unexpected"]);
    assert_eq!(unnamed.coverage(EntityKind::Program), Some(Coverage::Changes));
}

#[test]
fn files_of_several_days_are_those_of_the_newest() {
    let mut set = FileSet::default();
    for (name, content) in template::EXAMPLE {
        let stem = name.trim_end_matches(".csv");
        set.set(&format!("{stem}_2026-11-23.csv"), *content);
        set.set(&format!("{stem}_2026-11-22.csv"), "broken");
    }
    let extract = read(&set);
    assert_eq!(extract.error.as_ref().map(ToString::to_string), None);
    assert_eq!(extract.keys(EntityKind::Org), ["0001", "0110", "0120"]);
    assert!(extract.codes().iter().all(|it| *it == ("file_unknown", WARNING)));
    // Of the newest day one file has not come yet.
    set.remove("students_2026-11-23.csv");
    assert_eq!(read(&set).error.map(|it| it.kind()), Some(ErrorKind::NotReady));
}

#[test]
fn half_a_set_waits_in_a_folder_and_is_refused_in_an_archive() {
    let mut set = example();
    set.remove("sections.csv");
    let error = read(&set).error.expect("a file is missing");
    assert_eq!(error.kind(), ErrorKind::NotReady);
    assert!(error.message().contains("sections.csv"), "{error}");
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("roster.zip");
    fs::write(&archive, set.zip().unwrap_or_default()).expect("it can be written");
    let error = super::extract(&from_path(&archive).expect("a path")).error.expect("refused");
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
}

#[test]
fn changes_are_taken_as_changes() {
    let mut set = FileSet::default();
    set.set("students.csv", "student_id,school_id,first_name,last_name,deleted\n0001001,0110,Amara,Okafor,\n0001002,,,,Y\n");
    set.set(
        "contacts.csv",
        "contact_id,student_id,first_name,last_name,deleted\nC001,0001001,I,O,Y\nC009,,A,B,Y\n",
    );
    let extract = read_with(&set, "mode = 'changes'");
    assert!(extract.error.is_none() && extract.codes().is_empty(), "{:?}", extract.findings());
    assert!(extract.done.iter().all(|it| it.1 == Coverage::Changes));
    let gone = |entity| -> Vec<_> {
        let batches = extract.batches.iter().filter(|it| it.rows.entity() == entity);
        batches.flat_map(|it| &it.tombstones).map(|it| it.source_id.to_string()).collect()
    };
    assert_eq!(gone(EntityKind::User), ["0001002", "C009"]);
    assert_eq!(gone(EntityKind::Relationship), ["0001001/C001"]);
    let replaced: Vec<_> = extract.batches.iter().flat_map(|it| &it.replaced_owners).collect();
    assert_eq!(replaced.iter().map(|it| &***it).collect::<Vec<_>>(), ["0001001"]);
    assert_eq!(extract.keys(EntityKind::Role), ["0001001/0110/student"]);
}

#[test]
fn records_marked_as_gone_in_a_full_set_are_left_out_of_it() {
    let mut set = example();
    set.set_value("programs.csv", "0001002", "deleted", "Y");
    let extract = read(&set);
    assert_eq!(extract.codes(), [("deleted_in_bulk", WARNING)]);
    assert_eq!(extract.keys(EntityKind::Program).len(), 2);
    assert_eq!(extract.coverage(EntityKind::Program), Some(Coverage::Complete));
}

#[test]
fn other_formats_are_named_in_the_refusal() {
    let check = |name: &str, expected: &str| {
        let mut set = FileSet::default();
        set.set(name, "a,b\n1,2\n");
        let error = read(&set).error.expect("it is another format");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check("users.csv", "OneRoster");
    check("roster.xlsx", "Excel");
    check("roster.csv", "none of the files");
}

#[test]
fn header_is_needed_and_its_records_are_not_told() {
    let mut set = example();
    set.set("students.csv", "0001001,0110,Canary,Name\n0001002,0110,Canary,Other\n");
    let extract = read(&set);
    let error = extract.error.expect("there is no header");
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert!(!format!("{error} {error:?}").contains("Canary"), "{error}");
    let mut set = example();
    set.replace("students.csv", "student_id,", "pupil,");
    let error = read(&set).error.expect("a column is missing");
    assert!(error.message().contains("no column student_id"), "{error}");
}

#[test]
fn columns_of_credentials_and_columns_nobody_knows_are_not_read() {
    let mut set = example();
    set.replace("students.csv", "ext.bus_route", "Password");
    set.replace("students.csv", "ext.home_language", "Shoe Size");
    let extract = read(&set);
    let found: Vec<_> = extract.findings().into_iter().map(|it| (it.0, it.4)).collect();
    let expected = [("column_not_read", "Shoe Size"), ("column_credential", "Password")];
    assert_eq!(found, expected.map(|it| (it.0, it.1.to_owned())));
    assert!(extract.field(EntityKind::User, "extensions").iter().all(|it| it.1.is_empty()));
}

#[test]
fn rejected_records_are_kept_as_they_stood() {
    let mut set = example();
    set.set_value("students.csv", "0001003", "last_name", "");
    let extract: Extract = read(&set);
    assert_eq!(extract.codes(), [("missing_required", REJECTED)]);
    let kept: Vec<_> = extract.batches.iter().flat_map(|it| &it.rejected).collect();
    let [record] = kept[..] else { panic!("{} records", kept.len()) };
    assert_eq!(record.source_id.as_deref(), Some("0001003"));
    assert!(record.fields.iter().any(|it| *it.0 == *"grade" && *it.1 == *"10"));
}

#[tokio::test]
async fn check_tells_of_every_file() {
    let folder = tempfile::tempdir().expect("a folder");
    example().write(folder.path()).unwrap_or_else(|_| panic!("it can be written"));
    let source = from_path(folder.path()).expect("a path");
    let report = source.check(&RunContext::detached()).await;
    assert_eq!(report.steps.len(), 2 + 11);
    assert!(report.steps.iter().all(|it| it.outcome.is_ok()));
}
