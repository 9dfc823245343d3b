//! What protects published records: rejected is not missing, incomplete is not empty.

use homeroom_tests::{Bench, Night, expected, feed};
use roster_testkit::FileSet;

/// A bench on which the district is published.
fn published() -> Bench {
    let bench = Bench::new();
    bench.night(&bench.zip("first.zip", &feed("oneroster-1.2")));
    bench
}

fn night_of(bench: &Bench, edit: impl FnOnce(&mut FileSet)) -> Night {
    let mut files = feed("oneroster-1.2");
    edit(&mut files);
    bench.night(&bench.zip("edited.zip", &files))
}

/// The same for a night that holds something back.
fn held_of(bench: &Bench, edit: impl FnOnce(&mut FileSet)) -> Night {
    let mut files = feed("oneroster-1.2");
    edit(&mut files);
    bench.held_night(&bench.zip("edited.zip", &files))
}

fn deleted(night: &Night) -> u64 {
    night.entities.values().map(|it| it.deleted).sum()
}

#[test]
fn rejected_record_keeps_its_last_good_version_and_its_followers() {
    const STUDENT: &str = "SELECT * FROM users WHERE source_id = '0001003'";
    let bench = published();
    let before = bench.database().published();
    let row = bench.database().rows(STUDENT);
    let night = night_of(&bench, |files| files.set_value("users.csv", "0001003", "givenName", ""));
    let counts = night.counts("users");
    assert_eq!((counts.rejected, counts.updated, deleted(&night)), (1, 0, 0));
    assert_eq!(counts.read, expected("first")["users"].read);
    assert_eq!(night.findings(), ["missing_required rejected 1"]);
    let finding = &night.examples("missing_required")[0];
    assert_eq!(finding.file.as_deref(), Some("users.csv"));
    // The header is line 1, and the students come first.
    assert_eq!((finding.line, finding.field.as_deref()), (Some(4), Some("givenName")));
    assert_eq!(finding.source_id.as_deref(), Some("0001003"));
    assert_eq!(bench.database().rows(STUDENT), row);
    assert_eq!(bench.database().published(), before);
}

#[test]
fn rejected_on_the_first_night_rejects_its_followers_and_names_one_cause() {
    let bench = Bench::new();
    let night = night_of(&bench, |files| files.set_value("users.csv", "0001003", "givenName", ""));
    assert_eq!(night.counts("users").rejected, 1);
    let enrollments = night.counts("enrollments");
    assert!(enrollments.rejected >= 4, "{enrollments:?}");
    assert_eq!(enrollments.read, enrollments.created + enrollments.rejected);
    let line = bench.run(&["report", &night.run, "--to", "sqlite:roster.db", "--json"]).ended(0);
    let report = &line.json()[0];
    let cause = &report["causes"][0];
    assert_eq!((&cause["table"], &cause["source_id"]), (&"users".into(), &"0001003".into()));
    assert!(cause["followers"].as_u64() >= Some(5), "{cause}");
}

#[test]
fn record_that_was_rejected_is_mended_by_the_next_good_night() {
    let bench = published();
    night_of(&bench, |files| {
        files.set_value("users.csv", "0001003", "givenName", "");
        files.set_value("users.csv", "0001003", "phone", "+1 555 0199");
    });
    let night = night_of(&bench, |files| {
        files.set_value("users.csv", "0001003", "phone", "+1 555 0199");
    });
    assert_eq!((night.counts("users").updated, night.counts("users").rejected), (1, 0));
}

#[test]
fn header_only_enrollments_delete_nothing() {
    let bench = published();
    let before = bench.database().active("enrollments");
    let night = held_of(&bench, |files| files.remove_records("enrollments.csv"));
    assert_eq!(bench.database().active("enrollments"), before);
    assert_eq!((night.counts("enrollments").deleted, deleted(&night)), (0, 0));
    let told = night.findings();
    assert!(told.iter().any(|it| it.starts_with("entity_became_empty")), "{told:?}");
}

#[test]
fn missing_file_deletes_nothing() {
    let bench = published();
    let before = bench.database().published();
    let night = held_of(&bench, |files| files.remove("enrollments.csv"));
    assert_eq!(bench.database().published(), before);
    assert_eq!(night.findings(), ["file_gone warning 1", "file_missing warning 1"]);
}

