//! What comes out of a feed.

use super::{Check, fail, place};
use crate::{District, Extracted, Failed, Harness, Place, Record, Seed, Writing, differences};
use roster_core::{
    Coverage, DiagnosticCode, EntityKind, ExtractRequest, RosterSource, RunContext, Severity,
};
use std::{collections::BTreeSet, sync::Arc};

/// The golden district as the harness's format can tell it.
pub(super) fn expected(harness: &dyn Harness) -> Result<District, Failed> {
    Ok(harness.losses().apply(&District::golden()?))
}

async fn extracted(place: &dyn Place) -> Result<Extracted, Failed> {
    Extracted::everything(&place.source()).await?.without_error()
}

pub(super) async fn golden_district(harness: &dyn Harness) -> Result<Check, Failed> {
    gives_golden(harness, Seed::Whole).await
}

async fn gives_golden(harness: &dyn Harness, seed: Seed) -> Result<Check, Failed> {
    let place = place!(harness, seed);
    let extracted = extracted(place.as_ref()).await?;
    differences(&expected(harness)?, &extracted.district())?;
    Ok(Check::Passed)
}

pub(super) async fn clean_feed_has_no_findings(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let extracted = extracted(place.as_ref()).await?;
    let findings: Vec<_> = extracted.batches().flat_map(|it| &it.diagnostics).collect();
    if !findings.is_empty() {
        fail!("{} findings, such as {:#?}", findings.len(), &findings[..findings.len().min(5)]);
    }
    Ok(Check::Passed)
}

/// The rows in the order they came.
fn sequence(extracted: &Extracted) -> Vec<(EntityKind, Record)> {
    let batches = extracted.batches();
    let rows = batches.flat_map(|it| it.rows.iter().map(|row| (row.entity(), row)));
    rows.map(|(entity, row)| (entity, Record::from_row(row))).collect()
}

pub(super) async fn same_extract_twice(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let source = place.source();
    let first = Extracted::everything(&source).await?.without_error()?;
    for again in [source, place.source()] {
        let second = Extracted::everything(&again).await?.without_error()?;
        differences(&first.district(), &second.district())?;
        if sequence(&first) != sequence(&second) {
            fail!("the rows are the same in another order");
        }
    }
    Ok(Check::Passed)
}

/// The places with the seeds, of those entities for which the harness can make it.
async fn places(
    harness: &dyn Harness,
    seed: fn(EntityKind) -> Seed,
    entities: &[EntityKind],
) -> Result<Vec<(EntityKind, Box<dyn Place>)>, Failed> {
    let mut places = Vec::new();
    for entity in entities {
        places.extend(harness.seed(seed(*entity)).await?.map(|it| (*entity, it)));
    }
    Ok(places)
}

fn passed_unless_none<T>(places: &[T], seed: &str) -> Check {
    match places {
        [] => Check::NotOffered(format!("the harness cannot make the seed {seed} of any entity")),
        _ => Check::Passed,
    }
}

pub(super) async fn empty_entity_is_harmless(harness: &dyn Harness) -> Result<Check, Failed> {
    // No other entity refers to these.
    let entities = [EntityKind::Demographics, EntityKind::ResultLearningObjective];
    let places = places(harness, Seed::Empty, &entities).await?;
    let expected = expected(harness)?;
    for (empty, place) in &places {
        let extracted = extracted(place.as_ref()).await?;
        let rest = expected.filtered(|entity, _| entity != *empty);
        differences(&rest, &extracted.district())?;
    }
    Ok(passed_unless_none(&places, "Empty"))
}

pub(super) async fn duplicate_keys_survive(harness: &dyn Harness) -> Result<Check, Failed> {
    let entities = [EntityKind::Org, EntityKind::User, EntityKind::Enrollment];
    let places = places(harness, Seed::Twice, &entities).await?;
    let expected = expected(harness)?;
    for (entity, place) in &places {
        let extracted = extracted(place.as_ref()).await?;
        let mut seen = BTreeSet::new();
        let first_of_each = extracted
            .district()
            .filtered(|entity, record| seen.insert((entity, record.source_id().to_owned())));
        differences(&expected, &first_of_each)?;
        second_is_accounted_for(*entity, &expected, &extracted)?;
    }
    Ok(passed_unless_none(&places, "Twice"))
}

