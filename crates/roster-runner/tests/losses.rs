//! What a night holds back because values would be lost, and what it may not hold back because it is not shared.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use jiff::{SignedDuration, Timestamp};
use roster_core::{
    EntityKind, RunContext,
    model::{DemographicsRow, EnrollmentRole, RoleRow, RoleType, UserRow},
    value::{ExtensionMap, Extensions},
};
use roster_runner::Sharing;
use roster_sink::{Decision, Hold, HoldState, Outcome, RunRecord};
use support::{Script, World, enrolled, role, school, section, user};

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|it| format!("u{it:03}")).collect()
}

/// The holds of a night as `table school rule records/of fields state`.
fn holds(record: &RunRecord) -> Vec<String> {
    let text = |it: &Hold| {
        let school = it.school.as_deref().unwrap_or("all");
        let (table, rule, state) = (it.entity.table(), it.rule.code(), it.state.code());
        let fields: Vec<_> = it.fields.iter().map(|it| format!("{}={}", it.0, it.1)).collect();
        format!(
            "{table} {school} {rule} {}/{} {} {state}",
            it.records,
            it.of_records,
            fields.join(",")
        )
    };
    record.report.holds.iter().map(text).collect()
}

async fn approve(world: &World, hold: &Hold) {
    let (by, reason) = ("Ada".to_owned(), "because".to_owned());
    let decision = Decision { at: Timestamp::now(), by, reason };
    let until = Timestamp::now() + SignedDuration::from_hours(1);
    world.sink().decide(&hold.id, HoldState::Approved, &decision, Some(until)).await.unwrap();
}

/// Demographics of some people; `lost` says whose birth date cannot be read, `other` who has another sex.
fn people(count: usize, lost: impl Fn(usize) -> bool, other: impl Fn(usize) -> bool) -> Script {
    let ids = ids(count);
    let users: Vec<UserRow<'_>> = ids.iter().map(|it| user(it)).collect();
    let demographics = |(number, id): (usize, &'_ String)| {
        let id: &'static str = id.clone().leak();
        DemographicsRow {
            source_id: id,
            user_source_id: id,
            birth_date: (!lost(number)).then(|| "2012-03-04".parse().unwrap()),
            city_of_birth: Some(if other(number) { "CA" } else { "US" }),
            ..DemographicsRow::default()
        }
    };
    let demographics: Vec<_> = ids.iter().enumerate().map(demographics).collect();
    Script::default().all(&users).all(&demographics)
}

#[tokio::test]
async fn values_that_cannot_be_read_any_more_are_kept() {
    let world = World::new().await;
    world.good(people(90, |_| false, |_| false)).await;
    let third = |it: usize| it < 90 && it.is_multiple_of(3);
    let changed = || people(91, third, |it| it == 1);
    let record = world.good(changed()).await;
    assert_eq!(record.report.outcome, Outcome::Held);
    assert_eq!(holds(&record), ["demographics all cleared 30/90 birth_date=30 open"]);
    let born = "SELECT count(*) FROM demographics WHERE birth_date IS NOT NULL";
    assert_eq!(world.column(born.replace("count(*)", "count(*)||''").as_str()), ["91"]);
    assert_eq!(world.active(EntityKind::Demographics).len(), 91, "who is new is created");
    let other = "SELECT source_id FROM demographics WHERE city_of_birth = 'CA'";
    assert!(world.column(other).is_empty(), "what could be read may be read wrong, too");

    approve(&world, &record.report.holds[0]).await;
    let record = world.good(changed()).await;
    assert_eq!((holds(&record).len(), record.report.outcome), (0, Outcome::Published));
    assert_eq!(world.column(other), ["u001"]);
    let last = world.good(changed()).await;
    assert_eq!(last.report.outcome, Outcome::Unchanged, "what was lost before is not lost again");
}

#[tokio::test]
async fn few_values_go_and_so_do_changes() {
    let world = World::new().await;
    world.good(people(300, |_| false, |_| false)).await;
    let record = world.good(people(300, |it| it < 25, |it| it % 2 == 0)).await;
    assert_eq!((holds(&record).len(), record.report.outcome), (0, Outcome::Published));
}

