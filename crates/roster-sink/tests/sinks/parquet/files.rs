//! What lies where, for how long, and with what in it.

use super::{each_file, folder, json, manifest, read_file, run_files};
use crate::{
    Case,
    bench::{Backend, Bench, Database as _, categories, enrollments, id, record, users, wait},
    cases,
    parquet::Folder,
};
use arrow_array::{RecordBatch, cast::AsArray as _};
use parquet::arrow::ArrowWriter;
use roster_core::{EntityKind, ErrorKind, Rows, model::UserRow};
use roster_sink::{Erased, Erasure, Outcome, ParquetSink, Retention, Sink};
use std::{fs, num::NonZero, path::Path, sync::Arc, time::Duration};

pub(crate) const CASES: &[Case] = cases![
    pointer_manifest_and_files_are_as_documented,
    table_that_does_not_change_stays_where_it_is,
    old_runs_go_with_the_files_that_nobody_needs,
    what_a_run_left_that_was_never_committed_goes_when_it_is_old,
    erased_values_are_in_no_file,
    forgotten_change_feeds_are_deleted,
    field_that_the_model_gained_becomes_a_column,
    large_tables_are_changed_in_place_and_grow_at_their_end,
    files_that_are_gone_are_told,
    files_are_closed_to_others,
    plan_is_not_published_twice,
    table_of_a_newer_version_is_carried_along,
];

fn files_of(manifest: &serde_json::Value, table: &str) -> Vec<String> {
    let files = manifest["tables"][table]["files"].as_array().unwrap();
    files.iter().map(|it| it["path"].as_str().unwrap().to_owned()).collect()
}

fn pointer_manifest_and_files_are_as_documented(backend: &Backend) {
    let bench = backend.bench();
    bench.night("lakeside", "r1", &[users(&[("a", "Ada")]), categories(&[("k", "K")])]);
    bench.night("lakeside", "r2", &[users(&[("a", "Adaeze")]), categories(&[("k", "K")])]);
    let home = folder(&bench).join("lakeside");
    let pointer = json(&home.join("current.json"));
    let expected = serde_json::json!({
        "schema_version": 1, "district": "lakeside", "run": "r2", "basis": 2,
        "manifest": "runs/r2/manifest.json", "previous": "runs/r1/manifest.json",
    });
    assert_eq!(pointer, expected);
    let manifest = json(&home.join("runs/r2/manifest.json"));
    assert_eq!(manifest["tables"]["users"]["rows"], 1);
    assert_eq!(files_of(&manifest, "users"), ["runs/r2/users-0.parquet"]);
    assert_eq!(manifest["changes"]["path"], "runs/r2/changes.parquet");
    for file in ["users-0.parquet", "changes.parquet"] {
        let bytes = fs::metadata(home.join("runs/r2").join(file)).unwrap().len();
        let entry = if file == "changes.parquet" {
            &manifest["changes"]
        } else {
            &manifest["tables"]["users"]["files"][0]
        };
        assert_eq!(entry["bytes"], bytes, "{file}");
    }
    assert_eq!(
        run_files(&folder(&bench), "lakeside"),
        [
            "r1/categories-0.parquet",
            "r1/changes.parquet",
            "r1/manifest.json",
            "r1/users-0.parquet",
            "r2/changes.parquet",
            "r2/manifest.json",
            "r2/users-0.parquet"
        ]
    );
}

fn table_that_does_not_change_stays_where_it_is(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[users(&[("a", "Ada")]), categories(&[("k", "K")])]);
    bench.night("d", "r2", &[users(&[("a", "Adaeze")]), categories(&[("k", "K")])]);
    let manifest = manifest(&folder(&bench), "d");
    assert_eq!(files_of(&manifest, "categories"), ["runs/r1/categories-0.parquet"]);
    assert_eq!(files_of(&manifest, "users"), ["runs/r2/users-0.parquet"]);
}

/// A sink that keeps so many runs and leaves nothing alone.
fn tidy(bench: &Bench, runs: usize) -> Arc<dyn Sink> {
    let at = Folder(bench.folder.path().to_owned());
    let sink = ParquetSink::folder(at.files(), at.store()).left_for(Duration::ZERO);
    Arc::new(sink.keep_runs(NonZero::new(runs).unwrap()))
}

