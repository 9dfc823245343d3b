//! Feeds that are made to cost more than they hold.

use crate::support::{Base, Packing, read};
use roster_core::{DiagnosticCode, EntityKind, Severity};
use std::fmt::Write as _;

const COLUMNS: usize = 4_000;
const RECORDS: usize = 250;

/// With a search through the columns for every cell this is many billions of steps, and minutes; else a moment.
#[test]
fn control_characters_in_every_cell_of_many_columns_cost_no_search_for_each() {
    let mut files = Base::V1_1.files();
    let mut orgs =
        "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId".to_owned();
    let names: Vec<_> = (0..COLUMNS).map(|it| format!("metadata.c{it}")).collect();
    _ = writeln!(orgs, ",{}", names.join(","));
    let cells = ",\u{1}x".repeat(COLUMNS);
    for record in 0..RECORDS {
        _ = writeln!(orgs, "d{record},,,Lakeside,district,,{cells}");
    }
    files.insert("orgs.csv".to_owned(), orgs.into_bytes());
    let reading = read(&files, Packing::Stored);
    assert!(reading.error.is_none());
    let repaired = |code| reading.diagnostics.iter().filter(move |it| it.code == code);
    let found: Vec<_> = repaired(DiagnosticCode::ControlCharacter).collect();
    assert_eq!(found.len(), COLUMNS * RECORDS);
    assert!(found.iter().all(|it| it.severity == Severity::Repaired));
    let (first, last) = (found[0].field.as_deref(), found[COLUMNS - 1].field.as_deref());
    assert_eq!((first, last), (Some("metadata.c0"), Some("metadata.c3999")));
    let kept = reading.value(EntityKind::Org, "d249", "extensions").expect("they are kept");
    assert_eq!(kept.matches(r#":"x""#).count(), COLUMNS);
}

/// A list that is parsed again for each of its items is parsed a hundred times for every record.
#[test]
fn lists_as_json_are_read_as_often_as_there_are_records() {
    let mut files = Base::V1_1.files();
    let item = "x".repeat(1_000);
    let list = (0..120).map(|it| format!("\"\"{item}{it}\"\"")).collect::<Vec<_>>().join(",");
    let users = String::from_utf8(files["users.csv"].clone()).unwrap();
    let (header, _) = users.split_once('\n').unwrap();
    let mut users = format!("{header}\n");
    for record in 0..40 {
        let rest = ",student,ada,,Ada,Moss,,,,,,,,";
        _ = writeln!(users, "u{record},,,true,\"[{list},\"\"{item}7\"\"]\"{rest}");
    }
    files.insert("users.csv".to_owned(), users.into_bytes());
    let reading = read(&files, Packing::Deflated);
    assert!(reading.error.is_none());
    let first: Vec<_> = reading.keys(EntityKind::Role);
    // A repeated item beyond the first hundred is left to the check for duplicate keys.
    assert_eq!(first.len(), 40 * 121);
    assert_eq!(first[0], format!("u0/{item}0/student"));
}
