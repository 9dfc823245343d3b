//! Whatever a Roster Server does: the roster comes whole, or nothing of it does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use connector_classlink::{Access, Config, districts, source_with};
use roster_core::{Coverage, EntityKind, ErrorKind, RosterSource, RunContext};
use roster_credentials::CredentialPlace;
use roster_http::{Client, ClientConfig, TestClock};
use roster_testkit::{
    District, Extracted, FileSet, Losses, differences, district_folder,
    roster_server::{PARTNER_TOKEN, RosterData, RosterFault, RosterServer, TENANT},
};
use std::{fs, path::Path, sync::Arc};

fn server() -> RosterServer {
    let files = FileSet::read(&district_folder().join("oneroster-1.1")).unwrap();
    RosterServer::start(RosterData::of(&files).unwrap())
}

fn client() -> Client {
    Client::with_clock(ClientConfig::default(), Arc::new(TestClock::at(1_800_000_000)))
}

/// A configuration whose key lies in the folder.
fn config(server: &RosterServer, folder: &Path) -> Config {
    let key = folder.join("key");
    fs::write(&key, PARTNER_TOKEN).unwrap();
    Config {
        partner_key: Some(CredentialPlace::file(key)),
        tenant_id: Some(TENANT),
        access: Access::Proxy,
        proxy: Some(server.http().url("")),
        ..Config::default()
    }
}

fn source(server: &RosterServer, folder: &Path) -> Arc<dyn RosterSource> {
    source_with(config(server, folder), Path::new(""), client()).unwrap()
}

/// The roster as the service can tell it.
fn golden() -> District {
    let read =
        |name: &str| Losses::read(&district_folder().join(format!("losses/{name}.toml"))).unwrap();
    let losses = read("oneroster-1.1").and(read("oneroster-rest-1.1"));
    let rostering =
        |entity: EntityKind| entity <= EntityKind::Enrollment && entity != EntityKind::UserProfile;
    losses.apply(&District::golden().unwrap()).filtered(|entity, _| rostering(entity))
}

/// What is to come after these faults.
fn expected(faults: &[RosterFault]) -> District {
    let denied = faults.contains(&RosterFault::DemographicsDenied);
    golden().filtered(|entity, _| !denied || entity != EntityKind::Demographics)
}

/// One pull; true when all came, false when nothing did.
async fn pull(source: &Arc<dyn RosterSource>, faults: &[RosterFault]) -> bool {
    let ctx = RunContext::detached();
    let Ok(catalog) = source.discover(&ctx).await else { return false };
    let request = roster_core::ExtractRequest::everything(&catalog);
    let extracted = Extracted::drain(source.extract(&ctx, request)).await;
    if extracted.error().is_some() {
        assert_eq!(extracted.batches().count(), 0, "{faults:?}: a part came before the error");
        assert_eq!(extracted.completions().count(), 0, "{faults:?}: something is announced");
        return false;
    }
    let incomplete = extracted.completions().find(|it| it.coverage != Coverage::Complete);
    assert!(incomplete.is_none(), "{faults:?}: {incomplete:?}");
    let mut found = extracted.district();
    if faults.contains(&RosterFault::DanglingReference) {
        // The reference leads nowhere, and the row is there: whether it stays is the runner's to say.
        let expected = expected(faults);
        for entity in EntityKind::ALL {
            let (came, all) = (found.records(*entity).len(), expected.records(*entity).len());
            assert_eq!(came, all, "{faults:?}: {}", entity.table());
        }
        found = expected;
    }
    differences(&expected(faults), &found).unwrap_or_else(|err| panic!("{faults:?}: {err:?}"));
    true
}

async fn check(faults: &[RosterFault]) {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let source = source(&server, folder.path());
    for fault in faults {
        server.fault(*fault);
    }
    // What passes may need another night.
    let whole = pull(&source, faults).await || pull(&source, faults).await;
    assert!(whole, "{faults:?}: the roster never came");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_alone_loses_nobody() {
    for fault in RosterFault::ALL {
        check(&[*fault]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_of_faults_loses_nobody() {
    for (index, first) in RosterFault::ALL.iter().enumerate() {
        for second in &RosterFault::ALL[index + 1..] {
            check(&[*first, *second]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_clamps_its_pages_without_a_word_loses_nobody() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let source = source(&server, folder.path());
    server.fault(RosterFault::ClampedWithoutTotals);
    assert!(pull(&source, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_never_asked_for() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    assert!(pull(&source(&server, folder.path()), &[]).await);
    let asked = server.http().requests();
    let users: Vec<_> = asked.iter().filter(|it| it.path().ends_with("/users")).collect();
    assert!(users.len() > 1);
    for request in users {
        let fields = request.query("fields").unwrap();
        assert!(fields.contains("familyName") && !fields.contains("password"), "{fields}");
    }
    assert!(server.http().most_in_flight() <= 4, "{}", server.http().most_in_flight());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_that_never_rests_is_not_taken() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let source = source(&server, folder.path());
    let ctx = RunContext::detached();
    let catalog = source.discover(&ctx).await.unwrap();
    server.set_revision("1");
    server.fault(RosterFault::RevisionNeverRests);
    let request = roster_core::ExtractRequest::everything(&catalog);
    let extracted = Extracted::drain(source.extract(&ctx, request)).await;
    assert_eq!(extracted.error().map(roster_core::Error::kind), Some(ErrorKind::Unavailable));
    assert_eq!(extracted.batches().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_revision_is_the_fingerprint_of_the_feed() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let source = source(&server, folder.path());
    let fingerprint =
        async || source.discover(&RunContext::detached()).await.unwrap().feed.fingerprint;
    assert_eq!(fingerprint().await, None);
    server.set_revision("41");
    let first = fingerprint().await;
    assert_eq!(first.as_deref(), Some("x-perm-rev 41"));
    server.set_revision("42");
    assert_ne!(fingerprint().await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_district_that_is_not_enabled_or_does_not_share_is_told_so() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let check = async |config: Config, kind, word: &str| {
        let source = source_with(config, Path::new(""), client()).unwrap();
        let error = source.discover(&RunContext::detached()).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.message().contains(word), "{error}");
    };
    let unknown = Config { tenant_id: Some(1), ..config(&server, folder.path()) };
    check(unknown, ErrorKind::NotFound, "added and enabled").await;
    server.fault(RosterFault::Disabled);
    check(config(&server, folder.path()), ErrorKind::PermissionDenied, "Enabled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn districts_that_were_invited_are_listed() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    server.invite(3333, "Harbor");
    let config = Config { tenant_id: None, ..config(&server, folder.path()) };
    let ctx = RunContext::detached();
    let found = districts(&ctx, config, Path::new(""), client()).await.unwrap();
    let told: Vec<_> = found.iter().map(|it| (it.tenant_id, &*it.name, it.enabled)).collect();
    assert_eq!(told, [(TENANT, "Marigold Valley", true), (3333, "Harbor", true)]);
    assert!(!format!("{found:?}").contains("canary"));
}
