//! Nights from a scripted source into a real SQLite file: what is published, what is shielded, what is found.

mod support;

use roster_core::{
    Coverage, EntityKind,
    model::{
        EnrollmentRole, EnrollmentRow, OrgRow, OrgType, RoleRow, RoleType, SectionRow, UserRow,
    },
    value::TextList,
};
use roster_sink::Outcome;
use support::{
    Script, World, counts, findings, named, org, rejected, role, school, section, tombstone, user,
};

fn enrollment<'a>(source_id: &'a str, user: &'a str, section: &'a str) -> EnrollmentRow<'a> {
    let role = Some(EnrollmentRole::Student);
    EnrollmentRow {
        source_id,
        user_source_id: user,
        section_source_id: section,
        role,
        ..EnrollmentRow::default()
    }
}

#[tokio::test]
async fn create_unchanged_update_delete_restore() {
    let world = World::new().await;
    let first = world.good(Script::default().all(&[user("a"), user("b"), user("c")])).await;
    assert_eq!(
        (first.report.outcome, counts(&first, EntityKind::User)),
        (Outcome::Published, [3, 0, 3, 0, 0, 0, 0])
    );

    let second = world.good(Script::default().all(&[user("a"), user("b"), user("c")])).await;
    assert_eq!(
        (second.report.outcome, counts(&second, EntityKind::User)),
        (Outcome::Unchanged, [3, 0, 0, 0, 0, 0, 3])
    );

    let ids = world.column("SELECT id FROM users ORDER BY source_id");
    let third =
        world.good(Script::default().all(&[named("a", "Other"), user("c"), user("d")])).await;
    assert_eq!(counts(&third, EntityKind::User), [3, 0, 1, 1, 1, 0, 1]);
    assert_eq!(world.active(EntityKind::User), ["a", "c", "d"]);

    let fourth = world
        .good(Script::default().all(&[named("a", "Other"), user("b"), user("c"), user("d")]))
        .await;
    assert_eq!(counts(&fourth, EntityKind::User), [4, 0, 0, 0, 0, 1, 3]);
    assert_eq!(world.column("SELECT id FROM users WHERE source_id < 'd' ORDER BY source_id"), ids);
    let operations = world
        .column("SELECT operation || ' ' || coalesce(source_id, '') FROM changes ORDER BY seq");
    let after_load: Vec<_> = operations.iter().skip(1).collect();
    assert_eq!(operations[0], "load ");
    assert_eq!(after_load, ["update a", "create d", "delete b", "restore b"]);
}

#[tokio::test]
async fn rejected_is_not_missing() {
    let world = World::new().await;
    world.good(Script::default().all(&[user("a"), user("b"), user("c")])).await;
    let night =
        Script::default().some(Coverage::Complete, &[user("a")], |it| rejected(it, Some("b")));
    let record = world.good(night).await;
    assert_eq!(counts(&record, EntityKind::User), [2, 1, 0, 0, 1, 0, 1]);
    assert_eq!(world.active(EntityKind::User), ["a", "b"]);
}

#[tokio::test]
async fn a_rejected_record_without_key_withholds_deletions() {
    let world = World::new().await;
    world.good(Script::default().all(&[user("a"), user("b")])).await;
    let record = world
        .good(Script::default().some(Coverage::Complete, &[user("a")], |it| rejected(it, None)))
        .await;
    assert_eq!(counts(&record, EntityKind::User), [2, 1, 0, 0, 0, 0, 1]);
    assert_eq!(findings(&record), ["missing_required rejected 1", "deletions_withheld warning 1"]);
    assert_eq!(world.active(EntityKind::User), ["a", "b"]);
}

