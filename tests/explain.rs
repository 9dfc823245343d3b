//! `homeroom explain`: the story of a record in any night, also of one that is not there.

use homeroom_tests::{Bench, Night, feed, homeroom};
use roster_testkit::{FileSet, canaries};
use serde_json::Value;
use std::{fmt::Write as _, process::Command};

const SINK: [&str; 2] = ["--to", "sqlite:roster.db"];

/// A bench on which the district is published, and its night.
fn published() -> (Bench, Night) {
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &feed("oneroster-1.2")));
    (bench, night)
}

/// The next night of the same district, with another content of the same file.
fn night_of(bench: &Bench, edit: impl FnOnce(&mut FileSet)) -> Night {
    let mut files = feed("oneroster-1.2");
    edit(&mut files);
    bench.night(&bench.zip("feed.zip", &files))
}

/// The answer about a record.
#[track_caller]
fn explain(bench: &Bench, entity: &str, source_id: &str, more: &[&str]) -> Value {
    let question = ["explain", "marigold", entity, source_id, "--json"];
    let mut lines = bench.run(&[&question[..], more].concat()).ended(0).json();
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

/// The answer from the sink alone.
#[track_caller]
fn from_sink(bench: &Bench, entity: &str, source_id: &str) -> Value {
    explain(bench, entity, source_id, &SINK)
}

/// The same as text for people.
#[track_caller]
fn told(bench: &Bench, entity: &str, source_id: &str) -> String {
    let question = ["explain", "marigold", entity, source_id];
    bench.run(&[&question[..], &SINK].concat()).ended(0).stdout
}

/// What a night decided, and where the record stood: `unchanged users.csv:2 accepted`.
fn decided(night: &Value) -> String {
    let mut words = text(&night["plan"]["word"]);
    for stand in night["feed"].as_array().expect("places are told") {
        let (file, line, fate) = (text(&stand["file"]), &stand["line"], text(&stand["fate"]));
        _ = write!(words, " {file}:{line} {fate}");
    }
    words
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The reference of a field.
fn reference<'a>(answer: &'a Value, field: &str) -> &'a Value {
    let references = answer["refers_to"].as_array().expect("references are told");
    references.iter().find(|it| it["field"] == field).expect("the field refers to something")
}

#[test]
fn record_is_told_from_its_line_to_what_is_published() {
    let (bench, first) = published();
    let answer = from_sink(&bench, "users", "0001003");
    assert_eq!(answer["night"]["run"], first.run.as_str());
    assert_eq!(decided(&answer["night"]), "created users.csv:4 accepted");
    assert_eq!(answer["night"]["sharing"], "shared");
    assert_eq!(answer["published"]["active"], true);
    assert_eq!(answer["published"]["first_run"], first.run.as_str());
    assert_eq!(reference(&answer, "primary_org_source_id")["state"], "published");
    let again = night_of(&bench, |_| {});
    let answer = from_sink(&bench, "user", "0001003");
    assert_eq!(answer["night"]["run"], again.run.as_str());
    assert_eq!(decided(&answer["night"]), "unchanged users.csv:4 accepted");
    assert_eq!(answer["published"]["last_run"], first.run.as_str());
    let text = told(&bench, "users", "0001003");
    assert!(text.contains("users.csv:4") && text.contains("unchanged: "), "{text}");
}

#[test]
fn records_that_refer_to_each_other_are_told_like_others() {
    let (bench, _) = published();
    let answer = from_sink(&bench, "org", "0121");
    assert_eq!(decided(&answer["night"]), "created orgs.csv:5 accepted");
    assert_eq!(reference(&answer, "parent_source_id")["source_id"], "0120");
}

#[test]
fn changed_record_tells_what_each_night_did() {
    let (bench, first) = published();
    let second =
        night_of(&bench, |files| files.set_value("users.csv", "0001003", "phone", "+1 555 0199"));
    let answer = from_sink(&bench, "users", "0001003");
    assert_eq!(decided(&answer["night"]), "updated users.csv:4 accepted");
    assert_eq!(answer["published"]["last_run"], second.run.as_str());
    let earlier =
        explain(&bench, "users", "0001003", &[&SINK[..], &["--run", &first.run]].concat());
    assert_eq!(decided(&earlier["night"]), "created users.csv:4 accepted");
}

