//! Sinks that are no databases: a OneRoster zip that always holds what is published, and where its nights are remembered.

use homeroom_tests::{Bench, Database, Night, feed, homeroom, long};
use roster_core::EntityKind;
use roster_testkit::{District, FileSet, differences};
use std::{
    collections::BTreeMap,
    fs,
    hash::{BuildHasher as _, RandomState},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A night of a feed into a sink.
#[track_caller]
fn night(bench: &Bench, feed: &FileSet, sink: &str) -> Night {
    Night::parse(&bench.sync_into(&bench.zip("feed.zip", feed), sink).ended(0).stdout)
}

/// The roster that a feed gives, by way of a database of its own.
fn roster(bench: &Bench, name: &str, feed: &Path) -> District {
    let sink = format!("sqlite:{name}.db");
    let night = Night::parse(&bench.sync_into(feed, &sink).ended(0).stdout);
    assert_eq!(night.findings(), Vec::<String>::new(), "a fileset that others accept");
    let folder = bench.path(name);
    let to = folder.to_str().expect("temporary folders have readable names");
    let format = ["--format", "jsonl", "--from", &sink, "--to", to];
    bench.run(&[&["export", "marigold"], &format[..]].concat()).ended(0);
    District::read(&folder).expect("the export can be read")
}

#[track_caller]
fn assert_holds(bench: &Bench, name: &str, zip: &str, expected: &FileSet) {
    let source = bench.zip(&format!("{name}-source.zip"), expected);
    let expected = roster(bench, &format!("{name}-expected"), &source);
    let found = roster(bench, &format!("{name}-found"), &bench.path(zip));
    if let Err(differences) = differences(&expected, &found) {
        panic!("{name}: {differences}");
    }
}

#[test]
fn what_is_published_to_a_zip_is_what_came_in() {
    for format in ["oneroster-1.1", "oneroster-1.2"] {
        let bench = Bench::new();
        let published = night(&bench, &feed(format), &format!("{format}:out.zip"));
        assert_eq!(published.outcome, "published");
        assert_holds(&bench, "first", "out.zip", &feed(format));
        let written = FileSet::unzip(&fs::read(bench.path("out.zip")).expect("it was written"));
        let written = written.expect("it can be unzipped");
        assert!(written.names().eq(feed(format).names()), "the standard's files and no other");
    }
}

#[test]
fn a_second_night_brings_the_zip_up_to_date_and_a_third_leaves_it_alone() {
    let bench = Bench::new();
    let sink = "oneroster-1.2:out.zip";
    night(&bench, &feed("oneroster-1.2"), sink);
    let next = night(&bench, &feed("oneroster-1.2-next"), sink);
    assert!(next.counts("users").created > 0 && next.counts("users").deleted > 0);
    assert_holds(&bench, "next", "out.zip", &feed("oneroster-1.2-next"));
    let before = fs::read(bench.path("out.zip")).expect("it is there");
    assert_eq!(night(&bench, &feed("oneroster-1.2-next"), sink).outcome, "unchanged");
    assert_eq!(fs::read(bench.path("out.zip")).expect("it is there"), before);
}

#[test]
fn a_zip_that_is_gone_or_of_an_older_night_is_written_by_an_unchanged_night() {
    let bench = Bench::new();
    let (sink, zip) = ("oneroster-1.2:out.zip", bench.path("out.zip"));
    night(&bench, &feed("oneroster-1.2"), sink);
    let older = fs::read(&zip).expect("it was written");
    night(&bench, &feed("oneroster-1.2-next"), sink);
    let newer = fs::read(&zip).expect("it was written");
    let check = |what: &str| {
        assert_eq!(night(&bench, &feed("oneroster-1.2-next"), sink).outcome, "unchanged", "{what}");
        assert_eq!(fs::read(&zip).expect("it is there"), newer, "{what}");
    };
    fs::remove_file(&zip).expect("it is there");
    check("gone");
    fs::write(&zip, older).expect("it can be written");
    check("older");
}

#[test]
fn nights_are_remembered_beside_the_zip() {
    let bench = Bench::new();
    let to = ["--to", "oneroster-1.2:out.zip"];
    let run = night(&bench, &feed("oneroster-1.2"), to[1]).run;
    let database = Database::open(&bench.path("out.zip.homeroom.db"));
    assert_eq!(database.rows("SELECT id FROM runs"), std::slice::from_ref(&run));
    let listed = bench.run(&[&["runs", "--json"], &to[..]].concat()).ended(0).json();
    assert_eq!(listed[0]["run"], run.as_str());
    bench.run(&[&["show", &run], &to[..]].concat()).ended(0);
    bench
        .run(&["export", "marigold", "--format", "jsonl", "--from", to[1], "--to", "jsonl"])
        .ended(0);
    let mut left = bench.left_behind();
    left.retain(|it| !it.starts_with("out.zip.homeroom.db-"));
    assert_eq!(left, ["feed.zip", "jsonl", "out.zip", "out.zip.homeroom.db"]);
}

#[test]
fn a_store_that_is_named_remembers_the_nights_of_a_zip() {
    let bench = Bench::new();
    let source = bench.zip("feed.zip", &feed("oneroster-1.2"));
    let source = source.to_str().expect("temporary folders have readable names");
    let direct = ["sync", "--connector", "oneroster", "--from", source, "--district", "marigold"];
    let to = ["--to", "oneroster-1.2:out.zip", "--store", "sqlite:roster.db"];
    bench.run(&[&direct[..], &to].concat()).ended(0);
    assert!(bench.path("out.zip").is_file() && !bench.path("out.zip.homeroom.db").exists());
    assert_eq!(bench.database().number("SELECT count(*) FROM runs"), 1);
}

const TWO_DISTRICTS: &str = r#"
[store]
to = "sqlite:roster.db"

[[district]]
id = "marigold"
source = { connector = "oneroster", path = "one.zip" }
to = "oneroster-1.2:out-one.zip"

[[district]]
id = "hilltop"
source = { connector = "oneroster", path = "two.zip" }
to = "oneroster-1.1:out-two.zip"
"#;

#[test]
fn two_districts_publish_to_a_zip_each_and_one_store_remembers_both() {
    let bench = Bench::new();
    bench.write("homeroom.toml", TWO_DISTRICTS);
    bench.zip("one.zip", &feed("oneroster-1.2"));
    bench.zip("two.zip", &feed("oneroster-1.1"));
    bench.run(&["check"]).ended(0);
    bench.run(&["sync"]).ended(0);
    bench.zip("one.zip", &feed("oneroster-1.2-next"));
    bench.run(&["sync"]).ended(0);
    let runs = bench.run(&["runs", "--json"]).ended(0).json();
    let outcomes: Vec<_> = runs.iter().filter_map(|it| it["outcome"].as_str()).collect();
    let mut sorted = outcomes.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["published", "published", "published", "unchanged"], "each run once");
    let run = runs[0]["run"].as_str().expect("a run has an id");
    bench.run(&["show", run]).ended(0);
    let counts = "SELECT district_id, count(*) > 50 FROM users GROUP BY 1 ORDER BY 1";
    assert_eq!(bench.database().rows(counts), ["hilltop|1", "marigold|1"]);
    assert_holds(&bench, "one", "out-one.zip", &feed("oneroster-1.2-next"));
    assert_holds(&bench, "two", "out-two.zip", &feed("oneroster-1.1"));
}