#[tokio::test]
async fn one_school_loses_values_and_only_it_is_held() {
    let world = World::new().await;
    let night = |lost: bool| {
        let ids = ids(400);
        let of = |number: usize| if number < 30 { "s" } else { "t" };
        let users: Vec<UserRow<'_>> = ids
            .iter()
            .enumerate()
            .map(|(number, id)| UserRow {
                primary_org_source_id: Some(of(number)),
                email: (number >= 30 || !lost).then_some("a@example.org"),
                given_name: if lost && number % 20 == 0 { "Other" } else { "Given" },
                ..user(id)
            })
            .collect();
        let roles: Vec<RoleRow<'_>> = ids
            .iter()
            .enumerate()
            .map(|(number, id)| role(id, id, of(number), RoleType::Student))
            .collect();
        Script::default().all(&[school("s"), school("t")]).all(&users).all(&roles)
    };
    world.good(night(false)).await;
    let record = world.good(night(true)).await;
    assert_eq!(holds(&record), ["users s cleared 30/30 email=30 open"]);
    let others = "SELECT source_id FROM users WHERE given_name = 'Other'";
    assert_eq!(world.column(others).len(), 18, "the other school's updates go on");
}

#[tokio::test]
async fn what_was_not_seen_is_not_let_through() {
    let world = World::new().await;
    let students = ids(200);
    let night = |gone: std::ops::Range<usize>| {
        let stay = students.iter().enumerate().filter(|it| !gone.contains(&it.0));
        let users: Vec<UserRow<'_>> = stay.map(|it| user(it.1)).collect();
        Script::default().all(&users)
    };
    world.good(night(0..0)).await;
    let first = world.good(night(0..40)).await;
    assert_eq!(holds(&first), ["users all deleted 40/200  open"]);
    approve(&world, &first.report.holds[0]).await;
    let others = world.good(night(100..140)).await;
    assert_eq!(holds(&others), ["users all deleted 40/200  open"], "as many, but not the same");
    assert_eq!(world.active(EntityKind::User).len(), 200);

    approve(&world, &others.report.holds[0]).await;
    let record = world.good(night(101..142)).await;
    assert_eq!((holds(&record).len(), record.report.outcome), (0, Outcome::Published));
    assert_eq!(world.active(EntityKind::User).len(), 159);
}

#[tokio::test]
async fn updates_of_other_fields_are_not_let_through() {
    let world = World::new().await;
    let students = ids(60);
    let night = |given: &str, family: &str| {
        let users = students.iter().map(|id| UserRow {
            given_name: given.to_owned().leak(),
            family_name: family.to_owned().leak(),
            ..user(id)
        });
        Script::default().all(&users.collect::<Vec<_>>())
    };
    world.good(night("A", "B")).await;
    let record = world.good(night("X", "B")).await;
    assert_eq!(holds(&record), ["users all updated 60/60 given_name=60 open"]);
    approve(&world, &record.report.holds[0]).await;
    let record = world.good(night("A", "X")).await;
    assert_eq!(holds(&record), ["users all updated 60/60 family_name=60 open"]);
}

#[tokio::test]
async fn what_is_not_shared_any_more_is_taken_away_whatever_is_held() {
    let mut world = World::new().await;
    let students = ids(60);
    let night = |given: &str| {
        let users = students.iter().map(|id| {
            let mut map = ExtensionMap::new();
            for name in ["lunch", "bus"] {
                map.insert(name.into(), id.as_str().into());
            }
            let map: &'static ExtensionMap = Box::leak(Box::new(map));
            UserRow {
                given_name: given.to_owned().leak(),
                extensions: Extensions::new(map),
                ..user(id)
            }
        });
        Script::default().all(&users.collect::<Vec<_>>())
    };
    world.good(night("A")).await;
    world.sharing.extension_fields = Some(vec!["bus".to_owned()]);
    let lunches = "SELECT source_id FROM users WHERE extensions LIKE '%lunch%'";
    let record = world.good(night("A")).await;
    assert_eq!((holds(&record).len(), record.report.outcome), (0, Outcome::Published));
    assert_eq!(world.column(lunches).len(), 0);

    // All given names change on the night from which on nothing of the extensions is shared.
    world.sharing.extension_fields = Some(Vec::new());
    let record = world.good(night("B")).await;
    assert_eq!(holds(&record), ["users all updated 60/60 given_name=60 open"]);
    assert_eq!(world.column("SELECT DISTINCT given_name FROM users"), ["A"]);
    assert_eq!(world.column("SELECT source_id FROM users WHERE extensions LIKE '%bus%'").len(), 0);
}

