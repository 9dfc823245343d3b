//! The nights that districts have really had: what is published, what waits for a person, what the report says.

use homeroom_tests::{Bench, Hold, Night, Output, edit_rows};
use roster_core::value::Timestamp;
use roster_synth::{Options, Version, write_first};
use roster_testkit::FileSet;
use rusqlite::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

const STORE: [&str; 2] = ["--to", "sqlite:roster.db"];

/// A made-up district of a number of students as OneRoster files.
fn district(students: u64, version: Version) -> FileSet {
    let bench = Bench::new();
    let path = bench.path("feed.zip");
    let options = Options { students, version, ..Options::default() };
    write_first(&options, &path).expect("the feed can be written");
    let archive = fs::read(&path).expect("the feed was written");
    FileSet::unzip(&archive).expect("the feed is a zip archive")
}

/// A district that is published, and what its next feed starts from.
struct Scene {
    bench: Bench,
    files: FileSet,
}

impl Scene {
    fn new(students: u64) -> Self {
        Self::of(district(students, Version::V1_2))
    }

    fn of(files: FileSet) -> Self {
        let scene = Self { bench: Bench::new(), files };
        assert_eq!(scene.night(&scene.files, 0).outcome, "published");
        scene
    }

    /// A night of these files that ends with an exit code.
    #[track_caller]
    fn night(&self, files: &FileSet, code: i32) -> Night {
        let output = self.bench.sync(&self.bench.zip("feed.zip", files)).ended(code);
        Night::parse(&output.stdout)
    }

    /// The next feed, edited.
    fn next(&self, edit: impl FnOnce(&mut FileSet)) -> FileSet {
        let mut files = self.files.clone();
        edit(&mut files);
        files
    }

    /// Runs a command on the store.
    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> Output {
        self.bench.run(&[arguments, &STORE].concat()).ended(code)
    }

    /// Decides about a hold.
    #[track_caller]
    fn decide(&self, command: &str, hold: &Hold, more: &[&str], code: i32) -> Output {
        let why = ["--by", "Kim of support", "--reason", "the district confirmed it by telephone"];
        self.run(&[&[command, &hold.id], &why[..], more].concat(), code)
    }

    /// All holds, newest first, as their words and their state.
    fn holds(&self) -> Vec<String> {
        let lines = self.run(&["holds", "--all", "--json"], 0).json();
        let hold = |it| serde_json::from_value::<Hold>(it).expect("a line is a hold");
        lines.into_iter().map(hold).map(|it| format!("{} {}", it.words(), it.state)).collect()
    }

    /// The records that are published.
    fn active(&self) -> BTreeMap<&'static str, Vec<String>> {
        let tables = [
            "orgs",
            "academic_sessions",
            "courses",
            "sections",
            "users",
            "roles",
            "demographics",
            "enrollments",
        ];
        tables.into_iter().map(|it| (it, self.bench.database().active(it))).collect()
    }
}

/// What waits for a person of a table.
fn waits(night: &Night, table: &str) -> Hold {
    let hold = night.holds.iter().find(|it| it.entity == table);
    hold.unwrap_or_else(|| panic!("nothing of {table} is held: {:?}", night.held())).clone()
}

fn deleted(night: &Night) -> u64 {
    night.entities.values().map(|it| it.deleted).sum()
}

/// Takes out every student for whom `leaves` holds, with what belongs to them.
fn remove_students(files: &mut FileSet, leaves: impl Fn(&str) -> bool) {
    for (file, column) in [
        ("users.csv", "sourcedId"),
        ("roles.csv", "userSourcedId"),
        ("demographics.csv", "sourcedId"),
        ("enrollments.csv", "userSourcedId"),
    ] {
        edit_rows(files, file, |row| !leaves(row.get(column)));
    }
}

/// The number in a student's key.
fn number(student: &str) -> Option<u64> {
    student.strip_prefix("stu-")?.parse().ok()
}

