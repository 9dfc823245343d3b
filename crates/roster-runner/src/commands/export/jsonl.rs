//! A folder with one file of JSON lines for each table, in the form of the model's owned structs.

use super::{Export, Written, unwritable};
use futures::StreamExt as _;
use roster_core::{EntityKind, Error, ErrorKind, Result, model::owned_json};
use roster_sink::private_folder;
use std::{
    fs,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Writes every table that has rows: all of them, or nothing.
pub(super) async fn write(export: &Export, folder: &Path) -> Result<Vec<Written>> {
    let there = folder.is_dir();
    private_folder(folder).map_err(|err| unwritable(folder, err))?;
    let written = write_whole(export, folder).await;
    if written.is_err() && !there {
        _ = fs::remove_dir(folder);
    }
    written
}

/// Writes under temporary names, which go away with an error, and names the files when all are whole.
async fn write_whole(export: &Export, folder: &Path) -> Result<Vec<Written>> {
    let (mut files, mut written) = (Vec::new(), Vec::new());
    for entity in EntityKind::ALL {
        if let Some((file, rows)) = write_table(export, *entity, folder).await? {
            files.push((file, folder.join(entity.table()).with_extension("jsonl")));
            written.push(Written { name: entity.table().into(), rows });
        }
    }
    name(files)?;
    Ok(written)
}

/// Gives the files their names; none of them keeps it when one cannot have it.
fn name(files: Vec<(NamedTempFile, PathBuf)>) -> Result<()> {
    let mut named = Vec::new();
    for (file, path) in files {
        if let Err(err) = file.persist_noclobber(&path) {
            for path in &named {
                _ = fs::remove_file(path);
            }
            return Err(unwritable(&path, err.error));
        }
        named.push(path);
    }
    Ok(())
}

/// The table's file and its rows, if it has any.
async fn write_table(
    export: &Export,
    entity: EntityKind,
    folder: &Path,
) -> Result<Option<(NamedTempFile, u64)>> {
    let mut batches = export.snapshot.rows(entity);
    let mut lines = Lines { folder, file: None, rows: 0 };
    while let Some(rows) = batches.next().await {
        export.refuse_cancelled()?;
        for row in rows?.iter() {
            let line = owned_json(row).map_err(|err| {
                let message = "a row has no JSON form; please report it";
                Error::new(ErrorKind::Internal, "export.write", message).source(err)
            })?;
            lines.push(&line)?;
        }
    }
    lines.finish()
}

/// A file that is made with its first line, readable by its owner alone.
struct Lines<'f> {
    folder: &'f Path,
    file: Option<BufWriter<NamedTempFile>>,
    rows: u64,
}

impl Lines<'_> {
    fn push(&mut self, line: &str) -> Result<()> {
        let Self { folder, file, rows } = self;
        let folder: &Path = folder;
        let mut write = || {
            if file.is_none() {
                *file = Some(BufWriter::new(NamedTempFile::new_in(folder)?));
            }
            let file = file.as_mut().expect("the file was just made");
            writeln!(file, "{line}")
        };
        write().map_err(|err| unwritable(folder, err))?;
        *rows += 1;
        Ok(())
    }

    fn finish(self) -> Result<Option<(NamedTempFile, u64)>> {
        let Some(file) = self.file else { return Ok(None) };
        let file = file.into_inner().map_err(|err| unwritable(self.folder, err.into_error()))?;
        Ok(Some((file, self.rows)))
    }
}