#[test]
fn place_is_that_of_the_night_after_the_file_was_replaced() {
    let (bench, first) = published();
    night_of(&bench, |files| files.remove_record("users.csv", "0001001"));
    let answer = from_sink(&bench, "users", "0001002");
    assert_eq!(decided(&answer["night"]), "unchanged users.csv:2 accepted");
    std::fs::remove_file(bench.path("feed.zip")).expect("it is there");
    let earlier =
        explain(&bench, "users", "0001002", &[&SINK[..], &["--run", &first.run]].concat());
    assert_eq!(decided(&earlier["night"]), "created users.csv:3 accepted");
}

#[test]
fn rejected_record_is_explained_by_the_record_it_misses() {
    let (bench, _) = published();
    night_of(&bench, |files| {
        files.set_value("enrollments.csv", "E0096", "userSourcedId", "NOBODY");
    });
    let answer = from_sink(&bench, "enrollments", "E0096");
    assert!(decided(&answer["night"]).starts_with("rejected enrollments.csv:95 rejected"));
    let why = text(&answer["night"]["plan"]["why"]);
    assert!(why.contains("rejected is not missing"), "{why}");
    let check = &answer["night"]["checks"][0];
    assert_eq!(
        (&check["code"], &check["field"]),
        (&"reference_not_found".into(), &"userSourcedId".into())
    );
    assert!(text(&check["manual"]).contains("Mend:"), "{check}");
    let missing = reference(&answer, "user_source_id");
    assert_eq!(
        (&missing["source_id"], &missing["state"]),
        (&"NOBODY".into(), &"not_published".into())
    );
    assert!(text(&missing["why"]).contains("did not have it"), "{missing}");
    assert_eq!(reference(&answer, "section_source_id")["state"], "published");
    assert_eq!(answer["published"]["active"], true);
}

#[test]
fn rejected_parent_is_explained_one_level_up() {
    let bench = Bench::new();
    night_of(&bench, |files| files.set_value("users.csv", "0001025", "givenName", ""));
    let answer = from_sink(&bench, "enrollments", "E0096");
    assert_eq!(decided(&answer["night"]), "rejected enrollments.csv:95 rejected");
    assert_eq!(answer["night"]["checks"][0]["code"], "reference_rejected");
    assert_eq!(answer["published"], Value::Null);
    let parent = reference(&answer, "user_source_id");
    assert_eq!(
        (&parent["source_id"], &parent["state"]),
        (&"0001025".into(), &"not_published".into())
    );
    assert_eq!(parent["checks"][0]["code"], "missing_required");
    assert_eq!(parent["checks"][0]["field"], "givenName");
    assert_eq!(parent["feed"][0]["line"], 26);
    let text = told(&bench, "enrollments", "E0096");
    assert!(text.contains("it was in the feed, and a check left it out too"), "{text}");
}

#[test]
fn record_that_stands_twice_is_told_with_both_lines() {
    let bench = Bench::new();
    night_of(&bench, |files| {
        let text =
            String::from_utf8_lossy(files.get("users.csv").expect("it is there")).into_owned();
        let line = text.lines().nth(3).expect("there are users").to_owned();
        files.set("users.csv", format!("{}\r\n{line}\r\n", text.trim_end()));
    });
    let answer = from_sink(&bench, "users", "0001003");
    let decided = decided(&answer["night"]);
    assert_eq!(decided, "created users.csv:4 accepted users.csv:65 rejected");
    assert_eq!(answer["night"]["checks"][0]["code"], "duplicate_key");
}

