//! What the generator promises, checked on the files it writes.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use roster_synth::{Changes, Options, TableChanges, Version, write_first, write_next};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read,
    path::Path,
};
use zip::ZipArchive;

type Record = BTreeMap<String, String>;
type Records = BTreeMap<String, Record>;

/// The records of one file by key.
fn read(zip: &Path, name: &str) -> Records {
    let mut archive = ZipArchive::new(File::open(zip).unwrap()).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    let mut lines = text.split_terminator("\r\n").map(cells);
    let header = lines.next().unwrap();
    let mut records = Records::new();
    for line in lines {
        assert_eq!(line.len(), header.len(), "{name}: width");
        let key = line[0].clone();
        let record = header.iter().cloned().zip(line).collect();
        assert!(records.insert(key.clone(), record).is_none(), "{name}: {key} twice");
    }
    records
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => push(&mut cells, '"'),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => push(&mut cells, other),
        }
    }
    cells
}

fn push(cells: &mut [String], character: char) {
    cells.last_mut().unwrap().push(character);
}

/// Compares two nights of one table, each as text by key.
fn compare(first: &BTreeMap<String, String>, next: &BTreeMap<String, String>) -> TableChanges {
    let mut found = TableChanges::default();
    for (key, record) in next {
        match first.get(key) {
            None => found.created += 1,
            Some(before) if before == record => found.unchanged += 1,
            Some(_) => found.updated += 1,
        }
    }
    found.deleted = first.keys().filter(|it| !next.contains_key(*it)).count() as u64;
    found
}

/// Records as text, without the columns named.
fn texts(records: &Records, without: &[&str]) -> BTreeMap<String, String> {
    let text = |record: &Record| {
        let kept: Vec<_> = record.iter().filter(|it| !without.contains(&it.0.as_str())).collect();
        format!("{kept:?}")
    };
    records.iter().map(|(key, record)| (key.clone(), text(record))).collect()
}

/// One text for each student and contact.
fn relationships(users: &Records) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (student, record) in users {
        for contact in record["agentSourcedIds"].split(',').filter(|it| !it.is_empty()) {
            assert!(users.contains_key(contact), "{student} has {contact}, who is not there");
            found.insert(format!("{student} {contact}"), String::new());
        }
    }
    found
}

fn check_changes(options: Options, percent: u32) -> Changes {
    let folder = tempfile::tempdir().unwrap();
    let (first, next) = (folder.path().join("first.zip"), folder.path().join("next.zip"));
    let summary = write_first(&options, &first).unwrap();
    let changes = write_next(&options, percent, &next).unwrap();
    let users = [&first, &next].map(|it| read(it, "users.csv"));
    let of_file = |name: &str| [&first, &next].map(|it| texts(&read(it, name), &[]));
    let tables = [
        ("users", users.each_ref().map(|it| texts(it, &["agentSourcedIds"]))),
        ("relationships", users.each_ref().map(relationships)),
        ("roles", users.each_ref().map(|it| texts(it, &["agentSourcedIds", "phone"]))),
        ("demographics", of_file("demographics.csv")),
        ("enrollments", of_file("enrollments.csv")),
        ("sections", of_file("classes.csv")),
        ("courses", of_file("courses.csv")),
        ("orgs", of_file("orgs.csv")),
        ("academic_sessions", of_file("academicSessions.csv")),
    ];
    for (table, [first, next]) in tables {
        assert_eq!(summary.tables.get(table).copied().unwrap_or(0), first.len() as u64, "{table}");
        assert_eq!(
            changes.get(table).copied().unwrap_or_default(),
            compare(&first, &next),
            "{table}"
        );
    }
    check_references(&next);
    changes
}

/// Every reference names a record of the set.
fn check_references(zip: &Path) {
    let [orgs, sessions, courses, sections, users, enrollments, demographics] = [
        "orgs.csv",
        "academicSessions.csv",
        "courses.csv",
        "classes.csv",
        "users.csv",
        "enrollments.csv",
        "demographics.csv",
    ]
    .map(|it| read(zip, it));
    let check = |from: &Records, column: &str, to: &Records| {
        for record in from.values() {
            for id in record[column].split(',').filter(|it| !it.is_empty()) {
                assert!(to.contains_key(id), "{column} {id}");
            }
        }
    };
    check(&orgs, "parentSourcedId", &orgs);
    check(&sessions, "parentSourcedId", &sessions);
    check(&courses, "orgSourcedId", &orgs);
    check(&courses, "schoolYearSourcedId", &sessions);
    check(&sections, "courseSourcedId", &courses);
    check(&sections, "schoolSourcedId", &orgs);
    check(&sections, "termSourcedIds", &sessions);
    check(&enrollments, "classSourcedId", &sections);
    check(&enrollments, "schoolSourcedId", &orgs);
    check(&enrollments, "userSourcedId", &users);
    check(&demographics, "sourcedId", &users);
}

#[test]
fn tells_exactly_what_changed_between_the_nights() {
    for version in [Version::V1_1, Version::V1_2] {
        for (students, percent) in [(60, 10), (1_500, 1), (1_500, 50), (400, 0)] {
            let options = Options { students, seed: 3, version };
            let changes = check_changes(options, percent);
            assert_eq!(changes["users"].deleted > 0, percent > 0, "{students} {percent}");
        }
    }
}

#[test]
fn the_same_options_give_the_same_bytes_and_another_seed_others() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |seed, name: &str| {
        let path = folder.path().join(name);
        write_first(&Options { students: 80, seed, version: Version::V1_2 }, &path).unwrap();
        std::fs::read(path).unwrap()
    };
    assert_eq!(bytes(1, "a"), bytes(1, "b"));
    assert_ne!(bytes(1, "a"), bytes(2, "c"));
}

#[test]
fn every_student_has_seven_enrollments_in_seven_periods() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("first.zip");
    write_first(&Options { students: 700, ..Options::default() }, &path).unwrap();
    let sections = read(&path, "classes.csv");
    let mut periods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for enrollment in read(&path, "enrollments.csv").into_values() {
        if enrollment["role"] == "student" {
            let period = sections[&enrollment["classSourcedId"]]["periods"].clone();
            periods.entry(enrollment["userSourcedId"].clone()).or_default().insert(period);
        }
    }
    assert_eq!(periods.len(), 700);
    assert!(periods.values().all(|it| it.len() == 7));
}

#[test]
fn roles_of_1_2_name_every_user_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("first.zip");
    let options = Options { students: 200, version: Version::V1_2, ..Options::default() };
    let summary = write_first(&options, &path).unwrap();
    let users: BTreeSet<String> = read(&path, "users.csv").into_keys().collect();
    let roles = read(&path, "roles.csv");
    assert_eq!(roles.len() as u64, summary.tables["roles"]);
    assert_eq!(
        roles.into_values().map(|it| it["userSourcedId"].clone()).collect::<BTreeSet<_>>(),
        users
    );
}

#[test]
fn refuses_a_share_it_cannot_make_and_a_district_without_students() {
    let path = tempfile::tempdir().unwrap().path().join("never.zip");
    assert!(write_next(&Options::default(), 51, &path).is_err());
    assert!(write_first(&Options { students: 0, ..Options::default() }, &path).is_err());
}
