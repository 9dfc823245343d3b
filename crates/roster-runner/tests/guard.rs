//! What a night holds back, what goes on, and what persons decide about it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use jiff::{SignedDuration, Timestamp};
use roster_core::{
    Coverage, EntityKind, Severity,
    model::{
        AcademicSessionRow, CourseRow, EnrollmentRole, EnrollmentRow, OrgRow, RoleRow, RoleType,
        SectionRow, SessionType, UserRow,
    },
    value::TextList,
};
use roster_runner::{Limits, Sharing, limits::LimitSettings};
use roster_sink::{Decision, EntityCounts, Hold, HoldId, HoldState, Outcome, Rekey, RunRecord};
use support::{Script, World, named, role, school, section, user};

/// A district whose nights may delete, update and reject two records of a table, or half of it.
async fn world() -> World {
    let settings = LimitSettings {
        deleted_percent: Some(50.0),
        deleted_floor: Some(2),
        updated_percent: Some(50.0),
        updated_floor: Some(2),
        rejected_percent: Some(50.0),
        rejected_floor: Some(2),
        ..LimitSettings::default()
    };
    let mut world = World::new().await;
    world.limits = Limits::new([settings]);
    world
}

fn students(ids: &str) -> Vec<UserRow<'_>> {
    ids.split_whitespace().map(user).collect()
}

/// Enrollments, such as `a-x` for student `a` in section `x`.
fn enrollments(ids: &str) -> Vec<EnrollmentRow<'_>> {
    let enrollment = |id| {
        let (user_source_id, section_source_id) = str::split_once(id, '-').unwrap();
        EnrollmentRow {
            source_id: id,
            user_source_id,
            section_source_id,
            role: Some(EnrollmentRole::Student),
            ..EnrollmentRow::default()
        }
    };
    ids.split_whitespace().map(enrollment).collect()
}

/// The holds of a night as `table school rule records/of state`.
fn holds(record: &RunRecord) -> Vec<String> {
    let text = |it: &Hold| {
        let school = it.school.as_deref().unwrap_or("all");
        let (table, rule, state) = (it.entity.table(), it.rule.code(), it.state.code());
        format!("{table} {school} {rule} {}/{} {state}", it.records, it.of_records)
    };
    record.report.holds.iter().map(text).collect()
}

fn held(record: &RunRecord, entity: EntityKind) -> [u64; 4] {
    let it = record.report.entities.get(&entity).copied().unwrap_or_default();
    let EntityCounts { created, updated, deleted, held, .. } = it;
    [created, updated, deleted, held]
}

async fn decide(world: &World, hold: &HoldId, state: HoldState, hours: i64) {
    let (by, reason) = ("Ada".to_owned(), "because".to_owned());
    let decision = Decision { at: Timestamp::now(), by, reason };
    let until = Timestamp::now() + SignedDuration::from_hours(hours);
    world.sink().decide(hold, state, &decision, Some(until)).await.unwrap();
}

async fn state(world: &World, hold: &HoldId) -> HoldState {
    world.sink().hold(hold).await.unwrap().unwrap().state
}

fn small(students_now: &str, enrollments_now: &str) -> Script {
    Script::default()
        .all(&[school("s")])
        .all(&[section("x", "s"), section("y", "s")])
        .all(&students(students_now))
        .all(&enrollments(enrollments_now))
}

