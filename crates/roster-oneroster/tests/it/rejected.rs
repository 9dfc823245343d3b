//! Rejected records come as they stood in the file, without what nobody may keep.

use crate::support::{Base, Files, Packing, everything, pack, read, read_path, swap};
use roster_core::{Batch, EntityKind, SourceRecord};

/// A user's record up to the password, which is the last column but for extensions.
const ADA: &str = "u1,,,true,s1,student,ada,{LDAP:7},Ada,Moss,,0007,,,,u3,09,";

fn rejected(files: &Files) -> Vec<(EntityKind, SourceRecord)> {
    let reading = read(files, Packing::Deflated);
    assert!(reading.error.is_none(), "{:?}", reading.error);
    let of = |it: Batch| it.rejected.into_iter().map(move |record| (it.rows.entity(), record));
    reading.batches.into_iter().flat_map(of).collect()
}

/// The one rejected record: `line key`, then its fields.
#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    let mut files = Base::V1_1.files();
    swap(&mut files, "users.csv", from, to);
    let found: Vec<_> = rejected(&files)
        .into_iter()
        .map(|(entity, record)| {
            let SourceRecord { position, source_id, fields } = record;
            let fields: Vec<_> =
                fields.iter().map(|(name, text)| format!("{name}={text}")).collect();
            let (table, key) = (entity.table(), source_id.as_deref().unwrap_or("-"));
            format!("{table} {position} {key}: {}", fields.join(" "))
        })
        .collect();
    let expected: Vec<&str> = if expected.is_empty() { Vec::new() } else { vec![expected] };
    assert_eq!(found, expected, "{to}");
}

#[test]
fn rejected_records_have_their_fields_by_the_names_of_the_file() {
    check(ADA, ADA, "");
    check(
        ADA,
        "u1,,,true,s1,student,ada,{LDAP:7},,Moss, ,0007,,,,u3,09,CANARY",
        "users 2 u1: sourcedId=u1 enabledUser=true orgSourcedIds=s1 role=student username=ada \
         userIds={LDAP:7} familyName=Moss identifier=0007 agentSourcedIds=u3 grades=09",
    );
    check(
        ADA,
        ",,, TRUE ,s1,student,ada,,Ada,\"Mo\"\"ss\",,,,,,,,CANARY",
        "users 2 -: enabledUser= TRUE  orgSourcedIds=s1 role=student username=ada givenName=Ada \
         familyName=Mo\"ss",
    );
}

#[test]
fn names_are_those_that_the_file_has() {
    let mut files = Base::V1_1.files();
    swap(&mut files, "users.csv", "sourcedId,status,", "SourcedID,Status,");
    swap(&mut files, "users.csv", ",grades,password", ",grades,password,lunchPin,shoeSize");
    swap(&mut files, "users.csv", ADA, "u1,,,true,s1,student,ada,,,Moss,,,,,,,09,CANARY,CANARY,38");
    let found = rejected(&files);
    let names: Vec<_> = found[0].1.fields.iter().map(|it| &*it.0).collect();
    let expected =
        ["SourcedID", "enabledUser", "orgSourcedIds", "role", "username", "familyName", "grades"];
    assert_eq!(names, [&expected[..], &["shoeSize"]].concat());
    assert!(found[0].1.fields.iter().all(|it| !it.1.contains("CANARY")));
}

/// A comma too many or too few moves the password under another column.
#[test]
fn no_password_is_kept_from_a_record_whose_cells_stand_too_far_to_one_side() {
    let wide = "u1,,,true,s1,student,ada,{LDAP:7},Ada,Moss, Jr,,0007,,,,u3,09,CANARY";
    let narrow = "u1,,,true,s1,student,ada,{LDAP:7},,,0007,,,,u3,09,CANARY";
    for record in [wide, narrow] {
        let mut files = Base::V1_1.files();
        swap(&mut files, "users.csv", ",grades,password", ",grades,password,shoeSize");
        swap(&mut files, "users.csv", ADA, &format!("{record},38"));
        let found = rejected(&files);
        let text: Vec<_> = found[0].1.fields.iter().map(|it| &*it.1).collect();
        assert!(text.contains(&"u3") && text.contains(&"Ada") == (record == wide), "{text:?}");
        assert!(!text.contains(&"CANARY"), "{record}");
    }
}

#[test]
fn broken_and_endless_records_come_with_what_is_safe() {
    check(ADA, "u1,,,true,s1,student,\"ada\"x,,Ada,Moss,,,,,,,09,", "");
    let long = "x".repeat(70_000);
    check(ADA, &format!("u1,,,true,s1,student,ada,,,{long},,,,,,,09,"), "users 2 u1: ");
}

/// Records that fill a batch with what is rejected end it, however few its rows are.
#[test]
fn rejected_records_are_held_in_bounded_memory() {
    let mut files = Base::V1_1.files();
    let mut users = String::from_utf8(files["users.csv"].clone()).unwrap();
    let long = "x".repeat(60_000);
    for number in 0..100 {
        let user = format!("v{number},,,true,s1,student,ada,,,{long},,,,,,,09,\n");
        users.push_str(&user);
    }
    files.insert("users.csv".to_owned(), users.into_bytes());
    let (_folder, path) = pack(&files, Packing::Stored);
    let reading = read_path(&path, everything(2048));
    assert_eq!((reading.rejected(), reading.error.is_none()), (100, true));
    let held = |it: &Batch| -> usize {
        it.rejected.iter().flat_map(|it| &it.fields).map(|it| it.1.len()).sum()
    };
    assert!(reading.batches.iter().map(held).all(|it| it < (1 << 20) + 70_000));
    assert_eq!(reading.batches.iter().map(|it| it.rejected.len()).sum::<usize>(), 100);
}
