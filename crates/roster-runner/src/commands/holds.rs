//! `homeroom holds`: what waits for a person, and the changes of one hold as a file.

use super::{App, select};
use crate::{
    cli::HoldsArgs,
    console::Form,
    exit::{Exit, Failure},
    registry::SinkAddress,
    render::{self, counted},
    review,
};
use roster_core::DistrictId;
use roster_sink::{Hold, HoldFilter, HoldId, Sink};
use std::{cmp::Reverse, path::Path, sync::Arc};

pub(super) async fn run(app: &mut App, args: &HoldsArgs) -> Result<Exit, Failure> {
    if let Some(id) = &args.hold {
        return show(app, args, &HoldId::from_text(id.as_str())).await;
    }
    let district = args.district.as_deref().map(select::district_id).transpose()?;
    let sinks = select::sinks(&app.global, args.to.as_deref())?;
    let holds = collect(&sinks, district.as_ref(), if args.all { HoldFilter::All } else { HoldFilter::Open }).await?;
    match app.console.form() {
        Form::Text { .. } => {
            app.console.answer(&(), |(), colour| render::holds(&holds, colour))?;
        }
        Form::Json => {
            for hold in &holds {
                app.console.answer(hold, |_, _| String::new())?;
            }
        }
    }
    Ok(Exit::Done)
}

async fn show(app: &mut App, args: &HoldsArgs, id: &HoldId) -> Result<Exit, Failure> {
    let (sink, hold) = find(app, args.to.as_deref(), id).await?;
    if let Some(file) = &args.csv {
        let changes = write(&sink, &hold, file).await?;
        let hold = counted(changes, "change");
        app.console.remark(&format!("wrote {hold} to {}; it holds personal data", file.display()));
        return Ok(Exit::Done);
    }
    let audit = sink.audit(Some(&hold.district), usize::MAX).await?;
    let audit: Vec<_> = audit.into_iter().filter(|it| it.hold.as_ref() == Some(id)).collect();
    app.console.answer(&hold, |it, colour| render::hold(it, &audit, colour))?;
    Ok(Exit::Done)
}

async fn write(sink: &Arc<dyn Sink>, hold: &Hold, file: &Path) -> Result<u64, Failure> {
    if file.exists() {
        let message = format!("{} is there already; name a new file", file.display());
        return Err(Failure::Usage(message));
    }
    Ok(review::write_changes(sink, hold, file).await?)
}

/// Holds of all sinks together, newest first.
async fn collect(
    sinks: &[SinkAddress],
    district: Option<&DistrictId>,
    which: HoldFilter,
) -> Result<Vec<Hold>, Failure> {
    let mut holds = Vec::new();
    for address in sinks {
        // Of several, those that no night has reached yet are passed over.
        if sinks.len() > 1 && !address.exists().await? {
            continue;
        }
        holds.extend(address.existing().await?.holds(district, which).await?);
    }
    holds.sort_by_key(|it| Reverse((it.created_at, it.id.clone())));
    Ok(holds)
}

/// A hold, and the sink that remembers it.
pub(super) async fn find(
    app: &App,
    to: Option<&str>,
    id: &HoldId,
) -> Result<(Arc<dyn Sink>, Hold), Failure> {
    let sinks = select::sinks(&app.global, to)?;
    for address in &sinks {
        if sinks.len() > 1 && !address.exists().await? {
            continue;
        }
        let sink = address.existing().await?;
        if let Some(hold) = sink.hold(id).await? {
            return Ok((sink, hold));
        }
    }
    let places: Vec<_> = sinks.iter().map(ToString::to_string).collect();
    let message = format!(
        "no hold is called {:?} in {}; `homeroom holds` lists them",
        id.as_str(),
        places.join(", ")
    );
    Err(Failure::Usage(message))
}