#[tokio::test]
async fn deletions_are_held_and_everything_else_goes_on() {
    let world = world().await;
    world.good(small("a b c d e", "a-x b-x")).await;
    let mut night = small("", "");
    night.told[2] = Script::default().all(&[named("a", "Other"), user("f")]).told.remove(0);
    let record = world.good(night).await;
    assert_eq!(record.report.outcome, Outcome::Held);
    assert_eq!(holds(&record), ["enrollments all emptied 2/2 open", "users all deleted 4/5 open"]);
    assert_eq!(held(&record, EntityKind::User), [1, 1, 0, 4]);
    assert_eq!(world.active(EntityKind::User), ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(record.report.holds[1].examples, ["b", "c", "d", "e"]);
}

#[tokio::test]
async fn what_belongs_to_a_held_record_stays_with_it() {
    let world = world().await;
    world.good(small("a b c d e", "a-x b-x c-x a-y")).await;
    // Four users may not go: what cannot be without them waits too, and asks for nothing of its own.
    let record = world.good(small("a", "a-x a-y")).await;
    assert_eq!(holds(&record), ["users all deleted 4/5 open"]);
    assert_eq!(held(&record, EntityKind::Enrollment), [0, 0, 0, 2]);
    assert_eq!(world.active(EntityKind::Enrollment), ["a-x", "a-y", "b-x", "c-x"]);

    decide(&world, &record.report.holds[0].id, HoldState::Approved, 1).await;
    let record = world.good(small("a", "a-x a-y")).await;
    assert_eq!(holds(&record).len(), 0, "the enrollments go with their users");
    assert_eq!(world.active(EntityKind::Enrollment), ["a-x", "a-y"]);
}

#[tokio::test]
async fn what_a_held_record_names_stays() {
    let world = world().await;
    let night = |courses: &'static str, sections: &'static str| {
        let course = |it| CourseRow { source_id: it, title: "C", ..CourseRow::default() };
        let courses: Vec<_> = courses.split_whitespace().map(course).collect();
        let taught =
            |it: &'static str| SectionRow { course_source_id: Some(&it[..1]), ..section(it, "s") };
        let sections: Vec<_> = sections.split_whitespace().map(taught).collect();
        Script::default().all(&[school("s")]).all(&courses).all(&sections)
    };
    world.good(night("a b c", "a1 a2 b1 b2 c1")).await;
    let record = world.good(night("a", "a1")).await;
    assert_eq!(holds(&record), ["sections all deleted 4/5 open"]);
    assert_eq!(held(&record, EntityKind::Course), [0, 0, 0, 2], "two may go, but are taught");
    assert_eq!(world.active(EntityKind::Course), ["a", "b", "c"]);
}

#[tokio::test]
async fn updates_are_held_with_what_they_name() {
    let world = world().await;
    let users = |school: &'static str| {
        ["a", "b", "c"].map(|id| UserRow { primary_org_source_id: Some(school), ..user(id) })
    };
    let night = |school_now: &'static str| {
        Script::default().all(&[school(school_now)]).all(&users(school_now))
    };
    world.good(night("s")).await;
    let record = world.good(night("t")).await;
    assert_eq!(holds(&record), ["users all updated 3/3 open"]);
    assert_eq!(held(&record, EntityKind::User), [0, 0, 0, 3]);
    let named = world.column("SELECT DISTINCT primary_org_source_id FROM users");
    assert_eq!(
        (named, world.active(EntityKind::Org)),
        (vec!["s".into()], vec!["s".into(), "t".into()])
    );
}

#[tokio::test]
async fn rejections_hold_updates_and_deletions_of_their_table() {
    let world = world().await;
    world.good(small("a b c d e f", "")).await;
    let sections = [section("x", "s"), section("y", "s")];
    let night = Script::default().all(&[school("s")]).all(&sections).some(
        Coverage::Complete,
        &[named("a", "Other"), user("g")],
        |batch| ["c", "d", "e"].into_iter().for_each(|it| support::rejected(batch, Some(it))),
    );
    let record = world.good(night).await;
    assert_eq!(holds(&record)[..1], ["users all rejected 3/5 open"]);
    assert_eq!(held(&record, EntityKind::User), [1, 0, 0, 3], "an update and two deletions wait");
    assert_eq!(world.active(EntityKind::User), ["a", "b", "c", "d", "e", "f", "g"]);
}

#[tokio::test]
async fn one_school_is_held_and_the_others_are_not() {
    let world = world().await;
    let night = |of_s: &'static str, of_t: &'static str| {
        let ids = || of_s.split_whitespace().chain(of_t.split_whitespace());
        let users: Vec<UserRow<'_>> = ids().map(user).collect();
        let place = |id: &'static str| if of_s.contains(id) { "s" } else { "t" };
        let roles: Vec<RoleRow<'_>> =
            ids().map(|it| role(it, it, place(it), RoleType::Student)).collect();
        Script::default().all(&[school("s"), school("t")]).all(&users).all(&roles)
    };
    world.good(night("a b c d", "k l m n o p q r s t u v")).await;
    let record = world.good(night("a", "k l m n o p q r s t")).await;
    assert_eq!(holds(&record), ["users s deleted 3/4 open"]);
    assert_eq!(world.active(EntityKind::User).join(""), "abcdklmnopqrst");
}

