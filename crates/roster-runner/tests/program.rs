//! The built program: what it prints where, and its exit codes.

#![cfg(all(feature = "connector-oneroster", feature = "sink-sqlite"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use roster_synth::{Options, Version, write_first, write_next};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

/// A folder that the program runs in.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    /// The first night of a small district.
    fn first_night(&self, name: &str) {
        write_first(&Options { students: 60, ..Options::default() }, &self.path().join(name))
            .unwrap();
    }

    /// The night after.
    fn next_night(&self, name: &str) {
        let options = Options { students: 60, ..Options::default() };
        write_next(&options, 10, &self.path().join(name)).unwrap();
    }

    fn run(&self, line: &str) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_homeroom"));
        program.current_dir(self.path()).args(line.split_whitespace()).output().unwrap()
    }

    /// Names and contents of a folder's files.
    fn files(&self, folder: &str) -> BTreeMap<OsString, String> {
        let files = fs::read_dir(self.path().join(folder)).unwrap().map(Result::unwrap);
        files.map(|it| (it.file_name(), fs::read_to_string(it.path()).unwrap())).collect()
    }

    /// Runs the program, asserts its exit code and gives back standard output.
    #[track_caller]
    fn check(&self, line: &str, code: i32) -> String {
        let output = self.run(line);
        let text = |it| String::from_utf8(it).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(code), "homeroom {line}\n{out}\n{err}");
        out
    }

    /// Runs the program, asserts its exit code and gives back what standard error says.
    #[track_caller]
    fn refused(&self, line: &str, code: i32) -> String {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(code), "homeroom {line}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "results of a refused command");
        String::from_utf8(output.stderr).unwrap()
    }

    /// The exit code when nobody reads what the program prints.
    fn unread(&self, line: &str) -> Option<i32> {
        let mut program = Command::new(env!("CARGO_BIN_EXE_homeroom"));
        let program = program.current_dir(self.path()).args(line.split_whitespace());
        let program = program.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut program = program.spawn().unwrap();
        drop(program.stdout.take());
        program.wait().unwrap().code()
    }

    /// The same as [`Self::check`], with results read as JSON.
    #[track_caller]
    fn json(&self, line: &str, code: i32) -> Vec<Value> {
        let out = self.check(&format!("{line} --json"), code);
        out.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    }
}

const DIRECT: &str =
    "--connector oneroster --from feed.zip --district lakeside --to sqlite:roster.db";

#[test]
fn same_feed_twice_is_unchanged_and_the_next_night_counts_changes() {
    let place = Place::new();
    place.first_night("feed.zip");
    let first = &place.json(&format!("sync {DIRECT}"), 0)[0];
    assert_eq!(first["outcome"], "published");
    assert_eq!(first["entities"]["demographics"]["created"], 60);
    let again = &place.json(&format!("sync {DIRECT}"), 0)[0];
    assert_eq!(again["outcome"], "unchanged");
    place.next_night("feed.zip");
    let next = &place.json(&format!("sync {DIRECT}"), 0)[0];
    assert_eq!(next["outcome"], "published");
    assert!(next["entities"]["users"]["deleted"].as_u64() > Some(0), "{next}");
}

#[test]
fn report_of_sync_has_the_keys_of_the_design_in_order() {
    let place = Place::new();
    place.first_night("feed.zip");
    let line = place.check(&format!("sync {DIRECT} --json"), 0);
    let keys: Vec<_> = [
        "run",
        "district",
        "connector",
        "outcome",
        "entities",
        "diagnostics",
        "seconds",
        "peak_memory_bytes",
    ]
    .into_iter()
    .map(|it| line.find(&format!("\"{it}\":")).unwrap_or_else(|| panic!("{it} in {line}")))
    .collect();
    assert!(keys.is_sorted(), "{line}");
    assert!(!line.contains("\"error\""), "{line}");
}