#[test]
fn a_thousand_students_fail_a_check() {
    let scene = Scene::new(2_000);
    let before = scene.active();
    let feed = scene.next(|files| {
        remove_students(files, |it| number(it).is_some_and(|it| (1_990..1_995).contains(&it)));
        edit_rows(files, "users.csv", |row| {
            match number(row.get("sourcedId")) {
                Some(0..1_052) => row.set("givenName", ""),
                Some(1_100..1_130) => row.set("phone", "+1 555 0100"),
                _ => {}
            }
            true
        });
    });
    let night = scene.night(&feed, 10);
    assert_eq!(night.outcome, "held");
    let read = before["users"].len() as u64 - 5;
    assert_eq!(night.held(), [format!("users rejected 1052/{read}")]);
    let users = night.counts("users");
    assert_eq!((users.rejected, users.updated, users.deleted, users.held), (1_052, 0, 0, 35));
    assert_eq!(night.findings()[0], "missing_required rejected 1052");
    // Nobody is deleted, and nobody's enrollments are.
    assert_eq!(scene.active(), before);
    let report = scene.run(&["report", &night.run], 0).stdout;
    for told in ["1,052", "missing_required", "givenName"] {
        assert!(report.contains(told), "the report does not tell {told}:\n{report}");
    }
}

#[test]
fn header_only_enrollments_wait() {
    let scene = Scene::new(400);
    let before = scene.active();
    let all = before["enrollments"].len();
    let feed = scene.next(|files| {
        files.remove_records("enrollments.csv");
        files.set_value("users.csv", "stu-0000007", "phone", "+1 555 0100");
    });
    let night = scene.night(&feed, 10);
    assert_eq!(night.held(), [format!("enrollments emptied {all}/{all}")]);
    assert_eq!((night.counts("users").updated, deleted(&night)), (1, 0));
    assert_eq!(night.counts("enrollments").held, all as u64);
    assert_eq!(scene.active(), before);
    // The next whole feed takes its place.
    let night = scene.night(&scene.files, 0);
    assert_eq!((night.outcome.as_str(), night.held()), ("published", Vec::new()));
    assert_eq!(scene.holds(), [format!("enrollments emptied {all}/{all} superseded")]);
}

#[test]
fn users_missing_from_the_zip_wait() {
    for version in [Version::V1_1, Version::V1_2] {
        let scene = Scene::of(district(400, version));
        let before = scene.active();
        let feed = scene.next(|files| files.remove("users.csv"));
        for in_a_row in 1..3 {
            let night = scene.night(&feed, 10);
            let hold = waits(&night, "users");
            assert_eq!((hold.rule.as_str(), hold.in_a_row), ("missing", in_a_row));
            assert_eq!(hold.records, before["users"].len() as u64);
            assert_eq!(deleted(&night), 0);
            assert_eq!(scene.active(), before, "{version:?}");
        }
    }
}

#[test]
fn zip_that_is_cut_off_is_not_read_and_the_whole_one_is() {
    let scene = Scene::new(400);
    let before = scene.bench.database().published();
    let archive =
        scene.next(|files| remove_students(files, |it| number(it).is_some_and(|it| it < 9))).zip();
    let archive = archive.expect("the files can be zipped");
    let sync = |name: &str, bytes: &[u8]| scene.bench.sync(&scene.bench.write(name, bytes));
    // Without its end it may still be on its way: that is said, and looked at again the next time.
    let output = sync("cut.zip", &archive[..archive.len() * 60 / 100]).ended(0);
    let night = Night::parse(&output.stdout);
    assert_eq!((night.outcome.as_str(), night.error_kind()), ("unchanged", "not_ready"));
    let message = &night.error.as_ref().expect("it is said")["message"];
    assert!(message.contains("upload is not finished or was broken off"), "{message}");
    assert_eq!(scene.bench.database().published(), before);
    // With its end and without its middle it is damaged.
    let (start, end) = (archive.len() * 60 / 100, archive.len() * 62 / 100);
    let torn = [&archive[..start], &archive[end..]].concat();
    let night = scene.bench.failed_night(&scene.bench.write("torn.zip", torn));
    assert_eq!(night.error_kind(), "damaged");
    assert_eq!(scene.bench.database().published(), before);
    let whole = Night::parse(&sync("whole.zip", &archive).ended(0).stdout);
    assert_eq!((whole.outcome.as_str(), whole.counts("users").deleted), ("published", 9));
}