fn old_runs_go_with_the_files_that_nobody_needs(backend: &Backend) {
    let mut bench = backend.bench();
    bench.sink = tidy(&bench, 2);
    let night = |run: &str, title: &str, name: &str| {
        bench.night("d", run, &[categories(&[("k", title)]), users(&[("a", name)])]);
    };
    night("r1", "K", "Ada");
    night("r2", "K", "Ade");
    night("r3", "K", "Adi");
    night("r4", "K4", "Adi");
    let files = run_files(&folder(&bench), "d");
    // The categories of r1 are still those of r3.
    assert_eq!(
        files,
        [
            "r1/categories-0.parquet",
            "r3/changes.parquet",
            "r3/manifest.json",
            "r3/users-0.parquet",
            "r4/categories-0.parquet",
            "r4/changes.parquet",
            "r4/manifest.json"
        ]
    );
    night("r5", "K4", "Ado");
    assert!(!run_files(&folder(&bench), "d")[0].starts_with("r1/"));
    assert!(!folder(&bench).join("d/runs/r1").exists());
    bench.database.check_integrity();
}

fn what_a_run_left_that_was_never_committed_goes_when_it_is_old(backend: &Backend) {
    let mut bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("k", "K")])]);
    let left = folder(&bench).join("d/runs/killed");
    fs::create_dir(&left).unwrap();
    for name in ["users-0.parquet", "users-1.parquet#1"] {
        fs::write(left.join(name), "CANARY").unwrap();
    }
    bench.night("d", "r2", &[categories(&[("k", "K2")])]);
    assert!(left.exists(), "it may be of a night that is still at work");
    bench.sink = tidy(&bench, 7);
    bench.night("d", "r3", &[categories(&[("k", "K3")])]);
    assert!(!left.exists());
}

/// Every text in every file of the tables, of all runs.
fn texts(lake: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    each_file(lake, &mut |path| {
        if path.extension().is_some_and(|it| it == "parquet") {
            for batch in read_file(path) {
                for column in batch.columns() {
                    let texts_of = column.as_string_opt::<i32>();
                    texts.extend(texts_of.into_iter().flatten().flatten().map(str::to_owned));
                }
            }
        }
    });
    texts
}

fn erased_values_are_in_no_file(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[users(&[("a", "CANARY"), ("b", "Bo")]), categories(&[("k", "K")])]);
    bench.night("d", "r2", &[users(&[("a", "CANARY2"), ("b", "Bo")]), categories(&[("k", "L")])]);
    bench.night("d", "r3", &[users(&[("b", "Bo")]), categories(&[("k", "L")])]);
    let holds = |text: &str| texts(&folder(&bench)).iter().any(|it| it.contains(text));
    assert!(holds("CANARY") && holds("Bo"));
    let erasures = [Erasure { entity: EntityKind::User, what: Erased::DeletedRows }];
    assert_eq!(wait(bench.sink.erase(&id("d"), &erasures)).unwrap(), 1);
    assert!(!holds("CANARY") && holds("Bo"));
    // The statistics in the footers hold values, too.
    each_file(&folder(&bench), &mut |path| {
        let bytes = fs::read(path).unwrap();
        assert!(!bytes.windows(6).any(|it| it == b"CANARY"), "{}", path.display());
    });
    // Older runs say that they have the table no more, and keep what they have beside it.
    let older = json(&folder(&bench).join("d/runs/r2/manifest.json"));
    assert_eq!(older["emptied"], serde_json::json!(["users"]));
    assert!(older["tables"]["users"].is_null() && older["tables"]["categories"]["rows"] == 1);
    assert_eq!(bench.query("SELECT count(*) FROM changes"), ["4"]);
    bench.night("d", "r4", &[users(&[("a", "Ada"), ("b", "Bo")]), categories(&[("k", "L")])]);
    assert_eq!(
        bench.query("SELECT source_id, given_name, first_run, last_run FROM users ORDER BY rowid"),
        ["a|Ada|r1|r4", "b|Bo|r1|r1"]
    );
}

