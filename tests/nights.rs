//! Night after night: what is counted, what is written, what comes back.

use homeroom_tests::{Bench, Night, expected, feed};
use std::{collections::BTreeMap, process::Child, thread, time::Duration};

/// The nights of `tests/district/expected-next.toml`, in order, with the feed of each and how it ends.
const NIGHTS: [(&str, &str, &str); 4] = [
    ("first", "oneroster-1.2", "published"),
    ("again", "oneroster-1.2", "unchanged"),
    ("next", "oneroster-1.2-next", "published"),
    ("back", "oneroster-1.2", "published"),
];

/// Runs the nights up to `last`.
fn nights(bench: &Bench, last: &str) -> Night {
    let upto = NIGHTS.iter().position(|it| it.0 == last).expect("the night has a name");
    let run = |(name, format, _): &(&str, &str, &str)| {
        bench.night(&bench.zip(&format!("{name}.zip"), &feed(format)))
    };
    NIGHTS[..=upto].iter().map(run).next_back().expect("there is a first night")
}

#[test]
fn four_nights_count_exactly_what_changed() {
    let bench = Bench::new();
    for (name, format, outcome) in NIGHTS {
        let night = bench.night(&bench.zip("feed.zip", &feed(format)));
        assert_eq!(night.outcome, outcome, "{name}");
        assert_eq!(night.entities, expected(name), "{name}");
        assert_eq!(night.findings(), Vec::<String>::new(), "{name}");
        assert_eq!((night.district.as_str(), night.connector.as_str()), ("marigold", "oneroster"));
    }
}

#[test]
fn unchanged_night_writes_no_row() {
    let bench = Bench::new();
    nights(&bench, "first");
    let before = bench.database().published();
    assert!(before["users"].len() > 50 && before["enrollments"].len() > 100);
    nights(&bench, "first");
    assert_eq!(bench.database().published(), before);
    assert_eq!(bench.database().number("SELECT count(*) FROM runs"), 2);
}

#[test]
fn folder_and_zip_are_the_same_feed() {
    let bench = Bench::new();
    nights(&bench, "first");
    let folder = bench.path("folder");
    feed("oneroster-1.2").write(&folder).expect("the folder can be written");
    let night = bench.night(&folder);
    assert_eq!((night.outcome.as_str(), night.entities), ("unchanged", expected("again")));
}

#[test]
fn first_load_is_one_marker_and_later_changes_are_one_row_each() {
    let bench = Bench::new();
    nights(&bench, "first");
    let count = "SELECT count(*) FROM changes";
    let first = bench.database().number(count);
    assert_eq!(bench.database().rows("SELECT operation FROM changes"), ["load"]);
    let next = bench.night(&bench.zip("next.zip", &feed("oneroster-1.2-next")));
    let changed = |it: &Night| -> u64 {
        it.entities.values().map(|it| it.created + it.updated + it.deleted + it.restored).sum()
    };
    assert_eq!(bench.database().number(count) - first, changed(&next));
    let by_operation = "SELECT operation, count(*) FROM changes GROUP BY 1 ORDER BY 1";
    let sum = |it: fn(&homeroom_tests::Counts) -> u64| next.entities.values().map(it).sum::<u64>();
    assert_eq!(
        bench.database().rows(by_operation),
        [
            format!("create|{}", sum(|it| it.created)),
            format!("delete|{}", sum(|it| it.deleted)),
            "load|1".to_owned(),
            format!("update|{}", sum(|it| it.updated)),
        ]
    );
}

#[test]
fn returning_record_keeps_its_id_and_its_history() {
    const STUDENT: &str =
        "SELECT id, first_run, deleted_at IS NULL FROM users WHERE source_id = '0001024'";
    let bench = Bench::new();
    nights(&bench, "first");
    let before = bench.database().rows(STUDENT);
    assert!(before[0].ends_with("|1"), "{before:?}");
    bench.night(&bench.zip("next.zip", &feed("oneroster-1.2-next")));
    let gone = bench.database().rows(STUDENT);
    assert_eq!(gone, [before[0].replace("|1", "|0")]);
    let back = bench.night(&bench.zip("back.zip", &feed("oneroster-1.2")));
    assert_eq!(bench.database().rows(STUDENT), before);
    let last_run = "SELECT last_run FROM users WHERE source_id = '0001024'";
    assert_eq!(bench.database().rows(last_run), [back.run]);
}

#[test]
fn public_ids_do_not_depend_on_the_database() {
    let ids = || {
        let bench = Bench::new();
        nights(&bench, "first");
        bench.database().rows("SELECT source_id, id FROM users ORDER BY 1")
    };
    let first = ids();
    assert_eq!(first, ids());
    let distinct: BTreeMap<_, _> =
        first.iter().filter_map(|it| it.rsplit_once('|')).map(|(key, id)| (id, key)).collect();
    assert_eq!(distinct.len(), first.len());
}