#[test]
fn students_with_a_new_prefix_wait() {
    let scene = Scene::new(400);
    let before = scene.active();
    let feed = scene.next(|files| {
        for (file, column) in [
            ("users.csv", "sourcedId"),
            ("roles.csv", "userSourcedId"),
            ("demographics.csv", "sourcedId"),
            ("enrollments.csv", "userSourcedId"),
        ] {
            edit_rows(files, file, |row| {
                if let Some(rest) = row.get(column).strip_prefix("stu-").map(str::to_owned) {
                    row.set(column, &format!("SIS2-{rest}"));
                }
                true
            });
        }
    });
    let night = scene.night(&feed, 10);
    let hold = waits(&night, "users");
    assert_eq!((hold.rule.as_str(), hold.records), ("rekeyed", 400));
    // Nobody is deleted, and nobody comes a second time.
    assert_eq!(deleted(&night), 0);
    assert_eq!(night.counts("users").created, 0);
    assert_eq!(scene.active(), before);
}

/// A date so many days from now.
fn in_days(days: i64) -> String {
    let time = Timestamp::now().as_second() + days * 86_400;
    let time = Timestamp::from_second(time).expect("a time of this century");
    time.strftime("%Y-%m-%d").to_string()
}

/// A district whose school year ends in so many days; its fall is over.
fn ending_in(days: i64) -> FileSet {
    let mut files = district(1_000, Version::V1_2);
    edit_rows(&mut files, "academicSessions.csv", |row| {
        let fall = ["ses-2027-s1", "ses-2027-q1", "ses-2027-q2"].contains(&row.get("sourcedId"));
        let (start, end) = if fall { (days - 300, days - 150) } else { (days - 300, days) };
        row.set("startDate", &in_days(start));
        row.set("endDate", &in_days(end));
        true
    });
    for file in ["enrollments.csv", "roles.csv"] {
        edit_rows(&mut files, file, |row| {
            row.set("beginDate", &in_days(days - 300));
            row.set("endDate", &in_days(days));
            true
        });
    }
    files
}

#[test]
fn graduation_is_no_alarm() {
    // The year is just over, and the SIS sends it one last time before it moves on.
    let scene = Scene::of(ending_in(-3));
    let mut feed = ending_in(-3);
    let mut seniors = Vec::new();
    edit_rows(&mut feed, "users.csv", |row| {
        let leaves = row.get("grades") == "12";
        if leaves {
            seniors.push(row.get("sourcedId").to_owned());
        }
        !leaves
    });
    assert!(seniors.len() > 25, "{}", seniors.len());
    for (file, column) in [("roles.csv", "userSourcedId"), ("demographics.csv", "sourcedId")] {
        edit_rows(&mut feed, file, |row| !seniors.iter().any(|it| it == row.get(column)));
    }
    // The ended terms' sections and their enrollments are gone; those of the whole year stay.
    let mut over = Vec::new();
    edit_rows(&mut feed, "classes.csv", |row| {
        let ends = row.get("termSourcedIds") == "ses-2027-s1";
        if ends {
            over.push(row.get("sourcedId").to_owned());
        }
        !ends
    });
    assert!(over.len() > 25, "{}", over.len());
    edit_rows(&mut feed, "enrollments.csv", |row| {
        !seniors.iter().any(|it| it == row.get("userSourcedId"))
            && !over.iter().any(|it| it == row.get("classSourcedId"))
    });
    let night = scene.night(&feed, 0);
    assert_eq!((night.outcome.as_str(), night.held()), ("published", Vec::new()));
    assert_eq!(night.counts("users").deleted, seniors.len() as u64);
    assert_eq!(night.counts("sections").deleted, over.len() as u64);
}

