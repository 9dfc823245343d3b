//! The events of a fake extract.

use super::{Break, Feed};
use roster_core::{
    Batch, Completion, Coverage, Cursor, Diagnostic, DiagnosticCode, EntityKind, EntityRequest,
    Error, ErrorKind, ExtractEvent, ExtractRequest, Locus, Origin, Result, Rows, Severity,
    SourceRecord, SyncMode, Tombstone,
};
use roster_testkit::{Record, Seed};
use std::sync::atomic::Ordering;

type Events = Vec<Result<ExtractEvent>>;

/// All events of an extract, with what the seed and the broken promise make of them.
pub(super) fn events(feed: &Feed, request: &ExtractRequest) -> Events {
    let reversed = feed.extracts.fetch_add(1, Ordering::SeqCst) % 2 == 1
        && feed.breaks(Break::ReversesEverySecondExtract);
    if feed.breaks(Break::ShowsNameInLog) {
        tracing::warn!("read the record of {}", feed.name());
    }
    let mut wanted = request.entities.clone();
    if feed.breaks(Break::GivesEverything) || feed.breaks(Break::CatalogLacksAnEntity) {
        wanted = EntityKind::ALL.iter().map(|it| snapshot(*it)).collect();
    }
    if feed.breaks(Break::ReversesLoadOrder) {
        wanted.reverse();
    }
    let mut events = Events::new();
    for wanted in wanted {
        let records = records(feed, wanted.entity, reversed);
        match start(feed, &wanted) {
            Ok(start) => of_entity(feed, request, wanted.entity, &records, start, &mut events),
            Err(error) => {
                events.push(Err(error));
                return events;
            }
        }
    }
    damaged(feed, events)
}

fn snapshot(entity: EntityKind) -> EntityRequest {
    EntityRequest { entity, mode: SyncMode::Snapshot, resume: None }
}

/// Where in its records a request starts.
fn start(feed: &Feed, wanted: &EntityRequest) -> Result<usize> {
    let changes = matches!(feed.seed, Seed::Changes(_));
    if (wanted.mode == SyncMode::Snapshot) == changes {
        return Err(Error::new(ErrorKind::Unsupported, "extract", "there is no such mode"));
    }
    let Some(cursor) = &wanted.resume else { return Ok(0) };
    match cursor.decode::<usize>("fake", 1) {
        Ok(at) if feed.breaks(Break::ResumesTooLate) => Ok(at + 1),
        Err(_) if feed.breaks(Break::IgnoresForeignCursors) => Ok(0),
        other => other,
    }
}

/// The records of an entity as the seed has them, some changed by the broken promise.
fn records(feed: &Feed, entity: EntityKind, reversed: bool) -> Vec<Record> {
    let mut records = feed.district.records(entity).to_vec();
    match feed.seed {
        Seed::Empty(it) if it == entity => records.clear(),
        Seed::Twice(it) if it == entity && !feed.breaks(Break::ForgetsTheSecond) => {
            records.push(records[0].clone());
        }
        Seed::Changes(_) => records.truncate(1),
        Seed::Unreadable if feed.breaks(Break::LosesTheNeighbours) => records.truncate(1),
        _ => {}
    }
    let changes = feed.breaks(Break::ChangesARow) || feed.breaks(Break::ChangesARowOf(feed.seed));
    if changes && entity == EntityKind::Org {
        records[0].set_text("name", "changed");
    }
    if reversed {
        records.reverse();
    }
    records
}

fn of_entity(
    feed: &Feed,
    request: &ExtractRequest,
    entity: EntityKind,
    records: &[Record],
    start: usize,
    out: &mut Events,
) {
    if feed.breaks(Break::AnnouncesTwice) {
        out.push(Ok(done(entity)));
    }
    if feed.breaks(Break::FailsOn(feed.seed)) {
        out.push(Err(Error::new(ErrorKind::Damaged, "fake.read", "it fails")));
    }
    let mut from = start;
    while from < records.len() {
        let (batch, to) = batch(feed, request, entity, records, from);
        out.push(Ok(ExtractEvent::Batch(batch)));
        from = to;
    }
    if feed.seed == Seed::Unreadable {
        out.push(Ok(ExtractEvent::Batch(rejecting(feed, entity))));
    }
    if matches!(feed.seed, Seed::Changes(_)) {
        return out.extend(changes(feed, entity).map(Ok));
    }
    if !feed.breaks(Break::NeverAnnounces) {
        out.push(Ok(done(entity)));
    }
    if feed.breaks(Break::RowsAfterCompletion) && !records.is_empty() {
        out.push(Ok(ExtractEvent::Batch(batch(feed, request, entity, records, 0).0)));
    }
}

fn done(entity: EntityKind) -> ExtractEvent {
    ExtractEvent::Done(Completion { entity, coverage: Coverage::Complete, next: None })
}

