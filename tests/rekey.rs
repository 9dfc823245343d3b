//! A student information system that gives all students new keys: held, shown, accepted, and nobody is a new child.

use homeroom_tests::{Bench, Output, feed};
use roster_testkit::FileSet;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Two students of whom nothing but their keys is different.
const NAMESAKES: [&str; 2] = ["N1", "N2"];

/// The fixture district and two namesakes.
fn district() -> FileSet {
    let mut files = feed("oneroster-1.1");
    for key in NAMESAKES {
        append(
            &mut files,
            "users.csv",
            &format!("{key},,,true,0120,student,,,Anna,Lind,,,,,,,09,,,,"),
        );
        append(&mut files, "demographics.csv", &format!("{key},,,2012-02-03{}", ",".repeat(13)));
    }
    files
}

fn append(files: &mut FileSet, name: &str, record: &str) {
    let text = text(files, name);
    files.set(name, format!("{}\r\n{record}\r\n", text.trim_end()));
}

fn text(files: &FileSet, name: &str) -> String {
    String::from_utf8_lossy(files.get(name).expect("the file is there")).into_owned()
}

/// The first cells of a file's records; none of them is quoted.
fn records<const CELLS: usize>(files: &FileSet, name: &str) -> Vec<[String; CELLS]> {
    let text = text(files, name);
    let cells = |line: &str| -> Option<[String; CELLS]> {
        line.split(',').take(CELLS).map(str::to_owned).collect::<Vec<_>>().try_into().ok()
    };
    text.lines().skip(1).filter_map(cells).collect()
}

/// Keys of students: in this district nobody else has a record of demographics, and one of them has none.
fn students(files: &FileSet) -> Vec<String> {
    let records = records::<1>(files, "demographics.csv");
    records.into_iter().map(|[key]| key).chain(["0001025".to_owned()]).collect()
}

/// The same district with a prefix before the key of every student.
fn rekeyed() -> FileSet {
    let mut files = district();
    let students = students(&files);
    let new = |key: &str| format!("2026-{key}");
    for [enrollment, _, _, _, _, user] in records(&files, "enrollments.csv") {
        if students.contains(&user) {
            files.set_value("enrollments.csv", &enrollment, "userSourcedId", &new(&user));
        }
    }
    for [result, _, _, _, student] in records(&files, "results.csv") {
        files.set_value("results.csv", &result, "studentSourcedId", &new(&student));
    }
    for student in &students {
        files.set_value("users.csv", student, "sourcedId", &new(student));
        if student != "0001025" {
            files.set_value("demographics.csv", student, "sourcedId", &new(student));
        }
    }
    files
}

/// The fixture district as another source tells it, where every record of every file has another key.
fn moved() -> FileSet {
    let mut files = feed("oneroster-1.1");
    let names: Vec<String> = files.names().map(str::to_owned).collect();
    for name in names.iter().filter(|it| *it != "manifest.csv") {
        let mut reader = csv::Reader::from_reader(files.get(name).expect("the file is there"));
        let header = reader.headers().expect("it has a header").clone();
        let mut out = csv::Writer::from_writer(Vec::new());
        out.write_record(&header).expect("memory can be written to");
        for record in reader.records() {
            let record = record.expect("the district's files are CSV");
            let cells = record.iter().zip(&header).map(|(cell, column)| moved_cell(cell, column));
            out.write_record(cells).expect("memory can be written to");
        }
        files.set(name, out.into_inner().expect("memory can be written to"));
    }
    files
}

fn moved_cell(cell: &str, column: &str) -> String {
    let names_records = column.to_lowercase().trim_end_matches('s').ends_with("sourcedid");
    if !names_records || cell.is_empty() {
        return cell.to_owned();
    }
    cell.split(',').map(|it| format!("2026-{it}")).collect::<Vec<_>>().join(",")
}

/// A district whose re-keyed night is held.
struct Held {
    bench: Bench,
    feed: PathBuf,
    /// Public ids of all users by their keys.
    ids: BTreeMap<String, String>,
    /// The hold of the users.
    hold: String,
}

fn held() -> Held {
    held_between(&district(), &rekeyed())
}

