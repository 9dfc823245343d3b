//! A OneRoster zip.

use super::{Export, Lost, Written};
use roster_core::Result;
use roster_oneroster::{Version, export::Loss};
use roster_sink::OneRosterFile;
use std::path::Path;

/// Writes the zip beside its place and moves it there when it is whole.
pub(super) async fn write(
    export: Export,
    version: Version,
    target: &Path,
) -> Result<(Vec<Written>, Vec<Lost>)> {
    let rows = export.snapshot.clone();
    let proceed = move || export.refuse_cancelled();
    let report = OneRosterFile::write(rows, version, target, "", proceed).await?.place()?;
    let written = report.files.into_iter().map(|(name, rows)| Written { name: name.into(), rows });
    Ok((written.collect(), report.losses.iter().map(lost).collect()))
}

fn lost(loss: &Loss) -> Lost {
    let Loss { entity, field, why, records } = *loss;
    Lost { table: entity.table(), field, why: why.code(), records }
}