/// The end of a delta: a tombstone for the last record, and the announcement.
fn changes(feed: &Feed, entity: EntityKind) -> [ExtractEvent; 2] {
    let mut batch = empty_batch(feed, entity);
    let last = feed.district.records(entity).last().map(Record::source_id).unwrap_or_default();
    if !feed.breaks(Break::ForgetsTheGone) {
        batch.tombstones.push(Tombstone { source_id: last.into(), position: 3 });
        batch.records_read = 1;
    }
    let complete = feed.breaks(Break::CallsChangesComplete);
    let coverage = if complete { Coverage::Complete } else { Coverage::Changes };
    let done = Completion { entity, coverage, next: None };
    [ExtractEvent::Batch(batch), ExtractEvent::Done(done)]
}

/// The records from `from` on, up to the limits; and where the next batch starts.
fn batch(
    feed: &Feed,
    request: &ExtractRequest,
    entity: EntityKind,
    records: &[Record],
    from: usize,
) -> (Batch, usize) {
    let limits = request.limits;
    let (any_rows, any_bytes) =
        (feed.breaks(Break::IgnoresRowLimit), feed.breaks(Break::IgnoresByteLimit));
    let mut batch = empty_batch(feed, entity);
    let mut to = from;
    for record in &records[from..] {
        record.push(&mut batch.rows, position(feed, to));
        to += 1;
        let full = batch.rows.len() >= limits.max_rows.get() && !any_rows
            || batch.rows.bytes() >= limits.max_bytes.get() && !any_bytes;
        if full {
            break;
        }
    }
    batch.records_read = (to - from) as u64 + u64::from(feed.breaks(Break::CountsOneTooMany));
    batch.resume = Cursor::encode("fake", 1, &to).ok();
    if feed.breaks(Break::AddsAFinding) {
        batch.diagnostics.push(finding(feed, Severity::Warning, "name"));
    }
    (batch, to)
}

fn empty_batch(feed: &Feed, entity: EntityKind) -> Batch {
    let file = if feed.breaks(Break::NamesNoPlace) { "" } else { entity.table() };
    Batch::new(entity, Origin::File(file.into()))
}

fn position(feed: &Feed, index: usize) -> u64 {
    if feed.breaks(Break::NamesNoPlace) { 0 } else { index as u64 + 2 }
}

/// A batch with one record that could not be read.
fn rejecting(feed: &Feed, entity: EntityKind) -> Batch {
    let mut batch = Batch { rows: Rows::new(entity), ..empty_batch(feed, entity) };
    (batch.records_read, batch.records_rejected) = (1, 1);
    if !feed.breaks(Break::RejectsWithoutReason) {
        let field = if feed.breaks(Break::ShowsNameInFinding) { feed.name() } else { "name" };
        let locus = batch.origin.locus(REJECTED);
        batch.diagnostics.push(Diagnostic { locus, ..finding(feed, Severity::Rejected, field) });
    }
    if !feed.breaks(Break::ForgetsTheRejected) {
        let told = |it: &(String, String)| feed.breaks(Break::KeepsAPassword) || it.0 != "password";
        let mut fields = rejected(feed);
        fields.retain(told);
        if feed.breaks(Break::ChangesARejectedValue) {
            fields[0].1.push('x');
        }
        let fields = fields.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
        let source_id = Some(feed.name().into());
        batch.rejected.push(SourceRecord { position: REJECTED, source_id, fields });
    }
    batch
}

/// Where the record stands that could not be read.
pub(super) const REJECTED: u64 = 1_000_000;

/// That record.
pub(super) fn rejected(feed: &Feed) -> Vec<(String, String)> {
    let password = format!("{}-password", Seed::CANARY);
    [("key", feed.name()), ("name", ""), ("password", &password)]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
}

fn finding(feed: &Feed, severity: Severity, field: &str) -> Diagnostic {
    Diagnostic {
        code: DiagnosticCode::InvalidDate,
        severity,
        field: Some(field.into()),
        source_id: Some(feed.name().into()),
        locus: Locus::Feed,
    }
}

/// Breaks off in the middle where the seed says so.
fn damaged(feed: &Feed, mut events: Events) -> Events {
    if !matches!(feed.seed, Seed::CutOff | Seed::Corrupt) || events.len() < 4 {
        return events;
    }
    let within = (1..events.len()).find(|at| two_batches(&events, *at));
    let middle = within.unwrap_or(events.len() / 4 * 2);
    let Ok(ExtractEvent::Batch(batch)) = &events[middle] else { return events };
    let under_way = batch.rows.entity();
    let name = if feed.breaks(Break::ShowsNameInError) { feed.name() } else { "it" };
    let message = format!("the feed ends while {name} is read");
    let rest = events.split_off(middle);
    if feed.breaks(Break::AnnouncesTooEarly) || feed.breaks(Break::HidesTheError) {
        events.push(Ok(done(under_way)));
    }
    if !feed.breaks(Break::HidesTheError) {
        events.push(Err(Error::new(ErrorKind::Damaged, "fake.read", message)));
    }
    if feed.breaks(Break::GoesOnAfterTheError) {
        events.extend(rest);
    }
    events
}

/// Whether the event at `at` goes on with the entity of the one before.
fn two_batches(events: &Events, at: usize) -> bool {
    let entity = |at: usize| match &events[at] {
        Ok(ExtractEvent::Batch(batch)) => Some(batch.rows.entity()),
        _ => None,
    };
    entity(at).is_some() && entity(at) == entity(at - 1)
}
