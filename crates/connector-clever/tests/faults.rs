//! What goes wrong at Clever ends in the whole roster or in none of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use connector_clever::{Config, Mode};
use roster_core::{
    Catalog, Coverage, EntityKind, ErrorKind, ExtractRequest, RosterSource, RunContext,
};
use roster_testkit::{
    District, Extracted,
    clever::{CleverData, Twist},
    differences,
    http::HttpFault,
};
use serde_json::{Value, json};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use support::Scene;

/// Two schools, five students, a teacher who is staff too, a district leader, three contacts.
fn data() -> CleverData {
    let mut data = CleverData::empty();
    data.set(
        "districts",
        vec![json!({"id": "d1", "name": "Marigold", "state": "running",
        "last_sync": "2026-11-20T01:00:00.000Z"})],
    );
    data.set(
        "schools",
        (1..=2)
            .map(|it| {
                json!({"id": format!("s{it}"), "name": "School",
        "low_grade": "1", "high_grade": "3", "ext": {"charter": "N"}})
            })
            .collect(),
    );
    data.set(
        "terms",
        vec![json!({"id": "t1", "name": "Fall", "start_date": "2026-08-01",
        "end_date": "2026-12-20"})],
    );
    data.set("courses", vec![json!({"id": "c1", "name": "Algebra", "number": "A1"})]);
    let students: Vec<_> = (1..=5).map(|it| format!("u{it}")).collect();
    data.set(
        "sections",
        (1..=3)
            .map(|it| {
                json!({"id": format!("x{it}"), "school": "s1",
        "name": "Algebra", "course": "c1", "term_id": "t1", "students": students,
        "teachers": ["u6", "u99"], "teacher": "u6"})
            })
            .collect(),
    );
    let mut users: Vec<Value> = students.iter().map(|it| json!({"id": it, "name": {"first": "Ana",
        "last": it}, "roles": {"student": {"school": "s1", "schools": ["s1", "s2"], "dob": "2/11/2017",
        "gender": "F", "ell_status": "Y", "frl_status": "Paid"}}})).collect();
    users.push(json!({"id": "u6", "name": {"first": "Eva", "last": "Ito"}, "roles": {
        "teacher": {"school": "s1", "schools": ["s1"]}, "staff": {"staff_id": "9", "schools": ["s2"]}}}));
    users.push(
        json!({"id": "u7", "name": {"last": "Lee"}, "roles": {"district_admin": {"title": ""}}}),
    );
    users.extend((1..=3).map(|it| contact(&format!("v{it}"), &format!("u{it}"))));
    data.set("users", users);
    data
}

fn contact(id: &str, student: &str) -> Value {
    json!({"id": id, "name": {"last": format!("Parent of {student}")}, "roles": {"contact": {
        "sis_id": "", "phone": "(555) 010-0001", "student_relationships": [
            {"student": student, "relationship": "Parent", "type": "Primary"},
            {"student": "not-shared", "relationship": "Parent", "type": "Primary"}]}}})
}

fn small(scene: &Scene) -> Config {
    Config { page_size: NonZeroU32::new(2), ..scene.config() }
}

async fn whole(scene: &Scene) -> District {
    let extracted = Extracted::everything(&scene.source(small(scene))).await.unwrap();
    assert!(extracted.completions().all(|it| it.coverage == Coverage::Complete));
    extracted.without_error().unwrap().district()
}

/// The whole roster, or an error and nothing announced that is not whole.
async fn all_or_nothing(scene: &Scene, expected: &District, what: &str) {
    let Ok(extracted) = Extracted::everything(&scene.source(small(scene))).await else { return };
    if extracted.error().is_none() {
        differences(expected, &extracted.district()).unwrap_or_else(|it| panic!("{what}: {it:?}"));
        return;
    }
    let found = extracted.district();
    for done in extracted.completions() {
        let count = |it: &District| it.records(done.entity).len();
        assert_eq!(count(&found), count(expected), "{what}: {:?}", done.entity);
    }
    let shown = format!("{:?}", extracted.error());
    assert!(!shown.contains("canary") && !shown.contains("Parent of"), "{what}: {shown}");
}