#[test]
fn districts_of_one_database_do_not_touch_each_other() {
    let bench = Bench::new();
    nights(&bench, "first");
    let before = bench.database().rows("SELECT * FROM users WHERE district_id = 'marigold'");
    let path = bench.zip("other.zip", &feed("oneroster-1.2-next"));
    let path = path.to_str().expect("temporary folders have readable names");
    let arguments = ["sync", "--connector", "oneroster", "--from", path, "--district", "other"];
    let output =
        bench.run(&[&arguments[..], &["--to", "sqlite:roster.db", "--json"]].concat()).ended(0);
    let night = Night::parse(&output.stdout);
    assert_eq!(night.counts("users").created, expected("next")["users"].read);
    assert_eq!(bench.database().rows("SELECT * FROM users WHERE district_id = 'marigold'"), before);
}

/// Every published value that does not tell of runs or times.
fn state(bench: &Bench) -> BTreeMap<&'static str, Vec<String>> {
    let keys = |rows: Vec<String>| rows.into_iter().filter(|it| !it.is_empty()).collect();
    let tables = ["orgs", "sections", "users", "roles", "relationships", "enrollments", "results"];
    tables
        .into_iter()
        .map(|it| {
            let query = format!(
                "SELECT id, source_id, extensions, deleted_at IS NULL FROM {it} ORDER BY 1"
            );
            (it, keys(bench.database().rows(&query)))
        })
        .collect()
}

#[test]
fn killed_night_leaves_all_or_nothing_and_the_next_one_mends_it() {
    let undisturbed = Bench::new();
    nights(&undisturbed, "first");
    let first = state(&undisturbed);
    undisturbed.night(&undisturbed.zip("next.zip", &feed("oneroster-1.2-next")));
    let next = state(&undisturbed);
    assert_ne!(first, next);

    let bench = Bench::new();
    nights(&bench, "first");
    let path = bench.zip("next.zip", &feed("oneroster-1.2-next"));
    let mut killed = 0;
    for wait in (0..120).step_by(6) {
        let mut program = bench.start(&path);
        thread::sleep(Duration::from_millis(wait));
        killed += u32::from(program.try_wait().is_ok_and(|it| it.is_none()));
        program.kill().expect("the program can be killed, or has ended");
        program.wait().expect("the program ends");
        let now = state(&bench);
        assert!(now == first || now == next, "half a night is published after {wait} ms");
    }
    assert!(killed > 0, "the program was always faster");
    bench.night(&path);
    assert_eq!(state(&bench), next);
    let changes = "SELECT entity, source_id, operation FROM changes ORDER BY 1, 2, 3";
    assert_eq!(bench.database().rows(changes), undisturbed.database().rows(changes));
}

#[test]
fn two_nights_at_once_publish_one_after_the_other_or_refuse() {
    let bench = Bench::new();
    nights(&bench, "first");
    let feeds = [bench.path("first.zip"), bench.zip("next.zip", &feed("oneroster-1.2-next"))];
    let ended = feeds.each_ref().map(|it| bench.start(it)).map(Child::wait_with_output);
    for output in ended {
        let code = output.expect("the program ends").status.code();
        assert!(matches!(code, Some(0 | 11)), "{code:?}");
    }
    // Whatever came of the race, a night alone sets it right.
    bench.night(&feeds[1]);
    assert_eq!(bench.night(&feeds[1]).outcome, "unchanged");
    assert_eq!(bench.database().active("users").len() as u64, expected("next")["users"].read);
}

#[test]
fn plans_of_killed_nights_are_cleared_away_by_the_next() {
    let bench = Bench::new();
    let path = bench.zip("feed.zip", &feed("oneroster-1.2"));
    for wait in (0..60).step_by(6) {
        let mut program = bench.start(&path);
        thread::sleep(Duration::from_millis(wait));
        program.kill().expect("the program can be killed, or has ended");
        program.wait().expect("the program ends");
    }
    bench.night(&path);
    assert_eq!(bench.left_behind(), ["feed.zip"], "plans hold personal data");
}

#[test]
fn of_nights_of_one_district_that_start_at_once_one_publishes_and_the_others_say_so() {
    for _ in 0..3 {
        let bench = Bench::new();
        let archive = bench.zip("feed.zip", &feed("oneroster-1.2"));
        let nights: Vec<_> = (0..4).map(|_| bench.start(&archive)).collect();
        let codes = nights.into_iter().map(|mut it| it.wait().expect("it ends").code());
        let codes: Vec<_> = codes.collect();
        assert!(codes.contains(&Some(0)), "{codes:?}");
        assert!(codes.iter().all(|it| matches!(it, Some(0 | 11))), "{codes:?}");
        assert!(!bench.database().active("users").is_empty());
        assert_eq!(bench.night(&archive).outcome, "unchanged");
    }
}