#[test]
fn seniors_who_leave_in_the_middle_of_the_year_wait() {
    let scene = Scene::of(ending_in(120));
    let before = scene.active();
    let mut feed = ending_in(120);
    let mut seniors = Vec::new();
    edit_rows(&mut feed, "users.csv", |row| {
        if row.get("grades") == "12" {
            seniors.push(row.get("sourcedId").to_owned());
        }
        true
    });
    remove_students(&mut feed, |it| seniors.iter().any(|senior| senior == it));
    let night = scene.night(&feed, 10);
    let hold = waits(&night, "users");
    assert_eq!((hold.rule.as_str(), hold.records), ("deleted", seniors.len() as u64));
    assert_eq!(scene.active(), before);
}

/// A district's configuration; `more` are its further tables.
fn configured(more: &str) -> String {
    format!(
        "[store]\nto = \"sqlite:roster.db\"\n\n[[district]]\nid = \"marigold\"\n\
         source = {{ connector = \"oneroster\", path = \"feed.zip\" }}\n\n{more}\n"
    )
}

#[test]
fn school_that_is_no_longer_shared_is_withdrawn() {
    let scene = Scene { bench: Bench::new(), files: district(800, Version::V1_2) };
    scene.bench.zip("feed.zip", &scene.files);
    let sync = |sharing: &str| {
        scene.bench.write("homeroom.toml", configured(sharing));
        Night::parse(&scene.bench.run(&["sync", "--json"]).ended(0).stdout)
    };
    assert_eq!(sync("").outcome, "published");
    let night = sync("[district.sharing]\nschools = [\"sch-00000\", \"sch-00002\"]");
    assert_eq!((night.outcome.as_str(), night.held()), ("published", Vec::new()));
    assert!(night.counts("users").deleted > 150, "{:?}", night.counts("users"));
    let left = scene.bench.database();
    let others =
        "SELECT count(*) FROM sections WHERE deleted_at IS NULL AND school_source_id = 'sch-00001'";
    assert_eq!(left.number(others), 0);
    let named = "SELECT count(*) FROM users WHERE deleted_at IS NOT NULL AND family_name IS NOT NULL AND family_name <> ''";
    assert_eq!(left.number(named), 0, "what was withdrawn is emptied");
}

/// Takes a school's people, sections and enrollments out of the feed.
fn without_school(files: &mut FileSet, school: &str) {
    let mut people = Vec::new();
    edit_rows(files, "roles.csv", |row| {
        let stays = row.get("orgSourcedId") != school;
        if !stays {
            people.push(row.get("userSourcedId").to_owned());
        }
        stays
    });
    people.sort();
    for (file, column) in [("users.csv", "sourcedId"), ("demographics.csv", "sourcedId")] {
        edit_rows(files, file, |row| people.binary_search(&row.get(column).to_owned()).is_err());
    }
    for file in ["classes.csv", "enrollments.csv"] {
        edit_rows(files, file, |row| row.get("schoolSourcedId") != school);
    }
}

