//! `homeroom sync`: the nights of districts.

use super::{App, select};
use crate::{
    cli::SyncArgs,
    drive::Drive,
    exit::{Exit, Failure},
    render,
};
use futures::StreamExt as _;
use std::{collections::BTreeMap, pin::pin};

pub(super) async fn run(app: &mut App, args: &SyncArgs) -> Result<Exit, Failure> {
    let selection = select::districts(&app.global, &args.districts, &args.direct)?;
    select::refuse_missing_feed(&args.direct, &selection).await?;
    let hint = select::hint(&app.global, args.direct.to.as_deref());
    let drive = Drive::new(selection.night, app.cancel.clone(), app.progress.clone());
    let mut nights = pin!(drive.nights(selection.districts).await);
    let mut exit = Exit::Done;
    let mut outcomes = BTreeMap::new();
    while let Some(record) = nights.next().await {
        exit = exit.worse(record.report.outcome.into());
        *outcomes.entry(record.report.outcome.code()).or_insert(0) += 1;
        app.console.result(&record.report, |_, colour| render::night(&record, &hint, colour));
    }
    if outcomes.values().sum::<u64>() > 1 {
        app.console.remark(&summary(&outcomes));
    }
    Ok(exit)
}

/// How many districts ended how.
fn summary(outcomes: &BTreeMap<&str, u64>) -> String {
    let counts: Vec<_> =
        outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
    format!("{} districts: {}", outcomes.values().sum::<u64>(), counts.join(", "))
}
