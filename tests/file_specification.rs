//! The connector for Homeroom's own file specification, and `homeroom spec`, on the built program.

use homeroom_tests::{Bench, Night, Output, feed};
use roster_testkit::FileSet;
use serde_json::Value;
use std::{fs, path::Path};

const SINK: [&str; 2] = ["--to", "sqlite:roster.db"];

fn shown(path: &Path) -> &str {
    path.to_str().expect("paths of benches are text")
}

/// A night of these files that ends with an exit code.
fn night(bench: &Bench, files: &FileSet, code: i32) -> Night {
    let feed = bench.zip("feed.zip", files);
    let source = [
        "sync",
        "--connector",
        "sftp-spec",
        "--from",
        shown(&feed),
        "--district",
        "marigold",
        "--json",
    ];
    Night::parse(&bench.run(&[&source, &SINK[..]].concat()).ended(code).stdout)
}

fn validate(bench: &Bench, files: &FileSet, options: &[&str]) -> Output {
    let feed = bench.zip("check.zip", files);
    bench.run(&[&["spec", "validate", shown(&feed)], options].concat())
}

/// The one line of `homeroom spec validate --json`, and the codes and lines it names.
fn verdict(output: &Output) -> (Value, Vec<(String, Vec<u64>)>) {
    let line = output.json().remove(0);
    let causes = line["causes"].as_array().expect("it has causes").iter();
    let lines = |it: &Value| {
        it["lines"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
    };
    let causes = causes.map(|it| (it["code"].as_str().unwrap_or_default().to_owned(), lines(it)));
    (line.clone(), causes.collect())
}

#[test]
fn district_is_published_and_the_next_night_changes_nothing() {
    let bench = Bench::new();
    let files = feed("sftp-spec");
    let first = night(&bench, &files, 0);
    assert_eq!(first.outcome, "published");
    let read: u64 = first.entities.values().map(|it| it.read).sum();
    assert_eq!(first.entities.values().map(|it| it.created).sum::<u64>(), read);
    assert_eq!(night(&bench, &files, 0).outcome, "unchanged");
}

#[test]
fn student_who_left_goes_and_one_who_was_rejected_stays() {
    let bench = Bench::new();
    let mut files = feed("sftp-spec");
    night(&bench, &files, 0);
    files.set_value("students.csv", "0001003", "first_name", "");
    let second = night(&bench, &files, 0);
    let users = &second.entities["users"];
    assert_eq!((users.rejected, users.deleted), (1, 0));
    let mut files = feed("sftp-spec");
    for (file, column) in
        [("students.csv", 0), ("demographics.csv", 0), ("enrollments.csv", 2), ("programs.csv", 0)]
    {
        files = without(&files, file, column, "0001014");
    }
    let third = night(&bench, &files, 0);
    assert_eq!(third.entities["users"].deleted, 1);
}

/// Without the records that have a key in a column.
fn without(files: &FileSet, name: &str, column: usize, key: &str) -> FileSet {
    let text = String::from_utf8_lossy(files.get(name).expect("it is there")).into_owned();
    let keep = |it: &&str| it.split(',').nth(column) != Some(key);
    let mut files = files.clone();
    files.set(name, text.split_inclusive("\r\n").filter(keep).collect::<String>());
    files
}

#[test]
fn half_a_set_in_a_folder_is_not_ready_and_removes_nobody() {
    let bench = Bench::new();
    night(&bench, &feed("sftp-spec"), 0);
    let mut half = feed("sftp-spec");
    half.remove("students.csv");
    half.write(&bench.path("drop")).unwrap_or_else(|_| panic!("it can be written"));
    let folder = bench.path("drop");
    let source = [
        "sync",
        "--connector",
        "sftp-spec",
        "--from",
        shown(&folder),
        "--district",
        "marigold",
        "--json",
    ];
    let output = bench.run(&[&source, &SINK[..]].concat());
    assert!(output.text().contains("students.csv"), "{}", output.text());
    assert_eq!(night(&bench, &feed("sftp-spec"), 0).outcome, "unchanged");
}

#[test]
fn report_for_the_district_speaks_its_own_language() {
    let bench = Bench::new();
    let mut files = feed("sftp-spec");
    files.set_value("students.csv", "0001003", "first_name", "");
    files.remove_record("sections.csv", "ALG-2");
    let run = night(&bench, &files, 0).run;
    let arguments = ["report", &run, "--for-district", "report.json"];
    bench.run(&[&arguments, &SINK[..]].concat()).ended(0);
    let report = fs::read_to_string(bench.path("report.json")).expect("it was written");
    for expected in
        ["first_name in students.csv", "section_id", "sections.csv", "last_name", "Tabler, Jr."]
    {
        assert!(report.contains(expected), "{expected}: {report}");
    }
    for other in ["given_name", "section_source_id", "sourcedId", "family_name"] {
        assert!(!report.contains(other), "{other}: {report}");
    }
}

#[test]
fn template_is_written_once_and_its_example_is_ready_to_send() {
    let bench = Bench::new();
    let folder = bench.path("mine");
    bench.run(&["spec", "template", "--to", shown(&folder)]).ended(0);
    bench.run(&["spec", "template", "--to", shown(&folder)]).ended(2);
    let example = folder.join("example");
    let output = bench.run(&["spec", "validate", shown(&example), "--json"]).ended(0);
    let (line, causes) = verdict(&output);
    assert_eq!((&line["ready"], &causes[..]), (&true.into(), &[][..]));
    let empty = folder.join("empty");
    let output = bench.run(&["spec", "validate", shown(&empty), "--json"]).ended(11);
    assert!(verdict(&output).1.iter().all(|it| it.0 == "file_empty"));
}

#[test]
fn validate_finds_what_a_night_would_find_and_tells_values_only_where_asked() {
    let bench = Bench::new();
    let mut files = feed("sftp-spec");
    files.set_value("students.csv", "0001005", "last_name", "");
    files.remove_record("sections.csv", "ALG-2");
    files.set_value("demographics.csv", "0001007", "birth_date", "31/31/canarydate");
    let output = validate(&bench, &files, &["--json"]).ended(11);
    let (line, causes) = verdict(&output);
    assert_eq!(line["ready"], false);
    let codes: Vec<_> = causes.iter().map(|it| it.0.as_str()).collect();
    for code in ["missing_required", "reference_not_found", "invalid_date"] {
        assert!(codes.contains(&code), "{codes:?}");
    }
    let night = night(&bench, &files, 0);
    assert_eq!(night.entities["users"].rejected, 1);
    let text = validate(&bench, &files, &[]).ended(11);
    assert!(
        text.stdout.contains("not ready") && !text.stdout.contains("Ravenscroft"),
        "{}",
        text.stdout
    );
    let text = validate(&bench, &files, &["--values"]);
    assert!(text.stdout.contains("0001005"), "{}", text.stdout);
}

#[test]
fn validate_takes_the_districts_own_names() {
    let bench = Bench::new();
    let district = roster_testkit::district_folder().join("sftp-spec-powerschool");
    let names = district.join("columns.toml");
    let output =
        validate(&bench, &feed("sftp-spec-powerschool"), &["--names", shown(&names), "--json"]);
    assert_eq!(verdict(&output.ended(0)).0["ready"], true);
    validate(&bench, &feed("sftp-spec-powerschool"), &["--json"]).ended(11);
}

#[test]
fn specification_is_rendered_in_all_forms() {
    let bench = Bench::new();
    let check = |format: &str, expected: &[&str]| {
        let output = bench.run(&["spec", "render", "--format", format]).ended(0);
        for it in expected {
            assert!(output.stdout.contains(it), "{format}: {it}");
        }
        output.stdout
    };
    check("markdown", &["# Roster file specification", "| `student_id` | yes | key |"]);
    let page = check("html", &["<!DOCTYPE html>", "<td><code>student_id</code></td><td>yes</td>"]);
    assert!(!page.contains("<script") && !page.contains("http"), "the page needs nothing else");
    let schema = check("json-schema", &["\"$defs\""]);
    assert!(
        serde_json::from_str::<Value>(&schema)
            .is_ok_and(|it| it["$defs"]["students"]["required"][0] == "student_id")
    );
}

#[test]
fn configured_district_uses_its_names_and_wrong_ones_are_told() {
    let bench = Bench::new();
    let district = roster_testkit::district_folder().join("sftp-spec-powerschool");
    let names = fs::read_to_string(district.join("columns.toml")).expect("it is there");
    let names = names.replace("[columns.", "[district.source.columns.");
    let config = |names: &str| {
        format!(
            "[[district]]\nid = 'marigold'\nto = 'sqlite:own.db'\n[district.source]\nconnector = 'sftp-spec'\npath = {:?}\n{names}",
            shown(&district)
        )
    };
    bench.write("homeroom.toml", config(&names));
    bench.run(&["sync"]).ended(0);
    bench.write("homeroom.toml", config(&names.replace("student_id =", "pupil_id =")));
    let output = bench.run(&["sync"]).ended(2);
    assert!(output.text().contains("pupil_id"), "{}", output.text());
}