#[tokio::test]
async fn a_held_update_keeps_nothing_that_goes_because_it_is_not_shared() {
    let mut world = World::new().await;
    let students = ids(60);
    let night = |place: &'static str| {
        let users: Vec<UserRow<'_>> = students.iter().map(|it| user(it)).collect();
        let roles: Vec<RoleRow<'_>> =
            students.iter().map(|it| role(it, it, "s", RoleType::Student)).collect();
        let enrollments: Vec<_> =
            students.iter().map(|it| enrolled(it, it, place, EnrollmentRole::Student)).collect();
        Script::default()
            .all(&[school("s"), school("t")])
            .all(&[section("x", "s"), section("y", "t")])
            .all(&users)
            .all(&roles)
            .all(&enrollments)
    };
    world.good(night("y")).await;
    world.sharing = Sharing { schools: Some(vec!["s".to_owned()]), ..Sharing::default() };
    let record = world.good(night("x")).await;
    assert_eq!(record.report.outcome, Outcome::Published, "{:?}", holds(&record));
    assert_eq!(world.column("SELECT DISTINCT section_source_id FROM enrollments"), ["x"]);
    assert_eq!(world.active(EntityKind::Section), ["x"]);
}

#[tokio::test]
async fn an_applied_plan_empties_what_is_not_shared_any_more() {
    let mut world = World::new().await;
    let night = |ids: &str| {
        let users = ids.split_whitespace().map(|id| UserRow { email: Some("a@b.org"), ..user(id) });
        Script::default().all(&users.collect::<Vec<_>>())
    };
    world.good(night("a b")).await;
    world.good(night("a")).await;
    world.sharing.excluded_fields = vec!["users.email".to_owned()];
    let folder = world.path("plan");
    world.night(night("a")).plan(&RunContext::detached(), &folder).await.unwrap();
    world.apply(&folder).await.unwrap();
    let left = "SELECT source_id FROM users WHERE email IS NOT NULL";
    assert!(world.column(left).is_empty(), "a record that was deleted before keeps nothing");
}

#[tokio::test]
async fn a_hold_of_an_applied_plan_can_be_approved() {
    let world = World::new().await;
    let students = ids(100);
    let night = |from: usize| {
        let users: Vec<UserRow<'_>> = students[from..].iter().map(|it| user(it)).collect();
        Script::default().all(&users)
    };
    world.good(night(0)).await;
    let folder = world.path("plan");
    world.night(night(40)).plan(&RunContext::detached(), &folder).await.unwrap();
    let record = world.apply(&folder).await.unwrap();
    approve(&world, &record.report.holds[0]).await;
    assert_eq!(world.good(night(40)).await.report.outcome, Outcome::Published);
    assert_eq!(world.active(EntityKind::User).len(), 60);
}

#[tokio::test]
async fn rejections_that_follow_an_approved_deletion_hold_nothing() {
    let world = World::new().await;
    let students = ids(100);
    let night = |from: usize| {
        let users: Vec<UserRow<'_>> = students[from..].iter().map(|it| user(it)).collect();
        let enrollments: Vec<_> =
            students.iter().map(|it| enrolled(it, it, "x", EnrollmentRole::Student)).collect();
        Script::default()
            .all(&[school("s")])
            .all(&[section("x", "s")])
            .all(&users)
            .all(&enrollments)
    };
    world.good(night(0)).await;
    let record = world.good(night(40)).await;
    for hold in &record.report.holds {
        approve(&world, hold).await;
    }
    world.good(night(40)).await;
    assert_eq!(world.active(EntityKind::Enrollment).len(), 60);
    let after = world.good(night(40)).await;
    assert_eq!((holds(&after).len(), after.report.outcome), (0, Outcome::Unchanged));
}

#[tokio::test]
async fn a_hold_shows_no_keys_when_it_is_printed_for_debugging() {
    let world = World::new().await;
    let students = ids(100);
    let all: Vec<UserRow<'_>> = students.iter().map(|it| user(it)).collect();
    world.good(Script::default().all(&all)).await;
    let record = world.good(Script::default().all(&all[..50])).await;
    assert!(!record.report.holds[0].examples.is_empty());
    let shown = format!("{:?}", record.report.holds[0]);
    assert!(!shown.contains("u05") && shown.contains("Deleted"), "{shown}");
}
