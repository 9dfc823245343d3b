//! What exporters do to the standard, and what a person would read from it all the same: the district comes out as it
//! is, with a finding for each deviation.

use homeroom_tests::{Bench, feed};
use roster_testkit::{District, FileSet, Losses, differences, district_folder};

/// Syncs the edited district and compares what is told, and what is published with the golden district.
#[track_caller]
fn check(edit: impl FnOnce(&mut FileSet), findings: &[&str]) {
    let mut files = feed("oneroster-1.2");
    edit(&mut files);
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &files));
    assert_eq!(night.findings(), findings, "{:#?}", night.places());
    let folder = bench.path("jsonl");
    let folder = folder.to_str().expect("temporary folders have readable names");
    let export = ["export", "marigold", "--format", "jsonl", "--to", folder];
    bench.run(&[&export[..], &["--from", "sqlite:roster.db"]].concat()).ended(0);
    let losses = Losses::read(&district_folder().join("losses/oneroster-1.2.toml"));
    let golden = District::golden().expect("the golden district can be read");
    let expected = losses.expect("the losses can be read").apply(&golden);
    let found = District::read(folder.as_ref()).expect("the export can be read");
    if let Err(differences) = differences(&expected, &found) {
        panic!("{differences}");
    }
}

fn text(files: &FileSet, name: &str) -> String {
    String::from_utf8_lossy(files.get(name).expect("the file is there")).into_owned()
}

/// Changes the first line of a file.
fn header(files: &mut FileSet, name: &str, change: impl FnOnce(&str) -> String) {
    let text = text(files, name);
    let (header, records) = text.split_once("\r\n").expect("it has a header");
    let changed = change(header);
    assert_ne!(changed, header);
    files.set(name, format!("{changed}\r\n{records}"));
}

/// Changes every line of a file.
fn lines(files: &mut FileSet, name: &str, change: impl Fn(&str) -> String) {
    let changed: String = text(files, name).lines().map(|it| change(it) + "\r\n").collect();
    assert_ne!(changed, text(files, name));
    files.set(name, changed);
}

#[test]
fn district_as_it_is() {
    check(|_| {}, &[]);
}

#[test]
fn columns_in_another_case_or_misspelt() {
    check(
        |files| header(files, "orgs.csv", |it| it.replace("parentSourcedId", "ParentSourcedID")),
        &["column_name warning 1"],
    );
    check(
        |files| header(files, "users.csv", |it| it.replace("dateLastModified", "dataLastModified")),
        &["column_name warning 1"],
    );
}

#[test]
fn columns_in_another_order() {
    let swap = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        [&cells[..3], &[cells[4], cells[3]], &cells[5..]].concat().join(",")
    };
    check(|files| lines(files, "categories.csv", swap_quoted(swap)), &["column_order warning 1"]);
}

/// Leaves lines with quotes alone but for their two unquoted last cells.
fn swap_quoted(swap: impl Fn(&str) -> String) -> impl Fn(&str) -> String {
    move |line| match line.split_once('"') {
        None => swap(line),
        Some((start, rest)) => {
            let (quoted, rest) = rest.split_once('"').expect("the quote is closed");
            let swapped = swap(&format!("{start}QUOTED{rest}"));
            swapped.replace("QUOTED", &format!("\"{quoted}\""))
        }
    }
}

#[test]
fn empty_columns_at_the_end() {
    check(|files| lines(files, "orgs.csv", |it| format!("{it},,")), &["column_unnamed warning 1"]);
}

#[test]
fn cells_left_out_at_the_end_of_rows() {
    check(
        |files| {
            files.replace(
                "orgs.csv",
                "World Languages Department,department,,0120,,",
                "World Languages Department,department,,0120",
            );
        },
        &["row_too_narrow warning 1"],
    );
}

#[test]
fn optional_column_left_out() {
    let without_title = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        [&cells[..3], &cells[4..]].concat().join(",")
    };
    let mut files = feed("oneroster-1.2");
    lines(&mut files, "resultScoreScales.csv", without_title);
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &files));
    assert_eq!(night.places(), ["column_missing resultScoreScales.csv:1 title"]);
    let row = "SELECT source_id, result_source_id, title FROM result_score_scales";
    assert_eq!(bench.database().rows(row), ["RSS-1|RS-3|"]);
}

#[test]
fn password_column_left_out() {
    check(
        |files| {
            lines(files, "userProfiles.csv", |it| {
                let (rest, _password) = it.rsplit_once(',').expect("it has columns");
                rest.to_owned()
            });
        },
        &[],
    );
}

#[test]
fn column_that_the_standard_does_not_have() {
    check(
        |files| {
            lines(files, "userResources.csv", |it| it.to_owned() + ",");
            header(files, "userResources.csv", |it| it.to_owned() + "note");
        },
        &["column_unknown warning 1"],
    );
}

#[test]
fn status_filled_in_a_complete_file() {
    let fill = |line: &str| line.replacen(",,,", ",active,2026-11-22T20:15:00.000Z,", 1);
    check(|files| lines(files, "enrollments.csv", fill), &["status_in_bulk warning 1"]);
}

#[test]
fn booleans_dates_terms_and_years_in_other_forms() {
    check(
        |files| files.set_value("users.csv", "0001001", "enabledUser", "TRUE"),
        &["boolean_form repaired 1"],
    );
    check(
        |files| files.set_value("academicSessions.csv", "2026-2027-Q1", "startDate", "8/17/2026"),
        &["date_form repaired 1"],
    );
    check(
        |files| files.set_value("classes.csv", "BIO-1", "classType", "Scheduled"),
        &["vocabulary_form repaired 1"],
    );
    check(
        |files| files.set_value("academicSessions.csv", "2026-2027", "schoolYear", "2026-2027"),
        &["year_form repaired 1"],
    );
}

#[test]
fn word_null_is_empty_and_a_person_called_null_is_not() {
    check(
        |files| files.set_value("users.csv", "0001011", "phone", "NULL"),
        &["null_literal repaired 1"],
    );
}

#[test]
fn spaces_around_the_items_of_lists() {
    check(|files| files.set_value("classes.csv", "ALG-2", "periods", "2, 4"), &[]);
}

#[test]
fn manifest_that_a_spreadsheet_or_a_person_has_changed() {
    check(
        |files| files.replace("manifest.csv", "manifest.version,1.0", "manifest.version,1"),
        &["manifest_property warning 1"],
    );
    check(
        |files| files.replace("manifest.csv", "file.demographics,bulk", "fiel.demographics,bulk"),
        &["manifest_property warning 1"],
    );
}

#[test]
fn set_without_a_manifest() {
    check(|files| files.remove("manifest.csv"), &["manifest_missing warning 1"]);
}

#[test]
fn files_in_another_case_or_in_a_folder() {
    check(
        |files| {
            let bytes = files.get("userProfiles.csv").expect("it is there").to_vec();
            files.remove("userProfiles.csv");
            files.set("userprofiles.csv", bytes);
        },
        &["file_name warning 1"],
    );
}

#[test]
fn file_that_is_not_one_of_the_standard() {
    check(|files| files.set("notes.txt", "for the SIS team"), &["file_unknown warning 1"]);
}

#[test]
fn windows_1252_is_told() {
    check(
        |files| {
            let text = text(files, "orgs.csv");
            let bytes: Vec<u8> =
                text.chars().map(|it| u8::try_from(u32::from(it)).expect("Latin-1")).collect();
            files.set("orgs.csv", bytes);
        },
        &["file_encoding warning 1"],
    );
}