#[tokio::test]
async fn tables_that_are_empty_or_missing_are_held_until_confirmed() {
    let world = world().await;
    world.good(small("a b", "a-x")).await;
    let without = || Script::default().all(&[school("s")]).all(&students("a b"));
    for in_a_row in 1..=2 {
        let record = world.good(without()).await;
        let expected = ["sections all missing 2/2 open", "enrollments all missing 1/1 open"];
        assert_eq!(holds(&record), expected, "night {in_a_row}");
        assert_eq!(record.report.holds[0].in_a_row, in_a_row);
    }
    let last = world.good(without()).await;
    for hold in &last.report.holds {
        decide(&world, &hold.id, HoldState::Approved, 1).await;
    }
    let record = world.good(without()).await;
    assert_eq!((holds(&record).len(), record.report.outcome), (0, Outcome::Published));
    assert!(world.active(EntityKind::Section).is_empty());
    assert_eq!(state(&world, &last.report.holds[0].id).await, HoldState::Used);
    assert_eq!(holds(&world.good(without()).await).len(), 0, "they are gone for good");
}

#[tokio::test]
async fn an_approval_lets_through_what_was_seen_and_not_more() {
    let world = world().await;
    let night = |ids: &str| Script::default().all(&students(ids));
    let ids: String = ('a'..='z').flat_map(|it| [it, ' ']).collect();
    world.good(night(&ids)).await;
    let first = world.good(night("a b c d e f g h i j")).await.report.holds.remove(0);
    decide(&world, &first.id, HoldState::Approved, 1).await;
    let more = world.good(night("a b")).await;
    assert_eq!(holds(&more), ["users all deleted 24/26 open"], "more than was approved");
    assert_eq!(state(&world, &first.id).await, HoldState::Expired, "an approval is for one night");

    decide(&world, &more.report.holds[0].id, HoldState::Approved, -1).await;
    let late = world.good(night("a b")).await;
    assert_eq!(late.report.outcome, Outcome::Held, "an approval that is over is none");

    decide(&world, &late.report.holds[0].id, HoldState::Approved, 1).await;
    let record = world.good(night("a b")).await;
    assert_eq!(record.report.outcome, Outcome::Published);
    assert_eq!(world.active(EntityKind::User), ["a", "b"]);
}

#[tokio::test]
async fn a_discard_asks_no_more_and_a_clean_night_supersedes() {
    let world = world().await;
    world.good(small("a b c d e", "")).await;
    let first = world.good(small("a", "")).await.report.holds.remove(0);
    decide(&world, &first.id, HoldState::Discarded, 1).await;
    let second = world.good(small("a", "")).await;
    assert_eq!(holds(&second), ["users all deleted 4/5 discarded"]);
    assert_eq!(second.report.outcome, Outcome::Unchanged);
    assert_eq!(world.active(EntityKind::User).len(), 5);

    let third = world.good(small("a b c", "")).await;
    assert_eq!((holds(&third).len(), world.active(EntityKind::User).len()), (0, 3));
    assert_eq!(state(&world, &second.report.holds[0].id).await, HoldState::Superseded);
    let settled: Vec<_> = third.settled.iter().map(|it| it.state).collect();
    assert_eq!(settled, [HoldState::Superseded]);
}

#[tokio::test]
async fn a_failed_night_settles_nothing() {
    let world = world().await;
    world.good(small("a b c d e", "")).await;
    let hold = world.good(small("a", "")).await.report.holds.remove(0);
    world.run(small("a", "").failing()).await;
    assert_eq!(state(&world, &hold.id).await, HoldState::Open);
}