#[test]
fn runs_show_and_report_find_what_sync_did() {
    let place = Place::new();
    place.first_night("feed.zip");
    place.check(&format!("sync {DIRECT}"), 0);
    let runs = place.json("runs --to sqlite:roster.db", 0);
    let run = runs[0]["run"].as_str().unwrap().to_owned();
    assert_eq!((runs.len(), &runs[0]["district"]), (1, &Value::from("lakeside")));
    assert_eq!(
        place.json(&format!("show {run} --to sqlite:roster.db"), 0)[0]["outcome"],
        "published"
    );
    assert!(place.json(&format!("report {run} --to sqlite:roster.db"), 0)[0]["manual"].is_object());
    assert!(
        place
            .check(&format!("report {run} --to sqlite:roster.db"), 0)
            .contains("lakeside: published")
    );
    let unknown = place.refused("show 20200101T000000Z-000000 --to sqlite:roster.db", 2);
    assert!(unknown.contains("no run is called"), "{unknown}");
}

#[test]
fn looking_makes_no_database() {
    let place = Place::new();
    let message = place.refused("runs --to sqlite:roster.db", 2);
    assert!(message.contains("nothing has been published there yet"), "{message}");
    assert!(!place.path().join("roster.db").exists());
    place.first_night("feed.zip");
    place.check(&format!("check {DIRECT}"), 0);
    assert!(!place.path().join("roster.db").exists());
}

#[test]
fn a_feed_that_was_never_there_is_a_misspelt_one_and_makes_no_database() {
    let place = Place::new();
    for command in ["sync", "plan"] {
        let message = place.refused(&format!("{command} {DIRECT}"), 2);
        assert!(message.contains("--from: there is nothing at feed.zip"), "{message}");
        assert!(!place.path().join("roster.db").exists());
    }
}

#[test]
fn what_is_told_to_do_next_names_the_sink_that_was_named() {
    let place = Place::new();
    place.first_night("feed.zip");
    place.check(&format!("sync {DIRECT}"), 0);
    write_first(&Options { students: 20, ..Options::default() }, &place.path().join("feed.zip"))
        .unwrap();
    let night = place.check(&format!("sync {DIRECT}"), 10);
    assert!(night.contains(" --to sqlite:roster.db\n"), "{night}");
    let line = night.lines().find_map(|it| it.split_once("homeroom holds ")).unwrap().1;
    let hold = place.check(&format!("holds {line}"), 0);
    assert!(hold.contains(" --to sqlite:roster.db --by WHO"), "{hold}");
    let (id, _) = line.split_once(' ').unwrap();
    let approve = format!("approve {id} --to sqlite:roster.db --by Ada --reason moved");
    assert!(!place.check(&approve, 0).contains("before, by"));
    let again = place.check(&approve, 0);
    assert!(again.contains("it was approved before, by Ada"), "{again}");
}

#[test]
fn bad_usage_and_bad_configuration_end_with_2() {
    let place = Place::new();
    place.refused("sink", 2);
    let message = place.refused("sync", 2);
    assert!(message.contains("homeroom.toml:1: there is no such file"), "{message}");
    place.write("homeroom.toml", "[store]\nto = 'sqlite:roster.db'\n[nigth]\n[[distric]]\n");
    let message = place.refused("sync", 2);
    assert!(message.contains("homeroom.toml:3: unknown key nigth"), "{message}");
    assert!(message.contains("homeroom.toml:4: unknown key distric"), "{message}");
    let message = place.refused("sync --connector clever --from x --district d --to sqlite:f", 2);
    assert!(message.contains("the connector reads no files"), "{message}");
    let message =
        place.refused(&format!("sync {}", DIRECT.replace("sqlite:roster.db", "snowflake:p")), 2);
    assert!(message.contains("sink \"snowflake\" is not known"), "{message}");
    let message = place.refused("runs --to sqlite:f --store oneroster-1.2:out.zip", 2);
    assert!(message.contains("--store takes a database"), "{message}");
    place.write("homeroom.toml", "");
    let message = place.refused("runs --store sqlite:f", 2);
    assert!(message.contains("a configuration has [store]"), "{message}");
}

const TWO_DISTRICTS: &str = "
[store]
to = 'sqlite:roster.db'
[night]
districts_at_once = 2
[[district]]
id = 'broken'
source = { connector = 'oneroster', path = 'broken.zip' }
[[district]]
id = 'lakeside'
source = { connector = 'oneroster', path = 'feed.zip' }
";

