//! Reports: to us without values, to the district with them; and what was left out, checked again.

use homeroom_tests::{Bench, Counts, Night, Output, feed};
use roster_testkit::{FileSet, Seed, canaries};
use serde_json::Value;
use std::{collections::BTreeMap, fs};

const SINK: [&str; 2] = ["--to", "sqlite:roster.db"];
/// A section that enrollments and line items, and by them results, cannot do without.
const SECTION: &str = "0100";

/// The whole district with some records that cannot be taken.
fn with_rejected() -> FileSet {
    let mut files = feed("oneroster-1.2");
    files.set_value("users.csv", "0001003", "givenName", "");
    files.set_value("orgs.csv", "0110", "status", "<i>nowhere");
    files
}

fn without_section() -> FileSet {
    let mut files = feed("oneroster-1.2");
    files.remove_record("classes.csv", SECTION);
    files
}

fn report(bench: &Bench, run: &str) -> Value {
    let output = bench.run(&[&["report", run, "--json"], &SINK[..]].concat()).ended(0);
    output.json().remove(0)
}

/// The report for the district, in one of its forms.
fn for_district(bench: &Bench, run: &str, name: &str) -> String {
    let arguments = ["report", run, "--for-district", name];
    let output = bench.run(&[&arguments, &SINK[..]].concat()).ended(0);
    assert!(output.stdout.contains("it holds personal data"), "{}", output.text());
    fs::read_to_string(bench.path(name)).expect("the report was written")
}

fn recheck(bench: &Bench, run: &str) -> Output {
    bench.run(&[&["recheck", run, "--json"], &SINK[..]].concat())
}

/// Reasons why records were left alone, those that are none left out.
fn left_alone(line: &Value) -> BTreeMap<String, u64> {
    let reasons = line["left_alone"].as_object().expect("it has reasons").iter();
    let counts =
        reasons.map(|(reason, count)| (reason.clone(), count.as_u64().unwrap_or_default()));
    counts.filter(|it| it.1 > 0).collect()
}

#[test]
fn our_report_ranks_causes_with_their_reach_and_holds_no_value() {
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &without_section()));
    let report = report(&bench, &night.run);
    let cause = &report["root_causes"][0];
    assert_eq!(
        (&cause["code"], &cause["table"]),
        (&"reference_not_found".into(), &"sections".into())
    );
    assert_eq!(cause["records"][0]["source_id"], SECTION);
    let left_out: u64 = night.entities.values().map(|it| it.rejected).sum();
    assert!(cause["reach"].as_u64() >= Some(left_out), "{cause}");
    assert!(cause["followers"].as_u64() > Some(0), "{cause}");
    let text = bench.run(&[&["report", &night.run], &SINK[..]].concat()).ended(0).stdout;
    assert!(text.contains("1. rejected reference_not_found"), "{text}");
    assert!(!text.contains("2. rejected"), "all that was left out has one cause:\n{text}");
}

#[test]
fn trends_tell_what_is_new_and_what_is_gone() {
    let bench = Bench::new();
    let nights = [feed("oneroster-1.2"), with_rejected(), feed("oneroster-1.2")];
    let runs = nights.map(|it| bench.night(&bench.zip("feed.zip", &it)).run);
    let change = |run: &str| {
        let report = report(&bench, run);
        let codes = report["trends"]["codes"].as_array().expect("there are trends").clone();
        let of_code = codes.into_iter().find(|it| it["code"] == "missing_required");
        of_code.map(|it| (it["tonight"].as_u64(), it["change"].as_str().map(str::to_owned)))
    };
    assert_eq!(change(&runs[0]), None);
    assert_eq!(change(&runs[1]), Some((Some(1), Some("new".to_owned()))));
    assert_eq!(change(&runs[2]), Some((Some(0), Some("gone".to_owned()))));
}

#[test]
fn report_for_the_district_holds_values_lines_and_its_own_field_names() {
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &with_rejected()));
    let page = for_district(&bench, &night.run, "report.html");
    for part in ["users.csv", "givenName", "0001003", "Fill the named field.", "&#60;i&#62;nowhere"]
    {
        assert!(page.contains(part), "{part}");
    }
    let table = for_district(&bench, &night.run, "report.csv");
    let row = table.lines().find(|it| it.contains("missing_required")).expect("it has the finding");
    assert!(row.contains(",users.csv,4,0001003,givenName,,missing_required,rejected,"), "{row}");
    let json: Value =
        serde_json::from_str(&for_district(&bench, &night.run, "report.json")).expect("it is JSON");
    let causes = json["causes"].as_array().expect("it has causes");
    let rows = || causes.iter().flat_map(|it| it["findings"].as_array().into_iter().flatten());
    let person = rows().find(|it| it["code"] == "missing_required").expect("it has the finding");
    let stood = &person["fields"];
    assert_eq!((&stood["sourcedId"], &stood["grades"]), (&"0001003".into(), &"09".into()));
    assert!(stood["familyName"].as_str().is_some_and(|it| !it.is_empty()), "{stood}");
    let status = rows().find(|it| it["code"] == "unknown_status").expect("it has the finding");
    assert_eq!((&status["field"], &status["value"]), (&"status".into(), &"<i>nowhere".into()));
}

