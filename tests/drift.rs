//! Drift: what comes or goes in a district's feeds is told once, and a feed that stands still too.

use homeroom_tests::{Bench, Night, feed};
use roster_core::value::{Date, Timestamp};
use roster_testkit::FileSet;
use rusqlite::Connection;
use std::time::Duration;

/// Runs nights of feeds one after the other, each with all that it is to find.
#[track_caller]
fn check(nights: &[(&FileSet, &[&str])]) -> Bench {
    let bench = Bench::new();
    for (number, (files, expected)) in nights.iter().enumerate() {
        let night = bench.night(&bench.zip("feed.zip", files));
        assert_eq!(night.places(), *expected, "night {number}");
    }
    bench
}

fn edited(edit: impl FnOnce(&mut FileSet)) -> FileSet {
    let mut files = feed("oneroster-1.2");
    edit(&mut files);
    files
}

/// The set with a column behind those of a file.
fn with_column(file: &str, name: &str, value: &str) -> FileSet {
    edited(|files| {
        let text =
            String::from_utf8_lossy(files.get(file).expect("the file is there")).into_owned();
        let cell = |(number, line): (usize, &str)| {
            format!("{line},{}\r\n", if number == 0 { name } else { value })
        };
        files.set(file, text.lines().enumerate().map(cell).collect::<String>());
    })
}

#[test]
fn a_column_that_comes_and_goes_is_told_once_each() {
    let (plain, bus) = (feed("oneroster-1.2"), with_column("orgs.csv", "metadata.bus", "7"));
    check(&[
        (&plain, &[]),
        (&bus, &["column_new orgs.csv:0 metadata.bus"]),
        (&bus, &[]),
        (&plain, &["column_gone orgs.csv:0 metadata.bus"]),
        (&plain, &[]),
        (&bus, &[]),
    ]);
}

#[test]
fn a_file_that_comes_and_goes_is_told_once_each() {
    let plain = feed("oneroster-1.2");
    let notes = edited(|it| it.set("notes.csv", "sourcedId\r\n"));
    let unknown = "file_unknown notes.csv:0 -";
    check(&[
        (&plain, &[]),
        (&notes, &[unknown, "file_new notes.csv:0 -"]),
        (&notes, &[unknown]),
        (&plain, &["file_gone notes.csv:0 -"]),
        (&plain, &[]),
    ]);
}

#[test]
fn a_term_that_never_came_is_told_once_with_its_first_record_and_kept_as_a_hash() {
    let plain = feed("oneroster-1.2");
    let term = "ext:zzcanaryterm";
    let coach = edited(|it| it.set_value("enrollments.csv", "E-0001005-first", "role", term));
    let bench = check(&[
        (&plain, &[]),
        (&coach, &["vocabulary_new enrollments.csv:3 role"]),
        (&coach, &[]),
    ]);
    let night = bench.night(&bench.zip("feed.zip", &plain));
    assert_eq!(night.findings(), ["vocabulary_gone warning 1"]);
    let own = bench.database().own_text();
    assert!(own.contains("vocabulary_new") && !own.contains("zzcanaryterm"));
}

#[test]
fn a_night_that_fails_forgets_nothing_and_tells_nothing_twice() {
    let bench = Bench::new();
    let (plain, bus) = (feed("oneroster-1.2"), with_column("orgs.csv", "metadata.bus", "7"));
    bench.night(&bench.zip("feed.zip", &plain));
    let mut broken = bus.clone();
    broken.replace("users.csv", "sourcedId,", "id,");
    for _ in 0..2 {
        let failed = bench.failed_night(&bench.zip("feed.zip", &broken));
        assert!(!failed.findings().iter().any(|it| it.contains("column_new")));
    }
    let night = bench.night(&bench.zip("feed.zip", &bus));
    assert_eq!(night.findings(), ["column_new warning 1"]);
    let report = bench.run(&["report", &night.run, "--to", "sqlite:roster.db"]).ended(0);
    assert!(report.stdout.contains("metadata.bus"), "{}", report.stdout);
}

#[test]
fn columns_that_are_not_shared_are_no_news() {
    let bench = Bench::new();
    let config = "[store]\nto = 'sqlite:roster.db'\n[[district]]\nid = 'marigold'\n\
                  source = { connector = 'oneroster', path = 'feed.zip' }\n\
                  sharing = { extension_fields = ['metadata.bus'] }\n";
    bench.write("homeroom.toml", config);
    let night = |files: &FileSet| {
        bench.zip("feed.zip", files);
        Night::parse(&bench.run(&["sync", "--json"]).ended(0).stdout).places()
    };
    night(&feed("oneroster-1.2"));
    assert_eq!(night(&with_column("orgs.csv", "metadata.diet", "x")), Vec::<String>::new());
    let bus = with_column("orgs.csv", "metadata.bus", "7");
    assert_eq!(night(&bus), ["column_new orgs.csv:0 metadata.bus"]);
    assert!(!bench.database().own_text().contains("metadata.diet"));
}

/// A day, in the middle of the United States, before today.
fn day(ago: u64) -> Date {
    let then = Timestamp::now() - Duration::from_secs(ago * 24 * 60 * 60) - Duration::from_hours(6);
    then.to_string()[..10].parse().expect("a time begins with its day")
}

/// Makes the last night one of some days ago, as far as the next one can tell.
fn move_back(bench: &Bench, ago: u64) {
    let database = Connection::open(bench.path("roster.db")).expect("the database is there");
    let sql = "UPDATE runs SET report = json_set(report, '$.profile.content.day', ?1) \
               WHERE rowid = (SELECT max(rowid) FROM runs)";
    database.execute(sql, [day(ago).to_string()]).expect("the last run has a profile");
}

/// The fixture district with sessions around today.
fn in_session() -> FileSet {
    edited(|files| {
        let sessions = files.get("academicSessions.csv").expect("it is there");
        let text = String::from_utf8_lossy(sessions).into_owned();
        let end = day(0) + Duration::from_hours(24 * 200);
        let line = |(number, line): (usize, &str)| {
            let mut cells: Vec<_> = line.split(',').map(str::to_owned).collect();
            if number > 0 {
                (cells[5], cells[6]) = (day(200).to_string(), end.to_string());
            }
            cells.join(",") + "\r\n"
        };
        let text: String = text.lines().enumerate().map(line).collect();
        files.set("academicSessions.csv", text);
    })
}

#[test]
fn a_feed_that_stands_still_is_told_once_after_as_many_school_nights_as_the_settings_say() {
    let bench = Bench::new();
    let config = "[store]\nto = 'sqlite:roster.db'\n[night]\nstale_after_school_nights = 2\n\
                  [[district]]\nid = 'marigold'\nsource = { connector = 'oneroster', path = 'feed.zip' }\n";
    bench.write("homeroom.toml", config);
    bench.zip("feed.zip", &in_session());
    let night = || Night::parse(&bench.run(&["sync", "--json"]).ended(0).stdout).findings();
    let school = !matches!(day(0).weekday().to_monday_zero_offset(), 5 | 6);
    let nothing = Vec::<String>::new();
    assert_eq!(night(), nothing);
    move_back(&bench, 2);
    assert_eq!(night(), nothing, "one school night");
    assert_eq!(night(), nothing, "the same night once more");
    move_back(&bench, 1);
    let told = if school { vec!["feed_stale warning 1".to_owned()] } else { nothing.clone() };
    assert_eq!(night(), told);
    move_back(&bench, 1);
    assert_eq!(night(), nothing, "it is told once");
}