#[test]
fn failing_district_ends_with_11_and_stops_no_other() {
    let place = Place::new();
    place.first_night("feed.zip");
    place.write("broken.zip", "this is no zip");
    place.write("homeroom.toml", TWO_DISTRICTS);
    let reports = place.json("sync", 11);
    let outcomes: Vec<_> = reports.iter().map(|it| (&it["district"], &it["outcome"])).collect();
    assert_eq!(
        outcomes,
        [
            (&Value::from("broken"), &Value::from("failed")),
            (&Value::from("lakeside"), &Value::from("published"))
        ]
    );
    assert!(reports[0]["error"]["message"].is_string(), "{}", reports[0]);
    assert_eq!(place.json("runs", 0).len(), 2);
    assert_eq!(place.json("sync lakeside", 0).len(), 1);
    assert_eq!(place.json("check", 11).len(), 2);
    let message = place.refused("sync lakesid", 2);
    assert!(message.contains("did you mean \"lakeside\"?"), "{message}");
}

#[test]
fn results_that_nobody_reads_stop_no_night_and_hide_no_failure() {
    let place = Place::new();
    place.first_night("feed.zip");
    place.write("broken.zip", "this is no zip");
    place.write("homeroom.toml", TWO_DISTRICTS);
    place.check("sync", 11);
    for form in ["", " --json"] {
        let before = place.json("runs", 0).len();
        assert_eq!(place.unread(&format!("sync{form}")), Some(11));
        assert_eq!(place.json("runs", 0).len(), before + 2, "both nights ran");
        assert_eq!(place.unread(&format!("check{form}")), Some(11));
        assert_eq!(place.unread(&format!("sync lakeside{form}")), Some(0));
        for reading in ["runs".to_owned(), last_run("show", &place), last_run("report", &place)] {
            assert_eq!(place.unread(&format!("{reading}{form}")), Some(0), "{reading}");
        }
    }
    assert_eq!(place.unread("plan lakeside --out tonight"), Some(0));
    assert_eq!(place.unread("apply tonight"), Some(0));
    assert_eq!(place.unread("apply nowhere"), Some(2));
}

fn last_run(command: &str, place: &Place) -> String {
    format!("{command} {}", place.json("runs", 0)[0]["run"].as_str().unwrap())
}

#[test]
fn district_with_a_swapped_letter_is_suggested() {
    let place = Place::new();
    let districts =
        TWO_DISTRICTS.replace("'broken'", "'two'").replace("'lakeside'", "'springfield'");
    place.write("homeroom.toml", &districts);
    for (typed, meant) in [("tow", Some("two")), ("springfeild", Some("springfield")), ("x", None)]
    {
        let message = place.refused(&format!("sync {typed}"), 2);
        let suggestion = meant.map(|it| format!("did you mean {it:?}?"));
        assert_eq!(message.contains("did you mean"), meant.is_some(), "{message}");
        assert!(message.contains(&suggestion.unwrap_or_default()), "{message}");
    }
}

#[test]
fn feed_that_is_still_being_delivered_is_not_yet_everywhere() {
    let place = Place::new();
    place.write("feed.zip", "");
    let night = &place.json(&format!("sync {DIRECT}"), 0)[0];
    assert_eq!(
        (&night["outcome"], &night["error"]["kind"]),
        (&"unchanged".into(), &"not_ready".into())
    );
    let plan = &place.json(&format!("plan {DIRECT} --out tonight"), 0)[0];
    assert_eq!(
        (&plan["outcome"], &plan["error"]["kind"]),
        (&"unchanged".into(), &"not_ready".into())
    );
    assert_eq!((&plan["district"], &plan["plan"]), (&"lakeside".into(), &Value::Null));
    let text = place.check(&format!("plan {DIRECT} --out tonight"), 0);
    assert!(text.starts_with("lakeside: not yet: ") && text.lines().count() == 1, "{text}");
    assert!(!place.path().join("tonight").exists(), "nothing is written");
    let check = &place.json(&format!("check {DIRECT}"), 0)[0];
    let states: Vec<_> = check["steps"].as_array().unwrap().iter().map(|it| &it["state"]).collect();
    assert_eq!(
        (states, &check["passed"]),
        (vec![&"not_yet".into(), &"ok".into()], &true.into()),
        "{check}"
    );
    let text = place.check(&format!("check {DIRECT}"), 0);
    assert!(text.contains("not yet") && !text.contains("FAILED"), "{text}");
}

