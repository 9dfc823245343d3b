//! Tests of the matcher: small nights by hand, and made-up districts that are given new keys.

mod district;
mod generated;

use super::{Matcher, Matches};
use roster_core::{
    EntityKind, Rows,
    model::{
        DemographicsRow, EnrollmentRole, EnrollmentRow, OrgRow, OrgType, RelationshipRow, RoleRow,
        RoleType, SectionRow, TypedRow, UserRow,
    },
    value::{Identifier, Identifiers, TextList},
};

/// Two nights in the making.
#[derive(Default)]
struct Nights {
    matcher: Matcher,
}

impl Nights {
    /// Adds the rows that `row` makes of the key `old` and of the key `new`.
    fn both<'a, T: TypedRow<'a>>(
        self,
        old: &'a str,
        new: &'a str,
        row: impl Fn(&'a str) -> T,
    ) -> Self {
        self.with_old(&row(old)).with_new(&row(new))
    }

    fn with_old<'a, T: TypedRow<'a>>(mut self, row: &T) -> Self {
        self.matcher.old(&rows(row));
        self
    }

    fn with_new<'a, T: TypedRow<'a>>(mut self, row: &T) -> Self {
        self.matcher.new_rows(&rows(row));
        self
    }

    /// Checks the pairs of an entity as `old new: how`, and its ambiguous keys as `old|old new|new: why`.
    #[track_caller]
    fn check(self, entity: EntityKind, pairs: &[&str], ambiguous: &[&str]) {
        let matches = self.matcher.run();
        assert_eq!(shown_pairs(&matches, entity), pairs);
        let groups = matches.ambiguous(entity);
        let shown = |it: super::Ambiguous<'_>| {
            format!("{} {}: {}", it.old.join("|"), it.new.join("|"), it.why)
        };
        assert_eq!(groups.map(shown).collect::<Vec<_>>(), ambiguous);
    }
}

fn rows<'a, T: TypedRow<'a>>(row: &T) -> Rows {
    let mut rows = Rows::new(T::ENTITY);
    rows.push(0, row);
    rows
}

fn shown_pairs(matches: &Matches, entity: EntityKind) -> Vec<String> {
    matches.maps(entity).map(|it| format!("{} {}: {}", it.old, it.new, it.how)).collect()
}

fn person<'a>(source_id: &'a str, given_name: &'a str, family_name: &'a str) -> UserRow<'a> {
    UserRow { source_id, given_name, family_name, ..UserRow::default() }
}

fn born<'a>(user: &'a str, date: &str) -> DemographicsRow<'a> {
    DemographicsRow {
        source_id: user,
        user_source_id: user,
        birth_date: Some(date.parse().unwrap()),
        ..DemographicsRow::default()
    }
}

fn enrolled<'a>(source_id: &'a str, user: &'a str, section: &'a str) -> EnrollmentRow<'a> {
    EnrollmentRow {
        source_id,
        user_source_id: user,
        section_source_id: section,
        role: Some(EnrollmentRole::Student),
        ..EnrollmentRow::default()
    }
}

fn role<'a>(source_id: &'a str, user: &'a str, role: RoleType<'a>) -> RoleRow<'a> {
    RoleRow {
        source_id,
        user_source_id: user,
        org_source_id: "school",
        role: Some(role),
        ..RoleRow::default()
    }
}

fn numbered<'a>(user: UserRow<'a>, scheme: &str, number: &str) -> UserRow<'a> {
    let identifier = Identifier { scheme: scheme.into(), identifier: number.into() };
    UserRow { identifiers: Identifiers::new(&vec![identifier]), ..user }
}

const USER: EntityKind = EntityKind::User;

#[test]
fn names_alone_are_never_a_match() {
    Nights::default().both("a", "x", |it| person(it, "Ana", "Ruiz")).check(
        USER,
        &[],
        &["a x: names"],
    );
}

