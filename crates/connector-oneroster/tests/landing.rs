//! A folder that sets land in: what is taken, what waits, what is put away.

use connector_oneroster::{Config, OneRoster, from_path};
use futures::StreamExt as _;
use roster_core::{
    Connector as _, EntityKind, ErrorKind, ExtractEvent, ExtractRequest, Result, RosterSource,
    RunContext,
};
use roster_tabular::LandingConfig;
use std::{
    fs::{self, File},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

const ORGS: &str = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n";
const MANIFEST: &str =
    "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.orgs,bulk\n";

fn source(folder: &Path) -> Arc<dyn RosterSource> {
    let landing = LandingConfig { path: folder.to_owned(), stable_secs: 0, keep: 1 };
    OneRoster::build(Config { landing: Some(landing), ..Config::default() }, Path::new(""))
        .expect("the configuration is complete")
}

/// Puts a set of one organization into a folder of its own.
fn land(folder: &Path, name: &str, org: &str) {
    let set = folder.join(name);
    fs::create_dir(&set).expect("the folder is new");
    fs::write(set.join("orgs.csv"), format!("{ORGS}{org},,,Lakeside,district,,\n"))
        .and_then(|()| fs::write(set.join("manifest.csv"), MANIFEST))
        .expect("the folder can be written to");
}

/// The same with another mode of its file.
fn land_as(folder: &Path, name: &str, org: &str, mode: &str) {
    land(folder, name, org);
    let manifest = MANIFEST.replace("bulk", mode);
    fs::write(folder.join(name).join("manifest.csv"), manifest).expect("it can be written");
}

/// Keys of the organizations that an extract gives.
async fn orgs(source: &dyn RosterSource) -> Result<Vec<String>> {
    let ctx = RunContext::detached();
    let catalog = source.discover(&ctx).await?;
    assert_eq!(catalog.entities.first().map(|it| it.entity), Some(EntityKind::Org));
    let mut events = source.extract(&ctx, ExtractRequest::everything(&catalog));
    let mut keys = Vec::new();
    while let Some(event) = events.next().await {
        if let ExtractEvent::Batch(batch) = event? {
            keys.extend(batch.rows.iter().map(|it| it.source_id().to_owned()));
        }
    }
    Ok(keys)
}

async fn refusal(source: &dyn RosterSource) -> Option<ErrorKind> {
    orgs(source).await.err().map(|it| it.kind())
}

#[tokio::test]
async fn a_set_is_read_until_it_is_published_and_then_put_away() {
    let folder = tempfile::tempdir().unwrap();
    let source = source(folder.path());
    land(folder.path(), "monday", "d1");
    for _ in 0..2 {
        assert_eq!(orgs(&*source).await.unwrap(), ["d1"]);
    }
    source.published(&RunContext::detached()).await.unwrap();
    assert!(!folder.path().join("monday").exists());
    assert_eq!(refusal(&*source).await, Some(ErrorKind::NotReady));
    land(folder.path(), "tuesday", "d2");
    assert_eq!(orgs(&*source).await.unwrap(), ["d2"]);
}

#[tokio::test]
async fn no_delta_is_passed_over_and_one_that_is_held_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let source = source(folder.path());
    let ctx = RunContext::detached();
    for (name, org, mode) in
        [("1", "d1", "delta"), ("2", "d2", "bulk"), ("3", "d3", "delta"), ("4", "d4", "delta")]
    {
        land_as(folder.path(), name, org, mode);
    }
    // What a whole set holds already is passed over.
    assert_eq!(orgs(&*source).await.unwrap(), ["d2"]);
    source.published(&ctx).await.unwrap();
    // Not published, it comes again, whatever else has come.
    assert_eq!(orgs(&*source).await.unwrap(), ["d3"]);
    land_as(folder.path(), "5", "d5", "delta");
    for expected in ["d3", "d4", "d5"] {
        assert_eq!(orgs(&*source).await.unwrap(), [expected]);
        source.published(&ctx).await.unwrap();
    }
    land_as(folder.path(), "6", "d6", "delta");
    land_as(folder.path(), "7", "d7", "bulk");
    assert_eq!(orgs(&*source).await.unwrap(), ["d7"]);
}

