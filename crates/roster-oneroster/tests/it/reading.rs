//! What a reading gives beyond deviations: order, modes, roles and relationships, limits, cancellation.

use crate::support::{Base, Files, Packing, Reading, everything, pack, read, read_path, swap};
use roster_core::{
    Coverage, Diagnostic, DiagnosticCode, EntityKind as Kind, ErrorKind, ExtractEvent, RunContext,
    Severity,
};
use roster_oneroster::{Fileset, FilesetReader, Mode, Version, refuse_half_a_set};
use roster_tabular::{Bundle, BundleLimits, CsvLimits};
use std::path::Path;

fn changed(base: Base, swaps: &[(&str, &str, &str)]) -> Files {
    let mut files = base.files();
    for (name, from, to) in swaps {
        swap(&mut files, name, from, to);
    }
    files
}

fn done(reading: &Reading) -> Vec<Kind> {
    reading.done.iter().map(|it| it.entity).collect()
}

fn open(path: &Path) -> Bundle {
    Bundle::open(path, &BundleLimits::default()).unwrap()
}

#[test]
fn entities_end_in_load_order() {
    let check = |base: Base, expected: &[Kind]| {
        let reading = read(&base.files(), Packing::Deflated);
        assert_eq!(done(&reading), expected, "{base:?}");
    };
    let before = [Kind::Org, Kind::AcademicSession, Kind::Course, Kind::Section, Kind::User];
    let people = [Kind::Role, Kind::Relationship];
    let rest = [Kind::Demographics, Kind::Enrollment];
    check(Base::V1_0, &[&before[..], &people, &rest].concat());
    check(Base::V1_1, &[&before[..], &people, &rest].concat());
    check(Base::V1_2, &[&before[..], &people, &rest[1..]].concat());
    check(Base::Delta, &[&[Kind::User][..], &people, &rest[1..]].concat());
}

#[test]
fn editions_and_modes_are_told() {
    let check = |base: Base, version, mode| {
        let (_folder, path) = pack(&base.files(), Packing::Deflated);
        let fileset = Fileset::open(open(&path), CsvLimits::default()).unwrap();
        assert_eq!(fileset.version(), version);
        assert!(fileset.entities().iter().all(|it| it.1 == mode), "{base:?}");
        assert!(fileset.entities().iter().any(|it| it.0 == Kind::Relationship), "{base:?}");
    };
    check(Base::V1_0, Version::V1_0, Mode::Bulk);
    check(Base::V1_1, Version::V1_1, Mode::Bulk);
    check(Base::V1_2, Version::V1_2_1, Mode::Bulk);
    check(Base::Delta, Version::V1_2_1, Mode::Delta);
}

#[test]
fn users_of_1_1_alternate_with_their_roles() {
    let reading = read(&Base::V1_1.files(), Packing::Deflated);
    let order: Vec<_> = reading.batches.iter().map(|it| it.rows.entity()).collect();
    let people: Vec<_> =
        order.into_iter().filter(|it| matches!(it, Kind::User | Kind::Role)).collect();
    assert_eq!(people, [Kind::User, Kind::Role, Kind::User, Kind::Role]);
}

