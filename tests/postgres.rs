//! Whole nights into PostgreSQL.  They need a server of their own, whose URL is in `HOMEROOM_POSTGRES`; without it they
//! report themselves as ignored.

use homeroom_tests::{Bench, Output, feed};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::{collections::BTreeMap, env, fs, path::Path, process::ExitCode};

/// A test, with the URL of a server.
type Test = fn(&Server);

const TESTS: [(&str, Test); 4] = [
    ("exports_are_those_of_sqlite", exports_are_those_of_sqlite),
    ("districts_of_a_configuration_publish_at_once", districts_of_a_configuration_publish_at_once),
    ("password_is_never_shown", password_is_never_shown),
    ("looking_at_an_empty_database_makes_nothing", looking_at_an_empty_database_makes_nothing),
];

fn main() -> ExitCode {
    let trial = |(name, test): (&str, Test)| {
        Trial::ignorable_test(name, move || {
            let Some(url) = env::var("HOMEROOM_POSTGRES").ok().filter(|it| !it.is_empty()) else {
                return Ok::<_, Failed>(Completion::ignored_with("HOMEROOM_POSTGRES is not set"));
            };
            test(&Server { url });
            Ok(Completion::Completed)
        })
    };
    let tests = TESTS.into_iter().map(trial).collect();
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// A server of the tests' own.
struct Server {
    url: String,
}

impl Server {
    /// A district's id that no other run of these tests has.
    fn district(name: &str) -> String {
        format!("{name}-{}", std::process::id())
    }

    fn password(&self) -> &str {
        let (before, _) = self.url.split_once('@').expect("the URL has a user");
        before.rsplit(':').next().expect("the URL has a password")
    }

    /// Runs the program; whatever it prints is searched for the password.
    #[track_caller]
    fn run(&self, bench: &Bench, arguments: &[&str]) -> Output {
        let output = bench.run(arguments);
        assert!(!output.text().contains(self.password()), "{arguments:?} shows the password");
        output
    }

    #[track_caller]
    fn sync(&self, bench: &Bench, feed: &Path, district: &str, sink: &str) -> Output {
        let feed = feed.to_str().expect("temporary folders have readable names");
        let source = ["--connector", "oneroster", "--from", feed, "--district", district];
        let rest = ["--to", sink, "--json", "--log", "trace"];
        self.run(bench, &[&["sync"], &source[..], &rest].concat())
    }
}

#[track_caller]
fn outcomes(output: &Output) -> Vec<String> {
    let outcome = |it: serde_json::Value| it["outcome"].as_str().unwrap_or_default().to_owned();
    output.json().into_iter().map(outcome).collect()
}

fn exports_are_those_of_sqlite(server: &Server) {
    for format in ["oneroster-1.1", "oneroster-1.2"] {
        let bench = Bench::new();
        let district = Server::district(format);
        let mut feeds = vec![bench.zip("a.zip", &feed(format))];
        if format == "oneroster-1.2" {
            feeds.push(bench.zip("b.zip", &feed("oneroster-1.2-next")));
        }
        let exports = [("sqlite", "sqlite:roster.db"), ("postgres", server.url.as_str())].map(
            |(name, sink)| {
                for feed in &feeds {
                    for expected in ["published", "unchanged"] {
                        let output = server.sync(&bench, feed, &district, sink).ended(0);
                        assert_eq!(outcomes(&output), [expected], "{format} {name}");
                    }
                }
                export(server, &bench, &district, name, sink)
            },
        );
        assert!(exports[0].len() > 5, "{format}: {:?}", exports[0].keys());
        assert_eq!(exports[0].keys().collect::<Vec<_>>(), exports[1].keys().collect::<Vec<_>>());
        for (file, text) in &exports[0] {
            assert_eq!(*text, exports[1][file], "{format}: {file}");
        }
    }
}

/// The files of an export as JSON lines, by name.
fn export(
    server: &Server,
    bench: &Bench,
    district: &str,
    to: &str,
    sink: &str,
) -> BTreeMap<String, String> {
    let arguments = ["export", district, "--format", "jsonl", "--to", to, "--from", sink];
    server.run(bench, &arguments).ended(0);
    let files = fs::read_dir(bench.path(to)).expect("the export is a folder");
    let read = |it: fs::DirEntry| {
        let text = fs::read_to_string(it.path()).expect("an exported file can be read");
        (it.file_name().to_string_lossy().into_owned(), text)
    };
    files.map(|it| read(it.expect("the folder can be read"))).collect()
}

fn districts_of_a_configuration_publish_at_once(server: &Server) {
    let bench = Bench::new();
    bench.zip("a.zip", &feed("oneroster-1.2"));
    let districts = ["north", "south", "east", "west"].map(Server::district);
    let top = format!("[store]\nto = {:?}\n\n[night]\ndistricts_at_once = 4\n", server.url);
    let district = |id: &String| {
        format!(
            "\n[[district]]\nid = {id:?}\nsource = {{ connector = \"oneroster\", path = \"a.zip\" }}\n"
        )
    };
    let config = top + &districts.each_ref().map(district).concat();
    bench.write("homeroom.toml", config);
    for expected in ["published", "unchanged"] {
        let output = server.run(&bench, &["sync", "--json"]).ended(0);
        assert_eq!(outcomes(&output), [expected; 4]);
    }
    for district in &districts {
        let runs = server.run(&bench, &["runs", "--district", district, "--json"]).ended(0);
        assert_eq!(outcomes(&runs), ["unchanged", "published"]);
    }
    server.run(&bench, &["check"]).ended(0);
}

fn password_is_never_shown(server: &Server) {
    let bench = Bench::new();
    let feed = bench.zip("a.zip", &feed("oneroster-1.2"));
    let wrong = server.url.replace(server.password(), "MELLON");
    let output = server.sync(&bench, &feed, &Server::district("locked"), &wrong).ended(11);
    assert!(!output.text().contains("MELLON"), "{}", output.text());
    assert_eq!(output.json()[0]["error"]["kind"], "auth_failed");
    assert_eq!(output.json()[0]["error"]["actor"], "operator");
}

fn looking_at_an_empty_database_makes_nothing(server: &Server) {
    let bench = Bench::new();
    // Every server has this database, and nobody publishes to it.
    let empty = server.url.replace("/postgres", "/template1");
    for _ in 0..2 {
        let output = server.run(&bench, &["runs", "--to", &empty]);
        assert_ne!(output.code, 0);
        assert!(output.text().contains("nothing has been published there"), "{}", output.text());
    }
}
