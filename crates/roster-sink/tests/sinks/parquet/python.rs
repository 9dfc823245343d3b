//! What other programs make of the files: DuckDB and Polars read them, and a server speaks S3.
//!
//! They are asked through Python, the one that `HOMEROOM_PYTHON` names or `python3`; where it does not have the module,
//! the test reports itself as ignored.

use super::folder;
use crate::bench::{Backend, Bench, categories, id, wait};
use libtest_mimic::{Completion, Trial};
use roster_core::{
    EntityKind, Rows,
    model::{AcademicSessionRow, EnrollmentRole, EnrollmentRow, UserRow},
    value::{ExtensionMap, Extensions, TextList},
};
use roster_sink::ParquetSink;
use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

/// The tests, each of which needs modules of Python.
pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name: &str, modules: &'static [&'static str], run: fn()| {
        Trial::ignorable_test(format!("parquet::python::{name}"), move || {
            if let Some(missing) = modules.iter().find(|it| !has_module(it)) {
                let reason = format!("{} has no module {missing}; set HOMEROOM_PYTHON", python());
                return Ok(Completion::ignored_with(reason));
            }
            run();
            Ok(Completion::Completed)
        })
    };
    vec![
        trial("duckdb_reads_types_counts_and_joins", &["duckdb"], duckdb),
        trial("documented_examples_run", &["duckdb"], documented),
        trial("polars_reads_types_counts_and_joins", &["polars"], polars),
        trial("s3_compatible_server_takes_nights", &["moto", "flask"], s3),
    ]
}

fn python() -> String {
    env::var("HOMEROOM_PYTHON").ok().filter(|it| !it.is_empty()).unwrap_or("python3".to_owned())
}

fn has_module(name: &str) -> bool {
    let find =
        format!("import importlib.util, sys; sys.exit(importlib.util.find_spec('{name}') is None)");
    let status = Command::new(python()).args(["-c", &find]).stderr(Stdio::null()).status();
    status.is_ok_and(|it| it.success())
}

