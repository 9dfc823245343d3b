//! `homeroom.toml`: strict, all problems at once; several districts; what is shared.

use homeroom_tests::{Bench, Night, feed};

/// A bench with two districts' feeds and a configuration.
fn configured(configuration: &str) -> Bench {
    let bench = Bench::new();
    bench.zip("one.zip", &feed("oneroster-1.2"));
    bench.zip("two.zip", &feed("oneroster-1.1"));
    bench.write("homeroom.toml", configuration);
    bench
}

const TWO_DISTRICTS: &str = r#"
[store]
to = "sqlite:roster.db"

[[district]]
id = "one"
source = { connector = "oneroster", path = "one.zip" }

[[district]]
id = "two"
source = { connector = "oneroster", path = "two.zip" }
"#;

fn nights(bench: &Bench, arguments: &[&str], code: i32) -> Vec<Night> {
    let output = bench.run(&[&["sync", "--json"], arguments].concat()).ended(code);
    output.stdout.lines().map(Night::parse).collect()
}

#[test]
fn all_districts_are_synchronized_or_those_that_are_named() {
    let bench = configured(TWO_DISTRICTS);
    let districts: Vec<_> = nights(&bench, &[], 0).into_iter().map(|it| it.district).collect();
    assert_eq!(districts, ["one", "two"]);
    let named = nights(&bench, &["two"], 0);
    assert_eq!(
        (named.len(), named[0].district.as_str(), named[0].outcome.as_str()),
        (1, "two", "unchanged")
    );
    let output = bench.run(&["sync", "tow"]).ended(2);
    assert!(output.stderr.contains("\"tow\""), "{}", output.stderr);
}

#[test]
fn district_that_fails_stops_no_other() {
    let bench = configured(TWO_DISTRICTS);
    bench.write("one.zip", "not a zip");
    let outcomes: Vec<_> = nights(&bench, &[], 11).into_iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, ["failed", "published"]);
}

#[test]
fn all_problems_are_told_at_once_and_nothing_is_done() {
    let bench = configured(
        r#"
[store]
to = "sqlight:roster.db"
colour = "blue"

[night]
examples = "many"

[[district]]
id = "one"
source = { connector = "onerooster", path = "one.zip" }

[[district]]
id = "two two"
source = { connector = "oneroster", pat = "two.zip" }

[[district]]
id = "one"
source = { connector = "oneroster", path = "one.zip" }
[district.sharing]
excluded_entities = ["demografics"]
excluded_fields = ["users.given_name"]
"#,
    );
    let output = bench.run(&["sync"]).ended(2);
    for word in [
        "sqlight",
        "colour",
        "examples",
        "onerooster",
        "district id",
        "pat",
        "demografics",
        "users.given_name",
    ] {
        assert!(output.stderr.contains(word), "{word} is not told:\n{}", output.stderr);
    }
    assert!(output.stderr.contains("oneroster"), "what was meant is told");
    assert!(!bench.path("roster.db").exists());
}

#[track_caller]
fn shared(sharing: &str) -> (Bench, Night) {
    let bench = configured(&format!(
        "[store]\nto = \"sqlite:roster.db\"\n[[district]]\nid = \"one\"\n\
         source = {{ connector = \"oneroster\", path = \"one.zip\" }}\n[district.sharing]\n{sharing}\n"
    ));
    let night = nights(&bench, &[], 0).remove(0);
    (bench, night)
}

#[track_caller]
fn holds_nothing_of(bench: &Bench, texts: &[&str]) {
    for name in ["roster.db", "roster.db-wal"] {
        let Ok(bytes) = std::fs::read(bench.path(name)) else { continue };
        let kept = String::from_utf8_lossy(&bytes);
        let found = texts.iter().find(|it| kept.contains(**it));
        assert_eq!(found, None, "{name} holds what is not shared");
    }
}

#[test]
fn excluded_tables_and_fields_never_reach_the_database() {
    let (bench, night) = shared(
        "excluded_entities = [\"demographics\"]\nexcluded_fields = [\"users.email\", \"users.phone\"]",
    );
    assert_eq!(night.counts("demographics").created, 0);
    let database = bench.database();
    assert_eq!(database.number("SELECT count(*) FROM demographics"), 0);
    assert_eq!(database.number("SELECT count(*) FROM users WHERE email IS NOT NULL"), 0);
    assert!(database.number("SELECT count(*) FROM users") > 50);
    holds_nothing_of(&bench, &["students.marigold.example", "Aix-en-Provence", "+1 555 0172"]);
}

