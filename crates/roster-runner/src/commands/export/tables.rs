//! A folder with one file for each table that has rows.

use super::{Export, Written, unwritable};
use futures::StreamExt as _;
use roster_core::{EntityKind, Result, Rows};
use roster_sink::private_folder;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// The file of one table.
pub(super) trait TableFile: Sized {
    /// Ending of its name.
    const ENDING: &'static str;

    /// Starts it; it is readable by its owner alone.
    fn start(entity: EntityKind, file: NamedTempFile) -> Result<Self>;

    /// Adds rows.
    fn write(&mut self, rows: Rows) -> Result<()>;

    /// Ends it.
    fn finish(self) -> Result<NamedTempFile>;
}

/// Writes every table that has rows: all of them, or nothing.
pub(super) async fn write<T: TableFile>(export: &Export, folder: &Path) -> Result<Vec<Written>> {
    let there = folder.is_dir();
    private_folder(folder).map_err(|err| unwritable(folder, err))?;
    let written = write_whole::<T>(export, folder).await;
    if written.is_err() && !there {
        _ = fs::remove_dir(folder);
    }
    written
}

/// Writes under temporary names, which go away with an error, and names the files when all are whole.
async fn write_whole<T: TableFile>(export: &Export, folder: &Path) -> Result<Vec<Written>> {
    let (mut files, mut written) = (Vec::new(), Vec::new());
    for entity in EntityKind::ALL {
        if let Some((file, rows)) = write_table::<T>(export, *entity, folder).await? {
            files.push((file, folder.join(entity.table()).with_extension(T::ENDING)));
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
async fn write_table<T: TableFile>(
    export: &Export,
    entity: EntityKind,
    folder: &Path,
) -> Result<Option<(NamedTempFile, u64)>> {
    let mut batches = export.snapshot.rows(entity);
    let (mut file, mut written) = (None, 0);
    while let Some(rows) = batches.next().await {
        export.refuse_cancelled()?;
        let rows = rows?;
        if rows.is_empty() {
            continue;
        }
        if file.is_none() {
            let named = NamedTempFile::new_in(folder).map_err(|err| unwritable(folder, err))?;
            file = Some(T::start(entity, named)?);
        }
        written += rows.len() as u64;
        file.as_mut().expect("the file was just started").write(rows)?;
    }
    file.map(|it| Ok((it.finish()?, written))).transpose()
}