#[test]
fn names_and_birth_date_are_a_match_however_names_are_written() {
    Nights::default()
        .with_old(&person("a", "Mary Ann", "O'Brien"))
        .with_new(&person("x", "MARY  ANN", "o'brien"))
        .both("a", "x", |it| born(it, "2011-03-04"))
        .check(USER, &["a x: names, birth date"], &[]);
}

#[test]
fn namesakes_with_one_birth_date_stay_ambiguous() {
    let nights = Nights::default()
        .both("a", "x", |it| person(it, "Ana", "Ruiz"))
        .both("b", "y", |it| person(it, "Ana", "Ruiz"))
        .both("a", "x", |it| born(it, "2011-03-04"))
        .both("b", "y", |it| born(it, "2011-03-04"));
    nights.check(USER, &[], &["a|b x|y: everything but the key"]);
}

#[test]
fn namesakes_are_told_apart_by_their_sections() {
    let nights = Nights::default()
        .both("a", "x", |it| person(it, "Ana", "Ruiz"))
        .both("b", "y", |it| person(it, "Ana", "Ruiz"))
        .both("a", "x", |it| born(it, "2011-03-04"))
        .both("b", "y", |it| born(it, "2011-03-04"))
        .with_old(&enrolled("1", "a", "algebra"))
        .with_old(&enrolled("2", "b", "biology"))
        .with_new(&enrolled("3", "x", "algebra"))
        .with_new(&enrolled("4", "y", "biology"));
    nights.check(USER, &["a x: names, sections", "b y: names, sections"], &[]);
}

#[test]
fn namesakes_are_told_apart_by_enrollments_that_kept_their_keys() {
    let nights = Nights::default()
        .both("a", "x", |it| person(it, "Ana", "Ruiz"))
        .both("b", "y", |it| person(it, "Ana", "Ruiz"))
        .both("a", "x", |it| enrolled("1", it, "algebra"))
        .both("b", "y", |it| enrolled("2", it, "algebra"));
    let how = "names, records that kept their keys";
    nights.check(USER, &[&format!("a x: {how}"), &format!("b y: {how}")], &[]);
}

#[test]
fn namesakes_are_told_apart_by_identifiers() {
    let nights = Nights::default()
        .both("a", "x", |it| numbered(person(it, "Ana", "Ruiz"), "state", "1"))
        .both("b", "y", |it| numbered(person(it, "Ana", "Ruiz"), "state", "2"))
        .with_old(&person("c", "Ana", "Ruiz"));
    let how = "everything but the key";
    nights.check(USER, &[&format!("a x: {how}"), &format!("b y: {how}")], &[]);
}

#[test]
fn twins_that_share_an_address_are_two_people() {
    let twin =
        |key, given| UserRow { email: Some("home@example.org"), ..person(key, given, "Ruiz") };
    let nights = Nights::default().with_old(&twin("a", "Ana")).with_new(&twin("x", "Eva")).both(
        "a",
        "x",
        |it| born(it, "2011-03-04"),
    );
    nights.check(USER, &[], &["a x: e-mail address, names"]);
}

#[test]
fn a_father_is_not_his_son() {
    let john = |key| UserRow { email: Some("smith@example.org"), ..person(key, "John", "Smith") };
    let nights = Nights::default()
        .both("father", "son", john)
        .with_old(&role("r1", "father", RoleType::Parent))
        .with_new(&role("r2", "son", RoleType::Student));
    nights.check(USER, &[], &[]);
}

#[test]
fn namesakes_with_other_birth_dates_are_other_people_even_in_one_section() {
    let nights = Nights::default()
        .both("a", "x", |it| person(it, "Ana", "Ruiz"))
        .with_old(&born("a", "2011-03-04"))
        .with_new(&born("x", "2011-03-05"))
        .both("a", "x", |it| enrolled(it, it, "algebra"));
    nights.check(USER, &[], &[]);
}