#[tokio::test]
async fn incomplete_is_not_empty() {
    let world = World::new().await;
    let whole = || Script::default().all(&[school("s")]).all(&[user("a"), user("b")]);
    world.good(whole()).await;
    let empty = world.good(Script::default().all(&[school("s")]).all::<UserRow<'_>>(&[])).await;
    assert_eq!(
        (empty.report.outcome, findings(&empty)),
        (Outcome::Held, vec!["entity_became_empty warning 1".to_owned()])
    );
    let absent = world.good(Script::default().all(&[school("s")])).await;
    assert_eq!(absent.report.outcome, Outcome::Held);
    let broken = world
        .run(Script::default().all(&[school("s")]).all(&[named("a", "Other")]).failing())
        .await;
    assert_eq!(broken.report.outcome, Outcome::Failed);
    assert_eq!(counts(&broken, EntityKind::User), [1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(broken.report.error.map(|it| it.kind), Some("damaged".to_owned()));
    assert_eq!(world.active(EntityKind::User), ["a", "b"]);
    assert_eq!(world.column("SELECT given_name FROM users WHERE source_id = 'a'"), ["Given"]);
    assert_eq!(world.column("SELECT outcome FROM runs ORDER BY id").len(), 4);
    assert!(
        !world.path("work").read_dir().is_ok_and(|mut it| it.next().is_some()),
        "plans are removed"
    );
}

#[tokio::test]
async fn the_second_record_with_a_key_is_rejected() {
    let world = World::new().await;
    let record =
        world.good(Script::default().all(&[named("a", "First"), named("a", "Second")])).await;
    assert_eq!(counts(&record, EntityKind::User), [2, 1, 1, 0, 0, 0, 0]);
    assert_eq!(findings(&record), ["duplicate_key rejected 1"]);
    assert_eq!(world.column("SELECT given_name FROM users"), ["First"]);
    let line = record.report.diagnostics[0].examples[0].line;
    assert_eq!(line, Some(3));
}

#[tokio::test]
async fn one_missing_record_is_one_cause_with_many_followers() {
    let world = World::new().await;
    let sections: Vec<String> = (0..20).map(|it| format!("s{it}")).collect();
    let rows: Vec<SectionRow<'_>> = sections.iter().map(|it| section(it, "school")).collect();
    let enrollments: Vec<EnrollmentRow<'_>> =
        sections.iter().map(|it| enrollment(it, "ghost", it)).collect();
    let script =
        Script::default().all(&[school("school")]).all(&rows).all(&[user("a")]).all(&enrollments);
    let record = world.good(script).await;
    assert_eq!(counts(&record, EntityKind::Enrollment), [20, 20, 0, 0, 0, 0, 0]);
    assert_eq!(findings(&record), ["reference_not_found rejected 20"]);
    let causes: Vec<_> = record
        .causes
        .iter()
        .map(|it| (it.table.as_str(), it.source_id.as_str(), it.followers))
        .collect();
    assert_eq!(causes, [("users", "ghost", 20)]);
    assert_eq!(record.report.diagnostics[0].examples[0].field.as_deref(), Some("userSourcedId"));
}

#[tokio::test]
async fn references_to_rejected_absent_and_published_records() {
    let world = World::new().await;
    let base = || Script::default().all(&[school("s")]).all(&[section("x", "s")]);
    // Never published and rejected tonight: its enrollment goes with it.
    let night = base().some(Coverage::Complete, &[user("a")], |it| rejected(it, Some("b")));
    let record =
        world.good(night.all(&[enrollment("1", "a", "x"), enrollment("2", "b", "x")])).await;
    assert_eq!(findings(&record), ["missing_required rejected 1", "reference_rejected rejected 1"]);
    // Published before and rejected tonight: its last good version carries the enrollment.
    let night = base().some(Coverage::Complete, &[user("c")], |it| rejected(it, Some("a")));
    let record = world.good(night.all(&[enrollment("1", "a", "x")])).await;
    assert_eq!(counts(&record, EntityKind::Enrollment), [1, 0, 0, 0, 0, 0, 1]);
    // Nothing of the target was ever sent.
    let courses = SectionRow { course_source_id: Some("math"), ..section("x", "s") };
    let record = world.good(Script::default().all(&[school("s")]).all(&[courses])).await;
    assert_eq!(findings(&record), ["reference_file_missing repaired 1"]);
    assert_eq!(world.column("SELECT course_source_id FROM sections"), [""]);
}

#[tokio::test]
async fn a_list_of_references_loses_only_the_missing_ones() {
    let world = World::new().await;
    let terms = TextList::new(&vec!["ghost".to_owned()]);
    let row = SectionRow { academic_session_source_ids: terms, ..section("x", "s") };
    let record = world.good(Script::default().all(&[school("s")]).all(&[row])).await;
    assert_eq!(findings(&record), ["reference_file_missing repaired 1"]);
    assert_eq!(counts(&record, EntityKind::Section), [1, 0, 1, 0, 0, 0, 0]);
}

#[tokio::test]
async fn parents_may_follow_their_children_and_circles_are_cut() {
    let world = World::new().await;
    let orgs = [
        org("child", OrgType::School, Some("top")),
        org("top", OrgType::District, None),
        org("x", OrgType::Department, Some("y")),
        org("y", OrgType::Department, Some("x")),
        org("lost", OrgType::School, Some("ghost")),
        OrgRow { name: "", ..school("nameless") },
        org("orphan", OrgType::School, Some("nameless")),
    ];
    let record = world.good(Script::default().all(&orgs)).await;
    assert_eq!(counts(&record, EntityKind::Org), [7, 1, 6, 0, 0, 0, 0]);
    let expected = [
        "missing_required rejected 1",
        "reference_cycle repaired 2",
        "reference_not_found repaired 1",
        "reference_rejected repaired 1",
    ];
    assert_eq!(findings(&record), expected);
    let parents =
        world.column("SELECT coalesce(parent_source_id, '-') FROM orgs ORDER BY source_id");
    assert_eq!(parents, ["top", "-", "-", "-", "-", "-"]);
}

#[tokio::test]
async fn a_district_where_a_school_belongs_is_a_warning() {
    let world = World::new().await;
    let orgs = [org("d", OrgType::District, None)];
    let record = world.good(Script::default().all(&orgs).all(&[section("x", "d")])).await;
    assert_eq!(findings(&record), ["reference_sort warning 1"]);
    assert_eq!(world.active(EntityKind::Section), ["x"]);
}

#[tokio::test]
async fn deltas_touch_only_what_they_name() {
    let world = World::new().await;
    let roles = [
        role("a1", "a", "s", RoleType::Student),
        role("a2", "a", "t", RoleType::Student),
        role("b1", "b", "s", RoleType::Teacher),
    ];
    world
        .good(
            Script::default()
                .all(&[school("s"), school("t")])
                .all(&[user("a"), user("b"), user("c")])
                .all(&roles),
        )
        .await;
    let delta = Script::default()
        .some(Coverage::Changes, &[named("a", "Other")], |it| tombstone(it, "c"))
        .some(Coverage::Changes, &[role("a2", "a", "t", RoleType::Student)], |it| {
            it.replaced_owners = vec!["a".into()];
        });
    let record = world.good(delta).await;
    assert_eq!(counts(&record, EntityKind::User), [2, 0, 0, 1, 1, 0, 0]);
    assert_eq!(counts(&record, EntityKind::Role), [1, 0, 0, 0, 1, 0, 1]);
    assert_eq!(world.active(EntityKind::User), ["a", "b"]);
    assert_eq!(world.active(EntityKind::Role), ["a2", "b1"]);
    assert_eq!(world.active(EntityKind::Org), ["s", "t"]);
}

#[tokio::test]
async fn records_of_a_rejected_owner_stay() {
    let world = World::new().await;
    let script = || Script::default().all(&[school("s")]);
    let roles = [role("a1", "a", "s", RoleType::Student), role("b1", "b", "s", RoleType::Student)];
    world.good(script().all(&[user("a"), user("b")]).all(&roles)).await;
    let night = script().some(Coverage::Complete, &[user("b")], |it| rejected(it, Some("a")));
    let record = world.good(night.all(&[role("b2", "b", "s", RoleType::Student)])).await;
    assert_eq!(counts(&record, EntityKind::Role), [1, 0, 1, 0, 1, 0, 0]);
    assert_eq!(world.active(EntityKind::Role), ["a1", "b2"]);
}

#[tokio::test]
async fn a_plan_is_applied_once_and_only_on_what_it_was_made_for() {
    let world = World::new().await;
    world.good(Script::default().all(&[user("a")])).await;
    let folder = world.path("plan");
    let night = world.night(Script::default().all(&[user("a"), user("b")]));
    let (plan, record) = night.plan(&roster_core::RunContext::detached(), &folder).await.unwrap();
    assert!(plan.changes() && counts(&record, EntityKind::User) == [2, 0, 1, 0, 0, 0, 1]);
    assert_eq!(world.active(EntityKind::User), ["a"]);
    assert_eq!(world.apply(&folder).await.unwrap().report.outcome, Outcome::Published);
    assert_eq!(world.active(EntityKind::User), ["a", "b"]);
    let again = world.apply(&folder).await.unwrap_err();
    assert_eq!(again.kind(), roster_core::ErrorKind::Conflict);
}

#[tokio::test]
async fn only_listed_schools_are_shared_with_what_belongs_to_them() {
    let mut world = World::new().await;
    let feed = || {
        Script::default()
            .all(&[
                org("s", OrgType::School, Some("d")),
                org("t", OrgType::School, Some("d")),
                org("d", OrgType::District, None),
            ])
            .all(&[section("x", "s"), section("y", "t")])
            .all(&[user("a"), user("b"), user("boss")])
            .all(&[
                role("1", "a", "s", RoleType::Student),
                role("2", "b", "t", RoleType::Student),
                role("3", "boss", "d", RoleType::DistrictAdministrator),
            ])
            .all(&[enrollment("1", "a", "x"), enrollment("2", "b", "y")])
    };
    world.good(feed()).await;
    world.sharing.schools = Some(vec!["s".into()]);
    let record = world.good(feed()).await;
    assert_eq!(findings(&record), Vec::<String>::new());
    assert_eq!(world.active(EntityKind::Org), ["d", "s"]);
    assert_eq!(world.active(EntityKind::Section), ["x"]);
    assert_eq!(world.active(EntityKind::User), ["a", "boss"]);
    assert_eq!(world.active(EntityKind::Enrollment), ["1"]);
    world.sharing.staff = false;
    world.good(feed()).await;
    assert_eq!(world.active(EntityKind::User), ["a"]);
    assert_eq!(world.active(EntityKind::Role), ["1"]);
}

#[tokio::test]
async fn fields_extensions_and_tables_that_are_not_shared_never_reach_the_database() {
    let mut world = World::new().await;
    world.sharing.excluded_fields = vec!["users.phone".into()];
    world.sharing.extension_fields = Some(vec!["metadata.kept".into()]);
    world.sharing.excluded_entities = vec!["roles".into()];
    let extensions = roster_core::value::ExtensionMap::from([
        ("metadata.kept".to_owned(), "yes".into()),
        ("metadata.secret".to_owned(), "CANARY".into()),
    ]);
    let row = UserRow {
        phone: Some("CANARY"),
        extensions: roster_core::value::Extensions::new(&extensions),
        ..user("a")
    };
    let roles = [role("1", "a", "s", RoleType::Student)];
    world.good(Script::default().all(&[school("s")]).all(&[row]).all(&roles)).await;
    assert_eq!(world.column("SELECT phone FROM users"), [""]);
    assert_eq!(world.column("SELECT extensions FROM users"), [r#"{"metadata.kept":"yes"}"#]);
    assert_eq!(world.active(EntityKind::Role), Vec::<String>::new());
    let file = std::fs::read(world.path("roster.db")).unwrap();
    assert!(!file.windows(6).any(|it| it == b"CANARY"));
}

#[tokio::test]
async fn a_table_that_is_no_longer_shared_is_withdrawn() {
    let mut world = World::new().await;
    let feed = || {
        let roles = [role("1", "a", "s", RoleType::Student)];
        Script::default()
            .all::<OrgRow<'_>>(&[school("s")])
            .all(&[user("a")])
            .all::<RoleRow<'_>>(&roles)
    };
    world.good(feed()).await;
    world.sharing.excluded_entities = vec!["roles".into()];
    let record = world.good(feed()).await;
    assert_eq!(counts(&record, EntityKind::Role), [0, 0, 0, 0, 1, 0, 0]);
    assert_eq!(world.active(EntityKind::Role), Vec::<String>::new());
}

#[tokio::test]
async fn what_belongs_to_a_record_that_goes_goes_with_it() {
    let world = World::new().await;
    let base = || Script::default().all(&[school("s")]).all(&[section("x", "s")]);
    let people = [user("a"), user("b"), user("c")];
    let enrollments =
        [enrollment("1", "a", "x"), enrollment("2", "b", "x"), enrollment("3", "c", "x")];
    world.good(base().all(&people).all(&enrollments)).await;
    // The feed still has the enrollment of a user whom it no longer has.
    let record = world.good(base().all(&people[..2]).all(&enrollments)).await;
    assert_eq!(counts(&record, EntityKind::User), [2, 0, 0, 0, 1, 0, 2]);
    assert_eq!(counts(&record, EntityKind::Enrollment), [3, 1, 0, 0, 1, 0, 2]);
    assert_eq!(world.active(EntityKind::Enrollment), ["1", "2"]);
    let again = world.good(base().all(&people[..2]).all(&enrollments)).await;
    assert_eq!(again.report.outcome, Outcome::Unchanged);
    // A delta deletes a user and says nothing of the enrollments.
    let delta =
        Script::default().some::<UserRow<'_>>(Coverage::Changes, &[], |it| tombstone(it, "b"));
    let record = world.good(delta).await;
    assert_eq!(counts(&record, EntityKind::Enrollment), [0, 0, 0, 0, 1, 0, 0]);
    assert_eq!(world.active(EntityKind::Enrollment), ["1"]);
}

#[tokio::test]
async fn a_record_that_a_delta_both_gives_and_deletes_stays() {
    let world = World::new().await;
    world.good(Script::default().all(&[user("a"), user("b")])).await;
    let delta = Script::default()
        .some(Coverage::Changes, &[named("a", "Other")], |_| {})
        .some::<UserRow<'_>>(Coverage::Changes, &[], |it| tombstone(it, "a"));
    let record = world.good(delta.merged()).await;
    assert_eq!(findings(&record), ["duplicate_key rejected 1"]);
    assert_eq!(world.active(EntityKind::User), ["a", "b"]);
}

#[tokio::test]
async fn what_is_no_longer_shared_is_deleted_and_emptied() {
    let mut world = World::new().await;
    let feed = || {
        let roles =
            [role("1", "a", "s", RoleType::Student), role("2", "b", "t", RoleType::Student)];
        Script::default()
            .all(&[school("s"), school("t")])
            .all(&[named("a", "KEPT"), named("b", "CANARY"), named("c", "CANARY")])
            .all(&roles)
    };
    let names = "SELECT coalesce(given_name, '-') FROM users ORDER BY source_id";
    world.good(feed()).await;
    world.sharing.schools = Some(vec!["s".into()]);
    world.good(feed()).await;
    assert_eq!(world.column(names), ["KEPT", "-", "-"]);
    world.sharing.excluded_entities = vec!["roles".into()];
    world.sharing.schools = None;
    world.good(feed()).await;
    assert_eq!(world.column(names), ["KEPT", "CANARY", "CANARY"], "they are shared again");
    assert_eq!(world.column("SELECT coalesce(role, '-') FROM roles"), ["-", "-"]);
    assert_eq!(world.good(feed()).await.report.outcome, Outcome::Unchanged);
}
