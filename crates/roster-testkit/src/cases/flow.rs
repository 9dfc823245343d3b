//! When a source works, and how its stream ends.

use super::{Check, content::expected, fail, place};
use crate::{District, Extracted, Failed, Harness, Place, Seed, differences, request};
use futures::StreamExt;
use roster_core::{ErrorKind, ExtractEvent, ExtractRequest, RunContext};
use std::time::Duration;

/// A source that works in the background would have done something after this.
const MOMENT: Duration = Duration::from_millis(30);

pub(super) async fn nothing_before_first_poll(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let ctx = RunContext::detached();
    let catalog = place.source().discover(&ctx).await?;
    place.close();
    let stream = place.source().extract(&ctx, ExtractRequest::everything(&catalog));
    tokio::time::sleep(MOMENT).await;
    if place.in_use() == Some(true) {
        fail!("the place is in use although the stream was not polled");
    }
    place.open();
    let extracted = Extracted::drain(stream).await;
    if let Some(error) = extracted.error() {
        fail!("the place was closed until the first poll, and the extract failed: {error}");
    }
    differences(&expected(harness)?, &extracted.district())?;
    Ok(Check::Passed)
}

pub(super) async fn stops_when_dropped(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    if place.in_use().is_none() {
        return Ok(Check::NotOffered("the harness cannot see whether the place is in use".into()));
    }
    let ctx = RunContext::detached();
    let source = place.source();
    let catalog = source.discover(&ctx).await?;
    let mut stream = source.extract(&ctx, request(&catalog, 1, 1 << 20));
    let Some(Ok(_)) = stream.next().await else { fail!("the stream gave nothing") };
    drop(stream);
    if !falls_idle(place.as_ref()).await {
        fail!("the place is still in use long after the stream was dropped");
    }
    Ok(Check::Passed)
}

/// Waits two seconds for it, which no reader of one district needs.
async fn falls_idle(place: &dyn Place) -> bool {
    for _ in 0..100 {
        if place.in_use() == Some(false) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

pub(super) async fn cancel_ends_with_cancelled(harness: &dyn Harness) -> Result<Check, Failed> {
    /// What may already wait to be taken when the token is cancelled.
    const ON_THE_WAY: usize = 64;
    let place = place!(harness, Seed::Whole);
    let ctx = RunContext::detached();
    let source = place.source();
    let catalog = source.discover(&ctx).await?;
    let mut stream = source.extract(&ctx, request(&catalog, 1, 1 << 20));
    let first = stream.next().await;
    ctx.cancel.cancel();
    let mut extracted = Extracted::drain(stream).await;
    extracted.events.splice(0..0, first);
    if extracted.batches().count() > ON_THE_WAY {
        fail!("{} more batches came after the cancellation", extracted.batches().count() - 1);
    }
    if extracted.error().map(roster_core::Error::kind) != Some(ErrorKind::Cancelled) {
        fail!("the stream ended with {:?} instead of Cancelled", extracted.error());
    }
    announces_only_what_is_whole(&expected(harness)?, &extracted)
}

pub(super) async fn no_done_after_cut_off(harness: &dyn Harness) -> Result<Check, Failed> {
    ends_with_an_error(harness, Seed::CutOff).await
}

pub(super) async fn no_done_after_corruption(harness: &dyn Harness) -> Result<Check, Failed> {
    ends_with_an_error(harness, Seed::Corrupt).await
}

async fn ends_with_an_error(harness: &dyn Harness, seed: Seed) -> Result<Check, Failed> {
    let whole = place!(harness, Seed::Whole);
    let catalog = whole.source().discover(&RunContext::detached()).await?;
    let place = place!(harness, seed);
    let wanted = request(&catalog, 3, 1 << 20);
    let stream = place.source().extract(&RunContext::detached(), wanted);
    announces_only_what_is_whole(&expected(harness)?, &Extracted::drain(stream).await)
}

/// One error, at the end, and no completion of an entity whose rows did not all come.
fn announces_only_what_is_whole(
    expected: &District,
    extracted: &Extracted,
) -> Result<Check, Failed> {
    match extracted.events.iter().position(Result::is_err) {
        None => fail!("the stream ended without an error"),
        Some(at) if at + 1 < extracted.events.len() => {
            fail!("{} more events came after the error", extracted.events.len() - at - 1)
        }
        Some(_) => {}
    }
    let found = extracted.district();
    for event in &extracted.events {
        if let Ok(ExtractEvent::Done(done)) = event {
            let (came, all) =
                (found.records(done.entity).len(), expected.records(done.entity).len());
            if came < all {
                fail!("{} is announced complete with {came} of {all} rows", done.entity.table());
            }
        }
    }
    Ok(Check::Passed)
}

pub(super) async fn published_succeeds(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let source = place.source();
    Extracted::everything(&source).await?.without_error()?;
    source.published(&RunContext::detached()).await?;
    Ok(Check::Passed)
}
