//! `homeroom check`: whether districts could be synchronized, step by step.

use super::{App, select};
use crate::{
    cli::CheckArgs,
    console::{Colour, Paint},
    exit::{Exit, Failure},
    registry::SinkAddress,
    render::{NOT_YET, shown},
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
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RunError>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// The feed is still being delivered: nothing is wrong, and there is nothing to read yet.
    NotYet,
    Failed,
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
        app.console.result(&check, text);
    }
    Ok(exit)
}

async fn check(district: &DistrictSettings, ctx: &RunContext) -> DistrictCheck {
    let mut report = district.source.check(ctx).await;
    check_sink(&district.to, &mut report).await;
    let steps: Vec<_> = report.steps.into_iter().map(|it| step(it.name, it.outcome)).collect();
    DistrictCheck {
        district: district.id.to_string(),
        connector: district.connector,
        passed: steps.iter().all(|it| it.state != State::Failed),
        steps,
    }
}

/// Whether the sink is there, or could be made.  Makes nothing.
async fn check_sink(to: &SinkAddress, report: &mut CheckReport) {
    let outcome = match to.exists().await {
        Ok(true) if to.missing_folder().is_none() => {
            to.existing().await.map(|_| format!("{to} can be opened"))
        }
        Ok(_) => could_be_made(to),
        Err(error) => Err(error),
    };
    report.step("open the sink", outcome);
}

fn could_be_made(to: &SinkAddress) -> Result<String, Error> {
    match to.missing_folder() {
        Some(folder) => {
            let message = "the folder of the sink's file does not exist; make it";
            let error = Error::new(ErrorKind::ConfigInvalid, "sink.open", message);
            Err(error.context("folder", folder.display()))
        }
        None => Ok(format!("{to} is made by the first sync")),
    }
}

fn step(name: String, outcome: Result<String, Error>) -> Step {
    match outcome {
        Ok(found) => Step { name, state: State::Ok, found: Some(found), error: None },
        Err(error) => {
            let not_yet = error.kind() == ErrorKind::NotReady;
            let state = if not_yet { State::NotYet } else { State::Failed };
            Step { name, state, found: None, error: Some(RunError::from(&error)) }
        }
    }
}

fn text(check: &DistrictCheck, colour: Colour) -> String {
    let mut text = format!("{}\n", colour.paint(Paint::Bold, &check.district));
    for Step { name, state, found, error } in &check.steps {
        let (paint, mark) = match state {
            State::Ok => (Paint::Green, "ok"),
            State::NotYet => (Paint::Yellow, NOT_YET),
            State::Failed => (Paint::Red, "FAILED"),
        };
        let mark = colour.paint(paint, &format!("{mark:<7}"));
        let told = error.as_ref().map(|it| it.message.as_str()).or(found.as_deref());
        _ = writeln!(text, "  {mark} {name}: {}", shown(told.unwrap_or_default()));
        if let Some(error) = error.as_ref().filter(|_| *state == State::Failed) {
            _ = writeln!(text, "          who must act: {}", error.actor);
        }
    }
    text
}