#[test]
fn school_that_leaves_the_feed_waits_and_the_others_go_on() {
    let scene = Scene::new(400);
    // One of three schools is less than what the district as a whole may lose.
    scene.bench.write("homeroom.toml", configured("[district.limits]\ndeleted_percent = 50"));
    let before = scene.active();
    let feed = scene.next(|files| {
        without_school(files, "sch-00001");
        files.set_value("users.csv", "stu-0000001", "phone", "+1 555 0100");
        remove_students(files, |it| it == "stu-0000002");
    });
    scene.bench.zip("feed.zip", &feed);
    let night = Night::parse(&scene.bench.run(&["sync", "--json"]).ended(10).stdout);
    assert!(!night.holds.is_empty());
    for hold in &night.holds {
        assert_eq!(
            (hold.school.as_deref(), hold.rule.as_str()),
            (Some("sch-00001"), "deleted"),
            "{:?}",
            night.held()
        );
        assert_eq!(hold.records, hold.of_records);
    }
    assert!(night.holds.iter().any(|it| it.entity == "users"), "{:?}", night.held());
    assert_eq!((night.counts("users").updated, night.counts("users").deleted), (1, 1));
    let mut users = before["users"].clone();
    users.retain(|it| it != "stu-0000002");
    assert_eq!(scene.active()["users"], users);
    assert_eq!(scene.active()["sections"], before["sections"]);
}

/// A scene in which 100 of 400 students are gone tonight.
fn held_scene() -> (Scene, FileSet, Night) {
    let scene = Scene::new(400);
    let feed =
        scene.next(|files| remove_students(files, |it| number(it).is_some_and(|it| it < 100)));
    let night = scene.night(&feed, 10);
    assert_eq!(waits(&night, "users").words(), "users deleted 100/459");
    (scene, feed, night)
}

#[test]
fn approved_holds_are_published_by_the_next_night() {
    let (scene, feed, night) = held_scene();
    let before = scene.active();
    for hold in &night.holds {
        scene.decide("approve", hold, &[], 0);
    }
    let next = scene.night(&feed, 0);
    assert_eq!((next.outcome.as_str(), next.held()), ("published", Vec::new()));
    assert_eq!(next.counts("users").deleted, 100);
    assert_eq!(scene.active()["users"].len() + 100, before["users"].len());
    let holds = scene.holds();
    assert!(holds.iter().all(|it| it.ends_with(" used")), "{holds:?}");
    assert_eq!(scene.night(&feed, 0).outcome, "unchanged");
    let audit = scene.run(&["audit", "--json"], 0).stdout;
    for told in ["Kim of support", "the district confirmed it by telephone", "approve", "\"use\""] {
        assert!(audit.contains(told), "{told} is not in the audit log:\n{audit}");
    }
}

#[test]
fn what_belongs_to_the_records_of_a_hold_waits_and_goes_with_them() {
    let (scene, feed, night) = held_scene();
    assert_eq!(night.holds.len(), 1, "{:?}", night.held());
    let waiting = night.counts("enrollments").held;
    assert!(waiting >= 700, "{waiting}");
    scene.decide("approve", &night.holds[0], &[], 0);
    assert_eq!(scene.night(&feed, 0).counts("enrollments").deleted, waiting);
}

#[test]
fn newer_clean_night_takes_the_place_of_a_hold_and_says_so() {
    let (scene, _, night) = held_scene();
    let output = scene.bench.run(&[
        "sync",
        "--connector",
        "oneroster",
        "--from",
        "whole.zip",
        "--district",
        "marigold",
        STORE[0],
        STORE[1],
    ]);
    assert_eq!(output.code, 11, "there is no such file yet");
    scene.bench.zip("whole.zip", &scene.files);
    let output = scene.bench.run(&[
        "sync",
        "--connector",
        "oneroster",
        "--from",
        "whole.zip",
        "--district",
        "marigold",
        STORE[0],
        STORE[1],
    ]);
    let output = output.ended(0);
    let holds = scene.holds();
    assert_eq!(holds.len(), night.holds.len());
    assert!(holds.iter().all(|it| it.ends_with(" superseded")), "{holds:?}");
    assert!(output.text().contains("supersede"), "{}", output.text());
    // What was superseded can no longer be approved.
    let refused = scene.decide("approve", &night.holds[0], &[], 11);
    assert!(refused.text().contains("superseded"), "{}", refused.text());
}

