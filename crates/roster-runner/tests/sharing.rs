//! Sharing settings over whole, incomplete and changing feeds, from a scripted source into a real SQLite file.

mod support;

use roster_core::{
    Coverage, EntityKind,
    model::{
        AcademicSessionRow, CourseRow, DemographicsRow, EnrollmentRole, EnrollmentRow, LineItemRow,
        OrgRow, OrgType, RelationshipRow, ResultRow, RoleRow, RoleType, SectionRow, UserRow,
    },
    value::{Date, TextList},
};
use roster_runner::Sharing;
use roster_sink::{Outcome, RunRecord};
use support::{
    Script, World, counts, enrolled, findings, named, org, rejected, role, section, tombstone, user,
};

const NOBODY: [&str; 0] = [];

fn enrollment<'a>(source_id: &'a str, user: &'a str, section: &'a str) -> EnrollmentRow<'a> {
    enrolled(source_id, user, section, EnrollmentRole::Student)
}

fn orgs<'a>() -> [OrgRow<'a>; 3] {
    [
        org("d", OrgType::District, None),
        org("s", OrgType::School, Some("d")),
        org("t", OrgType::School, Some("d")),
    ]
}

/// Two schools of a district: `a` is a student of `s`, `b` of `t`.
fn structure() -> Script {
    Script::default().all(&orgs()).all(&[section("x", "s"), section("y", "t")])
}

fn roles<'a>() -> [RoleRow<'a>; 2] {
    [role("1", "a", "s", RoleType::Student), role("2", "b", "t", RoleType::Student)]
}

fn enrollments<'a>() -> [EnrollmentRow<'a>; 2] {
    [enrollment("1", "a", "x"), enrollment("2", "b", "y")]
}

fn feed() -> Script {
    structure().all(&[user("a"), user("b")]).all(&roles()).all(&enrollments())
}

fn only_schools(ids: &[&str]) -> Sharing {
    Sharing { schools: Some(ids.iter().map(|it| (*it).to_owned()).collect()), ..Sharing::default() }
}

fn only_sections(ids: &[&str]) -> Sharing {
    Sharing {
        sections: Some(ids.iter().map(|it| (*it).to_owned()).collect()),
        ..Sharing::default()
    }
}

fn without(tables: &[&str]) -> Sharing {
    Sharing {
        excluded_entities: tables.iter().map(|it| (*it).to_owned()).collect(),
        ..Sharing::default()
    }
}

/// Runs nights under one set of settings; tells the active users after the last.
async fn users_after(sharing: Sharing, nights: Vec<Script>) -> Vec<String> {
    let world = World::sharing(sharing).await;
    for night in nights {
        world.good(night).await;
    }
    world.active(EntityKind::User)
}

fn failure(record: &RunRecord) -> String {
    let error = record.report.error.as_ref();
    error.map_or_else(String::new, |it| format!("{}: {}", it.kind, it.message))
}

// 1: what is not known to be shared is not shared.

#[tokio::test]
async fn people_of_unlisted_schools_are_not_shared_when_the_organizations_are_not_sent() {
    let delta = Script::default()
        .some(Coverage::Changes, &[user("c"), user("e")], |_| {})
        .some(
            Coverage::Changes,
            &[role("3", "c", "t", RoleType::Student), role("4", "e", "s", RoleType::Student)],
            |_| {},
        )
        .some(Coverage::Changes, &[enrollment("3", "c", "y"), enrollment("4", "e", "x")], |_| {});
    assert_eq!(users_after(only_schools(&["s"]), vec![feed(), delta]).await, ["a", "e"]);
}

#[tokio::test]
async fn people_of_an_unlisted_school_that_was_rejected_are_not_shared() {
    let [district, listed, _] = orgs();
    let feed = Script::default()
        .some(Coverage::Complete, &[district, listed], |it| rejected(it, Some("t")))
        .all(&[section("x", "s"), section("y", "t")])
        .all(&[user("a"), user("b")])
        .all(&roles())
        .all(&enrollments());
    assert_eq!(users_after(only_schools(&["s"]), vec![feed]).await, ["a"]);
}

#[tokio::test]
async fn people_of_a_section_that_was_rejected_are_not_shared() {
    let feed = Script::default()
        .all(&orgs())
        .some(Coverage::Complete, &[section("x", "s")], |it| rejected(it, Some("y")))
        .all(&[user("a"), user("b")])
        .all(&enrollments());
    assert_eq!(users_after(only_sections(&["x"]), vec![feed]).await, ["a"]);
}

