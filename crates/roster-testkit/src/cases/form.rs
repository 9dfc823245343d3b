//! The form of what streams: limits, counts, order, places.

use super::{Check, fail, place};
use crate::cases::content::expected;
use crate::{Extracted, Failed, Harness, Seed, differences, request};
use roster_core::{Batch, Coverage, EntityKind, ExtractEvent, Origin, RunContext, Severity};
use std::collections::BTreeMap;

pub(super) async fn batches_within_limits(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let (source, ctx) = (place.source(), RunContext::detached());
    let catalog = source.discover(&ctx).await?;
    for (max_rows, max_bytes) in [(1, 1 << 20), (7, 1 << 20), (2048, 1), (2048, 1000), (50, 3000)] {
        let wanted = request(&catalog, max_rows, max_bytes);
        let extracted = Extracted::drain(source.extract(&ctx, wanted)).await.without_error()?;
        differences(&expected(harness)?, &extracted.district())?;
        if let Some(batch) = extracted.batches().find(|it| exceeds(it, max_rows, max_bytes)) {
            let (rows, bytes) = (batch.rows.len(), batch.rows.bytes());
            fail!("a batch of {rows} rows and {bytes} bytes; at most {max_rows} and {max_bytes}");
        }
    }
    Ok(Check::Passed)
}

/// Whether a limit had been reached already before the last record was added.
fn exceeds(batch: &Batch, max_rows: usize, max_bytes: usize) -> bool {
    let rows = &batch.rows;
    let Some(last) = rows.iter().last() else { return false };
    let of_last = || rows.iter().filter(|it| it.position() == last.position());
    let before = rows.len() - of_last().count();
    let overhead = last.schema().fields.len() * size_of::<u32>() + size_of::<u64>();
    let last_bytes: usize = of_last().map(|it| it.text().len() + overhead).sum();
    before > 0 && (before >= max_rows || rows.bytes() - last_bytes >= max_bytes)
}

pub(super) async fn records_add_up(harness: &dyn Harness) -> Result<Check, Failed> {
    let seeds = [Seed::Whole, Seed::Unreadable, Seed::Twice(EntityKind::User)];
    let mut made = Vec::new();
    for seed in seeds {
        made.extend(harness.seed(seed).await?);
    }
    for place in made {
        let extracted = Extracted::everything(&place.source()).await?.without_error()?;
        extracted.batches().try_for_each(adds_up)?;
        every_rejection_has_a_reason(&extracted)?;
    }
    Ok(Check::Passed)
}

fn adds_up(batch: &Batch) -> Result<(), Failed> {
    if !batch.adds_up() {
        let (table, rejected) = (batch.rows.entity().table(), batch.records_rejected);
        let (rows, gone) = (batch.rows.len(), batch.tombstones.len());
        let read = batch.records_read;
        fail!("{table}: {read} read, but {rows} rows, {gone} tombstones and {rejected} rejected");
    }
    Ok(())
}

/// Of the entities that are made from the same records, one tells why a record was rejected.
fn every_rejection_has_a_reason(extracted: &Extracted) -> Result<(), Failed> {
    let reasons = |batch: &Batch| {
        batch.diagnostics.iter().filter(|it| it.severity == Severity::Rejected).count() as u64
    };
    for batch in extracted.batches().filter(|it| reasons(it) < it.records_rejected) {
        let entity = batch.rows.entity();
        let of_origin = || extracted.batches().filter(|it| it.origin == batch.origin);
        let own = of_origin().filter(|it| it.rows.entity() == entity);
        let rejected: u64 = own.map(|it| it.records_rejected).sum();
        let told: u64 = of_origin().map(reasons).sum();
        if told < rejected {
            fail!(
                "{}: {rejected} records were rejected with only {told} diagnostics",
                entity.table()
            );
        }
    }
    Ok(())
}

pub(super) async fn load_order(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let (source, ctx) = (place.source(), RunContext::detached());
    let catalog = source.discover(&ctx).await?;
    let wanted = request(&catalog, 5, 1 << 20);
    let extracted = Extracted::drain(source.extract(&ctx, wanted)).await.without_error()?;
    let events = placed(&extracted);
    let mut first_of = BTreeMap::<&str, EntityKind>::new();
    for (entity, origin) in &events {
        let first = first_of.entry(origin).or_insert(*entity);
        *first = (*first).min(*entity);
    }
    for (at, (entity, origin)) in events.iter().enumerate() {
        // What came before belongs after, shares no record with this, and came along with nothing that belongs before.
        let too_early = |(other, of): &&(EntityKind, String)| {
            other > entity && of != origin && first_of[of.as_str()] > *entity
        };
        if let Some((other, _)) = events[..at].iter().find(too_early) {
            fail!("{} comes after {}", entity.table(), other.table());
        }
    }
    Ok(Check::Passed)
}

/// For every event its entity and where its records were read, which for a completion is where the last ones were.
fn placed(extracted: &Extracted) -> Vec<(EntityKind, String)> {
    let mut last_of = BTreeMap::new();
    let mut placed = |event: &ExtractEvent| match event {
        ExtractEvent::Batch(batch) => {
            let (entity, origin) = (batch.rows.entity(), format!("{:?}", batch.origin));
            last_of.insert(entity, origin.clone());
            (entity, origin)
        }
        ExtractEvent::Done(done) => {
            let own = || format!("{:?}", done.entity);
            (done.entity, last_of.get(&done.entity).cloned().unwrap_or_else(own))
        }
    };
    extracted.events.iter().flatten().map(&mut placed).collect()
}

pub(super) async fn done_once_after_the_last_row(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let extracted = Extracted::everything(&place.source()).await?.without_error()?;
    let mut done = BTreeMap::new();
    for event in extracted.events.iter().flatten() {
        match event {
            ExtractEvent::Batch(batch) => {
                if done.contains_key(&batch.rows.entity()) {
                    fail!("rows of {} after its completion", batch.rows.entity().table());
                }
            }
            ExtractEvent::Done(it) => {
                if done.insert(it.entity, it.coverage).is_some() {
                    fail!("{} is announced twice", it.entity.table());
                }
                if it.coverage != Coverage::Complete {
                    fail!("{} is not announced as complete", it.entity.table());
                }
            }
        }
    }
    match extracted.entities().iter().find(|it| !done.contains_key(it)) {
        Some(entity) => fail!("{} is never announced", entity.table()),
        None => Ok(Check::Passed),
    }
}

pub(super) async fn rows_have_keys_and_places(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let extracted = Extracted::everything(&place.source()).await?.without_error()?;
    for batch in extracted.batches() {
        let table = batch.rows.entity().table();
        let (name, first) = match &batch.origin {
            Origin::File(name) => (name, 1),
            Origin::Page(name) | Origin::Query(name) => (name, 0),
            _ => fail!("rows of {table} with an origin that the kit does not know"),
        };
        if name.is_empty() || batch.rows.iter().any(|it| it.position() < first) {
            fail!("rows of {table} without a place");
        }
        if batch.rows.iter().any(|it| it.source_id().is_empty()) {
            fail!("a row of {table} without a key");
        }
    }
    Ok(Check::Passed)
}
