//! What a reading gives beyond deviations: order, modes, roles and relationships, limits, cancellation.

use crate::support::{Base, Files, Packing, Reading, everything, pack, read, read_path, swap};
use roster_core::{
    Coverage, DiagnosticCode, EntityKind as Kind, ErrorKind, ExtractEvent, RunContext,
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

#[test]
fn roles_in_a_record_that_cannot_be_read_are_rejected_and_not_missing() {
    let check = |from, to| {
        let reading = read(&changed(Base::V1_1, &[("users.csv", from, to)]), Packing::Deflated);
        let rejected = |entity| -> u64 {
            let batches = reading.batches.iter().filter(|it| it.rows.entity() == entity);
            batches.map(|it| it.records_rejected).sum()
        };
        assert_eq!((rejected(Kind::User), rejected(Kind::Role)), (1, 1), "{to}");
    };
    check("u2,,,true", "u2,,,tr\"ue");
    check("u2,,,true", ",,,true");
    check("Ben,Reed,,,,,,,,", "Ben,Reed,,,,,,,,,x");
    check("u2,,,", "u2,A,,");
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
