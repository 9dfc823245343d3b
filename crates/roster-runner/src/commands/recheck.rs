//! `homeroom recheck`: checks again what a run left out, and publishes what passes now.

use super::{App, RecordLine, select};
use crate::{
    cli::RecheckArgs,
    exit::{Exit, Failure},
    night::recheck::{LeftAlone, Recheck, Rechecked},
    render::{self, Hint, counted},
    report::{trends::earlier_nights, words::Names},
    settings::NightSettings,
    sharing::Sharing,
};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// One line of `homeroom recheck --json`.
#[derive(Debug, Serialize)]
struct RecheckLine<'r> {
    /// The run whose records were checked again.
    of: &'r str,
    /// The run that checked them again; nothing when there was nothing to check.
    #[serde(flatten)]
    record: Option<RecordLine<'r>>,
    /// What was not checked again, and why.
    left_alone: LeftAlone,
}

pub(super) async fn run(app: &mut App, args: &RecheckArgs) -> Result<Exit, Failure> {
    let found = select::run(&app.global, args.to.as_deref(), &args.run).await?;
    let configured = select::configured(&app.global, &found.record.report.district)?;
    let (sharing, night) = match configured {
        Some((district, night)) => (district.sharing, night),
        None => (Sharing::default(), NightSettings::default()),
    };
    let record = found.record;
    let earlier = earlier_nights(&*found.sink, &record).await?;
    let recheck = Recheck {
        district: record.report.district.clone(),
        work_folder: work_folder(&night, found.address.folder()),
        sink: found.sink,
        sharing,
        examples: night.examples,
        names: Names::of_run(&record, &earlier),
    };
    let rechecked = recheck.run(&record).await?;
    tell(
        app,
        record.report.run.as_str(),
        &rechecked,
        &select::hint(&app.global, args.to.as_deref()),
    )
}

fn work_folder(night: &NightSettings, beside: Option<&Path>) -> PathBuf {
    let configured = night.work_folder.clone();
    configured.or_else(|| beside.map(Path::to_owned)).unwrap_or_else(std::env::temp_dir)
}

fn tell(app: &mut App, of: &str, rechecked: &Rechecked, hint: &Hint) -> Result<Exit, Failure> {
    let Rechecked { record, left_alone } = rechecked;
    let line =
        RecheckLine { of, record: record.as_ref().map(RecordLine::from), left_alone: *left_alone };
    app.console.answer(&line, |_, colour| {
        let night = record.as_ref().map(|it| render::night(it, hint, colour));
        let nothing = || "nothing of what the run left out can be checked again\n".to_owned();
        night.unwrap_or_else(nothing) + &reasons(*left_alone)
    })?;
    Ok(record.as_ref().map_or(Exit::Done, |it| it.report.outcome.into()))
}

/// What was not checked again, and why, a line each.
fn reasons(left_alone: LeftAlone) -> String {
    let LeftAlone { newer, duplicates, unreadable, not_shared, not_kept } = left_alone;
    let reasons = [
        (newer, "a newer run has dealt with them; what that one left out, check by its own id"),
        (duplicates, "another record of the same key was kept that night"),
        (unreadable, "the connector could not read them; they have to be sent again"),
        (not_shared, "today's settings do not share them"),
        (not_kept, "they were not kept with the run; they have to be sent again"),
    ];
    let told = reasons.into_iter().filter(|it| it.0 > 0);
    let line =
        |(count, why): (u64, &str)| format!("  left alone: {}: {why}\n", counted(count, "record"));
    told.map(line).collect()
}
