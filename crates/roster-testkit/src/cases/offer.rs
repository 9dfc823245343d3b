//! What a source says of itself, and whether it is so.

use super::{
    Check,
    content::{expected, extracted_of},
    fail, place,
};
use crate::{District, Extracted, Failed, Harness, Seed, differences, request};
use roster_core::{
    Catalog, Cursor, DeleteSignal, EntityKind, EntityRequest, Error, ErrorKind, ExtractRequest,
    Origin, RosterSource, RunContext, SyncMode, validate_request,
};
use std::{collections::BTreeSet, sync::Arc};

pub(super) async fn check_passes_on_good_source(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let report = place.source().check(&RunContext::detached()).await;
    if report.steps.is_empty() {
        fail!("the check has no step");
    }
    for step in &report.steps {
        match &step.outcome {
            Err(error) => fail!("step {:?} failed: {error}", step.name),
            Ok(found) if found.is_empty() || step.name.is_empty() => {
                fail!("step {:?} says nothing", step.name)
            }
            Ok(_) => {}
        }
    }
    Ok(Check::Passed)
}

pub(super) async fn check_fails_clearly_on_bad_source(
    harness: &dyn Harness,
) -> Result<Check, Failed> {
    let whole = place!(harness, Seed::Whole);
    let place = place!(harness, Seed::Absent);
    let (source, ctx) = (place.source(), RunContext::detached());
    let report = source.check(&ctx).await;
    let Some(Err(error)) = report.steps.last().map(|it| &it.outcome) else {
        fail!("the last step of the check did not fail")
    };
    if matches!(error.kind(), ErrorKind::Internal | ErrorKind::Cancelled) {
        fail!("the step failed with {:?}, which tells nobody what to do", error.kind());
    }
    if error.message().is_empty() || error.message().ends_with('.') {
        fail!("the message is empty or ends with a dot: {:?}", error.message());
    }
    let catalog = whole.source().discover(&ctx).await?;
    let extracted =
        Extracted::drain(source.extract(&ctx, ExtractRequest::everything(&catalog))).await;
    if extracted.error().is_none() || extracted.completions().next().is_some() {
        fail!("an extract of a place that is not there did not just fail");
    }
    Ok(Check::Passed)
}

pub(super) async fn catalog_matches_extract(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let catalog = place.source().discover(&RunContext::detached()).await?;
    if !catalog.entities.is_sorted_by(|a, b| a.entity < b.entity) {
        fail!("the catalog is not in load order, or lists an entity twice");
    }
    if let Some(info) = catalog.entities.iter().find(|it| it.modes.is_empty()) {
        fail!("{} has no mode", info.entity.table());
    }
    let listed: BTreeSet<_> = catalog.entities.iter().map(|it| it.entity).collect();
    let extracted = Extracted::everything(&place.source()).await?.without_error()?;
    if let Some(entity) = extracted.entities().difference(&listed).next() {
        fail!("{} came without being listed", entity.table());
    }
    if let Some(entity) = expected(harness)?.entities().find(|it| !listed.contains(it)) {
        fail!("{} is in the feed and not listed", entity.table());
    }
    Ok(Check::Passed)
}

pub(super) async fn feed_is_told_as_it_is(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let other = place!(harness, Seed::Empty(EntityKind::Demographics));
    let (source, ctx) = (place.source(), RunContext::detached());
    let catalog = source.discover(&ctx).await?;
    let told = &catalog.feed;
    if *told != source.discover(&ctx).await?.feed {
        fail!("the same feed is told in another way the second time");
    }
    let another = other.source().discover(&ctx).await?.feed;
    if told.fingerprint.is_some() && told.fingerprint == another.fingerprint {
        fail!("another feed has the same fingerprint");
    }
    if told.parts.is_empty() {
        return Ok(Check::Passed);
    }
    let request = ExtractRequest::everything(&catalog);
    let extracted = Extracted::drain(source.extract(&ctx, request)).await;
    for batch in extracted.without_error()?.batches() {
        // A collection is told without what differs from page to page.
        let told = told.parts.iter().any(|it| it.origin == batch.origin);
        if !told && !matches!(batch.origin, Origin::Page(_)) {
            fail!("a batch comes from {:?}, which is none of the parts", batch.origin);
        }
    }
    Ok(Check::Passed)
}

pub(super) async fn only_what_was_asked(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let expected = expected(harness)?;
    let wishes: [&[EntityKind]; 4] = [
        &[EntityKind::User],
        &[EntityKind::Role, EntityKind::Enrollment],
        &[EntityKind::Org, EntityKind::Relationship],
        &[],
    ];
    for wish in wishes {
        let extracted = extracted_of(&place.source(), wish).await?;
        if let Some(entity) = extracted.entities().iter().find(|it| !wish.contains(it)) {
            fail!("{} came without being asked for", entity.table());
        }
        let wanted = expected.filtered(|entity, _| wish.contains(&entity));
        differences(&wanted, &extracted.district())?;
    }
    Ok(Check::Passed)
}

