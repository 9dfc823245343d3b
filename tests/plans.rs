//! Plans that are looked at first: published onto what they were made for, or refused.

use homeroom_tests::{Bench, Output, feed};
use roster_testkit::FileSet;
use std::{fs, path::Path};

const CONFIG: &str = r#"
[store]
to = "sqlite:roster.db"

[[district]]
id = "marigold"
source = { connector = "oneroster", path = "feed.zip" }
"#;

/// A configured district with a first night, and a plan of a second one in `plan`.
fn planned() -> Bench {
    let bench = Bench::new();
    bench.write("homeroom.toml", CONFIG);
    bench.zip("feed.zip", &feed("oneroster-1.2"));
    bench.run(&["sync"]).ended(0);
    bench.zip("feed.zip", &feed("oneroster-1.2-next"));
    bench.run(&["plan", "marigold", "--out", "plan"]).ended(0);
    bench
}

/// Applies the plan and expects a refusal that says so, and that nothing is published.
#[track_caller]
fn refused(bench: &Bench, arguments: &[&str], code: i32, expected: &str) {
    let before = bench.database().published();
    let output = bench.run(&[&["apply", "plan"], arguments].concat()).ended(code);
    assert!(output.stderr.contains(expected), "{}", output.stderr);
    assert_eq!(bench.database().published(), before);
}

#[track_caller]
fn applied(bench: &Bench, arguments: &[&str]) -> Output {
    let output = bench.run(&[&["apply", "plan", "--json"], arguments].concat()).ended(0);
    assert_eq!(output.json()[0]["outcome"], "published");
    assert!(bench.database().active("users").contains(&"0001031".to_owned()));
    output
}

#[test]
fn a_plan_is_applied_once() {
    let bench = planned();
    assert!(!bench.database().active("users").contains(&"0001031".to_owned()));
    applied(&bench, &[]);
    refused(&bench, &[], 11, "what is published moved since the plan was made");
    let night = bench.run(&["sync", "--json"]).ended(0).json();
    assert_eq!(night[0]["outcome"], "unchanged", "the night after finds nothing to do");
}

#[test]
fn a_plan_is_refused_when_a_night_was_published_since() {
    let bench = planned();
    bench.run(&["sync"]).ended(0);
    refused(&bench, &[], 11, "make the plan again");
}

#[test]
fn a_plan_without_a_change_is_refused_when_a_night_was_published_since() {
    let bench = planned();
    bench.zip("feed.zip", &feed("oneroster-1.2"));
    fs::remove_dir_all(bench.path("plan")).expect("it is there");
    bench.run(&["plan", "marigold", "--out", "plan"]).ended(0);
    bench.zip("feed.zip", &feed("oneroster-1.2-next"));
    bench.run(&["sync"]).ended(0);
    refused(&bench, &["--ignore-feed"], 11, "what is published moved");
}

#[test]
fn a_plan_is_refused_by_another_database() {
    let bench = planned();
    let first = bench.zip("first.zip", &feed("oneroster-1.2"));
    bench.sync_into(&first, "sqlite:other.db").ended(0);
    refused(&bench, &["--to", "sqlite:other.db"], 11, "made for another database");
    applied(&bench, &["--to", "sqlite:roster.db"]);
}

#[test]
fn a_plan_whose_files_were_changed_is_refused() {
    #[track_caller]
    fn check(change: impl FnOnce(&Path), expected: &str) {
        let bench = planned();
        change(&bench.path("plan"));
        refused(&bench, &[], 11, expected);
    }
    fn append(file: &Path) {
        let mut bytes = fs::read(file).expect("it is there");
        bytes.push(b' ');
        fs::write(file, bytes).expect("it can be written");
    }
    let changed = "a file of the plan was changed";
    check(|plan| append(&plan.join("users.rows")), changed);
    check(|plan| append(&plan.join("run.json")), changed);
    check(|plan| append(&plan.join("plan.json")), changed);
    let missing = "a file of the plan is missing";
    check(|plan| fs::remove_file(plan.join("enrollments.rows")).expect("it is there"), missing);
    check(
        |plan| fs::write(plan.join("programs.rows"), "").expect("it can be written"),
        "a file that is not the plan's",
    );
    check(
        |plan| fs::remove_file(plan.join("basis.json")).expect("it is there"),
        "make the plan again",
    );
}

#[test]
fn a_plan_is_refused_when_the_source_has_another_feed_by_now() {
    let bench = planned();
    let planned = fs::read(bench.path("feed.zip")).expect("it is there");
    let mut newer = feed("oneroster-1.2-next");
    newer.set("notes.csv", "sourcedId\n");
    bench.zip("feed.zip", &newer);
    refused(&bench, &[], 11, "the source has another feed");
    fs::remove_file(bench.path("feed.zip")).expect("it is there");
    refused(&bench, &[], 11, "cannot be told");
    // The same feed, delivered again.
    fs::write(bench.path("feed.zip"), planned).expect("it can be written");
    applied(&bench, &[]);
}

#[test]
fn a_newer_feed_can_be_ignored() {
    let bench = planned();
    bench.zip("feed.zip", &feed("oneroster-1.2"));
    refused(&bench, &[], 11, "make the plan again");
    applied(&bench, &["--ignore-feed"]);
}

#[test]
fn a_folder_is_another_feed_when_one_of_its_files_changed() {
    let bench = Bench::new();
    bench.write("homeroom.toml", CONFIG.replace("feed.zip", "feed"));
    let write = |files: &FileSet| files.write(&bench.path("feed")).expect("it can be written");
    write(&feed("oneroster-1.2"));
    bench.run(&["sync"]).ended(0);
    write(&feed("oneroster-1.2-next"));
    bench.run(&["plan", "marigold", "--out", "plan"]).ended(0);
    let users = bench.path("feed").join("users.csv");
    let text = fs::read_to_string(&users).expect("it is there");
    fs::write(&users, text.clone() + "\n").expect("it can be written");
    refused(&bench, &[], 11, "the source has another feed");
}

#[test]
fn a_plan_without_a_configuration_asks_no_source() {
    let bench = planned();
    fs::remove_file(bench.path("homeroom.toml")).expect("it is there");
    fs::remove_file(bench.path("feed.zip")).expect("it is there");
    applied(&bench, &["--to", "sqlite:roster.db"]);
}
