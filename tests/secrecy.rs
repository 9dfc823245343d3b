//! What must never be printed or kept.  Every test of this package searches what the program prints; these also search
//! what it remembers.

use homeroom_tests::{Bench, feed};
use roster_testkit::{FileSet, Seed, canaries};

const BAD: &str = "canary-value";

/// The district with values that cannot be read, each with a canary in it.  References are left alone: they are keys of
/// records, which may be told.
fn unreadable() -> FileSet {
    let mut files = feed("oneroster-1.2");
    for (file, key, column) in [
        ("users.csv", "0001016", "enabledUser"),
        ("demographics.csv", "0001001", "birthDate"),
        ("demographics.csv", "0001002", "sex"),
        ("demographics.csv", "0001003", "asian"),
        ("enrollments.csv", "E-0001005-first", "role"),
        ("enrollments.csv", "E-0001005-again", "beginDate"),
        ("academicSessions.csv", "2026-2027-Q4", "schoolYear"),
        ("results.csv", "RS-1", "score"),
        ("results.csv", "RS-2", "scoreStatus"),
        ("orgs.csv", "0121", "status"),
    ] {
        files.set_value(file, key, column, BAD);
    }
    let users = String::from_utf8_lossy(files.get("users.csv").expect("it is there")).into_owned();
    files.set("users.csv", users + "9999,,,true,canary-value,\"canary-value");
    files
}

#[test]
fn bad_values_are_found_and_not_told() {
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &unreadable()));
    assert!(night.findings().len() >= 5, "{:?}", night.findings());
    let run = night.run.as_str();
    for command in ["show", "report"] {
        for json in [&["--json"][..], &[]] {
            let _ =
                bench.run(&[&[command, run, "--to", "sqlite:roster.db"], json].concat()).ended(0);
        }
    }
    bench.run(&["runs", "--to", "sqlite:roster.db"]).ended(0);
    let kept = bench.database().own_text();
    assert!(kept.contains(run), "the run is remembered");
    let found = canaries().iter().find(|it| kept.contains(it.as_str()));
    assert_eq!(found, None, "a value is remembered");
}

/// The district with a file that has lost its header, so that a record stands where the names of the columns should.
fn without_header(file: &str) -> FileSet {
    let mut files = feed("oneroster-1.2");
    let text = String::from_utf8_lossy(files.get(file).expect("it is there")).into_owned();
    let (_, records) = text.split_once('\n').expect("it has records");
    let records = records.to_owned();
    assert!(
        canaries().iter().any(|it| records.lines().next().is_some_and(|line| line.contains(it)))
    );
    files.set(file, records);
    files
}

#[test]
fn a_record_in_place_of_the_header_is_not_told() {
    let bench = Bench::new();
    bench.night(&bench.zip("feed.zip", &feed("oneroster-1.2")));
    let feed = bench.zip("headless.zip", &without_header("users.csv"));
    let night = bench.failed_night(&feed);
    assert_eq!(night.error_kind(), "schema_mismatch");
    let feed = feed.to_str().expect("temporary folders have readable names");
    let from = ["--connector", "oneroster", "--from", feed, "--district", "marigold"];
    let check = bench.run(&[&["check"], &from[..], &["--to", "sqlite:roster.db"]].concat());
    assert!(check.text().contains("column 1, column 2"), "{}", check.text());
    for command in ["show", "report"] {
        let _ = bench.run(&[command, &night.run, "--to", "sqlite:roster.db", "--json"]).ended(0);
    }
    let kept = bench.database().own_text();
    let found = canaries().iter().find(|it| kept.contains(it.as_str()));
    assert_eq!(found, None, "a value is remembered");
}

#[test]
fn passwords_never_reach_the_database() {
    let bench = Bench::new();
    bench.night(&bench.zip("feed.zip", &feed("oneroster-1.2")));
    bench.night(&bench.zip("next.zip", &feed("oneroster-1.2-next")));
    for name in ["roster.db", "roster.db-wal"] {
        let Ok(bytes) = std::fs::read(bench.path(name)) else { continue };
        let canary = Seed::CANARY.as_bytes();
        assert!(!bytes.windows(canary.len()).any(|it| it == canary), "{name} holds a password");
    }
}

#[test]
fn nothing_is_left_behind_by_a_night() {
    let bench = Bench::new();
    bench.night(&bench.zip("feed.zip", &feed("oneroster-1.2")));
    bench.failed_night(&bench.write("bad.zip", b"not a zip"));
    assert_eq!(bench.left_behind(), ["bad.zip", "feed.zip"]);
}