#[test]
fn approval_ends_with_the_next_night_and_with_its_time() {
    let (scene, feed, night) = held_scene();
    for hold in &night.holds {
        scene.decide("approve", hold, &[], 0);
    }
    // A clean night comes between.
    scene.night(&scene.files, 0);
    let holds = scene.holds();
    assert!(holds.iter().all(|it| it.ends_with(" expired")), "{holds:?}");
    let again = scene.night(&feed, 10);
    assert_eq!(waits(&again, "users").words(), "users deleted 100/459");
    let holds = scene.holds();
    assert!(holds.iter().any(|it| it.ends_with(" expired")), "{holds:?}");
    for hold in &again.holds {
        scene.decide("approve", hold, &["--hours", "1"], 0);
    }
    let_time_pass(&scene, Duration::from_hours(2));
    let late = scene.night(&feed, 10);
    assert_eq!((late.outcome.as_str(), deleted(&late)), ("held", 0));
}

/// Puts the end of all decisions so far back.
fn let_time_pass(scene: &Scene, time: Duration) {
    let database =
        Connection::open(scene.bench.path("roster.db")).expect("the database can be opened");
    let ends = Timestamp::now() - time;
    let columns = "UPDATE holds SET expires_at = ?1, detail = json_set(detail, '$.expires_at', ?1) \
                   WHERE expires_at IS NOT NULL";
    let changed = database.execute(columns, [ends.to_string()]).expect("the holds can be changed");
    assert!(changed > 0, "no decision has an end");
}

#[test]
fn discarded_changes_go_on_waiting_without_asking() {
    let (scene, feed, night) = held_scene();
    let before = scene.active();
    for hold in &night.holds {
        scene.decide("discard", hold, &[], 0);
    }
    let next = scene.night(&feed, 0);
    assert_eq!(deleted(&next), 0);
    assert_eq!(scene.active(), before);
    assert_eq!(scene.run(&["holds", "--json"], 0).json().len(), 0, "nothing asks");
    // More than was discarded asks again.
    let more =
        scene.next(|files| remove_students(files, |it| number(it).is_some_and(|it| it < 200)));
    let night = scene.night(&more, 10);
    assert_eq!(waits(&night, "users").words(), "users deleted 200/459");
}

#[test]
fn five_nights_in_a_row_ask_for_a_new_normal() {
    let (scene, feed, mut night) = held_scene();
    for in_a_row in 2..=5 {
        night = scene.night(&feed, 10);
        assert_eq!(waits(&night, "users").in_a_row, in_a_row);
    }
    let refused = scene.decide("approve", &night.holds[0], &[], 2);
    assert!(refused.text().contains("--rebaseline"), "{}", refused.text());
    for hold in &night.holds {
        scene.decide("approve", hold, &["--rebaseline"], 0);
    }
    assert_eq!(scene.night(&feed, 0).counts("users").deleted, 100);
}

#[test]
fn hold_can_be_read_as_a_file_of_its_changes() {
    let (scene, _, night) = held_scene();
    let hold = waits(&night, "users");
    let is_gone = |it: &str| number(it).is_some_and(|it| it < 100);
    assert!(hold.examples.len() >= 5 && hold.examples.iter().all(|it| is_gone(it)), "{hold:?}");
    scene.run(&["holds", &hold.id, "--csv", "changes.csv"], 0);
    let text = fs::read_to_string(scene.bench.path("changes.csv")).expect("the file was written");
    let users = text.lines().filter_map(|it| it.strip_prefix("users,delete,")?.split(',').next());
    let users: BTreeSet<_> = users.collect();
    assert_eq!(users.len(), 100);
    assert!(users.iter().all(|it| is_gone(it)), "{users:?}");
    let listed = scene.run(&["holds"], 0).stdout;
    for told in ["users", "100", "459", hold.id.as_str()] {
        assert!(listed.contains(told), "{told} is not listed:\n{listed}");
    }
}