#[tokio::test]
async fn terms_that_are_over_do_not_cry_wolf() {
    let world = world().await;
    let session = |source_id, days: i64| AcademicSessionRow {
        source_id,
        title: "T",
        session_type: Some(SessionType::Term),
        start_date: "2020-01-01".parse().ok(),
        end_date: Some(day(days)),
        ..AcademicSessionRow::default()
    };
    let sections = |term: &str, ids: &'static str| -> Vec<SectionRow<'static>> {
        let terms = TextList::new(&vec![term.to_owned()]).json().map(str::to_owned);
        let terms = terms.unwrap().leak();
        let list: Vec<String> = serde_json::from_str(terms).unwrap();
        ids.split_whitespace()
            .map(|it| SectionRow {
                academic_session_source_ids: TextList::new(&list),
                ..section(it, "s")
            })
            .collect()
    };
    let night = |days, ids, enrolled| {
        let orgs: [OrgRow<'_>; 1] = [school("s")];
        Script::default()
            .all(&orgs)
            .all(&[session("old", days), session("new", 90)])
            .all(&sections("old", ids))
            .all(&students("a b c d"))
            .all(&enrollments(enrolled))
    };
    world.good(night(-2, "x y z w", "a-x b-x c-y d-z a-w")).await;
    let record = world.good(night(-2, "w", "a-w")).await;
    assert_eq!((holds(&record).len(), record.report.outcome), (0, Outcome::Published));

    let world = self::world().await;
    world.good(night(30, "x y z w", "a-x b-x c-y d-z a-w")).await;
    let record = world.good(night(30, "w", "a-w")).await;
    assert_eq!(holds(&record), ["sections all deleted 3/4 open"], "in the middle of a term");
}

#[tokio::test]
async fn what_is_no_longer_shared_is_never_held() {
    let mut world = world().await;
    let night = || {
        Script::default().all(&[school("s"), school("t")]).all(&[
            section("x", "s"),
            section("y", "t"),
            section("z", "t"),
            section("w", "t"),
        ])
    };
    world.good(night()).await;
    world.sharing = Sharing { schools: Some(vec!["s".to_owned()]), ..Sharing::default() };
    let record = world.good(night()).await;
    assert_eq!((holds(&record).len(), record.report.outcome), (0, Outcome::Published));
    assert_eq!(world.active(EntityKind::Section), ["x"]);
}

#[tokio::test]
async fn records_under_new_keys_are_recognized_and_keep_their_ids() {
    let world = world().await;
    let night = |prefix: &str| {
        let id = |it: &str| format!("{prefix}{it}");
        let people = [("a", "Ana"), ("b", "Ben"), ("c", "Cleo"), ("d", "Dov"), ("e", "Ema")];
        let ids: Vec<(String, String, &str)> =
            people.map(|(it, name)| (id(it), format!("{it}@example.org"), name)).to_vec();
        let users: Vec<UserRow<'_>> =
            ids.iter().map(|it| UserRow { email: Some(&it.1), ..named(&it.0, it.2) }).collect();
        let enrolled: Vec<EnrollmentRow<'_>> = ids
            .iter()
            .zip(["e1", "e2", "e3", "e4", "e5"])
            .map(|(user, source_id)| EnrollmentRow {
                source_id,
                user_source_id: &user.0,
                section_source_id: "x",
                role: Some(EnrollmentRole::Student),
                ..EnrollmentRow::default()
            })
            .collect();
        Script::default().all(&[school("s")]).all(&[section("x", "s")]).all(&users).all(&enrolled)
    };
    world.good(night("")).await;
    let ids = world.column("SELECT id FROM users ORDER BY given_name");
    let record = world.good(night("new-")).await;
    assert_eq!(holds(&record), ["users all rekeyed 5/5 open"]);
    assert_eq!(held(&record, EntityKind::User), [0, 0, 0, 10], "five go and five come");
    assert_eq!(held(&record, EntityKind::Enrollment), [0, 0, 0, 5], "they name users that wait");
    assert_eq!(world.active(EntityKind::User), ["a", "b", "c", "d", "e"]);
    let proposed = world.sink().kept(&record.report.run, "rekey.users").await.unwrap().unwrap();
    assert_eq!(String::from_utf8(proposed).unwrap().lines().count(), 6, "a header and five pairs");

    let map = ["a", "b", "c", "d", "e"].map(|old| Rekey {
        entity: EntityKind::User,
        old: old.to_owned(),
        new: format!("new-{old}"),
    });
    let hold = &record.report.holds[0].id;
    let decision = Decision { at: Timestamp::now(), by: "Ada".into(), reason: "new SIS".into() };
    let district = "lakeside".parse().unwrap();
    world.sink().accept_rekeys(&district, Some(hold), &map, &decision).await.unwrap();
    let record = world.good(night("new-")).await;
    assert_eq!((holds(&record).len(), record.report.outcome), (0, Outcome::Published));
    assert_eq!(held(&record, EntityKind::User), [0, 5, 0, 0]);
    assert_eq!(world.column("SELECT id FROM users ORDER BY given_name"), ids);
    assert_eq!(world.active(EntityKind::User)[0], "new-a");
    let last = world.good(night("new-")).await;
    assert_eq!(last.report.outcome, Outcome::Unchanged, "the map is applied once");
}

/// A day so many days from now.
fn day(days: i64) -> jiff::civil::Date {
    let now = Timestamp::now() + SignedDuration::from_hours(24 * days);
    jiff::tz::offset(-6).to_datetime(now).date()
}

#[tokio::test]
async fn findings_of_a_held_night_are_kept() {
    let world = world().await;
    world.good(small("a b c d e", "")).await;
    let record = world.good(small("a", "z-x")).await;
    assert_eq!(record.report.outcome, Outcome::Held);
    let rejected = record.report.diagnostics.iter().filter(|it| it.severity == Severity::Rejected);
    assert_eq!(rejected.count(), 1);
}

#[tokio::test]
async fn a_rejected_record_gets_its_new_key_because_others_name_it_so() {
    let world = world().await;
    world.good(small("a b", "a-x b-x")).await;
    let map = [Rekey { entity: EntityKind::User, old: "a".into(), new: "n".into() }];
    let decision = Decision { at: Timestamp::now(), by: "Ada".into(), reason: "new SIS".into() };
    let district = "lakeside".parse().unwrap();
    world.sink().accept_rekeys(&district, None, &map, &decision).await.unwrap();
    let enrollment = EnrollmentRow { user_source_id: "n", ..enrollments("a-x").remove(0) };
    let night = Script::default()
        .all(&[school("s")])
        .all(&[section("x", "s"), section("y", "s")])
        .some(Coverage::Complete, &students("b"), |batch| support::rejected(batch, Some("n")))
        .all(&[enrollment, enrollments("b-x").remove(0)]);
    let record = world.good(night).await;
    assert_eq!(record.report.outcome, Outcome::Published);
    assert_eq!(world.active(EntityKind::User), ["b", "n"]);
    let named = world.column("SELECT user_source_id FROM enrollments ORDER BY source_id");
    assert_eq!(named, ["n", "b"]);
}

#[tokio::test]
async fn keys_that_are_exchanged_are_exchanged() {
    let world = world().await;
    let night =
        |one: &str, other: &str| Script::default().all(&[named(one, "Ana"), named(other, "Ben")]);
    world.good(night("a", "b")).await;
    let ids = world.column("SELECT id FROM users ORDER BY given_name");
    let map = [("a", "b"), ("b", "a")].map(|(old, new)| Rekey {
        entity: EntityKind::User,
        old: old.into(),
        new: new.into(),
    });
    let decision = Decision { at: Timestamp::now(), by: "Ada".into(), reason: "mixed up".into() };
    let district = "lakeside".parse().unwrap();
    world.sink().accept_rekeys(&district, None, &map, &decision).await.unwrap();
    world.good(night("b", "a")).await;
    assert_eq!(world.column("SELECT id FROM users ORDER BY given_name"), ids);
    assert_eq!(world.column("SELECT source_id FROM users ORDER BY given_name"), ["b", "a"]);
}

#[tokio::test]
async fn one_record_that_is_missing_takes_nothing_with_it_that_the_feed_still_has() {
    let world = world().await;
    let night = |schools: &[&'static str]| {
        let orgs: Vec<OrgRow<'_>> = schools.iter().map(|it| school(it)).collect();
        let sections = ["a", "b", "c", "d", "e"].map(|it| section(it, "s"));
        Script::default().all(&orgs).all(&sections).all(&students("u")).all(&enrollments("u-a u-b"))
    };
    world.good(night(&["s", "t"])).await;
    let record = world.good(night(&["t"])).await;
    assert_eq!(holds(&record), ["sections all deleted 5/5 open"]);
    assert_eq!(world.active(EntityKind::Section).len(), 5);
    assert_eq!(world.active(EntityKind::Org), ["s", "t"], "what is held keeps its school");
    assert_eq!(world.active(EntityKind::Enrollment).len(), 2);
}

#[tokio::test]
async fn a_table_that_is_confirmed_to_be_gone_goes_in_one_night() {
    let world = world().await;
    world.good(small("a b c d", "a-x b-x c-x d-x")).await;
    let hold = world.good(small("a b c d", "")).await.report.holds.remove(0);
    decide(&world, &hold.id, HoldState::Approved, 1).await;
    let record = world.good(small("a b c d", "")).await;
    assert_eq!((holds(&record).len(), record.report.outcome), (0, Outcome::Published));
    assert!(world.active(EntityKind::Enrollment).is_empty());
}
