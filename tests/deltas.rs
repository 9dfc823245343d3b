//! Deltas: they upsert and delete what they name and leave the rest alone.

use homeroom_tests::{Bench, Night, feed};
use roster_testkit::FileSet;

const STAMP: &str = "2026-11-22T20:15:00.000Z";

/// A 1.2 manifest with the modes of some files; the others are absent.
fn manifest(modes: &[(&str, &str)]) -> String {
    let whole = feed("oneroster-1.2");
    let manifest =
        String::from_utf8_lossy(whole.get("manifest.csv").expect("it is there")).into_owned();
    modes.iter().fold(manifest.replace(",bulk", ",absent"), |manifest, (file, mode)| {
        let (from, to) = (format!("file.{file},absent"), format!("file.{file},{mode}"));
        assert!(manifest.contains(&from), "{file} is no file of the manifest");
        manifest.replace(&from, &to)
    })
}

/// A delta of one file: its header as in the district, and records as text.
fn delta(file: &str, records: &[String]) -> FileSet {
    let whole = feed("oneroster-1.2");
    let name = format!("{file}.csv");
    let text = String::from_utf8_lossy(whole.get(&name).expect("it is there")).into_owned();
    let header = text.lines().next().expect("it has a header");
    let mut files = FileSet::default();
    files.set("manifest.csv", manifest(&[(file, "delta")]));
    files.set(&name, format!("{header}\r\n{}\r\n", records.join("\r\n")));
    files
}

/// A record of the district as a delta has it.
fn record(file: &str, source_id: &str, status: &str) -> String {
    let whole = feed("oneroster-1.2");
    let text = String::from_utf8_lossy(whole.get(&format!("{file}.csv")).expect("it is there"))
        .into_owned();
    let start = format!("{source_id},,,");
    let line = text.lines().find(|it| it.starts_with(&start)).expect("the record is there");
    line.replacen(&start, &format!("{source_id},{status},{STAMP},"), 1)
}

fn published() -> Bench {
    let bench = Bench::new();
    bench.night(&bench.zip("first.zip", &feed("oneroster-1.2")));
    bench
}

/// Read, created, updated, deleted, restored.
fn counts(night: &Night, table: &str) -> [u64; 5] {
    let counts = night.counts(table);
    [counts.read, counts.created, counts.updated, counts.deleted, counts.restored]
}

#[test]
fn delta_upserts_and_deletes_only_what_it_names() {
    let bench = published();
    let before = bench.database().active("enrollments");
    let changed =
        record("enrollments", "E-0001005-again", "active").replace("2027-06-12", "2026-12-18");
    let new = record("enrollments", "E-0001005-first", "active")
        .replace("E-0001005-first", "E-new")
        .replace(",0001005,", ",0001016,");
    let gone = record("enrollments", "E-0001005-first", "tobedeleted");
    let night = bench.night(&bench.zip("delta.zip", &delta("enrollments", &[changed, new, gone])));
    assert_eq!(night.outcome, "published");
    assert_eq!(counts(&night, "enrollments"), [3, 1, 1, 1, 0]);
    assert_eq!(night.findings(), Vec::<String>::new());
    let mut expected: Vec<_> = before.into_iter().filter(|it| it != "E-0001005-first").collect();
    expected.push("E-new".to_owned());
    expected.sort();
    assert_eq!(bench.database().active("enrollments"), expected);
    let others = night.entities.iter().filter(|(table, _)| *table != "enrollments");
    assert_eq!(others.map(|(_, it)| it.created + it.updated + it.deleted).sum::<u64>(), 0);
}

#[test]
fn deleted_by_a_delta_and_named_again_is_restored_under_its_id() {
    const ID: &str =
        "SELECT id, deleted_at IS NULL FROM enrollments WHERE source_id = 'E-0001005-again'";
    let bench = published();
    let before = bench.database().rows(ID);
    let gone = record("enrollments", "E-0001005-again", "tobedeleted");
    bench.night(&bench.zip("gone.zip", &delta("enrollments", &[gone])));
    assert_ne!(bench.database().rows(ID), before);
    let back = record("enrollments", "E-0001005-again", "active");
    let night = bench.night(&bench.zip("back.zip", &delta("enrollments", &[back])));
    assert_eq!(counts(&night, "enrollments"), [1, 0, 0, 0, 1]);
    assert_eq!(bench.database().rows(ID), before);
}

#[test]
fn same_delta_twice_changes_nothing_the_second_time() {
    let bench = published();
    let changed = record("classes", "BIO-1", "active").replace("Lab 2", "Lab 9");
    let gone = record("classes", "EMPTY-1", "tobedeleted");
    let feed = bench.zip("delta.zip", &delta("classes", &[changed, gone]));
    assert_eq!(counts(&bench.night(&feed), "sections"), [2, 0, 1, 1, 0]);
    let before = bench.database().published();
    assert_eq!(bench.night(&feed).outcome, "unchanged");
    assert_eq!(bench.database().published(), before);
}

#[test]
fn delta_may_refer_to_what_was_published_before() {
    let bench = published();
    let unknown =
        record("enrollments", "E-0001005-again", "active").replace(",0001005,", ",9999999,");
    let known =
        record("enrollments", "E-0001005-first", "active").replace("2026-09-12", "2026-09-30");
    let night = bench.night(&bench.zip("delta.zip", &delta("enrollments", &[unknown, known])));
    assert_eq!((night.counts("enrollments").updated, night.counts("enrollments").rejected), (1, 1));
    assert_eq!(night.findings(), ["reference_not_found rejected 1"]);
}

#[test]
fn contacts_that_a_delta_leaves_out_of_a_student_are_gone_and_those_of_others_stay() {
    let bench = published();
    let before = bench.database().active("relationships");
    let student = record("users", "0001001", "active").replace("\"P001,P002\"", "P002");
    let night = bench.night(&bench.zip("delta.zip", &delta("users", &[student])));
    assert_eq!(night.counts("users").deleted, 0);
    let expected: Vec<_> = before.into_iter().filter(|it| it != "0001001/P001").collect();
    assert_eq!(bench.database().active("relationships"), expected);
}

#[test]
fn bulk_and_delta_files_may_be_mixed() {
    let bench = published();
    let whole = feed("oneroster-1.2");
    let mut files =
        delta("enrollments", &[record("enrollments", "E-0001005-first", "tobedeleted")]);
    files.set("manifest.csv", manifest(&[("enrollments", "delta"), ("categories", "bulk")]));
    files.set("categories.csv", whole.get("categories.csv").expect("it is there"));
    files.remove_record("categories.csv", "CAT-EX");
    let night = bench.night(&bench.zip("mixed.zip", &files));
    assert_eq!(counts(&night, "enrollments"), [1, 0, 0, 1, 0]);
    assert_eq!(counts(&night, "categories"), [2, 0, 0, 1, 0]);
}