#[test]
fn only_listed_extension_fields_are_kept() {
    let (bench, _) = shared("extension_fields = [\"metadata.seat\"]");
    let database = bench.database();
    assert_eq!(database.number("SELECT count(*) FROM users WHERE extensions IS NOT NULL"), 0);
    assert!(database.number("SELECT count(*) FROM enrollments WHERE extensions IS NOT NULL") > 0);
    holds_nothing_of(&bench, &["metadata.homeLanguage"]);
}

#[test]
fn only_listed_schools_are_shared_with_their_people() {
    let (bench, night) = shared("schools = [\"0110\"]");
    assert_eq!(night.findings(), Vec::<String>::new());
    let database = bench.database();
    let sections = "SELECT DISTINCT school_source_id FROM sections";
    assert_eq!(database.rows(sections), ["0110"]);
    assert_eq!(database.rows("SELECT DISTINCT school_source_id FROM enrollments"), ["0110"]);
    let users = database.active("users");
    let is = |it: &str| users.contains(&it.to_owned());
    // In both schools, only here, moved away in the middle of the year; contact of a student here.
    assert!(is("0001007") && is("0001008") && is("0001006") && is("P003") && is("T006"));
    assert!(!is("0001001") && !is("T005") && !is("P001"), "people of the other school");
    holds_nothing_of(&bench, &["O'Brien-N"]);
}

#[test]
fn staff_can_be_left_out_without_losing_teachers() {
    let (bench, _) = shared("staff = false");
    let users = bench.database().active("users");
    let is = |it: &str| users.contains(&it.to_owned());
    assert!(is("T003") && is("T004") && is("0001001") && is("P001"));
    assert!(
        !is("T013") && !is("0100") && !is("T010"),
        "an office clerk, a superintendent, a counselor"
    );
}

#[test]
fn what_is_no_longer_shared_is_withdrawn() {
    let (bench, _) = shared("");
    assert!(bench.database().active("demographics").len() > 20);
    let configuration = std::fs::read_to_string(bench.path("homeroom.toml")).expect("it is there");
    bench.write("homeroom.toml", configuration + "excluded_entities = [\"demographics\"]\n");
    let night = nights(&bench, &[], 0).remove(0);
    assert!(night.counts("demographics").deleted > 20);
    assert_eq!(bench.database().active("demographics"), Vec::<String>::new());
}

#[test]
fn newest_set_of_a_landing_folder_is_taken_once() {
    let bench = configured(
        "[store]\nto = \"sqlite:roster.db\"\n[[district]]\nid = \"one\"\n\
         source = { connector = \"oneroster\", landing = { path = \"drop\", stable_secs = 0 } }\n",
    );
    std::fs::create_dir(bench.path("drop")).expect("the folder can be made");
    std::fs::rename(bench.path("one.zip"), bench.path("drop/monday.zip")).expect("it can be moved");
    bench.write("drop/notes.txt", "not a set");
    assert_eq!(nights(&bench, &[], 0)[0].outcome, "published");
    assert!(!bench.path("drop/monday.zip").exists(), "what was published is put away");
    assert!(bench.path("drop/notes.txt").exists(), "the rest is left alone");

    let nothing_new = nights(&bench, &[], 0).remove(0);
    let told = (nothing_new.outcome.as_str(), nothing_new.error_kind());
    assert_eq!(told, ("unchanged", "not_ready"));

    let next = feed("oneroster-1.2-next").zip().expect("the files can be zipped");
    bench.write("drop/tuesday.zip", &next[..next.len() / 2]);
    assert_eq!(nights(&bench, &[], 0)[0].error_kind(), "not_ready", "half of it is uploaded");
    bench.write("drop/tuesday.zip", &next);
    let tuesday = nights(&bench, &[], 0).remove(0);
    assert_eq!(tuesday.counts("users").deleted, 2);
}