/// What a script prints, line by line.
fn run(script: &str, lake: &Path) -> Vec<String> {
    let output = Command::new(python()).args(["-c", script]).arg(lake).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Two nights with every type of field; the second changes a user, deletes an enrollment and adds one.
fn lake() -> Bench {
    let bench = Backend::Parquet.bench();
    let date = |text: &str| Some(text.parse().unwrap());
    let mut sessions = Rows::new(EntityKind::AcademicSession);
    sessions.push(
        0,
        &AcademicSessionRow {
            source_id: "t1",
            title: "Fall",
            start_date: date("2026-08-24"),
            end_date: date("2026-12-19"),
            ..AcademicSessionRow::default()
        },
    );
    let night = |run: &str, names: &[(&str, &str)], enrollments: &[(&str, &str)]| {
        let mut people = Rows::new(EntityKind::User);
        let grades = TextList::new(&vec!["09".to_owned(), "10".to_owned()]);
        let extensions =
            Extensions::new(&ExtensionMap::from([("metadata.bus".to_owned(), "12".into())]));
        for (position, (source_id, given_name)) in names.iter().enumerate() {
            let (grades, extensions) = (grades.clone(), extensions.clone());
            let row = UserRow {
                source_id,
                given_name,
                family_name: "Okafor",
                enabled: Some(true),
                grades,
                extensions,
                ..UserRow::default()
            };
            people.push(position as u64, &row);
        }
        let mut rows = Rows::new(EntityKind::Enrollment);
        for (position, (source_id, user)) in enrollments.iter().enumerate() {
            let row = EnrollmentRow {
                source_id,
                user_source_id: user,
                section_source_id: "s",
                role: Some(EnrollmentRole::Student),
                is_primary: Some(false),
                ..EnrollmentRow::default()
            };
            rows.push(position as u64, &row);
        }
        bench.night("lakeside", run, &[sessions.clone(), people, rows, categories(&[("k", "K")])]);
    };
    night("r1", &[("a", "Ada"), ("b", "Bo")], &[("e1", "a"), ("e2", "b")]);
    night("r2", &[("a", "Adaeze"), ("b", "Bo")], &[("e2", "b"), ("e3", "a")]);
    bench
}

/// Finds the files of a table, as the documentation says.
const FILES: &str = r#"
import json, pathlib, sys
home = pathlib.Path(sys.argv[1]) / "lakeside"
current = json.loads((home / "current.json").read_text())
manifest = json.loads((home / current["manifest"]).read_text())
def files(table):
    return [str(home / it["path"]) for it in manifest["tables"][table]["files"]]
"#;

const DUCKDB: &str = r#"
import duckdb
for table in ["users", "enrollments", "academic_sessions", "categories"]:
    duckdb.execute(f"CREATE VIEW {table} AS FROM read_parquet({files(table)!r})")
def show(sql):
    for row in duckdb.sql(sql).fetchall():
        print("|".join(str(it) for it in row))
show("SELECT column_name, column_type FROM (DESCRIBE users) WHERE column_name IN "
     "('source_id', 'enabled', 'grades', 'extensions', 'deleted_at')")
show("SELECT typeof(start_date), start_date FROM academic_sessions")
show("SELECT epoch_us(deleted_at) FROM enrollments WHERE deleted_at IS NOT NULL")
show("SELECT typeof(weight), count(*) FROM categories GROUP BY 1")
show("SELECT count(*), count(deleted_at) FROM enrollments")
show("SELECT e.source_id, u.given_name, u.last_run, u.grades[2], u.extensions::JSON->>'$.\"metadata.bus\"' FROM enrollments e "
     "JOIN users u ON u.district_id = e.district_id AND u.source_id = e.user_source_id "
     "WHERE e.deleted_at IS NULL ORDER BY 1")
show(f"SELECT entity, source_id, operation FROM read_parquet('{home / manifest['changes']['path']}') ORDER BY 1, 2")
"#;

fn duckdb() {
    let bench = lake();
    assert_eq!(
        run(&format!("{FILES}{DUCKDB}"), &folder(&bench)),
        [
            "source_id|VARCHAR",
            "grades|VARCHAR[]",
            "enabled|BOOLEAN",
            "extensions|VARCHAR",
            "deleted_at|TIMESTAMP WITH TIME ZONE",
            "DATE|2026-08-24",
            "1795399201500000",
            "DOUBLE|1",
            "3|1",
            "e2|Bo|r1|10|12",
            "e3|Adaeze|r2|10|12",
            "enrollments|e1|delete",
            "enrollments|e3|create",
            "users|a|update",
        ]
    );
}

fn documented() {
    let bench = lake();
    let page = include_str!("../../../../../docs/sinks.md");
    let example = |language: &str| {
        let block = page.split("```").find_map(|it| it.strip_prefix(language)?.strip_prefix('\n'));
        // The examples take the folder from where they run.
        let enter = "import os, sys; os.chdir(sys.argv[1] + '/..')\n".to_owned();
        (enter, block.unwrap().to_owned())
    };
    let (enter, python) = example("python");
    let printed = run(&(enter + &python), &folder(&bench)).join("\n");
    assert!(printed.contains("Adaeze") && printed.contains("Bo"), "{printed}");
    let (enter, sql) = example("duckdb");
    let ask = format!(
        "{enter}import duckdb\nfor sql in {sql:?}.split(';')[:-1]:\n    found = duckdb.sql(sql)\nprint(found.fetchall())"
    );
    assert_eq!(run(&ask, &folder(&bench)), ["[(2,)]"]);
}

const POLARS: &str = r#"
import polars as pl
users, enrollments = (pl.read_parquet(files(it)) for it in ["users", "enrollments"])
for name in ["source_id", "enabled", "grades", "extensions", "deleted_at"]:
    print(name, users.schema[name])
sessions = pl.read_parquet(files("academic_sessions"))
print(sessions.schema["start_date"], sessions["start_date"][0])
print(enrollments["deleted_at"].drop_nulls()[0].isoformat())
print(enrollments.height, enrollments["deleted_at"].drop_nulls().len())
active = enrollments.filter(pl.col("deleted_at").is_null())
joined = active.join(users, left_on=["district_id", "user_source_id"], right_on=["district_id", "source_id"])
for row in joined.sort("source_id").select("source_id", "given_name", pl.col("grades").list.get(1)).iter_rows():
    print(*row)
print(pl.scan_parquet(files("users")).filter(pl.col("source_id") == "a").select("last_run").collect().item())
"#;

fn polars() {
    let bench = lake();
    assert_eq!(
        run(&format!("{FILES}{POLARS}"), &folder(&bench)),
        [
            "source_id String",
            "enabled Boolean",
            "grades List(String)",
            "extensions String",
            "deleted_at Datetime(time_unit='us', time_zone='UTC')",
            "Date 2026-08-24",
            "2026-11-23T02:00:01.500000+00:00",
            "3 1",
            "e2 Bo 10",
            "e3 Adaeze 10",
            "r2",
        ]
    );
}

/// A server of S3's protocol, until it is dropped.
struct Server {
    child: Child,
    endpoint: String,
}

impl Server {
    fn start() -> Self {
        const SERVE: &str = "import sys, time\n\
            from moto.server import ThreadedMotoServer\n\
            server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)\n\
            server.start()\n\
            import urllib.request\n\
            endpoint = 'http://127.0.0.1:%d' % server.get_host_and_port()[1]\n\
            urllib.request.urlopen(urllib.request.Request(endpoint + '/rosters', method='PUT'))\n\
            print(endpoint, flush=True)\n\
            sys.stdin.read()\n";
        let mut child = Command::new(python())
            .args(["-c", SERVE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut endpoint = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
        Self { child, endpoint: endpoint.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn s3() {
    const CHILD: &str = "HOMEROOM_S3_TEST";
    // The address of the server is given in the environment, which only a program of its own may change.
    if env::var_os(CHILD).is_none() {
        let server = Server::start();
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "parquet::python::s3_compatible_server_takes_nights"])
            .env(CHILD, "1")
            .env("AWS_ENDPOINT", &server.endpoint)
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_ACCESS_KEY_ID", "made-up")
            .env("AWS_SECRET_ACCESS_KEY", "made-up")
            .env("AWS_REGION", "us-east-1")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
        return;
    }
    let mut bench = Backend::Parquet.bench();
    let store = bench.database.outlet("parquet:s3://rosters/lake");
    bench.sink = Arc::new(ParquetSink::s3("s3://rosters/lake", store).unwrap());
    wait(bench.sink.prepare()).unwrap();
    for (run, title) in [("r1", "K"), ("r2", "L"), ("r3", "M")] {
        bench.night("d", run, &[categories(&[("k", title)])]);
        let rows = bench.rows("d", EntityKind::Category);
        assert_eq!(rows[0].get(0).unwrap().get(2), Some(title));
    }
    // More than one piece.
    let keys: Vec<_> = (0..300_000_u64)
        .map(|it| format!("{:016x}", it.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect();
    let records: Vec<_> = keys.iter().map(|it| (it.as_str(), it.as_str())).collect();
    bench.night("d", "r4", &[categories(&records)]);
    let rows = bench.rows("d", EntityKind::Category);
    assert_eq!(rows.iter().map(Rows::len).sum::<usize>(), keys.len());
    assert!(wait(bench.sink.published(&id("other"))).unwrap().indexes.is_empty());
    assert!(!folder(&bench).join("d").exists());
}
