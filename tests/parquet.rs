//! Parquet files as a sink and as an export.

use homeroom_tests::{Bench, Database, Night, feed};
use roster_testkit::{District, differences};
use std::{fs, path::Path};

const LAKE: &str = "parquet:lake";

fn night(bench: &Bench, name: &str) -> Night {
    let feed = bench.zip("feed.zip", &feed(name));
    Night::parse(&bench.sync_into(&feed, LAKE).ended(0).stdout)
}

/// What a sink has of the district, by way of an export.
fn roster(bench: &Bench, sink: &str, folder: &str) -> District {
    let format = ["--format", "jsonl", "--from", sink, "--to", folder];
    bench.run(&[&["export", "marigold"], &format[..]].concat()).ended(0);
    District::read(&bench.path(folder)).expect("the export can be read")
}

/// Both sinks give the same roster.
#[track_caller]
fn assert_same(bench: &Bench, name: &str) {
    let expected = roster(bench, "sqlite:roster.db", &format!("{name}-sqlite"));
    let found = roster(bench, LAKE, &format!("{name}-parquet"));
    if let Err(differences) = differences(&expected, &found) {
        panic!("{name}: {differences}");
    }
}

fn json(path: &Path) -> serde_json::Value {
    let text = fs::read(path).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
    serde_json::from_slice(&text).expect("it is JSON")
}

#[test]
fn nights_into_parquet_give_what_nights_into_a_database_give() {
    let bench = Bench::new();
    for (number, name) in
        ["oneroster-1.2", "oneroster-1.2-next", "oneroster-1.2"].iter().enumerate()
    {
        let database = bench.night(&bench.zip("feed.zip", &feed(name)));
        let files = night(&bench, name);
        assert_eq!(
            (files.outcome, files.entities),
            (database.outcome, database.entities),
            "{name}"
        );
        assert_same(&bench, &format!("{number}"));
    }
    assert_eq!(night(&bench, "oneroster-1.2").outcome, "unchanged");
}

#[test]
fn nights_are_remembered_in_the_folder_and_move_with_it() {
    let bench = Bench::new();
    let run = night(&bench, "oneroster-1.2").run;
    let database = Database::open(&bench.path("lake/homeroom.db"));
    assert_eq!(database.rows("SELECT id FROM runs"), std::slice::from_ref(&run));
    drop(database);
    let pointer = json(&bench.path("lake/marigold/current.json"));
    assert_eq!(pointer["run"], run.as_str());
    bench.run(&["show", &run, "--to", LAKE]).ended(0);
    // Written in another way, and moved.
    let feed = bench.zip("feed.zip", &feed("oneroster-1.2"));
    let same = Night::parse(&bench.sync_into(&feed, "parquet:./lake").ended(0).stdout);
    assert_eq!(same.outcome, "unchanged");
    fs::rename(bench.path("lake"), bench.path("moved")).expect("it can be moved");
    let moved = Night::parse(&bench.sync_into(&feed, "parquet:moved").ended(0).stdout);
    assert_eq!(moved.outcome, "unchanged");
}

#[test]
fn pointer_that_was_not_moved_is_moved_by_an_unchanged_night() {
    let bench = Bench::new();
    let path = bench.path("lake/marigold/current.json");
    night(&bench, "oneroster-1.2");
    let older = fs::read(&path).expect("it was written");
    let run = night(&bench, "oneroster-1.2-next").run;
    let pointer = json(&path);
    for what in ["older", "gone"] {
        fs::remove_file(&path).expect("it is there");
        if what == "older" {
            fs::write(&path, &older).expect("it can be written");
        }
        assert_eq!(night(&bench, "oneroster-1.2-next").outcome, "unchanged", "{what}");
        assert_eq!(json(&path)["run"], run.as_str(), "{what}");
    }
    assert_eq!(pointer["basis"], 2);
}

#[test]
fn export_writes_a_parquet_file_for_each_table() {
    let bench = Bench::new();
    bench.night(&bench.zip("feed.zip", &feed("oneroster-1.2")));
    let export = |format: &str, to: &str| {
        let from = ["--from", "sqlite:roster.db", "--json"];
        let export = ["export", "marigold", "--format", format, "--to", to];
        bench.run(&[&export[..], &from].concat()).ended(0).json()
    };
    let written = export("parquet", "columns");
    assert_eq!(written, export("jsonl", "lines"));
    for table in written {
        let name = table["name"].as_str().expect("tables have names");
        let bytes = fs::read(bench.path(&format!("columns/{name}.parquet"))).expect("it is there");
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{name}");
    }
    let again = ["export", "marigold", "--format", "parquet", "--to", "columns"];
    bench.run(&[&again[..], &["--from", "sqlite:roster.db"]].concat()).ended(2);
}