#[test]
fn deleted_record_tells_which_night_and_why_and_restored_comes_back() {
    let (bench, first) = published();
    let id = text(&from_sink(&bench, "users", "P015")["published"]["id"]);
    let second = night_of(&bench, |files| files.remove_record("users.csv", "P015"));
    let answer = from_sink(&bench, "users", "P015");
    assert_eq!(decided(&answer["night"]), "deleted");
    assert_eq!(decided(&answer["earlier"]), "created users.csv:47 accepted");
    assert_eq!(answer["earlier"]["run"], first.run.as_str());
    let deletion = &answer["published"]["deletion"];
    assert_eq!(
        (&deletion["run"], &deletion["reason"]),
        (&second.run.as_str().into(), &"absent".into())
    );
    let role = from_sink(&bench, "roles", "P015/0110/guardian");
    assert_eq!(role["published"]["deletion"]["reason"], "orphaned");
    assert!(text(&role["published"]["deletion"]["why"]).ends_with("users P015"), "{role}");
    assert_eq!(role["night"]["checks"][0]["code"], "reference_not_found");
    let later = night_of(&bench, |files| files.remove_record("users.csv", "P015"));
    let answer = from_sink(&bench, "users", "P015");
    assert_eq!(
        (&answer["night"]["run"], decided(&answer["night"])),
        (&later.run.as_str().into(), "deleted_before".into())
    );
    assert_eq!(answer["published"]["deletion"]["run"], second.run.as_str());
    night_of(&bench, |_| {});
    let answer = from_sink(&bench, "users", "P015");
    assert_eq!(decided(&answer["night"]), "restored users.csv:47 accepted");
    assert_eq!(
        (&answer["published"]["id"], &answer["published"]["active"]),
        (&id.into(), &true.into())
    );
}

#[test]
fn record_that_the_feed_says_is_gone_is_told_with_its_line() {
    let (bench, _) = published();
    night_of(&bench, |files| files.set_value("users.csv", "P015", "status", "tobedeleted"));
    let answer = from_sink(&bench, "users", "P015");
    assert_eq!(decided(&answer["night"]), "deleted users.csv:47 said_gone");
    let deletion = &answer["published"]["deletion"];
    assert_eq!(
        (&deletion["reason"], &deletion["place"]["line"]),
        (&"said_gone".into(), &47.into())
    );
}

#[test]
fn record_that_was_never_there_is_an_answer_too() {
    let (bench, _) = published();
    let answer = from_sink(&bench, "users", "NOBODY");
    assert_eq!(decided(&answer["night"]), "nothing");
    assert_eq!((&answer["published"], &answer["earlier"]), (&Value::Null, &Value::Null));
    let text = told(&bench, "users", "NOBODY");
    assert!(text.contains("was not in the feed") && text.contains("never published"), "{text}");
}

#[test]
fn held_deletion_tells_its_hold_and_later_who_approved_it() {
    let (bench, _) = published();
    let mut files = feed("oneroster-1.2");
    let text_of =
        String::from_utf8_lossy(files.get("enrollments.csv").expect("it is there")).into_owned();
    let few: Vec<&str> = text_of.lines().take(60).collect();
    files.set("enrollments.csv", few.join("\r\n"));
    let zip = bench.zip("feed.zip", &files);
    let night = bench.sync(&zip).ended(10).json().remove(0);
    let answer = from_sink(&bench, "enrollments", "E0096");
    assert_eq!(
        (&answer["night"]["run"], decided(&answer["night"])),
        (&night["run"], "held".into())
    );
    assert_eq!(answer["night"]["sharing"], "not_asked");
    let hold = &answer["night"]["holds"][0];
    assert_eq!(
        (&hold["operation"], &hold["hold"]["rule"], &hold["hold"]["state"]),
        (&"delete".into(), &"deleted".into(), &"open".into())
    );
    assert_eq!(answer["published"]["active"], true);
    let id = text(&hold["hold"]["id"]);
    let approve = ["approve", &id, "--by", "Kim Operator", "--reason", "they have left"];
    bench.run(&[&approve[..], &SINK].concat()).ended(0);
    bench.night(&zip);
    let answer = from_sink(&bench, "enrollments", "E0096");
    assert_eq!(decided(&answer["night"]), "deleted");
    assert_eq!(answer["night"]["approved"][0]["decision"]["by"], "Kim Operator");
    assert!(told(&bench, "enrollments", "E0096").contains("Kim Operator"));
}

#[test]
fn published_record_that_a_feed_is_silent_about_stays_and_says_why() {
    let check = |edit: fn(&mut FileSet), why: &str| {
        let (bench, _) = published();
        let mut files = feed("oneroster-1.2");
        edit(&mut files);
        bench.sync(&bench.zip("feed.zip", &files));
        let answer = from_sink(&bench, "enrollments", "E0096");
        assert_eq!(decided(&answer["night"]), "stays");
        let told = text(&answer["night"]["plan"]["why"]);
        assert!(told.contains(why), "{told}");
        assert_eq!(answer["night"]["holds"][0]["operation"], "delete", "{answer}");
    };
    check(|files| files.remove_records("enrollments.csv"), "incomplete is not empty");
    check(
        |files| {
            files.remove("enrollments.csv");
            files.replace("manifest.csv", "file.enrollments,bulk", "file.enrollments,absent");
        },
        "did not speak of enrollments",
    );
}

