//! What a night keeps for review, and what it must not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use roster_core::{Coverage, EntityKind, SourceRecord, model::RoleType};
use roster_runner::Sharing;
use roster_sink::{Outcome, RunRecord};
use serde_json::Value;
use support::{Script, World, rejected, role, school, user};

/// A file that a run kept; empty when it kept none.
async fn kept(world: &World, run: &RunRecord, name: &str) -> Vec<u8> {
    world.sink().kept(&run.report.run, name).await.unwrap().unwrap_or_default()
}

/// The lines of a file as JSON.
async fn lines(world: &World, run: &RunRecord, name: &str) -> Vec<Value> {
    let text = String::from_utf8(kept(world, run, name).await).unwrap();
    text.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
}

async fn names(world: &World, run: &RunRecord) -> Vec<String> {
    world.sink().kept_names(&run.report.run).await.unwrap()
}

/// Two schools, and a user in each; the role of a third user names nobody.
fn feed() -> Script {
    let roles = [
        role("r1", "u1", "s", RoleType::Student),
        role("r2", "u2", "t", RoleType::Student),
        role("r3", "nobody", "s", RoleType::Student),
    ];
    Script::default()
        .all(&[school("s"), school("t")])
        .some(Coverage::Complete, &[user("u1"), user("u2")], |batch| {
            rejected(batch, Some("u9"));
            batch.rejected.push(SourceRecord {
                position: 99,
                source_id: Some("u9".into()),
                fields: vec![("givenName".into(), "Ana".into())],
            });
        })
        .all(&roles)
}

#[tokio::test]
async fn findings_and_rejected_records_are_kept_with_the_run() {
    let world = World::new().await;
    let run = world.good(feed()).await;
    let expected = ["coverage", "findings", "places.orgs", "places.roles", "places.users"];
    let quarantines = ["quarantine.roles", "quarantine.users"];
    let mut all: Vec<_> = expected.into_iter().chain(quarantines).collect();
    all.sort_unstable();
    assert_eq!(names(&world, &run).await, all);
    let findings = lines(&world, &run, "findings").await;
    let user = serde_json::json!({
        "entity": "users", "code": "missing_required", "severity": "rejected",
        "file": "users.csv", "line": 99, "field": null, "source_id": "u9",
    });
    let role = serde_json::json!({
        "entity": "roles", "code": "reference_not_found", "severity": "rejected",
        "file": "roles.csv", "line": 4, "field": "userSourcedId", "source_id": "r3",
    });
    assert_eq!(findings, [user, role]);
    let source = serde_json::json!({
        "position": 99, "file": "users.csv", "source_id": "u9", "form": "source",
        "fields": {"givenName": "Ana"},
    });
    assert_eq!(lines(&world, &run, "quarantine.users").await, [source]);
    let model = &lines(&world, &run, "quarantine.roles").await[0];
    assert_eq!((&model["form"], &model["position"]), (&"model".into(), &4.into()));
    assert_eq!(model["fields"]["user_source_id"], "nobody");
}

#[tokio::test]
async fn failed_night_keeps_what_it_found() {
    let world = World::new().await;
    let run = world.run(feed().failing()).await;
    assert_eq!(run.report.outcome, Outcome::Failed);
    assert_eq!(lines(&world, &run, "findings").await.len(), 2);
    assert!(!kept(&world, &run, "places.users").await.is_empty());
}

#[tokio::test]
async fn record_that_is_not_shared_leaves_no_trace() {
    let settings = Sharing { schools: Some(vec!["s".into()]), ..Sharing::default() };
    let world = World::sharing(settings.clone()).await;
    let run = world.good(feed()).await;
    let without = World::sharing(settings).await;
    let roles =
        [role("r1", "u1", "s", RoleType::Student), role("r3", "nobody", "s", RoleType::Student)];
    let other =
        without.good(Script::default().all(&[school("s")]).all(&[user("u1")]).all(&roles)).await;
    for name in ["places.orgs", "places.users"] {
        assert_eq!(kept(&world, &run, name).await, kept(&without, &other, name).await, "{name}");
    }
    for name in names(&world, &run).await {
        let bytes = kept(&world, &run, &name).await;
        for hidden in ["u2", "u9", "r2", "Ana"] {
            let found = bytes.windows(hidden.len()).any(|it| it == hidden.as_bytes());
            assert!(!found, "{hidden} is in {name}");
        }
    }
}

#[tokio::test]
async fn floods_of_findings_are_cut_off_and_that_is_said() {
    let world = World::new().await;
    let ids: Vec<String> = (0..150_010).map(|it| format!("u{it}")).collect();
    let script = Script::default().some(Coverage::Complete, &[user("good")], |batch| {
        for id in &ids {
            rejected(batch, Some(id));
        }
    });
    let run = world.good(script).await;
    assert_eq!(lines(&world, &run, "findings").await.len(), 150_000);
    let omitted = lines(&world, &run, "omitted").await;
    assert_eq!(omitted, [serde_json::json!({"findings": 10, "quarantine": {}})]);
    assert_eq!(world.active(EntityKind::User), ["good"]);
}