fn held_between(first: &FileSet, next: &FileSet) -> Held {
    let bench = Bench::new();
    bench.night(&bench.zip("first.zip", first));
    let (ids, before) = (ids(&bench), bench.database().published());
    let feed = bench.zip("rekeyed.zip", next);
    let night = bench.sync(&feed).ended(10).json().remove(0);
    assert_eq!(night["outcome"], "held");
    let counts = &night["entities"]["users"];
    assert_eq!((&counts["created"], &counts["deleted"]), (&0.into(), &0.into()), "{counts}");
    assert_eq!(bench.database().published()["users"], before["users"]);
    assert_eq!(bench.database().active("enrollments").len(), before["enrollments"].len());
    let holds = night["holds"].as_array().expect("holds are a list");
    let of_users = holds.iter().find(|it| it["entity"] == "users" && it["rule"] == "rekeyed");
    let hold = of_users.and_then(|it| it["id"].as_str());
    let hold = hold.unwrap_or_else(|| panic!("no hold of users: {holds:?}")).to_owned();
    Held { bench, feed, ids, hold }
}

fn ids(bench: &Bench) -> BTreeMap<String, String> {
    let rows = bench.database().rows("SELECT source_id, id FROM users WHERE deleted_at IS NULL");
    let pair = |it: &String| it.split_once('|').map(|(key, id)| (key.to_owned(), id.to_owned()));
    rows.iter().filter_map(pair).collect()
}

impl Held {
    fn rekey(&self, arguments: &[&str]) -> Output {
        let to = ["--to", "sqlite:roster.db"];
        self.bench.run(&[&["rekey", "marigold"], arguments, &to[..]].concat())
    }

    fn accept(&self, arguments: &[&str]) -> Value {
        let who = ["--by", "Kim Lee", "--reason", "new student numbers", "--json"];
        self.rekey(&[arguments, &who].concat()).ended(0).json().remove(0)
    }

    /// Public ids after the next night, by the keys of the first.
    fn ids_afterwards(&self) -> BTreeMap<String, String> {
        self.bench.night(&self.feed);
        let ids = ids(&self.bench);
        let old = |key: &str| key.strip_prefix("2026-").unwrap_or(key).to_owned();
        ids.iter().map(|(key, id)| (old(key), id.clone())).collect()
    }

    fn number(&self, query: &str) -> u64 {
        self.bench.database().number(query)
    }
}

#[test]
fn all_student_ids_changed_prefix() {
    let held = held();
    let shown = held.rekey(&["--show", &held.hold, "--json"]).ended(0).json().remove(0);
    let users = &shown["tables"]["users"];
    assert_eq!((&users["pairs"], &users["ambiguous"]), (&31.into(), &2.into()), "{shown}");
    let accepted = held.accept(&["--accept", &held.hold]);
    assert_eq!(
        (&accepted["accepted"]["users"], &accepted["undecided"]["users"]),
        (&31.into(), &2.into())
    );
    let afterwards = held.ids_afterwards();
    for (key, id) in held.ids.iter().filter(|it| !NAMESAKES.contains(&it.0.as_str())) {
        assert_eq!(afterwards.get(key), Some(id), "{key}");
    }
    for key in NAMESAKES {
        assert_ne!(afterwards[key], held.ids[key], "{key} was guessed");
    }
    let gone = "SELECT count(*) FROM users WHERE deleted_at IS NOT NULL";
    assert_eq!(held.number(gone), 2);
    let enrollments = "SELECT count(*) FROM enrollments WHERE deleted_at IS NOT NULL";
    assert_eq!(held.number(enrollments), 0);
    let open = "SELECT count(*) FROM holds WHERE state = 'open'";
    assert_eq!(held.number(open), 0);
}

#[test]
fn a_district_that_moves_to_another_connector_keeps_all_public_ids() {
    let held = held_between(&feed("oneroster-1.1"), &moved());
    let tables = || -> BTreeMap<String, Vec<String>> {
        let ids = |it: &roster_core::EntityKind| {
            let table = it.table();
            let query = format!("SELECT id FROM {table} WHERE deleted_at IS NULL ORDER BY id");
            (table.to_owned(), held.bench.database().rows(&query))
        };
        roster_core::EntityKind::ALL.iter().map(ids).collect()
    };
    let before = tables();
    let accepted = held.accept(&["--accept", &held.hold]);
    assert_eq!(accepted["undecided"], serde_json::json!({}));
    assert_eq!(held.ids_afterwards(), held.ids);
    assert_eq!(tables(), before);
    let keys = held.bench.database().rows("SELECT source_id FROM orgs ORDER BY 1");
    assert!(keys.iter().all(|it| it.starts_with("2026-")), "{keys:?}");
}

