//! What went in comes out: exports against the golden district, and exports read again.

use homeroom_tests::{Bench, feed};
use roster_core::EntityKind;
use roster_testkit::{District, FileSet, Losses, differences, district_folder};
use std::path::Path;

fn export(bench: &Bench, sink: &str, format: &str, to: &Path) {
    let to = to.to_str().expect("temporary folders have readable names");
    let _ =
        bench.run(&["export", "marigold", "--format", format, "--from", sink, "--to", to]).ended(0);
}

/// The district as a sink has it, by way of an export as JSON lines.
fn district(bench: &Bench, sink: &str) -> District {
    let folder = bench.path(&format!("{}-jsonl", sink.replace([':', '.'], "-")));
    export(bench, sink, "jsonl", &folder);
    District::read(&folder).expect("the export can be read")
}

fn as_told_by(format: &str) -> District {
    let losses = Losses::read(&district_folder().join(format!("losses/{format}.toml")));
    let golden = District::golden().expect("the golden district can be read");
    losses.expect("the losses can be read").apply(&golden)
}

#[track_caller]
fn assert_same(expected: &District, found: &District) {
    if let Err(differences) = differences(expected, found) {
        panic!("{differences}");
    }
}

fn check_golden(format: &str) {
    let bench = Bench::new();
    bench.night(&bench.zip("feed.zip", &feed(format)));
    assert_same(&as_told_by(format), &district(&bench, "sqlite:roster.db"));
}

#[test]
fn export_of_1_1_as_json_lines_is_the_golden_district() {
    check_golden("oneroster-1.1");
}

#[test]
fn export_of_1_2_as_json_lines_is_the_golden_district() {
    check_golden("oneroster-1.2");
}

#[test]
fn json_lines_are_written_as_the_golden_ones_are() {
    let bench = Bench::new();
    bench.night(&bench.zip("feed.zip", &feed("oneroster-1.2")));
    let folder = bench.path("jsonl");
    export(&bench, "sqlite:roster.db", "jsonl", &folder);
    for table in ["users", "sections", "results", "demographics"] {
        let read = |folder: &Path| {
            let text = std::fs::read_to_string(folder.join(format!("{table}.jsonl")));
            let mut lines: Vec<_> =
                text.expect("the table is there").lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(read(&folder), read(&district_folder().join("canonical")), "{table}");
    }
}

/// Exports and syncs the export into a database of its own; gives both districts.
fn there_and_back(format: &str) -> (District, District) {
    let bench = Bench::new();
    bench.night(&bench.zip("feed.zip", &feed(format)));
    let zip = bench.path("export.zip");
    export(&bench, "sqlite:roster.db", format, &zip);
    let archive = std::fs::read(&zip).expect("the export is there");
    let files = FileSet::unzip(&archive).expect("the export can be unzipped");
    assert!(files.names().eq(feed(format).names()), "the standard's files and no other");
    let night = bench.sync_into(&zip, "sqlite:again.db").ended(0);
    let night = homeroom_tests::Night::parse(&night.stdout);
    assert_eq!(night.findings(), Vec::<String>::new(), "the export is clean by the standard");
    (district(&bench, "sqlite:roster.db"), district(&bench, "sqlite:again.db"))
}

#[test]
fn export_as_1_2_and_sync_gives_the_same_rows() {
    let (before, after) = there_and_back("oneroster-1.2");
    assert_same(&before, &after);
}

#[test]
fn export_as_1_1_and_sync_gives_the_same_rows() {
    let (before, after) = there_and_back("oneroster-1.1");
    assert_same(&before, &after);
}

#[test]
fn export_of_a_1_2_set_as_1_1_and_the_reverse_keep_every_person_and_enrollment() {
    for (from, to) in [("oneroster-1.2", "oneroster-1.1"), ("oneroster-1.1", "oneroster-1.2")] {
        let bench = Bench::new();
        bench.night(&bench.zip("feed.zip", &feed(from)));
        let zip = bench.path("export.zip");
        export(&bench, "sqlite:roster.db", to, &zip);
        bench.sync_into(&zip, "sqlite:again.db").ended(0);
        let (before, after) =
            (district(&bench, "sqlite:roster.db"), district(&bench, "sqlite:again.db"));
        for entity in
            [EntityKind::Org, EntityKind::Section, EntityKind::User, EntityKind::Enrollment]
        {
            let keys = |it: &District| -> Vec<String> {
                let mut keys: Vec<_> =
                    it.records(entity).iter().map(|it| it.source_id().to_owned()).collect();
                keys.sort();
                keys
            };
            assert_eq!(keys(&before), keys(&after), "{} from {from} to {to}", entity.table());
        }
    }
}

#[test]
fn deleted_records_are_not_exported() {
    let bench = Bench::new();
    bench.night(&bench.zip("feed.zip", &feed("oneroster-1.2")));
    bench.night(&bench.zip("next.zip", &feed("oneroster-1.2-next")));
    let exported = district(&bench, "sqlite:roster.db");
    let users: Vec<_> =
        exported.records(EntityKind::User).iter().map(|it| it.source_id().to_owned()).collect();
    assert!(!users.contains(&"0001024".to_owned()) && users.contains(&"0001031".to_owned()));
}
