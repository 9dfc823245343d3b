//! What a feed says of people must not come out as if it were a name of a column or of a property.

use crate::support::{Base, Files, Packing, Reading, read, swap};
use roster_core::{DiagnosticCode, ErrorKind};

/// All that a person may get to see of a reading.
fn told(reading: &Reading) -> String {
    let fields = reading.diagnostics.iter().filter_map(|it| it.field.as_deref());
    let fields: Vec<_> = fields.collect();
    let error = reading.error.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{}\n{error}\n{reading:?}", fields.join("\n"))
}

/// A set in which every value of a person begins with `CANARY`.
fn canaries() -> Files {
    let mut files = Base::V1_1.files();
    swap(
        &mut files,
        "users.csv",
        "u1,,,true,s1,student,ada,{LDAP:7},Ada,Moss,,0007,,,,u3,09,",
        "CANARY-1,,,CANARY-2,s1,student,CANARY.user,{LDAP:CANARY},CANARY Ada,CANARY-Moss,CANARY,\
         CANARY,CANARY@lakeside.example,CANARY,CANARY-password,CANARY-note,09,CANARYpwd",
    );
    files
}

fn without_header(files: &mut Files, name: &str) {
    let text = String::from_utf8(files[name].clone()).unwrap();
    let (_, records) = text.split_once('\n').unwrap();
    files.insert(name.to_owned(), records.as_bytes().to_vec());
}

#[test]
fn a_record_in_place_of_the_header_is_not_told() {
    let mut files = canaries();
    without_header(&mut files, "users.csv");
    let reading = read(&files, Packing::Deflated);
    let error = reading.error.as_ref().expect("no column is found");
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    let found = error.contexts().find(|it| it.0 == "found").expect("it says what was found").1;
    assert!(found.starts_with("column 1, column 2"), "{found}");
    assert!(!told(&reading).contains("CANARY"), "{}", told(&reading));
}

#[test]
fn a_record_in_place_of_the_header_is_not_told_where_a_cell_of_it_looks_like_another_format() {
    let mut files = canaries();
    without_header(&mut files, "users.csv");
    files.remove("manifest.csv");
    for name in
        ["orgs.csv", "academicSessions.csv", "courses.csv", "classes.csv", "enrollments.csv"]
    {
        files.remove(name);
    }
    files.remove("demographics.csv");
    swap(&mut files, "users.csv", "CANARY-1,", "SIS ID,");
    let reading = read(&files, Packing::Deflated);
    let error = reading.error.as_ref().expect("it is refused");
    assert!(error.to_string().contains("School Data Sync"), "{error}");
    assert!(error.to_string().contains("SIS ID"), "{error}");
    assert!(!told(&reading).contains("CANARY"), "{}", told(&reading));
}

#[test]
fn unknown_columns_are_told_only_where_the_header_is_one_for_sure() {
    let check = |from: &str, to: &str, told: &[&str], code: DiagnosticCode| {
        let mut files = Base::V1_1.files();
        swap(&mut files, "users.csv", from, to);
        let reading = read(&files, Packing::Deflated);
        let found = reading.diagnostics.iter().filter(|it| it.code == code);
        let found: Vec<_> = found.filter_map(|it| it.field.as_deref()).collect();
        assert_eq!(found, told, "{to}");
    };
    check("phone,", "phoneNumber,", &["phoneNumber"], DiagnosticCode::ColumnUnknown);
    check("sourcedId,", "Ada Moss,", &["column 1"], DiagnosticCode::ColumnUnknown);
    check("phone,", "ada@lakeside.example,", &["column 15"], DiagnosticCode::ColumnUnknown);
    check("phone,", "door pin,", &["door pin"], DiagnosticCode::ColumnCredential);
    check(
        "sourcedId,status,dateLastModified",
        "password1,password1,metadata.note",
        &["column 1"],
        DiagnosticCode::ColumnCredential,
    );
    check(
        "sourcedId,status,dateLastModified",
        "Ada Moss,Ada Moss,metadata.note",
        &["column 2"],
        DiagnosticCode::ColumnTwice,
    );
}

#[test]
fn records_in_place_of_the_manifest_are_not_told() {
    let mut files = canaries();
    let users = String::from_utf8(files["users.csv"].clone()).unwrap();
    let manifest = String::from_utf8(files["manifest.csv"].clone()).unwrap();
    let (_, records) = users.split_once('\n').unwrap();
    files.insert("manifest.csv".to_owned(), [records, &manifest].concat().into_bytes());
    let reading = read(&files, Packing::Deflated);
    let properties =
        reading.diagnostics.iter().filter(|it| it.code == DiagnosticCode::ManifestProperty);
    let properties: Vec<_> = properties.map(|it| it.field.as_deref()).collect();
    assert_eq!(properties, [None, None, None, Some("propertyName")]);
    let of_manifest = reading.diagnostics.iter().filter(|it| {
        it.code == DiagnosticCode::ManifestProperty && format!("{it:?}").contains("CANARY")
    });
    assert_eq!(of_manifest.count(), 0);
}
