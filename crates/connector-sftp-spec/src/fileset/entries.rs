//! Which entry of a bundle is which file of the specification.

use super::{mismatch, naming::FileName};
use crate::{
    config::Dialect,
    spec::{FILES, FileSpec},
};
use roster_core::{Diagnostic, DiagnosticCode, Error, Result};
use roster_tabular::{Entry, finding::about_file};
use std::{cmp::Reverse, collections::BTreeMap};

/// The entries that are read, in load order.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) manifest: Option<Entry>,
    pub(super) files: Vec<(&'static FileSpec, Entry)>,
}

/// An entry that is a file of the specification.
struct Candidate {
    index: usize,
    spec: &'static FileSpec,
    day: Option<String>,
}

/// Recognizes the files, all in one folder; of several days those of the newest.
pub(super) fn recognize(
    entries: &[Entry],
    dialect: &Dialect,
    findings: &mut Vec<Diagnostic>,
) -> Result<Known> {
    let all = candidates(entries, dialect);
    let home = home(entries, &all)?;
    let here = |index: usize| folder(&entries[index].name) == home;
    let newest = all.iter().filter(|it| here(it.index)).filter_map(|it| it.day.as_ref()).max();
    let is_current =
        |it: &&Candidate| here(it.index) && (it.day.is_none() || it.day.as_ref() == newest);
    let manifest = (0..entries.len()).find(|it| here(*it) && is_manifest(&entries[*it].name));
    let mut taken: Vec<_> = manifest.into_iter().collect();
    let mut files = Vec::new();
    for spec in FILES {
        let mut of_file = all.iter().filter(is_current).filter(|it| it.spec.name == spec.name);
        if let Some(candidate) = of_file.next() {
            if let Some(second) = of_file.next() {
                return Err(twice(&entries[candidate.index].name, &entries[second.index].name));
            }
            taken.push(candidate.index);
            files.push((*spec, entries[candidate.index].clone()));
        }
    }
    if files.is_empty() && manifest.is_none() {
        return Err(nothing_known(entries));
    }
    for (_, entry) in entries.iter().enumerate().filter(|it| !taken.contains(&it.0)) {
        findings.push(about_file(DiagnosticCode::FileUnknown, &entry.name, 0, None));
    }
    Ok(Known { manifest: manifest.map(|it| entries[it].clone()), files })
}

fn candidates(entries: &[Entry], dialect: &Dialect) -> Vec<Candidate> {
    let candidate = |(index, entry): (usize, &Entry)| {
        let name = FileName::parse(base(&entry.name))?;
        let spec = FILES.iter().copied().find(|it| name.is(it, dialect))?;
        Some(Candidate { index, spec, day: name.day })
    };
    entries.iter().enumerate().filter_map(candidate).collect()
}

fn is_manifest(name: &str) -> bool {
    FileName::parse(base(name)).is_some_and(|it| it.is_manifest())
}

/// The folder with most of the files; of several, the least deep.
fn home<'e>(entries: &'e [Entry], candidates: &[Candidate]) -> Result<&'e str> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for it in candidates {
        *counts.entry(folder(&entries[it.index].name)).or_default() += 1;
    }
    let mut folders: Vec<_> = counts.into_iter().collect();
    let rank = |it: &(&str, usize)| (Reverse(it.1), it.0.matches('/').count(), !it.0.is_empty());
    folders.sort_by_key(rank);
    match folders[..] {
        [first, second, ..] if rank(&first) == rank(&second) => Err(twice(first.0, second.0)),
        [first, ..] => Ok(first.0),
        [] => Ok(""),
    }
}

fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |it| it.0)
}

fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn shown(name: &str) -> String {
    name.chars().take(100).collect()
}

fn twice(first: &str, second: &str) -> Error {
    let message = "the set holds the same file twice, under two names or in two folders; send one set at a time";
    mismatch("fileset.open", message)
        .context("first", shown(first))
        .context("second", shown(second))
}

fn nothing_known(entries: &[Entry]) -> Error {
    let names: Vec<_> = entries.iter().map(|it| base(&it.name).to_ascii_lowercase()).collect();
    let has = |name: &str| names.iter().any(|it| it == name);
    let ends = |extension: &str| names.iter().any(|it| it.ends_with(extension));
    let sentence = if entries.is_empty() {
        "the set is empty; it has to have schools.csv, students.csv and the other files of the specification"
    } else if has("orgs.csv") || has("users.csv") {
        "these are files of OneRoster, not of this specification; use the connector oneroster for them"
    } else if ends(".xlsx") || ends(".xls") {
        "this is an Excel workbook; save each sheet as a CSV file named as the specification has it"
    } else if ends(".zip") {
        "the set holds an archive and no CSV file; give or send that archive itself"
    } else {
        "none of the files is one of the specification's, such as schools.csv, students.csv or sections.csv"
    };
    let some: Vec<_> = entries.iter().take(10).map(|it| shown(&it.name)).collect();
    mismatch("fileset.open", sentence).context("found", some.join(" "))
}
