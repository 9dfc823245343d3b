//! The commands, their JSON and their exit codes.

use homeroom_tests::{Bench, Night, expected, feed};
use serde_json::Value;

const SINK: [&str; 2] = ["--to", "sqlite:roster.db"];

fn published() -> (Bench, Night) {
    let bench = Bench::new();
    let night = bench.night(&bench.zip("first.zip", &feed("oneroster-1.2")));
    (bench, night)
}

#[test]
fn line_of_a_night_has_every_key_of_the_design() {
    let bench = Bench::new();
    let output = bench.sync(&bench.zip("feed.zip", &feed("oneroster-1.2"))).ended(0);
    let night: Value = output.json().remove(0);
    let keys = |value: &Value| -> Vec<String> {
        let mut keys: Vec<_> = value.as_object().expect("an object").keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(
        keys(&night),
        [
            "connector",
            "diagnostics",
            "district",
            "entities",
            "outcome",
            "peak_memory_bytes",
            "run",
            "seconds"
        ]
    );
    assert_eq!(
        keys(&night["entities"]["users"]),
        ["created", "deleted", "held", "read", "rejected", "restored", "unchanged", "updated"]
    );
    assert!(night["peak_memory_bytes"].as_u64() > Some(1_000_000));
    assert_eq!(output.stdout.lines().count(), 1);
}

#[test]
fn night_without_json_tells_people_what_happened() {
    let bench = Bench::new();
    let zip = bench.zip("feed.zip", &feed("oneroster-1.2"));
    let zip = zip.to_str().expect("temporary folders have readable names");
    let arguments = ["sync", "--connector", "oneroster", "--from", zip, "--district", "marigold"];
    let output = bench.run(&[&arguments[..], &SINK].concat()).ended(0);
    for word in ["marigold", "published", "users", "enrollments"] {
        assert!(output.stdout.contains(word), "{word} is missing:\n{}", output.stdout);
    }
}

#[test]
fn runs_show_and_report_tell_what_the_night_told() {
    let (bench, night) = published();
    let second = bench.night(&bench.path("first.zip"));
    let runs = bench.run(&[&["runs", "--json"], &SINK[..]].concat()).ended(0).json();
    let ids: Vec<_> = runs.iter().map(|it| it["run"].clone()).collect();
    assert_eq!(ids, [second.run.as_str(), night.run.as_str()]);
    assert_eq!(runs[0]["outcome"], "unchanged");
    for command in ["show", "report"] {
        let told = bench.run(&[&[command, night.run.as_str(), "--json"], &SINK[..]].concat());
        let told = told.ended(0).json().remove(0);
        assert_eq!(
            (&told["run"], &told["outcome"]),
            (&night.run.as_str().into(), &"published".into())
        );
        assert_eq!(told["entities"]["users"]["created"], night.counts("users").created);
    }
    let text = bench.run(&[&["show", night.run.as_str()], &SINK[..]].concat()).ended(0);
    assert!(text.stdout.contains("enrollments"), "{}", text.stdout);
    bench.run(&[&["show", "no-such-run"], &SINK[..]].concat()).ended(2);
}

#[test]
fn plan_changes_nothing_and_apply_publishes_what_it_showed() {
    let (bench, _) = published();
    let before = bench.database().published();
    let next = bench.zip("next.zip", &feed("oneroster-1.2-next"));
    let next = next.to_str().expect("temporary folders have readable names");
    let direct = ["--connector", "oneroster", "--from", next, "--district", "marigold"];
    let plan = ["plan", "--out", "plan", "--json"];
    let shown = bench.run(&[&plan[..], &direct, &SINK].concat()).ended(0).json().remove(0);
    assert_eq!(shown["entities"]["users"]["deleted"], expected("next")["users"].deleted);
    assert_eq!(bench.database().published(), before);
    let apply = [&["apply", "plan", "--json"], &SINK[..]].concat();
    let applied = Night::parse(&bench.run(&apply).ended(0).stdout);
    assert_eq!((applied.outcome.as_str(), applied.entities), ("published", expected("next")));
    let after = bench.database().published();
    assert_ne!(after, before);
    // What it was made from has moved: a second time it is refused.
    let refused = bench.run(&apply).ended(11);
    assert!(refused.stderr.contains("plan"), "{}", refused.stderr);
    assert_eq!(bench.database().published(), after);
}

#[test]
fn check_names_its_steps_and_fails_where_something_is_missing() {
    let bench = Bench::new();
    let check = |from: &str| {
        let direct = ["--connector", "oneroster", "--from", from, "--district", "marigold"];
        bench.run(&[&["check", "--json"], &direct[..], &SINK].concat())
    };
    bench.zip("feed.zip", &feed("oneroster-1.2"));
    let passed = check("feed.zip").ended(0).json().remove(0);
    assert_eq!(passed["passed"], true);
    assert!(passed["steps"].as_array().is_some_and(|it| it.len() > 1), "{passed}");
    let failed = check("nothing.zip").ended(11).json().remove(0);
    assert_eq!(failed["passed"], false);
    assert!(!bench.path("roster.db").exists(), "a check makes nothing");
}

#[test]
fn init_writes_a_configuration_once() {
    let bench = Bench::new();
    bench.run(&["init"]).ended(0);
    let written = std::fs::read_to_string(bench.path("homeroom.toml")).expect("it was written");
    assert!(written.contains("[[district]]") && written.contains("oneroster"));
    std::fs::write(bench.path("homeroom.toml"), "# mine\n").expect("it can be written");
    bench.run(&["init"]).ended(2);
    let kept = std::fs::read_to_string(bench.path("homeroom.toml")).expect("it is still there");
    assert_eq!(kept, "# mine\n");
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_wrong() {
    let bench = Bench::new();
    bench.zip("feed.zip", &feed("oneroster-1.2"));
    let direct = |connector, district, to| {
        ["sync", "--connector", connector, "--from", "feed.zip", "--district", district, "--to", to]
    };
    for (arguments, word) in [
        (&["sink"][..], "sink"),
        (&["sync", "--connector", "oneroster"], "--from"),
        (&["sync"], "homeroom.toml"),
        (&direct("onerooster", "marigold", "sqlite:roster.db"), "oneroster"),
        (&direct("oneroster", "mari gold", "sqlite:roster.db"), "mari gold"),
        (&direct("oneroster", "marigold", "sqlight:roster.db"), "sqlight"),
        (&["runs", "--to", "sqlite:nothing.db"], "nothing.db"),
        (&["export", "marigold", "--format", "xml", "--to", "x"], "xml"),
    ] {
        let output = bench.run(arguments).ended(2);
        assert!(output.stderr.contains(word), "{arguments:?}: {}", output.stderr);
        assert_eq!(output.stdout, "", "{arguments:?}");
    }
}

#[test]
fn export_replaces_nothing() {
    let (bench, _) = published();
    bench.write("mine.zip", "mine");
    let arguments = ["export", "marigold", "--format", "oneroster-1.2", "--to", "mine.zip"];
    bench.run(&[&arguments[..], &["--from", "sqlite:roster.db"]].concat()).ended(2);
    assert_eq!(std::fs::read(bench.path("mine.zip")).expect("it is still there"), b"mine");
}