#[test]
fn plan_publishes_nothing_and_apply_publishes_it_once() {
    let place = Place::new();
    place.first_night("feed.zip");
    place.write("homeroom.toml", &TWO_DISTRICTS.replace("broken", "other"));
    let plan = &place.json("plan lakeside --out tonight", 0)[0];
    assert_eq!((&plan["outcome"], &plan["plan"]), (&"published".into(), &"tonight".into()));
    assert!(place.json("runs", 0).is_empty());
    assert_eq!(place.json("apply tonight", 0)[0]["run"], plan["run"]);
    assert_eq!(place.json("runs", 0).len(), 1);
    let message = place.refused("apply tonight", 11);
    assert!(message.contains("plan"), "{message}");
    assert_eq!(place.json("sync lakeside", 0)[0]["outcome"], "unchanged");
}

#[test]
fn failed_plan_leaves_nothing_behind() {
    let place = Place::new();
    place.write("feed.zip", "this is no zip");
    place.refused(&format!("plan {DIRECT} --out tonight"), 11);
    assert!(!place.path().join("tonight").exists());
    // One that fails when it has written a part.
    let feed = place.path().join("feed.zip");
    write_first(&Options { students: 1_000, ..Options::default() }, &feed).unwrap();
    let mut bytes = fs::read(&feed).unwrap();
    let near_the_end = bytes.len() / 10 * 9;
    bytes[near_the_end] ^= 1;
    fs::write(&feed, bytes).unwrap();
    fs::create_dir(place.path().join("there")).unwrap();
    for folder in ["tonight", "there"] {
        place.refused(&format!("plan {DIRECT} --out {folder}"), 11);
    }
    assert!(!place.path().join("tonight").exists());
    assert!(place.files("there").is_empty());
}

#[test]
fn export_writes_the_owned_structs_and_replaces_nothing() {
    let place = Place::new();
    place.first_night("feed.zip");
    place.check(&format!("sync {DIRECT}"), 0);
    let export = "export lakeside --format jsonl --to out --from sqlite:roster.db";
    let tables = place.json(export, 0);
    assert!(tables.iter().any(|it| it["name"] == "demographics" && it["rows"] == 60), "{tables:?}");
    let text = fs::read_to_string(place.path().join("out/demographics.jsonl")).unwrap();
    let rows: Vec<roster_core::model::Demographics> =
        text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(rows.len(), 60);
    let message = place.refused(export, 2);
    assert!(message.contains("is not empty"), "{message}");
    let message = place.refused("export nobody --format jsonl --to new --from sqlite:roster.db", 2);
    assert!(message.contains("nothing of a district nobody"), "{message}");
}

#[test]
fn broken_export_leaves_nothing_behind() {
    let place = Place::new();
    place.first_night("feed.zip");
    place.check(&format!("sync {DIRECT}"), 0);
    let database = rusqlite::Connection::open(place.path().join("roster.db")).unwrap();
    // Of the tables that have rows, the last one cannot be read.
    let last = place.json("export lakeside --format jsonl --to whole --from sqlite:roster.db", 0);
    let last = last.last().unwrap()["name"].as_str().unwrap();
    database.execute_batch(&format!("UPDATE {last} SET extensions = x'ff'")).unwrap();
    fs::create_dir(place.path().join("there")).unwrap();
    for (form, to) in [("jsonl", "new"), ("jsonl", "there"), ("oneroster-1.2", "new.zip")] {
        let line = format!("export lakeside --format {form} --to {to} --from sqlite:roster.db");
        place.refused(&line, 11);
    }
    let kept = ["feed.zip", "roster.db", "there", "whole"];
    let files = fs::read_dir(place.path()).unwrap().map(|it| it.unwrap().file_name());
    let files = files.filter(|it| !it.to_string_lossy().starts_with("roster.db-"));
    assert_eq!(files.collect::<std::collections::BTreeSet<_>>(), kept.map(OsString::from).into());
    assert!(place.files("there").is_empty());
}

#[cfg(unix)]
#[test]
fn plans_and_exports_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    place.first_night("feed.zip");
    place.check(&format!("sync {DIRECT}"), 0);
    place.next_night("feed.zip");
    for folder in ["plan", "tables"] {
        let folder = place.path().join(folder);
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    place.check(&format!("plan {DIRECT} --out plan"), 0);
    for (form, to) in [("jsonl", "tables"), ("oneroster-1.2", "out.zip")] {
        let line = format!("export lakeside --format {form} --to {to} --from sqlite:roster.db");
        place.check(&line, 0);
    }
    let mut paths: Vec<_> = ["plan", "tables", "out.zip"].map(|it| place.path().join(it)).into();
    paths.extend(fs::read_dir(place.path().join("tables")).unwrap().map(|it| it.unwrap().path()));
    assert!(paths.len() > 10, "{paths:?}");
    for path in paths {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has {mode:o}", path.display());
    }
}

