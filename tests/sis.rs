//! Whole nights from databases that look like PowerSchool's and Infinite Campus's: PostgreSQL, with an account that may
//! only read, and SQLite.  What has no driver or no server reports itself as ignored.

use connector_odbc::{Database, find_driver};
use homeroom_tests::{Bench, PostgresDatabase, WITHOUT_POSTGRES};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use roster_testkit::{District, Losses, differences, district_folder};
use std::{fs, process::ExitCode};

/// A system: the name of its folders, and its profile as a configuration has it.
const SYSTEMS: [(&str, &str); 2] = [
    (
        "powerschool",
        r#"{ type = "powerschool", school_years = [2026, 2027],
  district_name = "Marigold Valley Unified School District",
  programs = { ell = "new-jersey", iep = "core-fields", section_504 = "new-jersey", frl = "lunch-status",
    special_programs = { "Title I" = "titleI", "Gifted and Talented" = "gifted", "Migrant Education" = "migrant",
      "Homeless Services" = "homeless", "Robotics Club" = "ext:robotics" } } }"#,
    ),
    (
        "infinite-campus",
        r#"{ type = "infinite-campus", school_years = [2026, 2027], district_id = 1,
  summer_calendars = true, directory = 1,
  section_roles = { A = "aide", X = "proctor", D = "administrator", I = "ext:studentTeacher" },
  programs = { ell = "lep", iep = "enrollment", section_504 = "table", frl = "eligibility",
    flags = { "Title I" = "titleI", Gifted = "gifted", Migrant = "migrant", Homeless = "homeless",
      "Robotics Club" = "ext:robotics" } } }"#,
    ),
];

fn main() -> ExitCode {
    let mut tests = Vec::new();
    for (system, profile) in SYSTEMS {
        tests.push(trial(format!("{system}_from_sqlite"), Database::Sqlite, move |bench| {
            Ok(Some(in_sqlite(bench, system, profile)?))
        }));
        tests.push(trial(
            format!("{system}_from_postgresql"),
            Database::PostgreSql,
            move |bench| in_postgresql(bench, system, profile),
        ));
    }
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// A place that a source is in, which is gone when this is dropped.
struct Placed {
    system: &'static str,
    /// The source, as a configuration has it.
    source: String,
    _server: Option<PostgresDatabase>,
}

/// Two nights from a place that `make` makes: the first gives the district, the second changes nothing.
fn trial(
    name: String,
    database: Database,
    make: impl FnOnce(&Bench) -> Result<Option<Placed>, Failed> + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || {
        if let Err(error) = find_driver(database) {
            return Ok(Completion::ignored_with(error.to_string()));
        }
        let bench = Bench::new();
        let Some(placed) = make(&bench)? else {
            return Ok(Completion::ignored_with(WITHOUT_POSTGRES));
        };
        nights_give_the_golden_district(&bench, &placed)?;
        Ok(Completion::Completed)
    })
}

fn nights_give_the_golden_district(bench: &Bench, placed: &Placed) -> Result<(), Failed> {
    let Placed { system, source, .. } = placed;
    let file = format!("[[district]]\nid = 'marigold'\nto = 'sqlite:roster.db'\n{source}");
    bench.write("homeroom.toml", file);
    let outcomes: Vec<_> = (0..2).map(|_| bench.run(&["sync", "--json"]).ended(0)).collect();
    let outcome = |at: usize| outcomes[at].json()[0]["outcome"].as_str().map(str::to_owned);
    assert_eq!(
        (outcome(0).as_deref(), outcome(1).as_deref()),
        (Some("published"), Some("unchanged"))
    );
    let export = ["export", "marigold", "--format", "jsonl", "--from", "sqlite:roster.db"];
    bench.run(&[&export[..], &["--to", "told"]].concat()).ended(0);
    let told = District::read(&bench.path("told"))?;
    let losses = Losses::read(&district_folder().join(format!("losses/odbc-{system}.toml")))?;
    Ok(differences(&losses.apply(&District::golden()?), &told).map_err(|it| it.to_string())?)
}

fn sql(system: &str) -> Result<String, Failed> {
    let folder = district_folder().join(system);
    Ok(fs::read_to_string(folder.join("schema.sql"))?
        + &fs::read_to_string(folder.join("seed.sql"))?)
}

fn in_sqlite(bench: &Bench, system: &'static str, profile: &str) -> Result<Placed, Failed> {
    let file = bench.path("sis.db");
    rusqlite::Connection::open(&file)?.execute_batch(&sql(system)?)?;
    let source = format!(
        "[district.source]\nconnector = 'odbc'\ndatabase = 'sqlite'\npath = '{}'\nprofile = {}\n",
        file.display(),
        profile.replace('\n', " ")
    );
    Ok(Placed { system, source, _server: None })
}

/// The tables stand in a schema of their own, as they do in Oracle.
fn in_postgresql(
    bench: &Bench,
    system: &'static str,
    profile: &str,
) -> Result<Option<Placed>, Failed> {
    let name = system.replace('-', "_");
    let Some(server) = PostgresDatabase::new(&name) else { return Ok(None) };
    let reader = format!("{name}_reader_{}", std::process::id());
    server.run("CREATE SCHEMA ps; SET search_path = ps");
    server.run(&sql(system)?);
    server.run(&format!(
        "DROP ROLE IF EXISTS {reader}; CREATE ROLE {reader} LOGIN PASSWORD 'canary';
         REVOKE CREATE, TEMPORARY ON DATABASE {} FROM PUBLIC; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
         GRANT USAGE ON SCHEMA ps TO {reader}; GRANT SELECT ON ALL TABLES IN SCHEMA ps TO {reader}",
        server.name()
    ));
    let password = bench.write("password", "canary\n");
    let source = format!(
        "[district.source]\nconnector = 'odbc'\ndatabase = 'postgresql'\n{}schema = 'ps'\nuser = '{reader}'\n\
         password = {{ file = '{}' }}\nprofile = {}\n",
        server.odbc_keys(),
        password.display(),
        profile.replace('\n', " ")
    );
    Ok(Some(Placed { system, source, _server: Some(server) }))
}