#[test]
fn report_for_the_district_replaces_no_file_and_wants_a_known_form() {
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &with_rejected()));
    bench.write("there.html", "mine");
    for (name, told) in [("there.html", "is there already"), ("report.pdf", ".html, .csv or .json")]
    {
        let arguments = ["report", &night.run, "--for-district", name];
        let output = bench.run(&[&arguments, &SINK[..]].concat()).ended(2);
        assert!(output.stderr.contains(told), "{}", output.stderr);
    }
    assert_eq!(fs::read_to_string(bench.path("there.html")).expect("it is there"), "mine");
}

/// Whatever is wrong with a record, no password and nothing that is not shared comes into a report.
#[test]
fn no_credential_and_nothing_unshared_is_in_any_report() {
    let bench = Bench::new();
    bench.write(
        "homeroom.toml",
        "[store]\nto = \"sqlite:roster.db\"\n[[district]]\nid = \"marigold\"\n\
         source = { connector = \"oneroster\", path = \"feed.zip\" }\n\
         sharing = { excluded_fields = [\"users.email\", \"users.username\"] }\n",
    );
    let mut files = feed("oneroster-1.2");
    files.set_value("users.csv", "0001001", "enabledUser", "perhaps");
    files.set_value("users.csv", "0001002", "familyName", "");
    let users = String::from_utf8_lossy(files.get("users.csv").expect("it is there")).into_owned();
    let wide = users.lines().nth(5).expect("there are users").replacen(",true,", ",true,extra,", 1);
    let twice = users.lines().nth(6).expect("there are users");
    files.set("users.csv", format!("{users}{wide}\r\n{twice}\r\n"));
    bench.zip("feed.zip", &files);
    let shared = Night::parse(&bench.run(&["sync", "--json"]).ended(0).stdout);
    let all = Bench::new();
    let whole = all.night(&all.zip("feed.zip", &files));
    let emails = || canaries().iter().filter(|it| it.contains('@'));
    for (bench, night, name) in [(&bench, &shared, "shared"), (&all, &whole, "whole")] {
        assert!(night.counts("users").rejected >= 3, "{night:?}");
        for form in ["html", "csv", "json"] {
            let text = for_district(bench, &night.run, &format!("{name}.{form}"));
            assert!(!text.contains(Seed::CANARY), "a password is in {name}.{form}");
            let told = emails().any(|it| text.contains(it.as_str()));
            assert_eq!(told, name == "whole" && form != "csv", "addresses in {name}.{form}");
        }
    }
}

#[test]
fn what_was_left_out_is_published_by_a_recheck_once_its_parent_has_come() {
    let undisturbed = Bench::new();
    undisturbed.night(&undisturbed.zip("feed.zip", &feed("oneroster-1.2")));
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &without_section()));
    let again = recheck(&bench, &night.run).ended(0).json().remove(0);
    assert_eq!((&again["outcome"], &again["connector"]), (&"unchanged".into(), &"recheck".into()));
    bench.night(&bench.zip("delta.zip", &delta_of_section()));
    let line = recheck(&bench, &night.run).ended(0).json().remove(0);
    assert_eq!((&line["of"], &line["outcome"]), (&night.run.as_str().into(), &"published".into()));
    assert!(left_alone(&line).is_empty(), "{line}");
    let rejected = |it: &Value| it["rejected"] != 0 || it["deleted"] != 0;
    let entities = line["entities"].as_object().expect("it has counts");
    assert!(!entities.values().any(rejected), "{line}");
    for table in ["sections", "enrollments", "line_items", "results"] {
        let (found, expected) =
            (bench.database().active(table), undisturbed.database().active(table));
        assert_eq!(found, expected, "{table}");
        let created = entities.get(table).map(|it| it["created"].as_u64()).unwrap_or_default();
        assert_eq!(created.unwrap_or(0), night.counts(table).rejected, "{table}");
    }
    // What has passed is not checked a second time.
    let line = recheck(&bench, &night.run).ended(0).json().remove(0);
    assert!(left_alone(&line)["newer"] > 10 && line.get("run").is_none(), "{line}");
    // And the next night finds all of it there; only a reference that had been cleared comes back.
    let night = bench.night(&bench.zip("feed.zip", &feed("oneroster-1.2")));
    let changed = |it: &Counts| it.created + it.updated + it.deleted + it.restored > 0;
    let changed: Vec<_> = night.entities.iter().filter(|it| changed(it.1)).map(|it| it.0).collect();
    assert_eq!(changed, ["score_scales"]);
}

/// The section as a delta has it.
fn delta_of_section() -> FileSet {
    delta(&[("classes", record("classes", SECTION))])
}

