//! `homeroom export`: a district's published roster as files.

mod jsonl;
mod oneroster;
#[cfg(feature = "sink-parquet")]
mod parquet;
mod tables;

use super::{App, select};
use crate::{
    cli::{ExportArgs, ExportFormat},
    console::{Colour, Paint},
    exit::{Exit, Failure},
    render::counted,
};
use roster_core::{Error, ErrorKind};
use roster_oneroster::Version;
use roster_sink::Snapshot;
use serde::Serialize;
use std::{io, path::Path, sync::Arc};
use tokio_util::sync::CancellationToken;

/// A file that was written, one line of `homeroom export --json`.
#[derive(Debug, Serialize)]
struct Written {
    /// Name of the table, or of the standard's file.
    name: String,
    rows: u64,
}

/// What the form has no place for, one line of `homeroom export --json`.
#[derive(Debug, Serialize)]
struct Lost {
    /// Table of the records.
    #[serde(rename = "lost")]
    table: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    why: &'static str,
    records: u64,
}

/// What is to be exported.
#[derive(Debug)]
struct Export {
    /// Of one moment: nights may be published meanwhile.
    snapshot: Arc<dyn Snapshot>,
    cancel: CancellationToken,
}

pub(super) async fn run(app: &mut App, args: &ExportArgs) -> Result<Exit, Failure> {
    let district = select::district_id(&args.district)?;
    let address = select::sink_of(&app.global, args.sink.as_deref(), &district)?;
    refuse_used(&args.target)?;
    let sink = address.existing().await?;
    if sink.runs(Some(&district), 1).await?.is_empty() {
        let message = format!("{address} has nothing of a district {district}");
        return Err(Failure::Usage(message));
    }
    let snapshot = sink.snapshot(&district).await?;
    let export = Export { snapshot, cancel: app.cancel.clone() };
    let (written, lost) = match args.format {
        ExportFormat::Jsonl => {
            (tables::write::<jsonl::Lines>(&export, &args.target).await?, Vec::new())
        }
        #[cfg(feature = "sink-parquet")]
        ExportFormat::Parquet => {
            (tables::write::<parquet::Columns>(&export, &args.target).await?, Vec::new())
        }
        ExportFormat::OneRoster11 => oneroster::write(export, Version::V1_1, &args.target).await?,
        ExportFormat::OneRoster12 => {
            oneroster::write(export, Version::V1_2_1, &args.target).await?
        }
    };
    for file in &written {
        app.console.result(file, |it, _| format!("{}: {}\n", it.name, counted(it.rows, "row")));
    }
    for loss in &lost {
        app.console.result(loss, loss_text);
    }
    app.console.remark(&format!("wrote {}", args.target.display()));
    Ok(Exit::Done)
}

fn loss_text(loss: &Lost, colour: Colour) -> String {
    let Lost { table, field, why, records } = loss;
    let field = field.map_or_else(String::new, |it| format!(".{it}"));
    let why = colour.paint(Paint::Yellow, why);
    let records = counted(*records, "record");
    format!("left out or changed: {table}{field} in {records} ({why})\n")
}

impl Export {
    fn refuse_cancelled(&self) -> Result<(), Error> {
        if self.cancel.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, "export", "the export was stopped"));
        }
        Ok(())
    }
}

/// Refuses a target that holds something: an export never replaces anything.
fn refuse_used(target: &Path) -> Result<(), Failure> {
    let used = match target.read_dir() {
        Ok(mut inside) => inside.next().is_some(),
        Err(_) => target.exists(),
    };
    if used {
        let target = target.display();
        let message =
            format!("{target} is there already and is not empty; name a new one with --to");
        return Err(Failure::Usage(message));
    }
    Ok(())
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "export.write", "the file cannot be written")
        .context("path", path.display())
        .source(error)
}