#[tokio::test]
async fn the_district_role_shares_staff_and_no_student_of_an_unlisted_school() {
    let primary = UserRow { primary_org_source_id: Some("d"), ..user("b") };
    let feed = structure()
        .all(&[user("a"), primary, user("p"), user("boss")])
        .all(&[
            role("1", "a", "s", RoleType::Student),
            role("2", "b", "d", RoleType::Student),
            role("3", "b", "t", RoleType::Student),
            role("4", "p", "d", RoleType::Parent),
            role("5", "boss", "d", RoleType::DistrictAdministrator),
        ])
        .all(&enrollments());
    assert_eq!(users_after(only_schools(&["s"]), vec![feed]).await, ["a", "boss"]);
}

#[tokio::test]
async fn a_department_is_shared_as_the_school_it_belongs_to() {
    let [district, listed, other] = orgs();
    let departments = [
        org("ds", OrgType::Department, Some("s")),
        org("dt", OrgType::Department, Some("t")),
        district,
        listed,
        other,
    ];
    let feed = Script::default()
        .all(&departments)
        .all(&[user("a"), user("b")])
        .all(&[role("1", "a", "ds", RoleType::Teacher), role("2", "b", "dt", RoleType::Teacher)]);
    let world = World::sharing(only_schools(&["s"])).await;
    world.good(feed).await;
    assert_eq!(world.active(EntityKind::Org), ["d", "ds", "s"]);
    assert_eq!(world.active(EntityKind::User), ["a"]);
}

#[tokio::test]
async fn without_staff_an_aide_is_not_shared_by_an_enrollment() {
    let feed = structure()
        .all(&[user("a"), user("aide")])
        .all(&[enrollment("1", "a", "x"), enrolled("2", "aide", "x", EnrollmentRole::Aide)]);
    let sharing = Sharing { staff: false, ..Sharing::default() };
    assert_eq!(users_after(sharing, vec![feed]).await, ["a"]);
}

// 2: an incomplete feed withdraws nobody.

#[tokio::test]
async fn empty_missing_or_rejected_roles_and_enrollments_withdraw_nobody() {
    let people = || structure().all(&[user("a"), user("b"), user("new")]);
    let empty = people().all::<RoleRow<'_>>(&[]).all::<EnrollmentRow<'_>>(&[]);
    let no_enrollments = people().all(&roles()[1..]).all::<EnrollmentRow<'_>>(&[]);
    let one_rejected = people()
        .some(Coverage::Complete, &roles()[1..], |it| rejected(it, Some("1")))
        .some(Coverage::Complete, &enrollments()[1..], |it| rejected(it, Some("1")));
    let unreadable = people()
        .some(Coverage::Complete, &roles()[1..], |it| rejected(it, None))
        .some(Coverage::Complete, &enrollments()[1..], |it| rejected(it, None));
    let new_key = people()
        .all(&roles()[1..])
        .some(Coverage::Complete, &enrollments()[1..], |it| rejected(it, Some("9")));
    let nights = [empty, people(), no_enrollments, one_rejected, unreadable, new_key];
    for (number, night) in nights.into_iter().enumerate() {
        for sharing in [only_schools(&["s"]), only_sections(&["x"])] {
            let shared = users_after(sharing, vec![feed(), night.clone()]).await;
            assert_eq!(shared, ["a"], "night {number}");
        }
    }
}

#[tokio::test]
async fn people_whose_table_of_roles_is_excluded_stay_when_it_is_not_sent() {
    let sharing = Sharing { excluded_entities: vec!["roles".into()], ..only_schools(&["s"]) };
    let people = || structure().all(&[user("a"), user("b")]);
    let nights = vec![people().all(&roles()), people()];
    assert_eq!(users_after(sharing, nights).await, ["a"]);
}

#[tokio::test]
async fn contacts_stay_while_their_relationships_are_missing() {
    let parent = RelationshipRow {
        source_id: "1",
        student_source_id: "a",
        contact_source_id: "p",
        relationship: Some("mother"),
        ..RelationshipRow::default()
    };
    let people = || structure().all(&[user("a"), user("p")]);
    let sharing =
        Sharing { contact_relationships: Some(vec!["mother".into()]), ..Sharing::default() };
    let whole = people().all(&roles()[..1]).all(&[parent]).all(&enrollments()[..1]);
    let without =
        people().all(&roles()[..1]).all::<RelationshipRow<'_>>(&[]).all(&enrollments()[..1]);
    assert_eq!(users_after(sharing, vec![whole, without]).await, ["a", "p"]);
}