fn forgotten_change_feeds_are_deleted(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[categories(&[("k", "K")])]);
    bench.night("d", "r2", &[categories(&[("k", "L")])]);
    let forget = |before: &str| {
        let changes_before = Some(before.parse().unwrap());
        let retention = Retention { changes_before, ..Retention::default() };
        wait(bench.sink.forget(&id("d"), &retention)).unwrap().changes
    };
    assert_eq!(forget("2026-11-23T02:00:01Z"), 0);
    assert_eq!((forget("2026-11-23T02:00:02Z"), forget("2026-11-23T02:00:02Z")), (2, 0));
    let files = run_files(&folder(&bench), "d");
    assert!(files.iter().all(|it| !it.contains("changes")), "{files:?}");
    assert!(manifest(&folder(&bench), "d")["changes"].is_null());
    bench.night("d", "r3", &[categories(&[("k", "M")])]);
    assert_eq!(bench.query("SELECT run_id, operation FROM changes"), ["r3|update"]);
}

/// Writes a table's only file anew without a column, as an older version of the model had it.
fn take_away(lake: &Path, table: &str, column: &str) {
    let path = lake.join(format!("d/runs/r1/{table}-0.parquet"));
    let batches = read_file(&path);
    let schema = batches[0].schema();
    let stays: Vec<_> =
        (0..schema.fields().len()).filter(|it| schema.field(*it).name() != column).collect();
    let batches: Vec<RecordBatch> = batches.iter().map(|it| it.project(&stays).unwrap()).collect();
    let file = fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), None).unwrap();
    for batch in &batches {
        writer.write(batch).unwrap();
    }
    writer.close().unwrap();
    let bytes = fs::metadata(&path).unwrap().len();
    let manifest = lake.join("d/runs/r1/manifest.json");
    let mut text = json(&manifest);
    text["tables"][table]["files"][0]["bytes"] = bytes.into();
    fs::write(manifest, text.to_string()).unwrap();
}

fn field_that_the_model_gained_becomes_a_column(backend: &Backend) {
    let user = |source_id, pronouns| UserRow {
        source_id,
        given_name: "Ada",
        family_name: "Okafor",
        pronouns,
        ..UserRow::default()
    };
    let feed = |pronouns| {
        let mut rows = Rows::new(EntityKind::User);
        rows.push(0, &user("a", pronouns));
        rows.push(1, &user("b", None));
        [rows]
    };
    let bench = backend.bench();
    bench.night("d", "r1", &feed(None));
    take_away(&folder(&bench), "users", "pronouns");
    let read = bench.rows("d", EntityKind::User);
    assert_eq!(read[0].len(), 2);
    bench.night("d", "r2", &feed(Some("they")));
    assert_eq!(
        bench.query("SELECT source_id, family_name, pronouns, last_run FROM users ORDER BY rowid"),
        ["a|Okafor|they|r2", "b|Okafor|-|r1"]
    );
}