/// The repeated record is counted as read, and is among the rows or rejected with a diagnostic.
fn second_is_accounted_for(
    entity: EntityKind,
    expected: &District,
    extracted: &Extracted,
) -> Result<(), Failed> {
    let once = expected.records(entity).len();
    let of_entity = || extracted.batches().filter(|it| it.rows.entity() == entity);
    let read: u64 = of_entity().map(|it| it.records_read).sum();
    if read != once as u64 + 1 {
        fail!("{} of {} records are counted as read", read, once + 1);
    }
    let rows: usize = of_entity().map(|it| it.rows.len()).sum();
    let rejected = of_entity()
        .flat_map(|it| &it.diagnostics)
        .any(|it| it.severity == Severity::Rejected && it.code == DiagnosticCode::DuplicateKey);
    if rows != once + 1 && !rejected {
        fail!("the second {} record is neither a row nor rejected as duplicate", entity.table());
    }
    Ok(())
}

pub(super) async fn bad_records_leave_their_neighbours(
    harness: &dyn Harness,
) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Unreadable);
    let extracted = extracted(place.as_ref()).await?;
    let neighbours =
        extracted.district().filtered(|_, record| !record.source_id().contains(Seed::CANARY));
    differences(&expected(harness)?, &neighbours)?;
    let mut findings = extracted.batches().flat_map(|it| &it.diagnostics);
    if !findings.any(|it| it.severity == Severity::Rejected) {
        fail!("no record was rejected");
    }
    Ok(Check::Passed)
}

pub(super) async fn changes_are_not_the_whole(harness: &dyn Harness) -> Result<Check, Failed> {
    let entities = [EntityKind::Org, EntityKind::Enrollment];
    let places = places(harness, Seed::Changes, &entities).await?;
    let expected = expected(harness)?;
    for (changed, place) in &places {
        let records = expected.records(*changed);
        let (Some(first), Some(last)) = (records.first(), records.last()) else { continue };
        let extracted = extracted(place.as_ref()).await?;
        let wanted = expected
            .filtered(|it, record| it == *changed && record.source_id() == first.source_id());
        differences(&wanted, &extracted.district())?;
        let tombstones = extracted.batches().flat_map(|it| &it.tombstones);
        let gone: Vec<_> = tombstones.map(|it| it.source_id.as_ref()).collect();
        if gone != [last.source_id()] {
            fail!("the tombstones of {} are {gone:?}", changed.table());
        }
        if let Some(done) = extracted.completions().find(|it| it.coverage != Coverage::Changes) {
            fail!("the delta is announced as complete for {}", done.entity.table());
        }
    }
    Ok(passed_unless_none(&places, "Changes"))
}

pub(super) async fn byte_order_mark(harness: &dyn Harness) -> Result<Check, Failed> {
    gives_golden(harness, Seed::Written(Writing::ByteOrderMark)).await
}

pub(super) async fn line_feeds(harness: &dyn Harness) -> Result<Check, Failed> {
    gives_golden(harness, Seed::Written(Writing::LineFeed)).await
}

pub(super) async fn quotes(harness: &dyn Harness) -> Result<Check, Failed> {
    gives_golden(harness, Seed::Written(Writing::EveryValueQuoted)).await
}

pub(super) async fn windows_1252(harness: &dyn Harness) -> Result<Check, Failed> {
    gives_golden(harness, Seed::Written(Writing::Windows1252)).await
}

/// An extract of a few entities.
pub(super) async fn extracted_of(
    source: &Arc<dyn RosterSource>,
    entities: &[EntityKind],
) -> Result<Extracted, Failed> {
    let ctx = RunContext::detached();
    let catalog = source.discover(&ctx).await?;
    let mut request = ExtractRequest::everything(&catalog);
    request.entities.retain(|it| entities.contains(&it.entity));
    Extracted::drain(source.extract(&ctx, request)).await.without_error()
}