#[test]
fn a_zip_is_for_one_district() {
    let bench = Bench::new();
    bench.write("homeroom.toml", TWO_DISTRICTS.replace("out-two.zip", "./out-one.zip"));
    let output = bench.run(&["sync"]).ended(2);
    let message =
        "homeroom.toml:13: oneroster-1.1:./out-one.zip is for one district, and marigold has it";
    assert!(output.stderr.contains(message), "{}", output.stderr);
    let bench = Bench::new();
    bench.write("homeroom.toml", TWO_DISTRICTS);
    bench.zip("one.zip", &feed("oneroster-1.2"));
    bench.zip("two.zip", &feed("oneroster-1.1"));
    bench.run(&["sync", "marigold"]).ended(0);
    let taken = fs::read(bench.path("out-one.zip")).expect("it was written");
    fs::write(bench.path("out-two.zip"), &taken).expect("it can be written");
    let failed = Night::parse(&bench.run(&["sync", "hilltop", "--json"]).ended(11).stdout);
    assert_eq!(failed.error_kind(), "config_invalid");
    assert_eq!(fs::read(bench.path("out-two.zip")).expect("it is there"), taken);
}

#[test]
fn somebodys_file_is_never_replaced() {
    let bench = Bench::new();
    let feed = bench.zip("feed.zip", &feed("oneroster-1.2"));
    let before = fs::read(&feed).expect("it was written");
    let output = bench.sync_into(&feed, "oneroster-1.2:feed.zip").ended(11);
    let night = Night::parse(&output.stdout);
    assert_eq!((night.outcome.as_str(), night.error_kind()), ("failed", "config_invalid"));
    assert!(output.stdout.contains("was not written by Homeroom"), "{}", output.stdout);
    assert_eq!(fs::read(&feed).expect("it is there"), before);
}