#[test]
fn a_new_family_name_is_known_by_a_number_that_nobody_shares() {
    let nights = Nights::default()
        .with_old(&numbered(person("a", "Ana", "Ruiz"), "state", "7"))
        .with_new(&numbered(person("x", "Ana", "Silva"), "State", "7"))
        .both("a", "x", |it| born(it, "2011-03-04"));
    nights.check(USER, &["a x: identifier, family name"], &[]);
}

#[test]
fn a_number_that_families_share_is_no_match_for_siblings() {
    let household = |key, given, number| numbered(person(key, given, "Ruiz"), "household", number);
    let nights = Nights::default()
        .with_old(&household("a", "Ana", "1"))
        .with_old(&household("b", "Bea", "2"))
        .with_old(&household("c", "Cleo", "2"))
        .with_new(&household("x", "Xavi", "1"))
        .with_new(&household("y", "Bea", "2"));
    nights.check(USER, &["b y: everything but the key"], &["a x: identifier, names"]);
}

#[test]
fn the_same_names_with_other_numbers_are_other_people_where_numbers_stayed() {
    let mut nights = Nights::default();
    let keys: Vec<(String, String)> =
        (0..12).map(|it| (format!("old{it:02}"), format!("new{it:02}"))).collect();
    for (number, (old, new)) in keys.iter().enumerate() {
        let last = if number == 11 { "99".to_owned() } else { number.to_string() };
        nights = nights
            .with_old(&numbered(
                person(old, "Ana", old.split_at(3).1),
                "state",
                &number.to_string(),
            ))
            .with_new(&numbered(person(new, "Ana", new.split_at(3).1), "state", &last))
            .both(old, new, |it| born(it, "2011-03-04"));
    }
    let matches = nights.matcher.run();
    assert_eq!((matches.matched(USER), matches.unmatched_old(USER)), (11, 1));
    assert_eq!(matches.ambiguous(USER).count(), 1);
}

#[test]
fn the_old_key_may_be_an_identifier_at_another_source() {
    let nights = Nights::default().with_old(&person("s-100", "Ana", "Ruiz")).with_new(&numbered(
        person("5f0c", "Ana", "Ruiz"),
        "sis_id",
        "S-100",
    ));
    nights.check(USER, &["s-100 5f0c: identifier in another scheme, names"], &[]);
}

#[test]
fn contacts_are_known_by_their_students() {
    let contact = |key, student: &'static str| RelationshipRow {
        source_id: key,
        student_source_id: student,
        contact_source_id: key,
        ..RelationshipRow::default()
    };
    let nights = Nights::default()
        .both("p", "q", |it| person(it, "Rosa", "Ruiz"))
        .with_old(&contact("p", "stays"))
        .with_new(&contact("q", "stays"));
    nights.check(USER, &["p q: names, contacts"], &[]);
}

#[test]
fn keys_that_stay_are_in_no_map() {
    let nights =
        Nights::default()
            .both("a", "a", |it| person(it, "Ana", "Ruiz"))
            .both("b", "x", |it| UserRow { username: Some("ana"), ..person(it, "Ana", "Ruiz") });
    nights.check(USER, &["b x: everything but the key"], &[]);
}

#[test]
fn sections_with_the_same_fields_are_told_apart_by_their_people() {
    let section = |source_id| SectionRow {
        source_id,
        title: "Algebra",
        school_source_id: "school",
        ..SectionRow::default()
    };
    let both = |nights: Nights| nights.both("s1", "t1", section).both("s2", "t2", section);
    both(Nights::default()).check(
        EntityKind::Section,
        &[],
        &["s1|s2 t1|t2: everything but the key"],
    );
    let enrolled = both(Nights::default())
        .with_old(&enrolled("1", "ana", "s1"))
        .with_old(&enrolled("2", "ben", "s2"))
        .with_new(&enrolled("3", "ana", "t1"))
        .with_new(&enrolled("4", "ben", "t2"));
    let how = "school, title, people";
    enrolled.check(EntityKind::Section, &[&format!("s1 t1: {how}"), &format!("s2 t2: {how}")], &[]);
}

