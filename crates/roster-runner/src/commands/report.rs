//! `homeroom report`: what was wrong in a run, why, and how to mend it.

use super::{App, RecordLine, select};
use crate::{
    cli::RunArgs,
    exit::{Exit, Failure},
    render,
};
use roster_sink::RunRecord;
use serde::Serialize;
use std::collections::BTreeMap;

/// One line of `homeroom report --json`.
#[derive(Debug, Serialize)]
struct ReportLine<'r> {
    #[serde(flatten)]
    record: RecordLine<'r>,
    /// The manual page of each code in it, as Markdown.
    manual: BTreeMap<&'r str, String>,
}

pub(super) async fn run(app: &mut App, args: &RunArgs) -> Result<Exit, Failure> {
    let record = select::run(&app.global, args.to.as_deref(), &args.run).await?;
    let line = ReportLine { record: RecordLine::from(&record), manual: manual(&record) };
    app.console.answer(&line, |_, colour| render::report(&record, colour))?;
    Ok(Exit::Done)
}

fn manual(record: &RunRecord) -> BTreeMap<&str, String> {
    let codes = record.report.diagnostics.iter().map(|it| it.code.as_str());
    codes.filter_map(|it| Some((it, render::manual(it)?))).collect()
}