#[tokio::test]
async fn every_fault_and_every_pair_of_faults_leaves_all_or_nothing() {
    let faults = [
        HttpFault::Status(401),
        HttpFault::TooMany { retry_after_secs: None },
        HttpFault::Status(413),
        HttpFault::Status(500),
        HttpFault::Page(502),
        HttpFault::Page(404),
        HttpFault::PageForJson,
        HttpFault::CutBody,
        HttpFault::HalfBody,
        HttpFault::SlowBody(Duration::from_millis(5)),
        HttpFault::NoAnswer,
    ];
    let scene = Scene::new(data());
    let expected = whole(&scene).await;
    for (number, first) in faults.iter().enumerate() {
        for times in [1, 3, 1_000] {
            scene.clever.http().fault(first.on("/users").after(2).times(times));
            all_or_nothing(&scene, &expected, &format!("{first:?} {times}")).await;
            scene.clever.http().clear_faults();
        }
        for second in &faults[number + 1..] {
            for (part, after) in [("/users", 3), ("/sections", 1), ("/oauth", 0)] {
                scene.clever.http().fault(first.on("/users").after(1).times(2));
                scene.clever.http().fault(second.on(part).after(after).times(2));
                all_or_nothing(&scene, &expected, &format!("{first:?} {second:?}")).await;
                scene.clever.http().clear_faults();
            }
        }
    }
    differences(&expected, &whole(&scene).await).unwrap();
}

#[tokio::test]
async fn links_that_lead_astray_end_the_night_and_the_token_stays_here() {
    let elsewhere =
        roster_testkit::http::FakeHttp::start(|_| roster_testkit::http::HttpReply::status(200));
    for twist in [
        Twist::NextToItself,
        Twist::NextToFirst,
        Twist::NextElsewhere(elsewhere.url("/v3.1/users")),
        Twist::NextElsewhere("//127.0.0.1:1/users".to_owned()),
    ] {
        let scene = Scene::new(data());
        scene.clever.twist("users", twist.clone());
        let extracted = Extracted::everything(&scene.source(small(&scene))).await.unwrap();
        let kind = extracted.error().map(roster_core::Error::kind);
        assert!(
            matches!(kind, Some(ErrorKind::Damaged | ErrorKind::SchemaMismatch)),
            "{twist:?} {kind:?}"
        );
        assert!(extracted.completions().all(|it| it.entity < EntityKind::User), "{twist:?}");
    }
    assert!(elsewhere.requests().is_empty());
    let scene = Scene::new(data());
    let expected = whole(&scene).await;
    scene.clever.twist("users", Twist::EmptyLastPage);
    differences(&expected, &whole(&scene).await).unwrap();
}

#[tokio::test]
async fn a_token_that_is_replaced_while_the_night_runs_is_looked_up_once() {
    let scene = Scene::new(data());
    let expected = whole(&scene).await;
    scene.clever.http().clear_requests();
    scene.clever.change_after(8, |it| it.token = "canary-token-2".to_owned());
    differences(&expected, &whole(&scene).await).unwrap();
    let requests = scene.clever.http().requests();
    assert_eq!(requests.iter().filter(|it| it.path() == "/oauth/tokens").count(), 2);
}

#[tokio::test]
async fn a_district_that_changes_or_is_paused_is_no_whole() {
    type Change = fn(&mut CleverData);
    let state: Change = |it| it.edit("districts", |it| it["state"] = "paused".into());
    let sync: Change = |it| {
        it.edit("districts", |it| it["last_sync"] = "2026-11-20T02:00:00.000Z".into());
    };
    for (after, change) in [(0, state), (12, state), (12, sync)] {
        let scene = Scene::new(data());
        scene.clever.change_after(after, change);
        let extracted = Extracted::everything(&scene.source(small(&scene))).await.unwrap();
        let extracted = extracted.without_error().unwrap();
        let of_users = extracted.completions().find(|it| it.entity == EntityKind::User).unwrap();
        assert_eq!(of_users.coverage, Coverage::Changes);
    }
}

#[tokio::test]
async fn what_is_not_shared_is_not_offered() {
    let scene = Scene::new(data());
    scene.clever.change(|it| {
        it.scopes.retain(|it| !it.contains("contacts") && !it.contains("sections"));
    });
    let catalog = scene.source(scene.config()).discover(&RunContext::detached()).await.unwrap();
    let offers = |entity| catalog.entities.iter().any(|it| it.entity == entity);
    assert!(offers(EntityKind::User) && offers(EntityKind::Program));
    assert!(!offers(EntityKind::Relationship) && !offers(EntityKind::Enrollment));
}