#[test]
fn the_same_people_in_another_term_are_another_section() {
    let section = |source_id, title, term: &str| SectionRow {
        source_id,
        title,
        school_source_id: "school",
        academic_session_source_ids: TextList::new(&vec![term.to_owned()]),
        ..SectionRow::default()
    };
    let nights = Nights::default()
        .with_old(&section("s", "Algebra", "fall"))
        .with_new(&section("t", "Algebra", "spring"))
        .with_old(&enrolled("1", "ana", "s"))
        .with_new(&enrolled("2", "ana", "t"));
    nights.check(EntityKind::Section, &[], &[]);
}

#[test]
fn what_hangs_on_people_follows_them() {
    let nights = || {
        Nights::default()
            .both("a", "x", |it| UserRow { username: Some("ana"), ..person(it, "Ana", "Ruiz") })
            .with_old(&role("a/school/student", "a", RoleType::Student))
            .with_new(&role("x/school/student", "x", RoleType::Student))
            .both("a", "x", |it| born(it, "2011-03-04"))
            .with_old(&enrolled("1", "a", "algebra"))
            .with_new(&enrolled("9", "x", "algebra"))
    };
    let how = "user, organization, role";
    nights().check(EntityKind::Role, &[&format!("a/school/student x/school/student: {how}")], &[]);
    nights().check(EntityKind::Demographics, &["a x: user"], &[]);
    nights().check(EntityKind::Enrollment, &["1 9: user, section, role"], &[]);
}

#[test]
fn organizations_are_known_by_their_parents_where_names_repeat() {
    let org = |source_id, name, parent| OrgRow {
        source_id,
        name,
        org_type: Some(OrgType::Department),
        parent_source_id: parent,
        ..OrgRow::default()
    };
    let nights = Nights::default()
        .with_old(&org("math1", "Math", Some("north")))
        .with_old(&org("math2", "Math", Some("south")))
        .both("north", "n", |it| org(it, "North", None))
        .both("south", "s", |it| org(it, "South", None))
        .with_new(&OrgRow { phone: Some("1"), ..org("m1", "Math", Some("n")) })
        .with_new(&OrgRow { phone: Some("2"), ..org("m2", "Math", Some("s")) });
    let how = "everything but the key";
    nights.check(
        EntityKind::Org,
        &[
            "math1 m1: type, name, parent",
            "math2 m2: type, name, parent",
            &format!("north n: {how}"),
            &format!("south s: {how}"),
        ],
        &[],
    );
}

#[test]
fn new_courses_of_a_new_year_are_not_the_old_ones() {
    use roster_core::model::CourseRow;
    let course = |source_id, year| CourseRow {
        source_id,
        title: "Algebra",
        course_code: Some("ALG"),
        org_source_id: Some("district"),
        school_year_source_id: Some(year),
        ..CourseRow::default()
    };
    let nights = Nights::default().with_old(&course("c1", "2026")).with_new(&course("c2", "2027"));
    nights.check(EntityKind::Course, &[], &["c1 c2: code, organization"]);
}

#[test]
fn debug_tells_no_key() {
    let matches = Nights::default()
        .both("CANARY1", "CANARY2", |it| UserRow {
            username: Some("CANARY"),
            ..person(it, "CANARY", "CANARY")
        })
        .both("CANARY3", "CANARY4", |it| person(it, "CANARY", "CANARY"))
        .matcher
        .run();
    let shown: String = [
        format!("{:?}", matches.maps(USER).collect::<Vec<_>>()),
        format!("{:?}", matches.ambiguous(USER).collect::<Vec<_>>()),
        format!("{matches:?}"),
    ]
    .concat();
    assert!(!shown.contains("CANARY"), "{shown}");
}