#[test]
fn ambiguous_records_keep_their_ids_when_a_person_completes_the_map() {
    let held = held();
    held.rekey(&["--show", &held.hold, "--csv", "map.csv"]).ended(0);
    let map = fs::read_to_string(held.bench.path("map.csv")).expect("the map is there");
    let completed: Vec<String> = map
        .lines()
        .map(|line| match line.split(',').collect::<Vec<_>>()[..] {
            ["users", old, "", ..] => format!("users,{old},2026-{old},a person,"),
            _ => line.to_owned(),
        })
        .collect();
    assert_ne!(completed.join("\n"), map.trim_end(), "nothing is ambiguous");
    held.bench.write("map.csv", completed.join("\n"));
    let accepted = held.accept(&["--map", "map.csv"]);
    assert_eq!((&accepted["accepted"]["users"], &accepted["hold"]), (&33.into(), &Value::Null));
    assert_eq!(held.ids_afterwards(), held.ids);
    assert_eq!(held.number("SELECT count(*) FROM users WHERE deleted_at IS NOT NULL"), 0);
}

#[test]
fn nothing_of_a_wrong_map_is_accepted_and_all_that_is_wrong_is_told() {
    let held = held();
    let rows = "users,0001001,2026-0001001\npupils,0001002,x\nusers,nobody,y\nusers,0001003,0001004\nusers,0001001,z";
    held.bench.write("map.csv", format!("entity,old_source_id,new_source_id\n{rows}\n"));
    let who = ["--map", "map.csv", "--by", "Kim Lee", "--reason", "new student numbers"];
    let malformed = held.rekey(&who).ended(2).text();
    assert!(malformed.contains("line 3: entity holds the name of no table"), "{malformed}");
    held.bench.write(
        "map.csv",
        format!(
            "entity,old_source_id,new_source_id\n{}\n",
            rows.replace("pupils,0001002", "users,0001002")
        ),
    );
    let wrong = held.rekey(&who).ended(2).text();
    for expected in
        ["line 4: users: no record", "line 5: users: another record", "line 6: users: the old key"]
    {
        assert!(wrong.contains(expected), "{wrong}");
    }
    assert_eq!(held.number("SELECT count(*) FROM audit WHERE action = 'rekey'"), 0);
    assert_eq!(held.bench.sync(&held.feed).ended(10).json()[0]["outcome"], "held");
}

#[test]
fn only_open_holds_of_the_district_that_propose_a_map_are_accepted() {
    let held = held();
    let check = |district: &str, hold: &str, says: &str| {
        let arguments = [
            "rekey",
            district,
            "--accept",
            hold,
            "--by",
            "Kim",
            "--reason",
            "r",
            "--to",
            "sqlite:roster.db",
        ];
        let text = held.bench.run(&arguments).ended(2).text();
        assert!(text.contains(says), "{text}");
    };
    check("other", &held.hold, "is of district marigold");
    check("marigold", "no.1", "no hold is called");
    held.accept(&["--accept", &held.hold]);
    check("marigold", &held.hold, "is approved already");
    let blank = held.rekey(&["--accept", &held.hold, "--by", " ", "--reason", "r"]).ended(2).text();
    assert!(blank.contains("--by must not be empty"), "{blank}");
}

#[test]
fn who_leaves_before_the_map_is_applied_is_deleted_and_the_others_get_their_keys() {
    let mut held = held();
    held.accept(&["--accept", &held.hold]);
    let mut files = rekeyed();
    files.remove_record("users.csv", "2026-0001025");
    files.remove_record("enrollments.csv", "E0096");
    held.feed = held.bench.zip("gone.zip", &files);
    let afterwards = held.ids_afterwards();
    assert_eq!(afterwards.get("0001025"), None);
    assert_eq!(afterwards.get("0001024"), held.ids.get("0001024"));
}

#[test]
fn accepting_a_map_lets_no_deletion_through() {
    let mut held = held();
    held.accept(&["--accept", &held.hold]);
    let mut files = rekeyed();
    for [key] in records::<1>(&files, "users.csv") {
        if key.starts_with('P') || key.starts_with('T') {
            files.remove_record("users.csv", &key);
        }
    }
    held.feed = held.bench.zip("gone.zip", &files);
    let night = held.bench.sync(&held.feed).ended(10).json().remove(0);
    assert_eq!(night["entities"]["users"]["deleted"], 0, "{night}");
}
