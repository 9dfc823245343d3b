//! Half an upload: a file of a folder that breaks off in the middle of a record is waited for, and nothing of it counts.

use crate::support::{Base, Files, Packing, Reading, read};
use roster_core::{DiagnosticCode, EntityKind, Error, ErrorKind};

const HEADER: &str = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n";

/// Reads organizations below their header.
fn orgs(text: &str, packing: Packing) -> Reading {
    let mut files: Files = Base::V1_1.files();
    files.insert("orgs.csv".to_owned(), format!("{HEADER}{text}").into_bytes());
    read(&files, packing)
}

/// The line on which a file in a folder is known to break off.
fn check(text: &str, expected: Option<u64>) {
    let reading = orgs(text, Packing::Folder);
    let error = reading.error.as_ref();
    assert_eq!(error.map(Error::kind), expected.map(|_| ErrorKind::NotReady), "{text}");
    if let (Some(error), Some(line)) = (error, expected) {
        let told = error.to_string();
        assert!(told.contains("orgs.csv") && told.contains(&format!("line={line}")), "{told}");
        assert!(reading.done.iter().all(|it| it.entity != EntityKind::Org), "{text}");
    }
}

#[test]
fn a_file_of_a_folder_that_breaks_off_in_a_record_is_not_ready() {
    check("d1,,,Lakeside,district,,\ns1,,,Lakesi", Some(3));
    check("d1,,,Lakeside,dist", Some(2));
    check("d1,,,Lakeside,district,,\r\ns1,,,\"Lakeside Hi", Some(3));
    check("d1,,,Lakeside,district,,\ns1,,,\"Lakeside\nHi", Some(4));
    check("d1,,,Lakeside,district\ns1,,,Lakesi", Some(3));
}

#[test]
fn a_file_of_a_folder_without_a_last_line_end_is_whole() {
    check("d1,,,Lakeside,district,,\ns1,,,Lakeside High,school,,d1", None);
    check("d1,,,Lakeside,district,,\ns1,,,\"Lakeside High\",school,,\"d1\"", None);
    check("d1,,,Lakeside,district,,\ns1,,,Lakesi\n", None);
    check("d1,,,Lakeside,district\ns1,,,Lakeside High,school", None);
    check("", None);
}

#[test]
fn a_record_that_breaks_off_in_an_archive_is_one_that_is_too_narrow() {
    let reading = orgs("d1,,,Lakeside,district,,\ns1,,,Lakeside High,school", Packing::Deflated);
    assert!(reading.error.is_none());
    assert_eq!(reading.keys(EntityKind::Org), ["d1", "s1"]);
    let found: Vec<_> = reading.diagnostics.iter().map(|it| it.code).collect();
    assert_eq!(found, [DiagnosticCode::RowTooNarrow]);
}
