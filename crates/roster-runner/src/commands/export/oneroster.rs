//! A OneRoster zip.

use super::{Export, Lost, Written, unwritable};
use futures::StreamExt as _;
use roster_core::{EntityKind, Error, ErrorKind, Result};
use roster_oneroster::{
    Version,
    export::{ExportReport, Loss, RowSource, RowsIter, write_fileset},
};
use std::{
    io::BufWriter,
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;
use tokio::{runtime::Handle, task::spawn_blocking};

/// Writes the zip beside its place and moves it there when it is whole.
pub(super) async fn write(
    export: Export,
    version: Version,
    target: &Path,
) -> Result<(Vec<Written>, Vec<Lost>)> {
    let rows = SinkRows { export, runtime: Handle::current() };
    let target = target.to_owned();
    let task = spawn_blocking(move || write_whole(rows, version, &target));
    let report = task.await.map_err(|err| {
        Error::new(ErrorKind::Internal, "export.write", "the export broke off").source(err)
    })??;
    let written = report.files.into_iter().map(|(name, rows)| Written { name: name.into(), rows });
    Ok((written.collect(), report.losses.iter().map(lost).collect()))
}

fn write_whole(mut rows: SinkRows, version: Version, target: &Path) -> Result<ExportReport> {
    let parent = target.parent().filter(|it| !it.as_os_str().is_empty());
    let parent = parent.map_or_else(|| PathBuf::from("."), Path::to_owned);
    let file = NamedTempFile::new_in(&parent).map_err(|err| unwritable(&parent, err))?;
    let (out, report) = write_fileset(BufWriter::new(file), version, &mut rows)?;
    let file = out.into_inner().map_err(|err| unwritable(target, err.into_error()))?;
    file.as_file().sync_all().map_err(|err| unwritable(target, err))?;
    file.persist_noclobber(target).map_err(|err| unwritable(target, err.error))?;
    Ok(report)
}

fn lost(loss: &Loss) -> Lost {
    let Loss { entity, field, why, records } = *loss;
    Lost { table: entity.table(), field, why: why.code(), records }
}

/// The sink's rows, for a writer that waits for them.
struct SinkRows {
    export: Export,
    runtime: Handle,
}

impl RowSource for SinkRows {
    fn rows(&mut self, entity: EntityKind) -> Result<RowsIter<'_>> {
        let mut batches = self.export.sink.rows(&self.export.district, entity);
        Ok(Box::new(std::iter::from_fn(move || match self.export.refuse_cancelled() {
            Ok(()) => self.runtime.block_on(batches.next()),
            Err(error) => Some(Err(error)),
        })))
    }
}