#[test]
fn looking_needs_no_right_to_write_the_database() {
    let place = Place::new();
    place.first_night("feed.zip");
    place.check(&format!("sync {DIRECT}"), 0);
    let path = place.path().join("roster.db");
    let before = fs::read(&path).unwrap();
    let mut permissions = path.metadata().unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    // Nor does it wait for a night that is just publishing.
    let writer = rusqlite::Connection::open(&path).unwrap();
    let busy = writer.execute_batch("BEGIN IMMEDIATE").is_ok();
    let run = &place.json("runs --to sqlite:roster.db", 0)[0]["run"];
    for line in [
        format!("show {} --to sqlite:roster.db", run.as_str().unwrap()),
        format!("check {DIRECT}"),
        "export lakeside --format jsonl --to out --from sqlite:roster.db".to_owned(),
    ] {
        place.check(&line, 0);
    }
    if busy {
        writer.execute_batch("ROLLBACK").unwrap();
    }
    assert!(fs::read(&path).unwrap() == before, "looking changed the database");
}

#[test]
fn oneroster_export_synchronizes_to_the_same_rows() {
    #[track_caller]
    fn check(version: Version) {
        let (place, text) = (Place::new(), version.text());
        let options = Options { students: 60, version, ..Options::default() };
        write_first(&options, &place.path().join("feed.zip")).unwrap();
        place.check(&format!("sync {DIRECT}"), 0);
        let export = |form: &str, to: &str, from: &str| {
            let line = format!("export lakeside --format {form} --to {to} --from sqlite:{from}");
            place.check(&line, 0)
        };
        export("jsonl", "before", "roster.db");
        let told = export(&format!("oneroster-{text}"), "out.zip", "roster.db");
        assert!(!told.contains("left out or changed"), "{told}");
        let again = DIRECT.replace("feed.zip", "out.zip").replace("roster.db", "again.db");
        place.check(&format!("sync {again}"), 0);
        export("jsonl", "after", "again.db");
        assert!(place.files("before") == place.files("after"), "through OneRoster {text}");
    }
    check(Version::V1_1);
    check(Version::V1_2);
}

#[test]
fn init_writes_what_check_accepts_and_replaces_nothing() {
    let place = Place::new();
    place.check("init", 0);
    let message = place.refused("init", 2);
    assert!(message.contains("is there already"), "{message}");
    // The feed it names does not exist, so the check is red; the configuration itself is fine.
    assert_eq!(place.json("check", 11)[0]["district"], "lakeside");
}

#[test]
fn demo_needs_nothing_and_replaces_only_itself() {
    let place = Place::new();
    let reports = place.json("demo", 0);
    assert!(reports.len() >= 2 && reports.iter().all(|it| it["outcome"] == "published"));
    place.check("demo", 0);
    place.check("runs --config homeroom-demo/homeroom.toml", 0);
    fs::create_dir(place.path().join("mine")).unwrap();
    place.write("mine/notes.txt", "mine");
    place.refused("demo --folder mine", 2);
    assert!(place.path().join("mine/notes.txt").exists());
}

#[cfg(unix)]
#[test]
fn interrupt_stops_soon_and_publishes_nothing() {
    use std::io::{BufRead as _, BufReader};
    let place = Place::new();
    let options = Options { students: 20_000, ..Options::default() };
    write_first(&options, &place.path().join("feed.zip")).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_homeroom"))
        .current_dir(place.path())
        .args(format!("sync --json {DIRECT}").split_whitespace())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(program.stderr.take().unwrap()).lines();
    assert!(log.next().unwrap().unwrap().contains("reading"));
    let kill = format!("kill -INT {}", program.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    assert!(log.any(|it| it.unwrap().contains("stopping after the batch in hand")));
    let output = program.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(11));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["outcome"], &report["error"]["kind"]),
        (&"failed".into(), &"cancelled".into())
    );
}
