//! `homeroom check`: whether districts could be synchronized, step by step.

use super::{App, select};
use crate::{
    cli::CheckArgs,
    console::{Colour, Paint},
    exit::{Exit, Failure},
    registry::SinkAddress,
    render::shown,
    settings::DistrictSettings,
};
use roster_core::{CheckReport, Error, ErrorKind, RunContext};
use roster_sink::RunError;
use serde::Serialize;
use std::fmt::Write as _;

/// The check of a district, one line of `homeroom check --json`.
#[derive(Debug, Serialize)]
struct DistrictCheck {
    district: String,
    connector: &'static str,
    passed: bool,
    steps: Vec<Step>,
}

/// A step of it.
#[derive(Debug, Serialize)]
struct Step {
    #[serde(rename = "step")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RunError>,
}

pub(super) async fn run(app: &mut App, args: &CheckArgs) -> Result<Exit, Failure> {
    let selection = select::districts(&app.global, &args.districts, &args.direct)?;
    let ctx = RunContext { cancel: app.cancel.clone(), ..RunContext::detached() };
    let mut exit = Exit::Done;
    for district in &selection.districts {
        let check = check(district, &ctx).await;
        if !check.passed {
            exit = Exit::DistrictFailed;
        }
        app.console.result(&check, text)?;
    }
    Ok(exit)
}

async fn check(district: &DistrictSettings, ctx: &RunContext) -> DistrictCheck {
    let mut report = district.source.check(ctx).await;
    check_sink(&district.to, &mut report).await;
    DistrictCheck {
        district: district.id.to_string(),
        connector: district.connector,
        passed: report.passed(),
        steps: report.steps.into_iter().map(|it| step(it.name, it.outcome)).collect(),
    }
}

/// Whether the sink is there, or could be made.  Makes nothing.
async fn check_sink(to: &SinkAddress, report: &mut CheckReport) {
    let outcome = if to.exists() {
        to.existing().await.map(|_| format!("{to} can be opened"))
    } else if to.folder().is_dir() {
        Ok(format!("{to} is made by the first sync"))
    } else {
        let message = "the folder of the sink's file does not exist; make it";
        let folder = to.folder().display();
        Err(Error::new(ErrorKind::ConfigInvalid, "sink.open", message).context("folder", folder))
    };
    report.step("open the sink", outcome);
}

fn step(name: String, outcome: Result<String, Error>) -> Step {
    match outcome {
        Ok(found) => Step { name, found: Some(found), error: None },
        Err(error) => Step { name, found: None, error: Some(RunError::from(&error)) },
    }
}

fn text(check: &DistrictCheck, colour: Colour) -> String {
    let mut text = format!("{}\n", colour.paint(Paint::Bold, &check.district));
    for Step { name, found, error } in &check.steps {
        if let Some(error) = error {
            let mark = colour.paint(Paint::Red, "FAILED");
            _ = writeln!(text, "  {mark} {name}: {}", shown(&error.message));
            _ = writeln!(text, "         who must act: {}", error.actor);
        } else {
            let mark = colour.paint(Paint::Green, "ok    ");
            _ = writeln!(text, "  {mark} {name}: {}", shown(found.as_deref().unwrap_or_default()));
        }
    }
    text
}