#[test]
fn a_folder_that_is_missing_is_seen_before_the_night() {
    let bench = Bench::new();
    bench.write("homeroom.toml", TWO_DISTRICTS.replace("out-two", "missing/out-two"));
    bench.zip("one.zip", &feed("oneroster-1.2"));
    bench.zip("two.zip", &feed("oneroster-1.1"));
    let output = bench.run(&["check", "hilltop"]).ended(11);
    assert!(
        output.stdout.contains("folder of the sink's file does not exist"),
        "{}",
        output.text()
    );
    bench.run(&["check", "marigold"]).ended(0);
}

#[test]
fn what_is_no_longer_shared_goes_from_the_zip_too() {
    let bench = Bench::new();
    let source = bench.zip("one.zip", &feed("oneroster-1.2"));
    bench.write("homeroom.toml", TWO_DISTRICTS);
    bench.run(&["sync", "marigold"]).ended(0);
    let has = |text: &str| {
        let files = FileSet::unzip(&fs::read(bench.path("out-one.zip")).expect("it is there"));
        let files = files.expect("it can be unzipped");
        let users = files.get("users.csv").expect("it has users");
        String::from_utf8_lossy(users).contains(text)
    };
    assert!(has("students.marigold.example"));
    // A user who is rejected tonight keeps the last good version, without what is no longer shared.
    let mut next = feed("oneroster-1.2");
    let users = String::from_utf8_lossy(next.get("users.csv").expect("it has users")).into_owned();
    let header: Vec<_> = users.lines().next().expect("a header").split(',').collect();
    let given = header.iter().position(|it| *it == "givenName").expect("a given name");
    let mut rejected = None;
    let lines = users.lines().enumerate().map(|(number, line)| {
        let mut cells: Vec<_> = line.split(',').collect();
        let plain = number > 0 && !line.contains('"') && line.contains("students.marigold.example");
        if plain && rejected.is_none() {
            rejected = Some(cells[0].to_owned());
            cells[given] = "";
        }
        cells.join(",") + "\n"
    });
    let text: String = lines.collect();
    next.set("users.csv", text);
    let rejected = rejected.expect("a student has an address");
    fs::write(&source, next.zip().expect("the files can be zipped")).expect("it can be written");
    let sharing =
        "to = \"oneroster-1.2:out-one.zip\"\nsharing = { excluded_fields = [\"users.email\"] }\n";
    let config = TWO_DISTRICTS.replace("to = \"oneroster-1.2:out-one.zip\"\n", sharing);
    bench.write("homeroom.toml", config);
    bench.run(&["sync", "marigold"]);
    let keys = bench.database().active(EntityKind::User.table());
    assert!(keys.contains(&rejected) && has(&format!("{rejected},")));
    assert!(!has("students.marigold.example"), "an address is still in the zip");
}

/// The lines of each file of a zip, sorted: the order is that of the first publication.
fn lines(zip: &Path) -> BTreeMap<String, Vec<String>> {
    let files = FileSet::unzip(&fs::read(zip).expect("it is there")).expect("it is whole");
    let lines = |name: &str| {
        let text = String::from_utf8_lossy(files.get(name).expect("it is named")).into_owned();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        (name.to_owned(), lines)
    };
    files.names().map(lines).collect()
}

#[test]
fn whenever_a_night_is_killed_the_zip_is_whole_and_the_next_night_mends_it() {
    let bench = Bench::new();
    let (sink, zip) = ("oneroster-1.2:out.zip", bench.path("out.zip"));
    let feeds = ["oneroster-1.2", "oneroster-1.2-next"].map(|it| bench.zip(it, &feed(it)));
    let night = |feed: &Path| Night::parse(&bench.sync_into(feed, sink).ended(0).stdout);
    let mut undisturbed = Vec::new();
    for feed in &feeds {
        night(feed);
        undisturbed.push(lines(&zip));
    }
    let since = Instant::now();
    night(&feeds[0]);
    let usual = since.elapsed();
    for number in 0..if long() { 100 } else { 15 } {
        let wanted = (number + 1) % 2;
        let mut child = Command::new(homeroom())
            .args(["sync", "--connector", "oneroster", "--district", "marigold", "--to", sink])
            .arg("--from")
            .arg(&feeds[wanted])
            .current_dir(bench.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program can be started");
        let random = RandomState::new().hash_one(number) % 1000;
        thread::sleep(usual * u32::try_from(random).unwrap_or(0) / 1000);
        child.kill().expect("it can be killed");
        child.wait().expect("it has ended");
        assert!(undisturbed.contains(&lines(&zip)), "the zip is neither the old one nor the new");
        night(&feeds[wanted]);
        assert_eq!(lines(&zip), undisturbed[wanted], "after kill {number}");
    }
    thread::sleep(Duration::from_secs(11));
    night(&feeds[0]);
    let mut left = bench.left_behind();
    left.retain(|it| !it.starts_with("out.zip") && !it.starts_with("oneroster"));
    assert_eq!(left, Vec::<String>::new(), "nothing is left of the killed nights");
}
