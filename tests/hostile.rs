//! Hostile and broken input: a clear error, bounded memory, nothing published.

use homeroom_tests::{Bench, Night, feed};
use roster_testkit::FileSet;
use std::io::{Cursor, Write};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// No hostile feed may make the program hold more.
const MEMORY: u64 = 400 << 20;

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a name");
        archive.write_all(bytes).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

/// The district's files and another.
fn with_file(name: &str, bytes: &[u8]) -> Vec<u8> {
    let district = feed("oneroster-1.2");
    let mut files: Vec<_> =
        district.names().map(|it| (it, district.get(it).unwrap_or_default())).collect();
    files.push((name, bytes));
    archive(&files)
}

/// Replaces a name wherever it stands in an archive, without changing any length.
fn renamed(mut archive: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut found = 0;
    for at in 0..=archive.len() - from.len() {
        if &archive[at..at + from.len()] == from.as_bytes() {
            archive[at..at + from.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
    }
    assert!(found >= 2, "a name stands before its file and in the directory");
    archive
}

#[track_caller]
fn refused(archive: &[u8]) -> Night {
    let bench = Bench::new();
    let night = bench.failed_night(&bench.write("hostile.zip", archive));
    assert!(night.peak_memory_bytes < MEMORY, "{} bytes", night.peak_memory_bytes);
    let error = night.error.as_ref().expect("a failed night has an error");
    assert!(error["message"].len() > 20, "{error:?}");
    if bench.path("roster.db").exists() {
        assert!(bench.database().published().values().all(Vec::is_empty));
    }
    night
}

#[test]
fn path_traversal_is_refused() {
    for name in ["../evil.csv", "a/../../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "..\\evil.csv"]
    {
        let placeholder = "x".repeat(name.len());
        let archive = renamed(with_file(&placeholder, b"a,b\r\n"), &placeholder, name);
        assert_eq!(refused(&archive).error_kind(), "damaged", "{name}");
    }
}

#[test]
fn two_entries_of_one_name_are_refused() {
    let archive = renamed(with_file("userz.csv", b"sourcedId\r\n"), "userz.csv", "users.csv");
    assert_eq!(refused(&archive).error_kind(), "damaged");
}

#[test]
fn zip_bomb_is_refused() {
    let zeros = vec![b'0'; 200 << 20];
    let mut set = feed("oneroster-1.2");
    let header = b"sourcedId,status,dateLastModified,title,weight\r\n";
    set.set("categories.csv", [&header[..], &zeros].concat());
    assert_eq!(refused(&set.zip().expect("memory")).error_kind(), "damaged");
}

#[test]
fn archive_within_the_archive_is_not_opened() {
    let bench = Bench::new();
    let inner = archive(&[("users.csv", b"sourcedId\r\nX\r\n")]);
    let night = bench.night(&bench.write("nested.zip", with_file("inner.zip", &inner)));
    assert_eq!(night.findings(), ["file_unknown warning 1"]);
    assert_eq!(refused(&archive(&[("oneroster.zip", &inner)])).outcome, "failed");
}

#[test]
fn archive_that_is_none_is_refused() {
    for bytes in [&b""[..], b"PK", b"not a zip at all, but text", &[0; 4096]] {
        let bench = Bench::new();
        let output = bench.sync(&bench.write("hostile.zip", bytes));
        let night = Night::parse(&output.stdout);
        let ended = (output.code, night.outcome.as_str());
        assert!(matches!(ended, (11, "failed") | (0, "unchanged")), "{ended:?}");
        assert!(night.error.is_some(), "{} bytes", bytes.len());
    }
}

#[test]
fn stored_entry_with_a_changed_byte_is_refused() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let district = feed("oneroster-1.2");
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for name in district.names() {
        zip.start_file(name, stored).expect("a name");
        zip.write_all(district.get(name).unwrap_or_default()).expect("memory");
    }
    let archive = zip.finish().expect("memory").into_inner();
    let changed = renamed([archive.clone(), b"Lab 2".to_vec()].concat(), "Lab 2", "Lab 3");
    assert_eq!(refused(&changed[..archive.len()]).error_kind(), "damaged");
    let bench = Bench::new();
    assert_eq!(bench.night(&bench.write("stored.zip", &archive)).outcome, "published");
}

/// The district with another text for a file.
fn with_text(name: &str, text: Vec<u8>) -> FileSet {
    let mut files = feed("oneroster-1.2");
    files.set(name, text);
    files
}

#[test]
fn very_long_line_is_refused_or_rejected_in_bounded_memory() {
    // Not the same byte over and over, which would be stopped as a bomb.
    let noise = |n: usize| b'a' + u8::try_from((n * n / 7 + n * 31) % 26).expect("below 26");
    let long: Vec<u8> = (0..150 << 20).map(noise).collect();
    let text =
        [&b"sourcedId,status,dateLastModified,title,weight\r\nA,,,"[..], &long, b",1\r\n"].concat();
    let bench = Bench::new();
    let folder = bench.path("folder");
    with_text("categories.csv", text).write(&folder).expect("the folder can be written");
    let output = bench.sync(&folder);
    let night = Night::parse(&output.stdout);
    assert!(matches!(output.code, 0 | 11), "{}", output.text());
    assert!(night.peak_memory_bytes < MEMORY, "{} bytes", night.peak_memory_bytes);
    assert_eq!(night.counts("categories").created, 0);
}

#[test]
fn hundred_thousand_columns_are_refused() {
    let columns: Vec<_> = (0..100_000).map(|it| format!("c{it}")).collect();
    let text = format!("sourcedId,{}\r\n", columns.join(","));
    let night = refused(&with_text("orgs.csv", text.into_bytes()).zip().expect("memory"));
    assert!(["damaged", "schema_mismatch"].contains(&night.error_kind()), "{:?}", night.error);
}

#[test]
fn nul_bytes_are_taken_out_with_a_finding() {
    let mut files = feed("oneroster-1.2");
    files.replace("orgs.csv", "Marigold Learning", "Marigold\0 Learning");
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &files));
    assert_eq!(night.findings(), ["control_character repaired 1"]);
    let name = bench.database().rows("SELECT name FROM orgs WHERE source_id = '0130'");
    assert_eq!(name, ["Marigold Learning Annex"]);
}

#[test]
fn another_format_with_the_same_file_names_is_refused_with_a_sentence() {
    let mut files = FileSet::default();
    files.set("orgs.csv", "sourcedId,name,type\r\n1,School,school\r\n");
    files.set("users.csv", "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,email,phone,sms\r\n1,u,A,B,,,,,\r\n");
    files.set("roles.csv", "userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary,roleStartDate,roleEndDate\r\n1,1,student,,,,,\r\n");
    files.set(
        "classes.csv",
        "sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId\r\n1,1,C,,\r\n",
    );
    files.set("enrollments.csv", "classSourcedId,userSourcedId,role\r\n1,1,student\r\n");
    let night = refused(&files.zip().expect("memory"));
    assert_eq!(night.error_kind(), "schema_mismatch");
    let message = &night.error.as_ref().expect("it failed")["message"];
    assert!(message.contains("School Data Sync"), "{message}");
}

#[test]
fn damaged_csv_is_told_where_it_is() {
    let mut files = feed("oneroster-1.2");
    files.replace("orgs.csv", "World Languages Department", "World \"Languages Department");
    let bench = Bench::new();
    let night = bench.night(&bench.zip("feed.zip", &files));
    let places = night.places();
    assert!(places.iter().any(|it| it.starts_with("csv_syntax orgs.csv:5")), "{places:?}");
    assert_eq!(night.counts("orgs").rejected, 1);
}