#[tokio::test]
async fn a_set_that_lands_between_discovery_and_extract_waits_for_the_next_night() {
    let folder = tempfile::tempdir().unwrap();
    let source = source(folder.path());
    land(folder.path(), "monday", "d1");
    let ctx = RunContext::detached();
    let catalog = source.discover(&ctx).await.unwrap();
    land(folder.path(), "tuesday", "d2");
    let events = source.extract(&ctx, ExtractRequest::everything(&catalog));
    let batches: Vec<_> = events.collect().await;
    let Ok(ExtractEvent::Batch(batch)) = &batches[0] else { panic!("no batch: {batches:?}") };
    assert_eq!(batch.rows.iter().next().map(|it| it.source_id()), Some("d1"));
    source.published(&ctx).await.unwrap();
    assert!(folder.path().join("tuesday").exists());
}

#[tokio::test]
async fn a_set_waits_for_the_files_that_its_manifest_announces() {
    let folder = tempfile::tempdir().unwrap();
    let source = source(folder.path());
    land(folder.path(), "monday", "d1");
    let orgs_file = folder.path().join("monday/orgs.csv");
    let content = fs::read(&orgs_file).unwrap();
    fs::remove_file(&orgs_file).unwrap();
    assert_eq!(refusal(&*source).await, Some(ErrorKind::NotReady));
    fs::write(&orgs_file, content).unwrap();
    assert_eq!(orgs(&*source).await.unwrap(), ["d1"]);
}

#[tokio::test]
async fn a_folder_that_lacks_an_announced_file_or_its_end_is_not_ready_wherever_it_is() {
    let check = async |edit: &dyn Fn(&Path), expected: Option<ErrorKind>| {
        let folder = tempfile::tempdir().unwrap();
        land(folder.path(), "set", "d1");
        edit(&folder.path().join("set/orgs.csv"));
        let given = from_path(&folder.path().join("set")).unwrap();
        assert_eq!(refusal(&*given).await, expected);
        assert_eq!(refusal(&*source(folder.path())).await, expected);
    };
    check(&|_| {}, None).await;
    check(&|file| fs::remove_file(file).unwrap(), Some(ErrorKind::NotReady)).await;
    let cut = |file: &Path| fs::write(file, format!("{ORGS}d1,,,Lakeside")).unwrap();
    check(&cut, Some(ErrorKind::NotReady)).await;
}

#[tokio::test]
async fn a_set_that_stays_half_is_a_failure_after_some_hours() {
    let check = async |hours: u64, expected: ErrorKind| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("set.zip");
        fs::write(&file, b"PK\x03\x04 and no end").unwrap();
        let modified = SystemTime::now() - Duration::from_secs(hours * 3600);
        File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
        assert_eq!(refusal(&*from_path(&file).unwrap()).await, Some(expected));
        assert_eq!(refusal(&*source(folder.path())).await, Some(expected));
    };
    check(1, ErrorKind::NotReady).await;
    check(7, ErrorKind::Damaged).await;
}

#[tokio::test]
async fn an_empty_landing_folder_and_a_missing_one_say_so() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(refusal(&*source(folder.path())).await, Some(ErrorKind::NotFound));
    let missing = folder.path().join("missing");
    assert_eq!(refusal(&*source(&missing)).await, Some(ErrorKind::NotFound));
}

#[tokio::test]
async fn a_set_that_is_not_landed_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    land(folder.path(), "set", "d1");
    let source = from_path(&folder.path().join("set")).unwrap();
    assert_eq!(orgs(&*source).await.unwrap(), ["d1"]);
    source.published(&RunContext::detached()).await.unwrap();
    assert_eq!(orgs(&*source).await.unwrap(), ["d1"]);
}

#[tokio::test]
async fn check_goes_step_by_step_and_stops_at_the_first_that_fails() {
    let check = async |content: Option<&str>, expected: &[(&str, bool)]| {
        let folder = tempfile::tempdir().unwrap();
        let set = folder.path().join("set");
        if let Some(content) = content {
            land(folder.path(), "set", "d1");
            fs::write(set.join("orgs.csv"), content).unwrap();
        }
        let report = from_path(&set).unwrap().check(&RunContext::detached()).await;
        let steps: Vec<_> =
            report.steps.iter().map(|it| (it.name.as_str(), it.outcome.is_ok())).collect();
        assert_eq!(steps, expected);
    };
    let found = ("find the set", true);
    let manifest = ("read the manifest", true);
    check(Some(ORGS), &[found, manifest, ("columns of orgs.csv", true)]).await;
    check(Some("id,name\n"), &[found, manifest, ("columns of orgs.csv", false)]).await;
    check(Some("<html>"), &[found, ("read the manifest", false)]).await;
    check(None, &[("find the set", false)]).await;
}
