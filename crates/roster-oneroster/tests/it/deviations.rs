//! Every deviation has a case, and every case goes as the table says.

mod content;
mod sets;

use crate::support::{Base, Files, Packing, Reading, read, swap};

use Base::{Delta, V1_0, V1_1, V1_2};
use Edit::{Bytes, Move, Put, Remove, Start, Swap, Utf16};
use Shows::{Gone, Keys, Reads};
use roster_core::{EntityKind as Kind, ErrorKind, Severity};
use roster_oneroster::deviations::{AREAS, Deviation, Outcome};
use std::collections::BTreeSet;

/// A set with a deviation.
#[derive(Debug)]
struct Case {
    id: &'static str,
    base: Base,
    edits: &'static [Edit],
    shows: &'static [Shows],
}

/// What makes the deviation.
#[derive(Debug)]
enum Edit {
    /// A file's text.
    Put(&'static str, &'static str),
    /// A file's bytes.
    Bytes(&'static str, &'static [u8]),
    /// One text in a file for another.
    Swap(&'static str, &'static str, &'static str),
    /// Bytes before a file's own.
    Start(&'static str, &'static [u8]),
    /// A file in another encoding, with its mark.
    Utf16(&'static str),
    Move(&'static str, &'static str),
    Remove(&'static str),
}

/// What is read.
#[derive(Debug)]
enum Shows {
    /// A field of a row.
    Reads(Kind, &'static str, &'static str, Option<&'static str>),
    /// The keys of an entity's rows.
    Keys(Kind, &'static [&'static str]),
    /// The keys of an entity's records that are gone.
    Gone(Kind, &'static [&'static str]),
}

const fn case(
    id: &'static str,
    base: Base,
    edits: &'static [Edit],
    shows: &'static [Shows],
) -> Case {
    Case { id, base, edits, shows }
}

fn cases() -> impl Iterator<Item = &'static Case> {
    sets::CASES.iter().chain(content::CASES)
}

fn apply(edit: &Edit, files: &mut Files) {
    match edit {
        Put(name, text) => _ = files.insert((*name).to_owned(), text.as_bytes().to_vec()),
        Bytes(name, bytes) => _ = files.insert((*name).to_owned(), bytes.to_vec()),
        Start(name, bytes) => {
            let content = files.get_mut(*name).unwrap();
            content.splice(0..0, bytes.iter().copied());
        }
        Swap(name, from, to) => swap(files, name, from, to),
        Utf16(name) => {
            let text = String::from_utf8(files[*name].clone()).unwrap();
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            files.insert((*name).to_owned(), units.flat_map(u16::to_le_bytes).collect());
        }
        Move(from, to) => {
            let content = files.remove(*from).unwrap();
            files.insert((*to).to_owned(), content);
        }
        Remove(name) => _ = files.remove(*name).unwrap(),
    }
}

fn run(case: &Case) -> Reading {
    let mut files = case.base.files();
    for edit in case.edits {
        apply(edit, &mut files);
    }
    let packing = match case.id {
        "no_compression" => Packing::Stored,
        "plain_folder" => Packing::Folder,
        _ => Packing::Deflated,
    };
    read(&files, packing)
}

fn check(deviation: &Deviation, reading: &Reading) -> Result<(), String> {
    let error = reading.error.as_ref().map(roster_core::Error::kind);
    let found: BTreeSet<_> = reading.diagnostics.iter().map(|it| it.code).collect();
    let expected: BTreeSet<_> = deviation.code.into_iter().collect();
    let refused = deviation.outcome == Outcome::Refused;
    // What is no archive of files at all is refused as damaged.
    let kinds: &[_] = if refused {
        &[Some(ErrorKind::SchemaMismatch), Some(ErrorKind::Damaged)]
    } else {
        &[None]
    };
    if !kinds.contains(&error) {
        return Err(format!("{:?}", reading.error));
    }
    // A set that is refused may have other findings as well.
    if !refused && found != expected {
        return Err(format!("{found:?}"));
    }
    let rejections = reading.diagnostics.iter().filter(|it| it.severity == Severity::Rejected);
    let rejected = deviation.outcome == Outcome::Rejected;
    if (rejections.count() > 0, reading.rejected() > 0) != (rejected, rejected) {
        return Err(format!("{} rejected", reading.rejected()));
    }
    Ok(())
}

fn show(shows: &Shows, reading: &Reading) -> Result<(), String> {
    let same = match shows {
        Reads(entity, key, field, expected) => reading.value(*entity, key, field) == *expected,
        Keys(entity, expected) => reading.keys(*entity) == *expected,
        Gone(entity, expected) => reading.gone(*entity) == *expected,
    };
    if same { Ok(()) } else { Err(format!("not {shows:?}")) }
}

#[test]
fn sets_without_deviation_have_no_finding() {
    for base in [V1_0, V1_1, V1_2, Delta] {
        let reading = read(&base.files(), Packing::Deflated);
        assert!(reading.error.is_none() && reading.diagnostics.is_empty(), "{base:?} {reading:?}");
        assert!(!reading.done.is_empty());
    }
}

#[test]
fn every_deviation_goes_as_the_table_says() {
    let mut failures = Vec::new();
    for deviation in AREAS.iter().flat_map(|it| it.deviations) {
        let Some(case) = cases().find(|it| it.id == deviation.id) else {
            failures.push(format!("{}: no case", deviation.id));
            continue;
        };
        let reading = run(case);
        let shows = || case.shows.iter().try_for_each(|it| show(it, &reading));
        if let Err(failure) = check(deviation, &reading).and_then(|()| shows()) {
            failures.push(format!("{}: {failure}", deviation.id));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_case_is_in_the_table() {
    for case in cases() {
        let mut all = AREAS.iter().flat_map(|it| it.deviations);
        assert!(all.any(|it| it.id == case.id), "{}", case.id);
    }
}

const USERS: &str = "users.csv";
const MANIFEST: &str = "manifest.csv";
