//! `homeroom runs`: the last runs.

use super::{App, RecordLine, select};
use crate::{
    cli::RunsArgs,
    console::Form,
    exit::{Exit, Failure},
    registry::SinkAddress,
    render,
};
use roster_core::DistrictId;
use roster_sink::RunRecord;
use std::cmp::Reverse;

pub(super) async fn run(app: &mut App, args: &RunsArgs) -> Result<Exit, Failure> {
    let district = args.district.as_deref().map(select::district_id).transpose()?;
    let sinks = select::sinks(&app.global, args.to.as_deref())?;
    let records = collect(&sinks, district.as_ref(), args.most).await?;
    match app.console.form() {
        Form::Text { .. } => {
            app.console.answer(&(), |(), colour| render::runs(&records, colour))?;
        }
        Form::Json => {
            for record in &records {
                app.console.answer(&RecordLine::from(record), |_, _| String::new())?;
            }
        }
    }
    Ok(Exit::Done)
}

/// The last runs of all sinks together, newest first.
async fn collect(
    sinks: &[SinkAddress],
    district: Option<&DistrictId>,
    most: usize,
) -> Result<Vec<RunRecord>, Failure> {
    let mut records = Vec::new();
    for address in sinks {
        // Of several, those that no night has reached yet are passed over.
        if sinks.len() > 1 && !address.exists().await? {
            continue;
        }
        records.extend(address.existing().await?.runs(district, most).await?);
    }
    records.sort_by_key(|it| Reverse((it.started_at, it.report.run.clone())));
    records.truncate(most);
    Ok(records)
}
