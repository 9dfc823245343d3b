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
    let ctx = RunContext { cancel: app.cancel.clone(), signals: Arc::new(NoSignals) };
    let configured = select::configured(&app.global, district)?.map(|it| it.0);
    // What the source has instead of the feed that the plan was made from is not put away.
    let source = configured.as_ref().map(|it| &it.source).filter(|_| !args.ignore_feed);
    if let Some(source) = source {
        night::refuse_newer_feed(source, &ctx, &args.plan).await?;
    }
    let sink = select::sink_of(&app.global, args.to.as_deref(), district)?.existing().await?;
    let keep = configured.as_ref().map(|it| it.keep.clone()).unwrap_or_default();
    let ending = night::Ending { district, sink: &sink, keep: &keep, source };
    let record = night::apply(&ending, &ctx, &args.plan).await?;
    app.console.result(&record.report, |_, colour| render::night(&record, colour));
    Ok(record.report.outcome.into())
}
