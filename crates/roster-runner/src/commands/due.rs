//! `homeroom due`: whose files are late, missing, refused or always the same.

use super::{App, select};
use crate::{
    cli::{Direct, DueArgs},
    console::Paint,
    exit::{Exit, Failure},
    expectation::{Delivery, DeliveryState},
    settings::DistrictSettings,
};
use roster_core::value::Timestamp;

/// How many runs are looked at: enough for half a year of nights.
const RUNS: usize = 200;

pub(super) async fn run(app: &mut App, args: &DueArgs) -> Result<Exit, Failure> {
    let selection = select::districts(&app.global, &args.districts, &Direct::default())?;
    let stale_after = selection.night.stale_after_school_nights;
    let mut exit = Exit::Done;
    for district in &selection.districts {
        let nights = nights(district).await?;
        let notice =
            district.expect.notice(district.id.as_str(), &nights, stale_after, Timestamp::now());
        exit =
            exit.worse(if notice.state.is_failure() { Exit::DistrictFailed } else { Exit::Done });
        app.console.answer(&notice, |it, colour| {
            let paint = match it.state {
                DeliveryState::OnTime | DeliveryState::NotExpected => Paint::Green,
                DeliveryState::Unchanged | DeliveryState::Stale => Paint::Yellow,
                DeliveryState::Late | DeliveryState::Missing | DeliveryState::Refused => Paint::Red,
            };
            let state = colour.paint(paint, it.state.code());
            format!("{} {state}: {}\n", it.district, it.text)
        })?;
    }
    Ok(exit)
}

/// What the nights of a district found, oldest first.
async fn nights(district: &DistrictSettings) -> Result<Vec<(Timestamp, Delivery)>, Failure> {
    let database = district.to.database();
    if !database.exists().await? {
        return Ok(Vec::new());
    }
    let runs = database.existing().await?.runs(Some(&district.id), RUNS).await?;
    let seen = |it: &roster_sink::RunRecord| Some((it.started_at, Delivery::of(&it.report)?));
    let mut nights: Vec<_> = runs.iter().filter_map(seen).collect();
    nights.sort_by_key(|it| it.0);
    Ok(nights)
}