#[tokio::test]
async fn changed_settings_withdraw_people_even_when_the_feed_is_incomplete() {
    let mut world = World::new().await;
    world.good(feed()).await;
    world.sharing = only_schools(&["s"]);
    let people = structure().all(&[user("a"), user("b")]);
    world.good(people.all::<RoleRow<'_>>(&[]).all::<EnrollmentRow<'_>>(&[])).await;
    assert_eq!(world.active(EntityKind::User), ["a"]);
    assert_eq!(world.active(EntityKind::Role), ["1"]);
    assert_eq!(world.active(EntityKind::Enrollment), ["1"]);
}

#[tokio::test]
async fn a_student_who_leaves_the_shared_school_is_withdrawn() {
    let moved = structure()
        .all(&[user("a"), user("b")])
        .all(&[role("3", "a", "t", RoleType::Student)])
        .all(&[enrollment("3", "a", "y")]);
    let world = World::sharing(only_schools(&["s"])).await;
    world.good(feed()).await;
    world.good(moved).await;
    assert_eq!(world.active(EntityKind::User), NOBODY);
    assert_eq!(world.active(EntityKind::Enrollment), NOBODY);
}

#[tokio::test]
async fn a_student_whom_a_delta_takes_out_of_the_shared_section_is_withdrawn() {
    let delta = Script::default()
        .some::<EnrollmentRow<'_>>(Coverage::Changes, &[], |it| tombstone(it, "1"));
    assert_eq!(users_after(only_sections(&["x"]), vec![feed(), delta]).await, NOBODY);
}

#[tokio::test]
async fn settings_that_match_nothing_fail_the_night_and_name_the_key() {
    for (sharing, key) in [
        (only_schools(&["S"]), "schools"),
        (only_schools(&[]), "schools"),
        (only_sections(&["z"]), "sections"),
    ] {
        let mut world = World::new().await;
        world.good(feed()).await;
        world.sharing = sharing;
        for night in [feed(), Script::default().some(Coverage::Changes, &[user("a")], |_| {})] {
            let record = world.run(night).await;
            let told = failure(&record);
            assert!(told.starts_with("config_invalid") && told.contains(key), "{told}");
        }
        assert_eq!(world.active(EntityKind::User), ["a", "b"]);
    }
}

#[tokio::test]
async fn names_that_a_complete_feed_does_not_have_are_reported() {
    let world = World::sharing(only_schools(&["s", "S", "u"])).await;
    let record = world.good(feed()).await;
    assert_eq!(findings(&record), ["sharing_names_nothing warning 2"]);
    let examples = &record.report.diagnostics[0].examples;
    let named: Vec<_> = examples.iter().filter_map(|it| it.source_id.as_deref()).collect();
    assert_eq!(named, ["S", "u"]);
    assert_eq!(examples[0].field.as_deref(), Some("schools"));
    let [district, listed, _] = orgs();
    let doubtful = Script::default()
        .some(Coverage::Complete, &[district, listed], |it| rejected(it, Some("u")))
        .all(&[user("a")]);
    let record = world.good(doubtful).await;
    assert!(!findings(&record).iter().any(|it| it.starts_with("sharing")), "u may be there");
}

#[tokio::test]
async fn a_wrong_reference_is_rejected_and_withdraws_nobody() {
    let broken = |section: &'static str| {
        structure().all(&[user("a"), user("b")]).all(&roles()[1..]).all(&[
            EnrollmentRow { section_source_id: section, ..enrollments()[0].clone() },
            enrollments()[1].clone(),
        ])
    };
    for sharing in [only_schools(&["s"]), only_sections(&["x"])] {
        let world = World::sharing(sharing).await;
        world.good(feed()).await;
        let record = world.good(broken("typo")).await;
        assert_eq!(findings(&record), ["reference_not_found rejected 1"]);
        assert_eq!(world.active(EntityKind::User), ["a"]);
        assert_eq!(world.active(EntityKind::Enrollment), ["1"]);
    }
}

#[tokio::test]
async fn a_section_that_names_a_wrong_school_keeps_its_people() {
    let wrong = Script::default()
        .all(&orgs())
        .all(&[section("x", "typo"), section("y", "t")])
        .all(&[user("a"), user("b")])
        .all(&enrollments());
    let world = World::sharing(only_schools(&["s"])).await;
    world.good(feed()).await;
    let record = world.good(wrong).await;
    assert_eq!(findings(&record), ["reference_not_found rejected 1"]);
    assert_eq!(world.active(EntityKind::Section), ["x"]);
    assert_eq!(world.active(EntityKind::User), ["a"]);
}