/// A record of the district as a delta has it.
fn record(file: &str, source_id: &str) -> String {
    let start = format!("{source_id},,,");
    let records = text(&format!("{file}.csv"));
    let record = records.lines().find(|it| it.starts_with(&start)).expect("the record is there");
    record.replacen(&start, &format!("{source_id},active,2026-11-22T20:15:00.000Z,"), 1)
}

/// A delta of files with a record each.
fn delta(records: &[(&str, String)]) -> FileSet {
    let mut files = FileSet::default();
    let mut manifest = text("manifest.csv").replace(",bulk", ",absent");
    for (file, record) in records {
        let absent = format!("file.{file},absent");
        manifest = manifest.replace(&absent, &format!("file.{file},delta"));
        let name = format!("{file}.csv");
        let whole = text(&name);
        let header = whole.lines().next().expect("it has a header");
        files.set(&name, format!("{header}\r\n{record}\r\n"));
    }
    files.set("manifest.csv", manifest);
    files
}

fn text(name: &str) -> String {
    let whole = feed("oneroster-1.2");
    String::from_utf8_lossy(whole.get(name).expect("it is in the set")).into_owned()
}

/// A change of a published record is left out for a section that is not there; then comes a delta.
#[track_caller]
fn check_change_that_was_left_out(next: &[(&str, String)], updated: u64, newer: u64) {
    const MOVED: &str = "E-0001005-again";
    let bench = Bench::new();
    bench.night(&bench.zip("feed.zip", &feed("oneroster-1.2")));
    let moved = record("enrollments", MOVED).replacen(",0100,", ",NEW-1,", 1);
    let night = bench.night(&bench.zip("moved.zip", &delta(&[("enrollments", moved)])));
    assert_eq!(night.counts("enrollments").rejected, 1);
    bench.night(&bench.zip("next.zip", &delta(next)));
    let line = recheck(&bench, &night.run).ended(0).json().remove(0);
    let counts = &line["entities"]["enrollments"];
    assert_eq!(counts["updated"].as_u64().unwrap_or_default(), updated, "{line}");
    assert_eq!(left_alone(&line).get("newer").copied().unwrap_or_default(), newer, "{line}");
    let section = format!("SELECT section_source_id FROM enrollments WHERE source_id = '{MOVED}'");
    let expected = if updated > 0 { "NEW-1" } else { "0100" };
    assert_eq!(bench.database().rows(&section), [expected]);
}

#[test]
fn recheck_takes_back_nothing_that_a_newer_delta_has_said() {
    let section = ("classes", record("classes", "ALG-2").replacen("ALG-2,", "NEW-1,", 1));
    check_change_that_was_left_out(std::slice::from_ref(&section), 1, 0);
    let stays = ("enrollments", record("enrollments", "E-0001005-again"));
    check_change_that_was_left_out(&[section.clone(), stays], 0, 1);
    let other = ("enrollments", record("enrollments", "E-0001005-first"));
    check_change_that_was_left_out(&[section, other], 1, 0);
}

#[test]
fn recheck_leaves_alone_what_a_newer_whole_night_has_spoken_of() {
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &without_section()));
    bench.night(&bench.zip("feed.zip", &feed("oneroster-1.2")));
    let before = bench.database().published();
    let line = recheck(&bench, &night.run).ended(0).json().remove(0);
    let left_out: u64 = night.entities.values().map(|it| it.rejected).sum();
    assert_eq!(left_alone(&line), [("newer".to_owned(), left_out)].into());
    assert_eq!(bench.database().published(), before);
}

#[test]
fn recheck_leaves_alone_duplicates_and_what_the_connector_could_not_read() {
    let bench = Bench::new();
    let mut files = with_rejected();
    let users = String::from_utf8_lossy(files.get("users.csv").expect("it is there")).into_owned();
    let twice = users.lines().nth(1).expect("there are users").replace("true,", "false,");
    files.set("users.csv", format!("{users}{twice}\r\n"));
    let night = bench.night(&bench.zip("feed.zip", &files));
    let before = bench.database().rows("SELECT * FROM users WHERE source_id = '0001001'");
    let line = recheck(&bench, &night.run).ended(0).json().remove(0);
    let reasons = left_alone(&line);
    assert_eq!((reasons["duplicates"], reasons["unreadable"]), (1, 2), "{line}");
    assert_eq!(bench.database().rows("SELECT * FROM users WHERE source_id = '0001001'"), before);
}

#[test]
fn recheck_of_a_run_that_left_nothing_out_does_nothing() {
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &feed("oneroster-1.2")));
    let line = recheck(&bench, &night.run).ended(0).json().remove(0);
    assert!(left_alone(&line).is_empty() && line.get("run").is_none(), "{line}");
    let runs = bench.run(&[&["runs", "--json"], &SINK[..]].concat()).ended(0);
    assert_eq!(runs.json().len(), 1);
    recheck(&bench, "nothing").ended(2);
}