fn large_tables_are_changed_in_place_and_grow_at_their_end(backend: &Backend) {
    const FIRST: usize = (1 << 17) + 6000;
    let bench = backend.bench();
    let mut feed: Vec<_> = (0..FIRST).map(|it| (format!("e{it}"), "u".to_owned())).collect();
    let rows = |feed: &[(String, String)]| {
        let records: Vec<_> = feed.iter().map(|it| (it.0.as_str(), it.1.as_str())).collect();
        [enrollments(&records)]
    };
    bench.night("d", "r1", &rows(&feed));
    for changed in [7, FIRST - 1] {
        feed[changed].1.replace_range(.., "changed");
    }
    let gone = feed.remove(131_071).0;
    feed.extend((0..70_000).map(|it| (format!("new{it}"), "n".to_owned())));
    // Out of order: their new contents are looked up in the plan.
    feed.swap(7, FIRST - 2);
    bench.night("d", "r2", &rows(&feed));
    assert!(!bench.plan("d", "again", &rows(&feed)).0.changes());
    let check = |sql: &str, expected: &[&str]| {
        assert_eq!(bench.query(&format!("SELECT {sql}")), expected, "{sql}");
    };
    check("count(*), count(deleted_at) FROM enrollments", &["207072|1"]);
    check(
        "source_id, last_run FROM enrollments WHERE deleted_at IS NOT NULL",
        &[&format!("{gone}|r2")],
    );
    check(
        "rowid, last_run, first_run FROM enrollments WHERE user_source_id = 'changed'",
        &["8|r2|r1", "137072|r2|r1"],
    );
    check("min(rowid), max(rowid) FROM enrollments WHERE first_run = 'r2'", &["137073|207072"]);
    check("count(DISTINCT id), count(DISTINCT source_id) FROM enrollments", &["207072|207072"]);
    check(
        "operation, count(*) FROM changes GROUP BY 1 ORDER BY 1",
        &["create|70000", "delete|1", "load|1", "update|2"],
    );
    let index = &bench.published("d").indexes[&EntityKind::Enrollment];
    let slots = [207_071, 7, 131_071, 7, 150_000];
    let fetched = wait(bench.sink.fetch(&id("d"), EntityKind::Enrollment, index, &slots)).unwrap();
    let keys: Vec<_> = fetched.iter().map(|it| it.source_id().to_owned()).collect();
    assert_eq!(keys, ["new69999", "e7", &gone, "e7", "new12928"]);
}

fn files_that_are_gone_are_told(backend: &Backend) {
    let bench = backend.bench();
    let feed = [users(&[("a", "Ada")])];
    bench.night("d", "r1", &feed);
    let lake = folder(&bench);
    let gone = lake.join("d/runs/r1/users-0.parquet");
    let bytes = fs::read(&gone).unwrap();
    fs::remove_file(&gone).unwrap();
    let error = bench.try_night("d", "r2", &[users(&[("a", "Adaeze")])]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    fs::write(&gone, &bytes[..bytes.len() / 2]).unwrap();
    let error = bench.try_night("d", "r2", &[users(&[("a", "Adaeze")])]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Damaged | ErrorKind::Unavailable), "{error}");
    fs::remove_dir_all(lake.join("d")).unwrap();
    let error = wait(bench.sink.published(&id("d"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    assert!(error.message().contains("restore them from a backup"), "{error}");
    fs::remove_dir_all(&lake).unwrap();
    let error =
        wait(Folder(bench.folder.path().to_owned()).sink().published(&id("d"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
}

fn files_are_closed_to_others(backend: &Backend) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let bench = backend.bench();
        bench.night("d", "r1", &[users(&[("a", "Ada")])]);
        let mode = fs::metadata(folder(&bench)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
    _ = backend;
}

fn plan_is_not_published_twice(backend: &Backend) {
    let bench = backend.bench();
    let (plan, published) = bench.plan("d", "r1", &[users(&[("a", "Ada")])]);
    let run = record(&plan, Outcome::Published);
    wait(bench.sink.publish(&plan, published, &run)).unwrap();
    let before = run_files(&folder(&bench), "d");
    let changed = |path: &str| {
        fs::metadata(folder(&bench).join("d/runs").join(path)).unwrap().modified().unwrap()
    };
    let times: Vec<_> = before.iter().map(|it| changed(it)).collect();
    let again = wait(bench.sink.publish(&plan, bench.published("d"), &run)).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict);
    assert_eq!(before.iter().map(|it| changed(it)).collect::<Vec<_>>(), times);
}

fn table_of_a_newer_version_is_carried_along(backend: &Backend) {
    let bench = backend.bench();
    bench.night("d", "r1", &[users(&[("a", "Ada")])]);
    let path = folder(&bench).join("d/runs/r1/manifest.json");
    let mut text = json(&path);
    text["tables"]["new_things"] = text["tables"]["users"].clone();
    fs::write(&path, text.to_string()).unwrap();
    bench.night("d", "r2", &[users(&[("a", "Adaeze")])]);
    let manifest = manifest(&folder(&bench), "d");
    assert_eq!(files_of(&manifest, "new_things"), ["runs/r1/users-0.parquet"]);
    assert!(folder(&bench).join("d/runs/r1/users-0.parquet").exists());
}
