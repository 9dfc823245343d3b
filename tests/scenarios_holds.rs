//! What becomes of a hold: approved, discarded, superseded, expired, or asked about night after night.

use homeroom_tests::{Night, Scene, remove_students, student_number};
use roster_core::value::Timestamp;
use roster_testkit::FileSet;
use rusqlite::Connection;
use std::{collections::BTreeSet, fs, time::Duration};

/// A scene in which 100 of 400 students are gone tonight.
fn held_scene() -> (Scene, FileSet, Night) {
    let scene = Scene::new(400);
    let feed = scene
        .next(|files| remove_students(files, |it| student_number(it).is_some_and(|it| it < 100)));
    let night = scene.night(&feed, 10);
    assert_eq!(night.hold("users").words(), "users deleted 100/459");
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
    scene.bench.zip("whole.zip", &scene.files);
    let source = ["--connector", "oneroster", "--from", "whole.zip", "--district", "marigold"];
    let output = scene.run(&[&["sync"], &source[..]].concat(), 0);
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
    assert_eq!(again.hold("users").words(), "users deleted 100/459");
    let holds = scene.holds();
    assert!(holds.iter().any(|it| it.ends_with(" expired")), "{holds:?}");
    for hold in &again.holds {
        scene.decide("approve", hold, &["--hours", "1"], 0);
    }
    let_time_pass(&scene, Duration::from_hours(2));
    let late = scene.night(&feed, 10);
    assert_eq!((late.outcome.as_str(), late.deleted()), ("held", 0));
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
    assert_eq!(next.deleted(), 0);
    assert_eq!(scene.active(), before);
    assert_eq!(scene.run(&["holds", "--json"], 0).json().len(), 0, "nothing asks");
    // More than was discarded asks again.
    let more = scene
        .next(|files| remove_students(files, |it| student_number(it).is_some_and(|it| it < 200)));
    let night = scene.night(&more, 10);
    assert_eq!(night.hold("users").words(), "users deleted 200/459");
}

#[test]
fn five_nights_in_a_row_ask_for_a_new_normal() {
    let (scene, feed, mut night) = held_scene();
    for in_a_row in 2..=5 {
        night = scene.night(&feed, 10);
        assert_eq!(night.hold("users").in_a_row, in_a_row);
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
    let hold = night.hold("users");
    let is_gone = |it: &str| student_number(it).is_some_and(|it| it < 100);
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
