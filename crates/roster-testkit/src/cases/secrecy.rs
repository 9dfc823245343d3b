//! What must never be shown.

use super::{Check, fail};
use crate::{Extracted, Failed, Harness, Place, Seed, canaries, logs};
use roster_core::RunContext;
use std::{error::Error, fmt::Write};

pub(super) async fn canaries_are_never_shown(harness: &dyn Harness) -> Result<Check, Failed> {
    let seeds = [Seed::Whole, Seed::Unreadable, Seed::CutOff, Seed::Corrupt, Seed::Absent];
    let mut shown = String::new();
    for seed in seeds {
        if let Some(place) = harness.seed(seed).await? {
            show(place.as_ref(), &mut shown).await?;
        }
    }
    shown.push_str(&logs::text());
    match canaries().iter().find(|it| shown.contains(it.as_str())) {
        Some(canary) => fail!("{canary:?} is shown: {}", around(&shown, canary)),
        None => Ok(Check::Passed),
    }
}

/// Everything about a place's source that can be printed.
async fn show(place: &dyn Place, out: &mut String) -> Result<(), Failed> {
    let (source, ctx) = (place.source(), RunContext::detached());
    write!(out, "{source:?} {:?}", source.check(&ctx).await)?;
    let catalog = match source.discover(&ctx).await {
        Ok(catalog) => catalog,
        Err(error) => return Ok(show_error(&error, out)?),
    };
    write!(out, "{catalog:?}")?;
    let extracted = Extracted::everything(&source).await?;
    for event in &extracted.events {
        write!(out, "{event:?}")?;
    }
    for batch in extracted.batches() {
        batch.rows.iter().try_for_each(|it| write!(out, "{it:?}"))?;
    }
    extracted.error().map_or(Ok(()), |it| Ok(show_error(it, out)?))
}

fn show_error(error: &roster_core::Error, out: &mut String) -> std::fmt::Result {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        write!(out, "{error} {error:?}")?;
        cause = error.source();
    }
    Ok(())
}

fn around(text: &str, canary: &str) -> String {
    let found = text.find(canary).unwrap_or_default();
    let start = text.floor_char_boundary(found.saturating_sub(120));
    let end = text.floor_char_boundary(text.len().min(found + canary.len() + 60));
    text[start..end].to_owned()
}