const MODES: [SyncMode; 3] = [
    SyncMode::Snapshot,
    SyncMode::Delta { deletes: DeleteSignal::Tombstone },
    SyncMode::Delta { deletes: DeleteSignal::None },
];

fn one(entity: EntityKind, mode: SyncMode, resume: Option<Cursor>) -> ExtractRequest {
    ExtractRequest {
        entities: vec![EntityRequest { entity, mode, resume }],
        ..ExtractRequest::everything(&Catalog::default())
    }
}

pub(super) async fn offered_modes_work(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let (source, ctx) = (place.source(), RunContext::detached());
    let catalog = source.discover(&ctx).await?;
    for (entity, mode) in EntityKind::ALL.iter().flat_map(|it| MODES.map(|mode| (*it, mode))) {
        let offered =
            catalog.entities.iter().any(|it| it.entity == entity && it.modes.contains(&mode));
        let wanted = one(entity, mode, None);
        match validate_request(&catalog, &wanted) {
            Ok(()) if !offered => fail!("{entity:?} {mode:?} is not refused"),
            Err(error) if offered => fail!("{entity:?} {mode:?} is refused: {error}"),
            Err(_) => continue,
            Ok(()) => {}
        }
        if let Some(error) = Extracted::drain(source.extract(&ctx, wanted)).await.error() {
            fail!("{entity:?} {mode:?} is offered and fails: {error}");
        }
    }
    Ok(Check::Passed)
}

/// The entities whose extracts can resume.
fn resumable(catalog: &Catalog) -> impl Iterator<Item = EntityKind> + '_ {
    catalog.entities.iter().filter(|it| it.resumable).map(|it| it.entity)
}

fn none_resumable() -> Check {
    Check::NotOffered("no entity of the catalog is resumable".to_owned())
}

pub(super) async fn resume_gives_the_rest(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let (source, ctx) = (place.source(), RunContext::detached());
    let catalog = source.discover(&ctx).await?;
    if resumable(&catalog).next().is_none() {
        return Ok(none_resumable());
    }
    let expected = expected(harness)?;
    for entity in resumable(&catalog) {
        let mut wanted = request(&catalog, 3, 1 << 20);
        wanted.entities.retain(|it| it.entity == entity);
        let whole = Extracted::drain(source.extract(&ctx, wanted)).await.without_error()?;
        let expected = expected.filtered(|it, _| it == entity);
        resumes_at_every_batch(&source, entity, &whole, &expected).await?;
    }
    Ok(Check::Passed)
}

async fn resumes_at_every_batch(
    source: &Arc<dyn RosterSource>,
    entity: EntityKind,
    whole: &Extracted,
    expected: &District,
) -> Result<(), Failed> {
    let mut before = District::default();
    let mut resumed = false;
    for batch in whole.batches() {
        before.push_rows(&batch.rows);
        let Some(cursor) = &batch.resume else { continue };
        let wanted = one(entity, SyncMode::Snapshot, Some(cursor.clone()));
        let rest = Extracted::drain(source.extract(&RunContext::detached(), wanted)).await;
        let mut all = before.clone();
        rest.without_error()?.batches().for_each(|it| all.push_rows(&it.rows));
        // A record may come again; sinks go by key.
        let mut seen = BTreeSet::new();
        let all = all.filtered(|_, record| seen.insert(record.source_id().to_owned()));
        differences(expected, &all)?;
        resumed = true;
    }
    if resumed { Ok(()) } else { fail!("no batch of {} has a cursor", entity.table()) }
}

pub(super) async fn foreign_cursor_is_refused(harness: &dyn Harness) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Whole);
    let (source, ctx) = (place.source(), RunContext::detached());
    let catalog = source.discover(&ctx).await?;
    let Some(entity) = resumable(&catalog).next() else { return Ok(none_resumable()) };
    let id = source.descriptor().id;
    for foreign in [Cursor::encode("another", 1, &1)?, Cursor::encode(id, u16::MAX, &1)?] {
        let wanted = one(entity, SyncMode::Snapshot, Some(foreign));
        let extracted = Extracted::drain(source.extract(&ctx, wanted)).await;
        let kind = extracted.error().map(Error::kind);
        if kind != Some(ErrorKind::CursorInvalid) {
            fail!("a foreign cursor ends with {kind:?} instead of CursorInvalid");
        }
    }
    Ok(Check::Passed)
}
