//! `homeroom plan`: what a night would change, written into a folder for `homeroom apply`.

use super::{App, RecordLine, select};
use crate::{
    cli::PlanArgs,
    drive::Drive,
    exit::{Exit, Failure},
    render,
};
use roster_sink::Outcome;
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// One line of `homeroom plan --json`.
#[derive(Debug, Serialize)]
struct PlanLine<'r> {
    #[serde(flatten)]
    record: RecordLine<'r>,
    plan: &'r Path,
}

pub(super) async fn run(app: &mut App, args: &PlanArgs) -> Result<Exit, Failure> {
    let names: Vec<_> = args.name.iter().cloned().collect();
    let selection = select::districts(&app.global, &names, &args.direct)?;
    let district = selection.districts.first().expect("a selection has a district");
    let default = || PathBuf::from(format!("plan-{}", district.id));
    let folder = args.out.clone().unwrap_or_else(default);
    let sink = district.to.sink();
    sink.prepare().await?;
    let drive = Drive::new(selection.night, app.cancel.clone(), app.progress.clone());
    let (night, ctx) = drive.prepare_night(district, sink);
    let fresh = !folder.exists();
    let planned = night.plan(&ctx, &folder).await;
    if planned.is_err() && fresh {
        // Half a plan is of no use and holds personal data.
        _ = fs::remove_dir_all(&folder);
    }
    let (_, record) = planned?;
    let line = PlanLine { record: RecordLine::from(&record), plan: &folder };
    app.console.result(&line, |_, colour| render::night(&record, colour))?;
    let path = folder.display();
    let hint = match record.report.outcome {
        Outcome::Unchanged => "nothing would change".to_owned(),
        _ => format!("the plan is in {path}; publish it with: homeroom apply {path}"),
    };
    app.console.remark(&hint)?;
    Ok(record.report.outcome.into())
}
