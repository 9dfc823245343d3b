//! One district as files and from a service: the same rows; and what a service tells of how many there are.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use connector_oneroster::{Config, Mode, from_path, rest_source};
use roster_core::{Coverage, DiagnosticCode, EntityKind, RosterSource};
use roster_credentials::CredentialPlace;
use roster_http::{Client, ClientConfig, TestClock};
use roster_oneroster_rest::AuthConfig;
use roster_testkit::{
    District, Extracted, FileSet, differences, district_folder,
    roster_server::{DISTRICT_TOKEN, RosterData, RosterFault, RosterServer},
};
use std::{fs, path::Path, sync::Arc};

fn server() -> RosterServer {
    let files = FileSet::read(&district_folder().join("oneroster-1.1")).unwrap();
    RosterServer::start(RosterData::of(&files).unwrap())
}

fn source(server: &RosterServer, folder: &Path) -> Arc<dyn RosterSource> {
    let token = folder.join("token");
    fs::write(&token, DISTRICT_TOKEN).unwrap();
    let config = Config {
        mode: Mode::Rest,
        url: Some(server.http().url("/ims/oneroster/v1p1")),
        auth: Some(AuthConfig::Bearer { token: CredentialPlace::file(token) }),
        gradebook: true,
        resources: true,
        ..Config::default()
    };
    let clock = Arc::new(TestClock::at(1_800_000_000));
    rest_source(config, Path::new(""), Client::with_clock(ClientConfig::default(), clock)).unwrap()
}

async fn extracted(source: &Arc<dyn RosterSource>) -> Extracted {
    Extracted::everything(source).await.unwrap().without_error().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_district_gives_the_same_rows_as_files_and_from_a_service() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let files = from_path(&district_folder().join("oneroster-1.1")).unwrap();
    // These lists have keys and titles in files alone.
    let lists = [EntityKind::SectionResource, EntityKind::CourseResource];
    let same = |it: District| it.filtered(|entity, _| !lists.contains(&entity));
    let of_files = same(extracted(&files).await.district());
    let of_service = same(extracted(&source(&server, folder.path())).await.district());
    assert!(of_files.records(EntityKind::User).len() > 20);
    differences(&of_files, &of_service).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_that_is_never_reached_lets_nobody_be_deleted() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    server.fault(RosterFault::TotalNeverReached);
    let extracted = extracted(&source(&server, folder.path())).await;
    let users = extracted.completions().find(|it| it.entity == EntityKind::User).unwrap();
    assert_eq!(users.coverage, Coverage::Changes);
    let mut told = extracted.batches().flat_map(|it| &it.diagnostics);
    assert!(told.any(|it| it.code == DiagnosticCode::CollectionIncomplete));
    assert!(!extracted.district().records(EntityKind::User).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_service_marks_as_gone_is_a_tombstone_without_a_finding() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    server.change(|data| data.records_mut("enrollments")[0]["status"] = "tobedeleted".into());
    let extracted = extracted(&source(&server, folder.path())).await;
    let gone: usize = extracted.batches().map(|it| it.tombstones.len()).sum();
    assert_eq!(gone, 1);
    assert_eq!(extracted.batches().map(|it| it.diagnostics.len()).sum::<usize>(), 0);
}
