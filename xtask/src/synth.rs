//! `cargo xtask synth`: a made-up district as OneRoster zips.

use crate::{Result, args::Args, table};
use roster_synth::{Changes, Options, Summary, Version};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files of a made-up district.
#[derive(Debug)]
pub(crate) struct Files {
    /// The first night.
    pub(crate) first: PathBuf,
    /// The night after.
    pub(crate) next: PathBuf,
    /// What is in them and what changed, as JSON.
    pub(crate) summary: PathBuf,
}

impl Files {
    /// Their names for a district.
    pub(crate) fn new(folder: &Path, options: &Options) -> Self {
        let stem = format!("district-{}-{}", options.students, options.version.text());
        let path = |end: &str| folder.join(format!("{stem}{end}"));
        Self { first: path(".zip"), next: path("-next.zip"), summary: path(".json") }
    }
}

pub(crate) fn run(mut args: Args) -> Result {
    let options = Options {
        students: args.value("--students")?.ok_or("needs --students N")?,
        seed: args.value("--seed")?.unwrap_or(Options::default().seed),
        version: args.value("--version")?.unwrap_or(Version::V1_1),
    };
    let folder: PathBuf = args.value("--out")?.unwrap_or_else(|| ".".into());
    let change = args.value("--change")?;
    args.finish()?;
    let files = Files::new(&folder, &options);
    let (summary, changes) = write(&files, &options, change)?;
    print(&files, &summary, changes.as_ref())
}

/// Writes the first night, with `change` also the next, and the JSON that tells what is in them.
pub(crate) fn write(
    files: &Files,
    options: &Options,
    change: Option<u32>,
) -> Result<(Summary, Option<Changes>)> {
    if let Some(folder) = files.first.parent() {
        fs::create_dir_all(folder)?;
    }
    let summary = roster_synth::write_first(options, &files.first)?;
    let changes = match change {
        Some(percent) => Some(roster_synth::write_next(options, percent, &files.next)?),
        None => None,
    };
    let account = json!({ "first": summary, "changes": changes });
    fs::write(&files.summary, format!("{account:#}\n"))?;
    Ok((summary, changes))
}

fn print(files: &Files, summary: &Summary, changes: Option<&Changes>) -> Result {
    let mut rows = vec![["file", "records", "bytes"].map(str::to_owned).to_vec()];
    let (mut records, mut bytes) = (0, 0);
    for (name, file) in &summary.files {
        rows.push(vec![name.clone(), table::thousands(file.rows), table::thousands(file.bytes)]);
        records += file.rows;
        bytes += file.bytes;
    }
    rows.push(vec!["total".to_owned(), table::thousands(records), table::thousands(bytes)]);
    print!("{}", table::layout(&rows));
    let compressed = fs::metadata(&files.first)?.len();
    println!("\n{}, {} bytes", files.first.display(), table::thousands(compressed));
    if let Some(changes) = changes {
        print!("\n{}\n{}", layout(changes), files.next.display());
        println!();
    }
    println!("{}", files.summary.display());
    Ok(())
}

/// Changes as a table.
pub(crate) fn layout(changes: &Changes) -> String {
    let header = ["table", "created", "updated", "deleted", "unchanged"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (table, counts) in changes {
        let counts = [counts.created, counts.updated, counts.deleted, counts.unchanged];
        let mut row = vec![(*table).to_owned()];
        row.extend(counts.map(table::thousands));
        rows.push(row);
    }
    table::layout(&rows)
}