#[test]
fn only_what_was_asked_for_is_read() {
    let check = |base: Base, wanted: Kind| {
        let (_folder, path) = pack(&base.files(), Packing::Deflated);
        let mut request = everything(10);
        request.entities.retain(|it| it.entity == wanted);
        let reading = read_path(&path, request);
        assert_eq!(done(&reading), [wanted], "{base:?}");
        assert!(reading.batches.iter().all(|it| it.rows.entity() == wanted), "{base:?}");
        reading.keys(wanted).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(check(Base::V1_1, Kind::Org), ["d1", "s1"]);
    assert_eq!(check(Base::V1_1, Kind::User), ["u1", "u2", "u3"]);
    assert_eq!(check(Base::V1_1, Kind::Role).len(), 3);
    assert_eq!(check(Base::V1_1, Kind::Relationship), ["u1/u3"]);
    assert_eq!(check(Base::V1_2, Kind::Role), ["r1", "r2", "r3"]);
    assert_eq!(check(Base::V1_2, Kind::Relationship), ["u1/u3"]);
}

#[test]
fn relationships_of_1_2_know_their_side_without_the_roles_being_asked_for() {
    let files = changed(
        Base::V1_2,
        &[("users.csv", "u3,09", ",09"), ("users.csv", "Cy,Moss,,,,,,,", "Cy,Moss,,,,,,u1,")],
    );
    let (_folder, path) = pack(&files, Packing::Deflated);
    let mut request = everything(10);
    request.entities.retain(|it| it.entity == Kind::Relationship);
    let reading = read_path(&path, request);
    assert_eq!(reading.keys(Kind::Relationship), ["u1/u3"]);
}

#[test]
fn a_parent_who_is_a_student_lists_contacts() {
    let files = changed(
        Base::V1_2,
        &[(
            "roles.csv",
            "r1,,,u1,primary,student,,,s1,",
            "r1,,,u1,primary,parent,,,s1,\nr4,,,u1,secondary,student,,,s1,",
        )],
    );
    let reading = read(&files, Packing::Deflated);
    assert_eq!(reading.keys(Kind::Relationship), ["u1/u3"]);
}

#[test]
fn no_agents_at_all_is_a_complete_entity_without_rows() {
    let files = changed(Base::V1_1, &[("users.csv", ",u3,09", ",,09")]);
    let reading = read(&files, Packing::Deflated);
    assert!(reading.keys(Kind::Relationship).is_empty());
    assert!(done(&reading).contains(&Kind::Relationship));
}

#[test]
fn a_delta_of_1_1_replaces_roles_and_contacts_of_the_users_it_gives() {
    let files = changed(
        Base::V1_1,
        &[
            ("manifest.csv", "file.users,bulk", "file.users,delta"),
            ("users.csv", "u1,,,", "u1,active,2026-09-01T00:00:00.000Z,"),
            ("users.csv", "u2,,,", "u2,tobedeleted,2026-09-01T00:00:00.000Z,"),
            ("users.csv", "u3,,,", "u3,active,2026-09-01T00:00:00.000Z,"),
            ("users.csv", "Cy,Moss", "Cy,"),
        ],
    );
    let reading = read(&files, Packing::Deflated);
    assert_eq!(reading.gone(Kind::User), ["u2"]);
    assert_eq!(reading.keys(Kind::Role), ["u1/s1/student", "u3/s1/parent"]);
    assert_eq!(reading.replaced(Kind::Role), ["u1", "u2"], "u3 is rejected, its roles stay");
    assert_eq!(reading.replaced(Kind::Relationship), ["u1", "u2"]);
    let users: Vec<_> = reading.done.iter().filter(|it| it.coverage == Coverage::Changes).collect();
    assert_eq!(users.len(), 3);
}

/// Rejected records of some entities, and how often a rejection was reported.
fn rejections(reading: &Reading, entities: [Kind; 3]) -> ([u64; 3], usize) {
    let rejected = |entity| {
        let batches = reading.batches.iter().filter(|it| it.rows.entity() == entity);
        batches.map(|it| it.records_rejected).sum()
    };
    let told = reading.diagnostics.iter().filter(|it| it.severity == Severity::Rejected);
    (entities.map(rejected), told.count())
}

#[test]
fn roles_of_a_record_without_a_readable_key_are_not_missing_and_the_record_is_told_once() {
    let check = |from, to, expected: [u64; 3]| {
        let reading = read(&changed(Base::V1_1, &[("users.csv", from, to)]), Packing::Deflated);
        let people = [Kind::User, Kind::Role, Kind::Relationship];
        assert_eq!(rejections(&reading, people), (expected, 1), "{to}");
    };
    check("u2,,,true", "u2,,,tr\"ue", [1, 1, 1]);
    check("u2,,,true", ",,,true", [1, 1, 0]);
    // The roles of a user who was rejected by name are known by their owner.
    check("Ben,Reed,,,,,,,,", "Ben,Reed,,,,,,,,,x", [1, 0, 1]);
    check("u2,,,", "u2,A,,", [1, 0, 0]);
}

#[test]
fn a_rejected_record_is_told_with_its_roles_where_users_are_not_asked_for() {
    let check = |from, to| {
        let files = changed(Base::V1_1, &[("users.csv", from, to)]);
        let (_folder, path) = pack(&files, Packing::Deflated);
        for wanted in [Kind::Role, Kind::Relationship] {
            let mut request = everything(10);
            request.entities.retain(|it| it.entity == wanted);
            let reading = read_path(&path, request);
            assert_eq!(rejections(&reading, [wanted; 3]), ([1; 3], 1), "{to} {wanted:?}");
        }
    };
    check("u2,,,true", "u2,,,tr\"ue");
    check("Ben,Reed,,,,,,,,", "Ben,Reed,,,,,,,,,x");
}

#[test]
fn findings_of_a_set_without_files_are_told() {
    let mut files = Files::new();
    files.insert("manifest.csv".into(), b"propertyName,value\nfile.orgs,bulk\n".to_vec());
    let reading = read(&files, Packing::Deflated);
    assert!(reading.error.is_none() && reading.done.is_empty());
    assert_eq!(reading.diagnostics[0].code, DiagnosticCode::FileMissing);
    assert_eq!(reading.batches[0].rows.entity(), Kind::Org);
}

#[test]
fn findings_before_a_refusal_come_with_a_table_that_was_asked_for() {
    let mut files = changed(Base::V1_1, &[("manifest.csv", "file.users", "fiel.users")]);
    files.insert("orgs.csv".to_owned(), b"<html>".to_vec());
    let (_folder, path) = pack(&files, Packing::Deflated);
    let mut request = everything(10);
    request.entities.retain(|it| it.entity == Kind::User);
    let reading = read_path(&path, request);
    assert!(reading.error.is_some());
    let found: Vec<_> = reading.batches.iter().map(|it| it.rows.entity()).collect();
    assert_eq!(found, [Kind::User]);
}

#[test]
fn half_a_set_is_not_ready() {
    let check = |remove: Option<&str>, expected: Option<ErrorKind>| {
        let mut files = Base::V1_1.files();
        remove.map(|it| files.remove(it));
        let (_folder, path) = pack(&files, Packing::Folder);
        let outcome = refuse_half_a_set(&open(&path), CsvLimits::default());
        assert_eq!(outcome.err().map(|it| it.kind()), expected, "{remove:?}");
    };
    check(None, None);
    check(Some("enrollments.csv"), Some(ErrorKind::NotReady));
    check(Some("manifest.csv"), None);
}

#[test]
fn cancelled_reading_ends_with_cancelled_and_no_completion() {
    let (_folder, path) = pack(&Base::V1_1.files(), Packing::Deflated);
    let ctx = RunContext::detached();
    let mut events =
        FilesetReader::new(open(&path), CsvLimits::default(), ctx.clone(), everything(1));
    assert!(matches!(events.next(), Some(Ok(ExtractEvent::Batch(_)))));
    ctx.cancel.cancel();
    let rest: Vec<_> = events.collect();
    assert!(rest.iter().all(|it| !matches!(it, Ok(ExtractEvent::Done(_)))));
    let last = rest.last().and_then(|it| it.as_ref().err()).map(roster_core::Error::kind);
    assert_eq!(last, Some(ErrorKind::Cancelled));
}

#[test]
fn a_runaway_list_costs_bounded_memory() {
    let mut organizations = "x,".repeat(200_000);
    organizations.push('x');
    let user = "u".repeat(500_000);
    let swap = format!("{user},,,true,\"{organizations}\"");
    let files = changed(Base::V1_1, &[("users.csv", "u2,,,true,s1", &swap)]);
    let reading = read(&files, Packing::Deflated);
    let most = reading.batches.iter().map(|it| it.rows.bytes()).max();
    assert!(most.is_some_and(|it| it < 40 << 20), "{most:?}");
    assert!(reading.diagnostics.iter().any(|it| it.code == DiagnosticCode::ListTooLong));
}

#[test]
fn findings_hold_no_value_but_the_key() {
    let files = changed(
        Base::V1_1,
        &[
            (
                "users.csv",
                "true,s1,teacher,ben,,Ben,Reed",
                "CANARY,s1,CANARY,CANARY,CANARY,,CANARY",
            ),
            ("orgs.csv", "district", "CANARY"),
        ],
    );
    let reading = read(&files, Packing::Deflated);
    assert!(reading.diagnostics.len() > 3);
    for it in &reading.diagnostics {
        let words = [it.field.as_deref(), it.source_id.as_deref()];
        assert!(words.iter().flatten().all(|it| !it.contains("CANARY")), "{it:?}");
    }
    assert!(!format!("{reading:?}").contains("CANARY"));
}

/// A delta of 1.1 whose `users.csv` holds these records and nothing else.
fn delta_of_users(records: &str) -> Reading {
    let mut files = changed(Base::V1_1, &[("manifest.csv", "file.users,bulk", "file.users,delta")]);
    let users = String::from_utf8(files["users.csv"].clone()).unwrap();
    let (header, _) = users.split_once('\n').unwrap();
    files.insert("users.csv".to_owned(), format!("{header}\n{records}").into_bytes());
    read(&files, Packing::Deflated)
}

#[test]
fn roles_end_with_their_users_in_a_delta_that_has_no_role_at_all() {
    let check = |records: &str, users: &[&str]| {
        assert_eq!(delta_of_users(records).replaced(Kind::Role), users, "{records}");
    };
    let gone = "tobedeleted,2026-09-01T00:00:00.000Z,true,s1,student,,,,,,,,,,,,\n";
    check(&format!("u1,{gone}u2,{gone}u3,{gone}"), &["u1", "u2", "u3"]);
    check("u1,active,2026-09-01T00:00:00.000Z,true,,,ada,,Ada,Moss,,,,,,,,\n", &["u1"]);
}

#[test]
fn keys_with_slashes_do_not_make_the_same_derived_key() {
    let reading = read(
        &changed(
            Base::V1_1,
            &[
                ("users.csv", "u1,,,true,s1", "a/b,,,true,c"),
                ("users.csv", "u2,,,true,s1,teacher", "a,,,true,b/c,student"),
                ("users.csv", "u3,,,true,s1", "100%,,,true,s1"),
                ("users.csv", "Ada,Moss,,0007,,,,u3", "Ada,Moss,,0007,,,,c"),
                ("users.csv", "Ben,Reed,,,,,,,,", "Ben,Reed,,,,,,b/c,,"),
            ],
        ),
        Packing::Deflated,
    );
    assert_eq!(
        reading.keys(Kind::Role),
        ["a%2Fb/c/student", "a/b%2Fc/student", "100%25/s1/parent"]
    );
    assert_eq!(reading.keys(Kind::Relationship), ["a%2Fb/c", "a/b%2Fc"]);
    assert_eq!(reading.value(Kind::Role, "a%2Fb/c/student", "user_source_id"), Some("a/b"));
}

#[test]
fn a_header_that_is_no_header_is_refused_with_the_reason() {
    let check = |header: &str, expected: &str| {
        let mut files = Base::V1_1.files();
        files.insert("orgs.csv".to_owned(), header.as_bytes().to_vec());
        let reading = read(&files, Packing::Stored);
        let error = reading.error.unwrap();
        assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
        let told = error.to_string();
        assert!(told.contains(expected) && !told.contains('\0'), "{told}");
    };
    check(&format!("sourcedId{}\n", ",c".repeat(5_000)), "too many columns");
    check(&"c".repeat(2_000_000), "header line is too long");
    check("sourcedId,na\"me\n", "quotes");
    check(&"\0".repeat(5_000), "names none of the file's columns");
}

#[test]
fn a_value_that_runs_away_is_told_as_that() {
    let name = "x".repeat(2_000_000);
    let files = changed(Base::V1_1, &[("orgs.csv", "Lakeside High", &name)]);
    let reading = read(&files, Packing::Stored);
    let found: Vec<_> = reading.diagnostics.iter().map(|it| it.code).collect();
    assert_eq!(found, [DiagnosticCode::RecordTooLong]);
    assert_eq!(reading.keys(Kind::Org), ["d1"]);
}

#[test]
fn a_list_that_is_too_long_names_no_record_to_keep() {
    let organizations = (0..40_000).map(|it| format!("x{it}")).collect::<Vec<_>>().join(",");
    let user = "u".repeat(1_000);
    let swap = format!("{user},,,true,\"{organizations}\"");
    let reading =
        read(&changed(Base::V1_1, &[("users.csv", "u2,,,true,s1", &swap)]), Packing::Deflated);
    let too_long = |it: &&Diagnostic| it.code == DiagnosticCode::ListTooLong;
    let found: Vec<_> = reading.diagnostics.iter().filter(too_long).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Rejected);
    assert_eq!(found[0].source_id, None, "it is the key of a user, and no role has it");
}
