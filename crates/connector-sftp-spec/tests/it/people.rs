//! People: one person in several rows and files, and two people under one key.

use super::{REJECTED, REPAIRED, WARNING, example, read, read_with};
use roster_core::EntityKind;

#[test]
fn person_with_several_rows_is_one_user_with_several_roles() {
    let extract = read(&example());
    let users = extract.keys(EntityKind::User);
    assert_eq!(users.iter().filter(|it| *it == "T001").count(), 1);
    assert_eq!(users.iter().filter(|it| *it == "T004").count(), 1, "staff and contact");
    let roles = extract.field(EntityKind::Role, "is_primary");
    let of = |user: &str| -> Vec<_> {
        let own = roles.iter().filter(|it| it.0.starts_with(&format!("{user}/")));
        own.map(|it| (&*it.0, &*it.1)).collect()
    };
    assert_eq!(of("T001"), [("T001/0120/teacher", "true"), ("T001/0110/teacher", "false")]);
    let both = [("T004/0120/siteAdministrator", "true"), ("T004/0120/relative", "false")];
    assert_eq!(of("T004"), both);
    let school = |user: &str| extract.value(EntityKind::User, user, "primary_org_source_id");
    assert_eq!(school("T001").as_deref(), Some("0120"));
}

#[test]
fn contacts_are_at_the_school_of_their_student_as_what_the_relationship_says() {
    let extract = read(&example());
    let roles = extract.keys(EntityKind::Role);
    for role in ["C001/0120/parent", "C002/0110/relative", "C003/0110/contact"] {
        assert!(roles.iter().any(|it| it == role), "{role} {roles:?}");
    }
    let school = extract.value(EntityKind::User, "C002", "primary_org_source_id");
    assert_eq!(school.as_deref(), Some("0110"));
}

#[test]
fn two_people_under_one_key_are_never_taken_for_one() {
    let mut set = example();
    set.replace("staff.csv", "T002", "0001001");
    let extract = read(&set);
    assert_eq!(extract.codes(), [("person_key_shared", REJECTED)]);
    let name = |entity, key: &str| extract.value(entity, key, "given_name");
    assert_eq!(name(EntityKind::User, "0001001").as_deref(), Some("Amara"));
    // With a prefix they do not meet.
    let extract = read_with(&set, "prefixes = { staff = 'S-' }");
    assert_eq!(extract.codes(), []);
    assert!(extract.keys(EntityKind::User).contains(&"S-0001001".to_owned()));
    let teachers = extract.field(EntityKind::Enrollment, "user_source_id");
    assert!(teachers.iter().any(|it| it.1 == "S-T001"), "{teachers:?}");
}

#[test]
fn rows_of_a_person_that_repeat_or_differ_are_told() {
    let check = |from: &str, to: &str, expected: &[(&str, _)]| {
        let mut set = example();
        set.replace("staff.csv", from, to);
        assert_eq!(read(&set).codes(), expected, "{to}");
    };
    let second = "T001,0110,teacher,Priya,Raman";
    check(second, "T001,0120,teacher,Priya,Raman", &[("duplicate_key", REJECTED)]);
    check(second, "T001,0110,teacher,PRIYA,Raman", &[("person_rows_differ", WARNING)]);
    check(second, "T001,0110,teacher,Paula,Raman", &[("person_key_shared", REJECTED)]);
    check(
        &format!("{second},,,,,,,,,,praman"),
        &format!("{second},,,,,,,,,,other"),
        &[("person_rows_differ", WARNING)],
    );
}

#[test]
fn leading_zeros_that_a_spreadsheet_took_are_found_and_restored() {
    let mut set = example();
    set.replace("students.csv", "0001002,0110,", "0001002,110,");
    set.replace("enrollments.csv", "0001003", "1003");
    let extract = read(&set);
    assert_eq!(extract.codes(), [("leading_zeros", REPAIRED), ("leading_zeros", REPAIRED)]);
    let school = extract.value(EntityKind::User, "0001002", "primary_org_source_id");
    assert_eq!(school.as_deref(), Some("0110"));
    let student = extract.value(EntityKind::Enrollment, "E2", "user_source_id");
    assert_eq!(student.as_deref(), Some("0001003"));
}

#[test]
fn keys_that_a_spreadsheet_rounded_reject_their_records() {
    let mut set = example();
    set.replace("students.csv", "0001002,0110,", "1.00E+06,0110,");
    assert_eq!(read(&set).codes()[0], ("rounded_number", REJECTED));
}
