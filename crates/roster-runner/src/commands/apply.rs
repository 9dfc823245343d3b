//! `homeroom apply`: publishes a plan.

use super::{App, select};
use crate::{
    cli::ApplyArgs,
    exit::{Exit, Failure},
    night, render,
};
use roster_core::{NoSignals, RunContext};
use roster_sink::Plan;
use std::sync::Arc;

pub(super) async fn run(app: &mut App, args: &ApplyArgs) -> Result<Exit, Failure> {
    if !args.plan.is_dir() {
        let message = format!("there is no plan in {}", args.plan.display());
        return Err(Failure::Usage(message));
    }
    let plan = Plan::open(&args.plan)?;
    let district = &plan.header().district;
    if !args.ignore_feed
        && let Some((settings, _)) = select::configured(&app.global, district)?
    {
        let ctx = RunContext { cancel: app.cancel.clone(), signals: Arc::new(NoSignals) };
        night::refuse_newer_feed(&settings.source, &ctx, &args.plan).await?;
    }
    let sink = select::sink_of(&app.global, args.to.as_deref(), district)?.existing().await?;
    let record = night::apply(&sink, &args.plan).await?;
    app.console.result(&record.report, |_, colour| render::night(&record, colour));
    Ok(record.report.outcome.into())
}
