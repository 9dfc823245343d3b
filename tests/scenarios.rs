//! The nights that districts have really had: what is published, what waits for a person, what the report says.

use homeroom_tests::{
    Bench, Night, Scene, edit_rows, made_up_district, remove_students, student_number,
};
use roster_core::value::Timestamp;
use roster_synth::Version;
use roster_testkit::FileSet;

#[test]
fn a_thousand_students_fail_a_check() {
    let scene = Scene::new(2_000);
    let before = scene.active();
    let feed = scene.next(|files| {
        remove_students(files, |it| {
            student_number(it).is_some_and(|it| (1_990..1_995).contains(&it))
        });
        edit_rows(files, "users.csv", |row| {
            match student_number(row.get("sourcedId")) {
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
    assert_eq!((night.counts("users").updated, night.deleted()), (1, 0));
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
        let scene = Scene::of(made_up_district(400, version));
        let before = scene.active();
        let feed = scene.next(|files| files.remove("users.csv"));
        for in_a_row in 1..3 {
            let night = scene.night(&feed, 10);
            let hold = night.hold("users");
            assert_eq!((hold.rule.as_str(), hold.in_a_row), ("missing", in_a_row));
            assert_eq!(hold.records, before["users"].len() as u64);
            assert_eq!(night.deleted(), 0);
            assert_eq!(scene.active(), before, "{version:?}");
        }
    }
}

#[test]
fn zip_that_is_cut_off_is_not_read_and_the_whole_one_is() {
    let scene = Scene::new(400);
    let before = scene.bench.database().published();
    let archive = scene
        .next(|files| remove_students(files, |it| student_number(it).is_some_and(|it| it < 9)))
        .zip();
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
    let hold = night.hold("users");
    assert_eq!((hold.rule.as_str(), hold.records), ("rekeyed", 400));
    // Nobody is deleted, and nobody comes a second time.
    assert_eq!(night.deleted(), 0);
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
    let mut files = made_up_district(1_000, Version::V1_2);
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
    let hold = night.hold("users");
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
    let scene = Scene { bench: Bench::new(), files: made_up_district(800, Version::V1_2) };
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