#[tokio::test]
async fn no_minute_has_more_requests_than_clever_allows() {
    let mut data = data();
    let users =
        (0..2_600).map(|it| json!({"id": format!("u{it:05}"), "name": {"last": "x"}, "roles": {}}));
    data.set("users", users.collect());
    let scene = Scene::new(data);
    let config = || Config { page_size: NonZeroU32::new(1), ..scene.config() };
    let source = scene.source(config());
    Extracted::everything(&source).await.unwrap().without_error().unwrap();
    let most = scene.clever.most_in_a_minute();
    assert!((600..=1_200).contains(&most), "{most}");
}

/// A night that is given what the last one left.
async fn night(source: &Arc<dyn RosterSource>, last: Option<&Extracted>) -> Extracted {
    let ctx = RunContext::detached();
    let catalog: Catalog = source.discover(&ctx).await.unwrap();
    let mut request = ExtractRequest::everything(&catalog);
    for wanted in &mut request.entities {
        let done = last.into_iter().flat_map(Extracted::completions);
        wanted.resume = done.filter(|it| it.entity == wanted.entity).find_map(|it| it.next.clone());
    }
    Extracted::drain(source.extract(&ctx, request)).await.without_error().unwrap()
}

#[tokio::test]
async fn contacts_that_come_with_new_ids_keep_their_keys() {
    let scene = Scene::new(data());
    let source = scene.source(small(&scene));
    let first = night(&source, None).await;
    scene.clever.change(|it| {
        it.retain("users", |it| it["id"] != "v1");
        it.push("users", "w1", contact("w1", "u1"));
    });
    let second = night(&source, Some(&first)).await;
    differences(&first.district(), &second.district()).unwrap();
    differences(&first.district(), &night(&source, Some(&second)).await.district()).unwrap();
    let without = night(&source, None).await;
    assert!(differences(&first.district(), &without.district()).is_err());
}

#[tokio::test]
async fn contacts_that_vanish_as_a_whole_are_not_gone() {
    let scene = Scene::new(data());
    let source = scene.source(small(&scene));
    let first = night(&source, None).await;
    scene.clever.change(|it| it.retain("users", |it| it["roles"]["contact"].is_null()));
    let second = night(&source, Some(&first)).await;
    let of_users = second.completions().find(|it| it.entity == EntityKind::User).unwrap();
    assert_eq!(of_users.coverage, Coverage::Changes);
}

#[allow(clippy::needless_pass_by_value, reason = "callers write the values in place")]
fn event(id: &str, what: &str, object: Value, previous: Value) -> Value {
    json!({"id": id, "type": what, "data": {"object": object, "previous_attributes": previous}})
}

#[tokio::test]
async fn events_tell_what_changed_since_the_last_night() {
    let scene = Scene::new(data());
    scene.clever.change(|it| {
        it.push("events", "e1", event("e1", "districts.updated", json!({}), json!({})));
    });
    let source = scene.source(Config { mode: Mode::Events, ..small(&scene) });
    let first = night(&source, None).await;
    assert!(first.completions().all(|it| it.coverage == Coverage::Complete));
    scene.clever.change(|it| {
        let withdrawn = json!({"id": "u1", "name": {"first": "Ana", "last": "u1"},
            "roles": {"student": {"school": "s1", "schools": ["s1"]}}});
        it.push("events", "e2", event("e2", "users.updated", withdrawn, json!({})));
        it.push("events", "e3", event("e3", "users.deleted", json!({"id": "u2"}), json!({})));
        let section = json!({"id": "x1", "school": "s1", "name": "Algebra", "students": ["u1"]});
        let previous = json!({"students": ["u1", "u3"]});
        it.push("events", "e4", event("e4", "sections.updated", section, previous));
    });
    let second = night(&source, Some(&first)).await;
    assert!(second.completions().all(|it| it.coverage == Coverage::Changes));
    let gone: Vec<_> =
        second.batches().flat_map(|it| &it.tombstones).map(|it| it.source_id.as_ref()).collect();
    assert_eq!(gone, ["u2", "u3/x1/student"]);
    let changed = second.district();
    assert_eq!(changed.records(EntityKind::User).len(), 1);
    assert!(changed.records(EntityKind::Program).is_empty());
    let third = night(&source, Some(&second)).await;
    assert!(
        third.district().is_empty()
            && third.completions().all(|it| it.coverage == Coverage::Changes)
    );
    scene.clock.advance(Duration::from_hours(25));
    let fourth = night(&source, Some(&third)).await;
    assert!(fourth.completions().all(|it| it.coverage == Coverage::Complete));
}