#[tokio::test]
async fn what_a_delta_says_of_unlisted_schools_is_left_out_without_a_word() {
    let delta = Script::default()
        .some(
            Coverage::Changes,
            &[UserRow { primary_org_source_id: Some("t"), ..user("a") }],
            |_| {},
        )
        .some(Coverage::Changes, &[role("9", "a", "t", RoleType::Student)], |_| {})
        .some(Coverage::Changes, &[enrollment("9", "a", "y")], |_| {});
    let world = World::sharing(only_schools(&["s"])).await;
    world.good(feed()).await;
    let record = world.good(delta).await;
    assert_eq!((record.report.outcome, findings(&record)), (Outcome::Unchanged, vec![]));
}

#[tokio::test]
async fn a_student_whom_a_delta_moves_to_an_unlisted_school_is_withdrawn() {
    let moved = Script::default()
        .some(Coverage::Changes, &[role("1", "a", "t", RoleType::Student)], |_| {})
        .some(Coverage::Changes, &[enrollment("3", "a", "y")], |it| tombstone(it, "1"));
    let world = World::sharing(only_schools(&["s"])).await;
    world.good(feed()).await;
    assert_eq!(findings(&world.good(moved).await), Vec::<String>::new());
    for entity in [EntityKind::User, EntityKind::Role, EntityKind::Enrollment] {
        assert_eq!(world.active(entity), NOBODY);
    }
}

#[tokio::test]
async fn a_student_who_left_does_not_stay_for_the_rejected_records_of_others() {
    let left = || {
        structure()
            .all(&[user("a"), user("b")])
            .all(&[role("3", "a", "t", RoleType::Student)])
            .some(Coverage::Complete, &[enrollment("3", "a", "y")], |it| rejected(it, Some("9")))
    };
    let nights = vec![feed(), left(), left()];
    assert_eq!(users_after(only_schools(&["s"]), nights).await, NOBODY);
}

// 3 and 4: excluded tables.

fn full() -> Script {
    let day = |text: &str| text.parse::<Date>().ok();
    let session = AcademicSessionRow {
        source_id: "term",
        title: "Term",
        session_type: Some(roster_core::model::SessionType::SchoolYear),
        start_date: day("2026-08-01"),
        end_date: day("2027-01-01"),
        ..AcademicSessionRow::default()
    };
    let course = CourseRow {
        source_id: "math",
        title: "Math",
        school_year_source_id: Some("term"),
        ..CourseRow::default()
    };
    let terms = TextList::new(&vec!["term".to_owned()]);
    let taught = SectionRow {
        course_source_id: Some("math"),
        academic_session_source_ids: terms,
        ..section("x", "s")
    };
    let item = LineItemRow {
        source_id: "quiz",
        section_source_id: "x",
        title: "Quiz",
        academic_session_source_id: Some("term"),
        ..LineItemRow::default()
    };
    let result = ResultRow {
        source_id: "score",
        line_item_source_id: "quiz",
        student_source_id: "a",
        ..ResultRow::default()
    };
    Script::default()
        .all(&orgs())
        .all(&[session])
        .all(&[course])
        .all(&[taught])
        .all(&[user("a")])
        .all(&enrollments()[..1])
        .all(&[item])
        .all(&[result])
}

#[tokio::test]
async fn an_excluded_table_takes_its_dependants_with_it_and_the_second_night_is_unchanged() {
    let tables = ["sections", "enrollments", "line_items", "results"];
    for shared_before in [false, true] {
        let mut world = World::new().await;
        if shared_before {
            world.good(full()).await;
        }
        world.sharing = without(&["sections"]);
        let first = world.good(full()).await;
        assert_eq!((first.report.outcome, findings(&first)), (Outcome::Published, vec![]));
        for table in tables {
            let entity = EntityKind::from_table(table).unwrap();
            assert_eq!(world.active(entity), NOBODY, "{table}");
        }
        let second = world.good(full()).await;
        assert_eq!((second.report.outcome, findings(&second)), (Outcome::Unchanged, vec![]));
    }
}