/// An archive whose enrollments can be read for a while.
fn damaged_in_the_middle(mut files: FileSet) -> Vec<u8> {
    let text =
        String::from_utf8_lossy(files.get("enrollments.csv").expect("it is there")).into_owned();
    let line = text.lines().nth(94).expect("there are enrollments");
    let more: String =
        (0..30_000).map(|it| line.replace("E0096", &format!("X{it}")) + "\r\n").collect();
    files.set("enrollments.csv", text + &more);
    let mut archive = files.zip().expect("the files can be zipped");
    let find = |bytes: &[u8], from: usize| {
        let found = archive[from..].windows(bytes.len()).position(|it| it == bytes);
        from + found.expect("it is in the archive")
    };
    let end = find(b"PK\x03\x04", find(b"enrollments.csv", 0));
    archive[end - 200] ^= 0xff;
    archive
}

#[test]
fn failed_night_keeps_what_it_found() {
    let (bench, _) = published();
    let mut files = feed("oneroster-1.2");
    files.set_value("users.csv", "0001003", "givenName", "");
    let failed = bench.failed_night(&bench.write("feed.zip", damaged_in_the_middle(files)));
    let of_run = [&SINK[..], &["--run", &failed.run]].concat();
    let answer = explain(&bench, "users", "0001003", &of_run);
    assert_eq!(answer["night"]["outcome"], "failed");
    assert_eq!(answer["night"]["plan"]["word"], "nothing");
    assert!(text(&answer["night"]["plan"]["why"]).contains("published nothing"), "{answer}");
    assert_eq!(answer["night"]["checks"][0]["code"], "missing_required");
    assert_eq!(answer["night"]["feed"][0]["line"], 4);
    let other = explain(&bench, "users", "0001004", &of_run);
    assert_eq!(decided(&other["night"]), "nothing users.csv:5 accepted");
    let last = from_sink(&bench, "users", "0001003");
    assert_eq!(decided(&last["night"]), "created users.csv:4 accepted", "the last good night");
}

const CONFIGURATION: &str = r#"
[[district]]
id = "marigold"
to = "sqlite:roster.db"
source = { connector = "oneroster", path = "feed.zip" }
"#;

/// A night by the configuration.
fn configured_night(bench: &Bench, sharing: &str) -> Night {
    bench.write("homeroom.toml", format!("{CONFIGURATION}\n[district.sharing]\n{sharing}\n"));
    Night::parse(&bench.run(&["sync", "--json"]).ended(0).stdout)
}

#[test]
fn setting_that_leaves_a_record_out_is_named() {
    let bench = Bench::new();
    bench.zip("feed.zip", &feed("oneroster-1.2"));
    configured_night(&bench, "schools = [\"0120\"]\nexcluded_entities = [\"programs\"]");
    let answer = explain(&bench, "users", "0001025", &[]);
    assert_eq!(decided(&answer["night"]), "nothing");
    assert_eq!(answer["night"]["sharing"], "unknown");
    let now = &answer["feed_now"];
    assert_eq!((&now["state"], &now["place"]["line"]), (&"there".into(), &26.into()));
    assert_eq!(
        (&now["shared"], &now["settings"]),
        (&false.into(), &serde_json::json!(["schools"]))
    );
    let enrollment = explain(&bench, "enrollments", "E0096", &[]);
    let now = &enrollment["feed_now"];
    assert_eq!((&now["shared"], &now["settings"][0]), (&false.into(), &"schools".into()));
    assert_eq!(now["through"], "user_source_id: users 0001025");
    let school = explain(&bench, "orgs", "0110", &[]);
    assert_eq!(school["feed_now"]["settings"], serde_json::json!(["schools"]));
    let shared = explain(&bench, "users", "0001003", &[]);
    assert_eq!(decided(&shared["night"]), "created users.csv:4 accepted");
    assert_eq!(shared["feed_now"], Value::Null, "the night has it");
    let without = explain(&bench, "users", "0001025", &["--no-feed"]);
    assert_eq!(without["feed_now"], Value::Null);
    let text = bench.run(&["explain", "marigold", "users", "0001025"]).ended(0).stdout;
    assert!(text.contains("the sharing settings leave it out: schools"), "{text}");
}

