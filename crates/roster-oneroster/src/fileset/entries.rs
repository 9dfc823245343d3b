//! Which entry of a bundle is which file of the standard.

use super::{foreign, mismatch};
use crate::{
    files::{FILES, FileSpec, MANIFEST},
    manifest::is_manifest,
};
use roster_core::{Diagnostic, DiagnosticCode, Result};
use roster_tabular::{Entry, finding::about_file};
use std::{cmp::Reverse, collections::BTreeMap};

/// The entries that are read, in load order.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) manifest: Option<Entry>,
    pub(super) files: Vec<(&'static FileSpec, Entry)>,
}

/// Recognizes the standard's files, also under another spelling of case and in a folder; all in one folder, so that a
/// copy elsewhere is none of them.
pub(super) fn recognize(entries: &[Entry], findings: &mut Vec<Diagnostic>) -> Result<Known> {
    let home = home(entries)?;
    let mut taken = vec![false; entries.len()];
    let mut take = |matches: &dyn Fn(&str) -> bool, name: &'static str| {
        let found = choose(entries, home, matches, name)?;
        if let Some(index) = found {
            taken[index] = true;
        }
        Ok::<_, roster_core::Error>(found.map(|it| entries[it].clone()))
    };
    let manifest = take(&is_manifest, MANIFEST)?;
    let mut files = Vec::new();
    for spec in FILES {
        if let Some(entry) = take(&|name| is_file(spec, name), spec.name)? {
            files.push((*spec, entry));
        }
    }
    foreign::refuse_foreign_names(entries, &files)?;
    if manifest.is_none() && files.is_empty() {
        return Err(nothing_known(entries));
    }
    let named = files.iter().map(|(spec, entry)| (spec.name, entry));
    for (name, entry) in named.chain(manifest.iter().map(|it| (MANIFEST, it))) {
        if *entry.name != *name {
            findings.push(about_file(DiagnosticCode::FileName, &entry.name, 0, None));
        }
    }
    for (entry, _) in entries.iter().zip(taken).filter(|it| !it.1) {
        findings.push(about_file(DiagnosticCode::FileUnknown, &entry.name, 0, None));
    }
    Ok(Known { manifest, files })
}

/// The folder that the files are taken from: the manifest's, else the one with most of the standard's files; of
/// several, the least deep.
fn home(entries: &[Entry]) -> Result<&str> {
    let manifests = entries.iter().filter(|it| is_manifest(base(&it.name)));
    let data = |it: &&Entry| FILES.iter().any(|spec| is_file(spec, base(&it.name)));
    let mut counts = BTreeMap::<&str, usize>::new();
    for manifest in manifests {
        counts.insert(folder(&manifest.name), 0);
    }
    if counts.is_empty() {
        for entry in entries.iter().filter(data) {
            *counts.entry(folder(&entry.name)).or_default() += 1;
        }
    }
    let mut folders: Vec<_> = counts.into_iter().collect();
    let rank = |it: &(&str, usize)| (Reverse(it.1), depth(it.0));
    folders.sort_by_key(rank);
    match folders[..] {
        [first, second, ..] if rank(&first) == rank(&second) => Err(twice(first.0, second.0)),
        [first, ..] => Ok(first.0),
        [] => Ok(""),
    }
}

/// The entry of a folder that is meant: the exact name, else one of another spelling.
fn choose(
    entries: &[Entry],
    home: &str,
    matches: &dyn Fn(&str) -> bool,
    name: &'static str,
) -> Result<Option<usize>> {
    let here = |it: &usize| folder(&entries[*it].name) == home;
    let found = |it: &usize| matches(base(&entries[*it].name));
    let candidates: Vec<_> = (0..entries.len()).filter(here).filter(found).collect();
    if let Some(exact) = candidates.iter().find(|it| base(&entries[**it].name) == name) {
        return Ok(Some(*exact));
    }
    match candidates[..] {
        [first, second, ..] => Err(twice(&entries[first].name, &entries[second].name)),
        [first] => Ok(Some(first)),
        [] => Ok(None),
    }
}

fn twice(first: &str, second: &str) -> roster_core::Error {
    let message =
        "the set holds the same files twice, in two folders or spellings; send one set at a time";
    let shown = |name: &str| name.chars().take(100).collect::<String>();
    mismatch("fileset.open", message)
        .context("first", shown(first))
        .context("second", shown(second))
}

/// The folder of an entry, empty at the top.
fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |it| it.0)
}

/// How many folders lead to what is in a folder.
fn depth(folder: &str) -> usize {
    if folder.is_empty() { 0 } else { folder.matches('/').count() + 1 }
}

fn is_file(spec: &FileSpec, name: &str) -> bool {
    let same = |it: &&str| name.eq_ignore_ascii_case(it);
    same(&spec.name) || spec.aliases.iter().any(same)
}

pub(super) fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn shown(entry: &Entry) -> String {
    entry.name.chars().take(100).collect()
}

fn nothing_known(entries: &[Entry]) -> roster_core::Error {
    if entries.is_empty() {
        return mismatch("fileset.open", "the set is empty; a OneRoster set has manifest.csv");
    }
    let some: Vec<_> = entries.iter().take(10).map(shown).collect();
    mismatch(
        "fileset.open",
        "none of the files is one of OneRoster's, such as manifest.csv, orgs.csv or users.csv",
    )
    .context("found", some.join(" "))
}