#[tokio::test]
async fn optional_references_to_an_excluded_table_are_cleared_without_a_word() {
    let world = World::sharing(without(&["courses", "academic_sessions"])).await;
    let first = world.good(full()).await;
    assert_eq!(findings(&first), Vec::<String>::new());
    assert_eq!(world.active(EntityKind::Result), ["score"]);
    assert_eq!(world.column("SELECT course_source_id FROM sections"), [""]);
    let lists =
        "SELECT cast(count(*) AS TEXT) FROM sections WHERE academic_session_source_ids IS NOT NULL";
    assert_eq!(world.column(lists), ["0"]);
    assert_eq!(world.good(full()).await.report.outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn an_excluded_table_is_withdrawn_although_an_owner_was_rejected() {
    let mut world = World::new().await;
    let birth =
        DemographicsRow { source_id: "a", user_source_id: "a", ..DemographicsRow::default() };
    world.good(Script::default().all(&[user("a"), user("b")]).all(&[birth])).await;
    world.sharing = without(&["demographics"]);
    let night =
        Script::default().some(Coverage::Complete, &[user("b")], |it| rejected(it, Some("a")));
    world.good(night).await;
    assert_eq!(world.active(EntityKind::Demographics), NOBODY);
    assert_eq!(world.active(EntityKind::User), ["a", "b"]);
}

// 5: settings work on deltas.

#[tokio::test]
async fn changed_settings_withdraw_what_a_delta_does_not_name() {
    let mut world = World::new().await;
    world.good(feed()).await;
    world.sharing = only_schools(&["s"]);
    let delta = || Script::default().some(Coverage::Changes, &[named("a", "Other")], |_| {});
    let record = world.good(delta()).await;
    assert_eq!(findings(&record), Vec::<String>::new());
    assert_eq!(world.active(EntityKind::Org), ["d", "s"]);
    assert_eq!(world.active(EntityKind::Section), ["x"]);
    assert_eq!(world.active(EntityKind::User), ["a"]);
    assert_eq!(world.active(EntityKind::Role), ["1"]);
    assert_eq!(world.active(EntityKind::Enrollment), ["1"]);
    assert_eq!(counts(&record, EntityKind::User), [1, 0, 0, 1, 1, 0, 0]);
    assert_eq!(world.good(delta()).await.report.outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn a_delta_changes_nothing_for_the_people_it_does_not_name() {
    let world = World::sharing(only_schools(&["s"])).await;
    world.good(feed()).await;
    let delta = Script::default().some(Coverage::Changes, &[named("a", "Other")], |_| {});
    world.good(delta).await;
    assert_eq!(world.active(EntityKind::User), ["a"]);
    assert_eq!(world.column("SELECT given_name FROM users"), ["Other"]);
    assert_eq!(world.active(EntityKind::Enrollment), ["1"]);
}

#[tokio::test]
async fn a_newly_excluded_field_is_emptied_in_records_that_a_delta_does_not_name() {
    let mut world = World::new().await;
    let row = |id| UserRow { phone: Some("CANARY"), ..user(id) };
    world.good(Script::default().all(&[row("a"), row("b"), row("c")])).await;
    world.sharing.excluded_fields = vec!["users.phone".into()];
    let delta =
        || Script::default().some(Coverage::Changes, &[row("a")], |it| rejected(it, Some("c")));
    let record = world.good(delta()).await;
    assert_eq!(counts(&record, EntityKind::User), [2, 1, 0, 3, 0, 0, 0]);
    assert_eq!(world.column("SELECT coalesce(phone, '-') FROM users"), ["-", "-", "-"]);
    assert_eq!(world.good(delta()).await.report.outcome, Outcome::Unchanged);
}

// 6: what the feed says is gone is gone.

#[tokio::test]
async fn an_unreadable_record_withholds_the_absent_and_not_the_deleted() {
    let world = World::new().await;
    world.good(Script::default().all(&[user("a"), user("b"), user("c")])).await;
    let night = Script::default().some(Coverage::Complete, &[user("a")], |it| {
        rejected(it, None);
        tombstone(it, "b");
    });
    let record = world.good(night).await;
    assert_eq!(world.active(EntityKind::User), ["a", "c"]);
    assert!(findings(&record).contains(&"deletions_withheld warning 1".to_owned()));
    let only_deleted = Script::default().some(Coverage::Complete, &[user("a"), user("c")], |it| {
        rejected(it, None);
        tombstone(it, "b");
    });
    assert_eq!(findings(&world.good(only_deleted).await), ["missing_required rejected 1"]);
}

// 7: keys of people who are not shared are not kept.

#[tokio::test]
async fn keys_of_records_that_the_source_rejects_are_not_kept_when_sharing_is_restricted() {
    let mut world = World::new().await;
    let night =
        || structure().some(Coverage::Complete, &[user("a")], |it| rejected(it, Some("CANARY")));
    let key = |it: &RunRecord| it.report.diagnostics[0].examples[0].source_id.clone();
    assert_eq!(key(&world.good(night()).await).as_deref(), Some("CANARY"));
    world = World::sharing(only_schools(&["s"])).await;
    let record = world.good(night()).await;
    assert_eq!(key(&record), None);
    let place = &record.report.diagnostics[0].examples[0];
    assert_eq!((place.file.as_deref(), place.line), (Some("users.csv"), Some(99)));
}