#[test]
fn file_marked_absent_and_left_out_deletes_nothing() {
    let bench = published();
    let before = bench.database().published();
    let night = held_of(&bench, |files| {
        files.remove("demographics.csv");
        files.replace("manifest.csv", "file.demographics,bulk", "file.demographics,absent");
    });
    assert_eq!(night.held().len(), 1, "{:?}", night.held());
    assert_eq!(bench.database().published(), before);
}

#[test]
fn manifest_alone_says_that_nothing_changed() {
    let bench = published();
    let before = bench.database().published();
    let mut files = FileSet::default();
    let manifest =
        String::from_utf8_lossy(feed("oneroster-1.2").get("manifest.csv").expect("it is there"))
            .into_owned();
    files.set("manifest.csv", manifest.replace(",bulk", ",absent"));
    let night = bench.night(&bench.zip("manifest.zip", &files));
    assert_eq!((night.outcome.as_str(), bench.database().published()), ("unchanged", before));
}

#[test]
fn cut_off_archive_publishes_and_deletes_nothing() {
    let bench = published();
    let before = bench.database().published();
    let archive = feed("oneroster-1.2-next").zip().expect("the files can be zipped");
    for share in [1, 10, 50, 90, 99] {
        let cut_off = &archive[..archive.len() * share / 100];
        let output = bench.sync(&bench.write("cut.zip", cut_off));
        let night = Night::parse(&output.stdout);
        // Still being delivered, or damaged: either way there is nothing to publish.
        let ended = (output.code, night.outcome.as_str(), night.error_kind());
        assert!(
            matches!(ended, (0, "unchanged", "not_ready") | (11, "failed", "damaged")),
            "{share} %: {ended:?}"
        );
        assert_eq!(bench.database().published(), before, "{share} %");
    }
}

#[test]
fn corrupt_archive_publishes_and_deletes_nothing() {
    let bench = published();
    let before = bench.database().published();
    let mut archive = feed("oneroster-1.2-next").zip().expect("the files can be zipped");
    let middle = archive.len() / 2;
    archive[middle] ^= 0x55;
    let night = bench.failed_night(&bench.write("corrupt.zip", &archive));
    assert_eq!(night.error_kind(), "damaged");
    assert_eq!(bench.database().published(), before);
}

#[test]
fn feed_that_is_not_there_fails_and_deletes_nothing() {
    let bench = published();
    let before = bench.database().published();
    let night = bench.failed_night(&bench.path("nothing.zip"));
    assert_eq!(night.error_kind(), "not_found");
    assert_eq!(bench.database().published(), before);
}

#[test]
fn duplicate_keys_leave_the_first_and_delete_nothing() {
    let bench = published();
    let before = bench.database().published();
    let night = night_of(&bench, |files| {
        let users =
            String::from_utf8_lossy(files.get("users.csv").expect("it is there")).into_owned();
        let second = users.lines().nth(1).expect("there are users").replace("true,", "false,");
        files.set("users.csv", users + &second + "\r\n");
    });
    assert_eq!(night.findings(), ["duplicate_key rejected 1"]);
    assert_eq!((night.counts("users").rejected, night.counts("users").updated), (1, 0));
    assert_eq!(bench.database().published(), before);
}

#[test]
fn record_without_a_key_withholds_deletions_of_its_kind_only() {
    let bench = published();
    let night = night_of(&bench, |files| {
        files.remove_record("enrollments.csv", "E-0001005-first");
        files.set_value("enrollments.csv", "E-0001005-again", "sourcedId", "");
        files.remove_record("results.csv", "RS-2");
    });
    let counts = ["enrollments", "results"].map(|it| night.counts(it).deleted);
    assert_eq!(counts, [0, 1]);
    let told = night.findings();
    assert_eq!(told, ["deletions_withheld warning 1", "missing_required rejected 1"]);
}

#[test]
fn file_that_the_manifest_marks_absent_is_read_with_a_finding() {
    let bench = published();
    let before = bench.database().published();
    let night = night_of(&bench, |files| {
        files.replace("manifest.csv", "file.users,bulk", "file.users,absent");
    });
    assert_eq!(night.places(), ["file_unexpected users.csv:0 -"]);
    assert_eq!(bench.database().published(), before);
}
