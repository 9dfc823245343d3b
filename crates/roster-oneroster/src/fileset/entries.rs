//! Which entry of a bundle is which file of the standard.

use super::{foreign, mismatch};
use crate::{
    files::{FILES, FileSpec, MANIFEST},
    finding::about_file,
    manifest::is_manifest,
};
use roster_core::{Diagnostic, DiagnosticCode, Result};
use roster_tabular::Entry;

/// The entries that are read, in load order.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) manifest: Option<Entry>,
    pub(super) files: Vec<(&'static FileSpec, Entry)>,
}

/// Recognizes the standard's files, also under another spelling of case and in a folder.
pub(super) fn recognize(entries: &[Entry], findings: &mut Vec<Diagnostic>) -> Result<Known> {
    let mut taken = vec![false; entries.len()];
    let mut take = |matches: &dyn Fn(&str) -> bool, name: &'static str| {
        let found = choose(entries, matches, name)?;
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

/// The entry that is meant: the exact name, else the least deep one.
fn choose(
    entries: &[Entry],
    matches: &dyn Fn(&str) -> bool,
    name: &'static str,
) -> Result<Option<usize>> {
    if let Some(exact) = entries.iter().position(|it| *it.name == *name) {
        return Ok(Some(exact));
    }
    let depth = |index: usize| entries[index].name.matches('/').count();
    let found = |it: &usize| matches(base(&entries[*it].name));
    let mut candidates: Vec<usize> = (0..entries.len()).filter(found).collect();
    candidates.sort_by_key(|it| depth(*it));
    match candidates[..] {
        [first, second, ..] if depth(first) == depth(second) => Err(mismatch(
            "fileset.open",
            "the set holds the same file twice, in two folders or spellings; send one set at a time",
        )
        .context("first", shown(&entries[first]))
        .context("second", shown(&entries[second]))),
        [first, ..] => Ok(Some(first)),
        [] => Ok(None),
    }
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
