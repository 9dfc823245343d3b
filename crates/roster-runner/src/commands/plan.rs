//! `homeroom plan`: what a night would change, written into a folder for `homeroom apply`.

use super::{App, RecordLine, select};
use crate::{
    cli::PlanArgs,
    console::Paint,
    drive::Drive,
    exit::{Exit, Failure},
    render::{self, NOT_YET, shown},
    settings::DistrictSettings,
};
use roster_core::{Error, ErrorKind};
use roster_sink::{Outcome, RunError};
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// One line of `homeroom plan --json`: the record that applying the plan would give, and where the plan is.
#[derive(Debug, Serialize)]
struct PlanLine<'r> {
    #[serde(flatten)]
    record: RecordLine<'r>,
    plan: &'r Path,
}

/// The same for a feed that is still being delivered: as `sync`, which calls such a night unchanged.
#[derive(Debug, Serialize)]
struct NotYet<'d> {
    district: &'d str,
    connector: &'d str,
    outcome: Outcome,
    error: RunError,
    plan: Option<&'d Path>,
}

pub(super) async fn run(app: &mut App, args: &PlanArgs) -> Result<Exit, Failure> {
    let names: Vec<_> = args.name.iter().cloned().collect();
    let selection = select::districts(&app.global, &names, &args.direct)?;
    select::refuse_missing_feed(&args.direct, &selection).await?;
    let district = selection.districts.first().expect("a selection has a district");
    let default = || PathBuf::from(format!("plan-{}", district.id));
    let folder = args.out.clone().unwrap_or_else(default);
    let sink = district.to.sink();
    sink.prepare().await?;
    let drive = Drive::new(selection.night, app.cancel.clone(), app.progress.clone());
    let (night, ctx) = drive.prepare_night(district, sink);
    let (there, used) = (folder.exists(), is_used(&folder));
    let record = match night.plan(&ctx, &folder).await {
        Ok((_, record)) => record,
        Err(error) => {
            if !used {
                discard(&folder, there);
            }
            return no_plan(app, district, error);
        }
    };
    let line = PlanLine { record: RecordLine::from(&record), plan: &folder };
    app.console.result(&line, |_, colour| render::plan(&record, colour));
    let path = folder.display();
    let hint = match record.report.outcome {
        Outcome::Unchanged => "nothing would change".to_owned(),
        _ => format!("the plan is in {path}; publish it with: homeroom apply {path}"),
    };
    app.console.remark(&hint);
    Ok(record.report.outcome.into())
}

fn no_plan(app: &mut App, district: &DistrictSettings, error: Error) -> Result<Exit, Failure> {
    if error.kind() != ErrorKind::NotReady {
        return Err(error.into());
    }
    let line = NotYet {
        district: district.id.as_str(),
        connector: district.connector,
        outcome: Outcome::Unchanged,
        error: RunError::from(&error),
        plan: None,
    };
    app.console.result(&line, |it, colour| {
        let mark = colour.paint(Paint::Yellow, NOT_YET);
        format!("{}: {mark}: {}\n", it.district, shown(&it.error.message))
    });
    Ok(Exit::Done)
}

fn is_used(folder: &Path) -> bool {
    folder.read_dir().is_ok_and(|mut it| it.next().is_some())
}

/// Removes half a plan, which is of no use and holds personal data; and its folder, if that was not there before.
fn discard(folder: &Path, there: bool) {
    for path in folder.read_dir().into_iter().flatten().flatten().map(|it| it.path()) {
        _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
    if !there {
        _ = fs::remove_dir(folder);
    }
}