#[test]
fn record_that_is_no_longer_shared_is_told_apart_from_one_that_is_gone() {
    let bench = Bench::new();
    bench.zip("feed.zip", &feed("oneroster-1.2"));
    configured_night(&bench, "");
    let second = configured_night(&bench, "schools = [\"0120\"]");
    let answer = explain(&bench, "users", "0001025", &[]);
    assert_eq!(decided(&answer["night"]), "deleted");
    assert_eq!(answer["night"]["sharing"], "withdrawn");
    let deletion = &answer["published"]["deletion"];
    assert_eq!(
        (&deletion["run"], &deletion["reason"]),
        (&second.run.as_str().into(), &"not_shared".into())
    );
    assert_eq!(answer["feed_now"]["shared"], false);
}

#[test]
fn feed_as_it_is_now_is_told() {
    let (bench, _) = published();
    bench.write("homeroom.toml", CONFIGURATION);
    let now = |id: &str| text(&explain(&bench, "users", id, &[])["feed_now"]["state"]);
    let mut files = feed("oneroster-1.2");
    let text = String::from_utf8_lossy(files.get("users.csv").expect("it is there")).into_owned();
    let line = text.lines().nth(3).expect("there are users").replace("0001003", "NEW");
    let bad = text.lines().nth(4).expect("there are users").replace("0001004", "BAD");
    let bad = bad.replace("Maximiliana", "");
    files.set("users.csv", format!("{}\r\n{line}\r\n{bad}\r\n", text.trim_end()));
    bench.zip("feed.zip", &files);
    assert_eq!(now("NEW"), "there");
    assert_eq!(now("BAD"), "rejected");
    assert_eq!(now("NOBODY"), "not_there");
    files.remove("userProfiles.csv");
    files.remove("manifest.csv");
    bench.zip("feed.zip", &files);
    let profile = explain(&bench, "user_profiles", "NOBODY", &[]);
    assert_eq!(profile["feed_now"]["state"], "not_in_feed");
    bench.write("feed.zip", "not a zip");
    let answer = explain(&bench, "users", "NEW", &[]);
    assert_eq!(answer["feed_now"]["state"], "unreadable");
    assert!(!answer["feed_now"]["why"].is_null());
}

#[test]
fn wrong_questions_are_refused_with_a_hint() {
    let (bench, _) = published();
    let check = |words: &[&str], hint: &str| {
        let output = bench.run(&[&["explain"], words, &SINK].concat()).ended(2);
        assert!(output.stderr.contains(hint), "{}", output.stderr);
    };
    check(&["marigold", "usres", "1"], "did you mean \"users\"");
    check(&["marigold", "users", "1", "--run", "20200101T000000Z-000000"], "homeroom runs");
    check(&["marygold", "users", "1"], "\"marygold\"");
    check(&["mary gold", "users", "1"], "a district id is");
}

#[test]
fn values_are_told_only_when_they_are_asked_for() {
    let (bench, _) = published();
    night_of(&bench, |files| files.set_value("enrollments.csv", "E0096", "classSourcedId", "LOST"));
    // The bench searches for names in all that is printed.
    for (entity, source_id) in [("users", "0001001"), ("enrollments", "E0096")] {
        assert_eq!(from_sink(&bench, entity, source_id)["published"]["values"], Value::Null);
        told(&bench, entity, source_id);
    }
    let output = Command::new(homeroom())
        .args(["explain", "marigold", "users", "0001001", "--values", "--log", "trace"])
        .args(SINK)
        .current_dir(bench.path(""))
        .output()
        .expect("the program can be started");
    let (out, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("Amélie"), "{out}");
    let logged = canaries().iter().find(|it| log.contains(it.as_str()));
    assert_eq!(logged, None, "a value is in the log");
    assert!(!out.contains("canary-password"), "{out}");
}

#[test]
fn key_that_holds_what_steers_a_terminal_is_told_without_it() {
    let (bench, _) = published();
    let text = told(&bench, "users", "a\u{1b}[31mb");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}
