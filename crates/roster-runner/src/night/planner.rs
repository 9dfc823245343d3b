//! Takes batches as they stream in and decides, record by record, what is to be done.

use super::{
    calendar::Calendar,
    drift::Drift,
    evidence::{Evidence, Fate, published},
    guard::{Breach, Guard},
    references::{Feed, References},
    rekeying::NewKeys,
    schools::Schools,
    siblings::{Siblings, siblings},
    tally::Tally,
};
use crate::{
    Sharing,
    sharing::{Decision, Replacement, Sharer, replace},
};
use roster_core::{
    Batch, Completion, Diagnostic, DiagnosticCode, EntityKind, Error, ErrorKind, Origin, Result,
    Row, Rows, Severity, Tombstone,
    model::EntitySchema,
    value::{Date, TextList, Timestamp},
};
use roster_sink::{
    Cause, DiagnosticSummary, EntityCounts, Erasure, Hold, HoldId, Mark, Operation, PlanWriter,
    Published, RunRecord, Settled, Slot, content_of, key_of,
};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Text of organizations or academic sessions that is held until all of them are there.
const MOST_WAITING_BYTES: usize = 256 << 20;

/// The source's own name for a field of the model.
type FieldName = fn(EntityKind, &str) -> Option<&'static str>;

/// A night under way.
#[derive(Debug)]
pub(super) struct Planner {
    pub(super) sharing: Sharing,
    pub(super) sharer: Sharer,
    pub(super) published: Published,
    pub(super) writer: PlanWriter,
    pub(super) tally: Tally,
    pub(super) evidence: Evidence,
    pub(super) drift: Drift,
    pub(super) guard: Guard,
    pub(super) schools: Schools,
    pub(super) calendar: Calendar,
    /// Entities that are gone as a whole.
    pub(super) wholes: Vec<Breach>,
    /// Entities of which persons have confirmed that they are gone as a whole.
    pub(super) confirmed: BTreeSet<EntityKind>,
    /// Approvals that have let something through.
    pub(super) used: BTreeSet<HoldId>,
    /// Records that an accepted map gives another key.
    pub(super) rekeyed: NewKeys,
    /// Updates that go on whatever the limits say, because of what is not shared any more.
    pub(super) released: BTreeSet<(EntityKind, Slot)>,
    references: References,
    pub(super) feeds: BTreeMap<EntityKind, Feed>,
    pub(super) entities: BTreeMap<EntityKind, EntityCounts>,
    /// Batches of entities whose records refer to each other, until all of them are there.
    waiting: Vec<(Rows, Origin)>,
    field_name: FieldName,
}

/// What a finished planner leaves.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) writer: PlanWriter,
    pub(super) published: Published,
    pub(super) entities: BTreeMap<EntityKind, EntityCounts>,
    pub(super) tally: Tally,
    pub(super) erasures: Vec<Erasure>,
    pub(super) evidence: Evidence,
    pub(super) drift: Drift,
    pub(super) holds: Vec<Hold>,
    pub(super) settled: Vec<Settled>,
}

/// What was found in a feed that failed.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) entities: BTreeMap<EntityKind, EntityCounts>,
    pub(super) diagnostics: Vec<DiagnosticSummary>,
    pub(super) causes: Vec<Cause>,
}

impl Findings {
    /// What stays of a run whose publish failed.
    pub(super) fn of(record: &RunRecord) -> Self {
        let report = &record.report;
        let diagnostics = report.diagnostics.clone();
        Self { entities: only_seen(&report.entities), diagnostics, causes: record.causes.clone() }
    }
}

/// What the checks say of a row's references.
enum Verdict {
    Good,
    /// These fields are replaced: by nothing, or by a shorter list.
    Replaced(Vec<Replacement>),
    Rejected,
}

impl Planner {
    pub(super) fn new(
        sharing: &Sharing,
        sharer: Sharer,
        published: Published,
        (writer, evidence): (PlanWriter, Evidence),
        guard: Guard,
        examples: usize,
        field_name: FieldName,
    ) -> Self {
        let today = today(guard.now);
        let mut planner = Self {
            schools: Schools::new(published.basis == 0),
            calendar: Calendar::new(today),
            guard,
            wholes: Vec::new(),
            confirmed: BTreeSet::new(),
            used: BTreeSet::new(),
            rekeyed: NewKeys::default(),
            released: BTreeSet::new(),
            sharing: sharing.clone(),
            sharer,
            published,
            writer,
            tally: Tally::new(examples),
            evidence,
            drift: Drift::default(),
            references: References::default(),
            feeds: BTreeMap::new(),
            entities: BTreeMap::new(),
            waiting: Vec::new(),
            field_name,
        };
        planner.take_new_keys();
        planner
    }

    /// Takes a batch.
    pub(super) fn batch(&mut self, batch: Batch) -> Result<()> {
        let entity = batch.rows.entity();
        self.count(&batch);
        self.note(entity, &batch.diagnostics, batch.records_rejected)?;
        if self.sharer.shares_everything() {
            // Whether a record that could not be read is shared has not been decided.
            self.evidence.source_records(entity, &batch.origin, &batch.rejected)?;
        }
        self.tombstones(entity, &batch.tombstones, &batch.origin)?;
        if batch.rows.is_empty() {
            return Ok(());
        }
        if entity.schema().refers_to_itself() {
            return self.wait(batch.rows, batch.origin);
        }
        self.rows(&batch.rows, &batch.origin, &Siblings::default())
    }

    fn wait(&mut self, rows: Rows, origin: Origin) -> Result<()> {
        self.waiting.push((rows, origin));
        let bytes: usize = self.waiting.iter().map(|it| it.0.bytes()).sum();
        if bytes <= MOST_WAITING_BYTES {
            return Ok(());
        }
        let message = "more organizations or academic sessions than any district has; check what was exported";
        Err(Error::new(ErrorKind::Damaged, "night.check", message).context("bytes", bytes))
    }

    /// An entity has ended.
    pub(super) fn done(&mut self, completion: &Completion) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let (ended, waiting): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|it| it.0.entity() == completion.entity);
        self.waiting = waiting;
        // What the ended feed does not have is gone for those that refer to it.
        self.entities.entry(completion.entity).or_default();
        self.feeds.entry(completion.entity).or_default().coverage = Some(completion.coverage);
        let siblings = siblings(&ended);
        for (rows, origin) in &ended {
            self.rows(rows, origin, &siblings)?;
        }
        self.drift.done(completion);
        self.evidence.done(completion);
        Ok(())
    }

    /// Gives up on the plan and keeps what was found.
    pub(super) fn findings(self) -> Findings {
        if let Err(error) = self.evidence.finish() {
            tracing::warn!(%error, "what the failed night found is not kept for review");
        }
        let (diagnostics, causes) = self.tally.finish();
        Findings { entities: only_seen(&self.entities), diagnostics, causes }
    }

    fn count(&mut self, batch: &Batch) {
        let entity = batch.rows.entity();
        let counts = self.entities.entry(entity).or_default();
        counts.read += batch.records_read;
        counts.rejected += batch.records_rejected;
        let feed = self.feeds.entry(entity).or_default();
        feed.read += batch.records_read;
        feed.replaced_owners.extend(batch.replaced_owners.iter().map(|it| key_of(it)));
    }

    /// Counts what the connector found and shields what it rejected.
    fn note(&mut self, entity: EntityKind, findings: &[Diagnostic], rejected: u64) -> Result<()> {
        let mut identified = HashSet::new();
        for finding in findings {
            if self.sharer.shares_everything() {
                self.keep(entity, finding)?;
            } else {
                // Whose record it is has not been decided: the key may be that of a person who is not shared.
                self.keep(entity, &Diagnostic { source_id: None, ..finding.clone() })?;
            }
            if let (Severity::Rejected, Some(id)) = (finding.severity, &finding.source_id) {
                identified.insert(key_of(id));
            }
        }
        for key in &identified {
            self.shield(entity, *key);
        }
        let unidentified = rejected.saturating_sub(identified.len() as u64);
        self.feeds.entry(entity).or_default().unidentified += unidentified;
        Ok(())
    }

    /// Counts a finding and keeps it.
    pub(super) fn keep(&mut self, entity: EntityKind, finding: &Diagnostic) -> Result<()> {
        self.tally.add(finding);
        self.evidence.finding(entity, finding)
    }

    /// Marks what the feed says is gone.  A record that the same feed also gives stays, and that is said.
    fn tombstones(
        &mut self,
        entity: EntityKind,
        tombstones: &[Tombstone],
        origin: &Origin,
    ) -> Result<()> {
        for tombstone in tombstones {
            let index = self.published.indexes.entry(entity).or_default();
            let Some(slot) = index.find(key_of(&tombstone.source_id)) else { continue };
            if !index.is_marked(slot, Mark::Accepted) {
                index.mark(slot, Mark::Gone);
                let (key, known) = (index.key(slot), published(index, Some(slot)));
                let position = tombstone.position;
                self.evidence.place(entity, position, key, known, origin, Fate::Said)?;
                continue;
            }
            self.entities.entry(entity).or_default().rejected += 1;
            let finding = Diagnostic {
                code: DiagnosticCode::DuplicateKey,
                severity: Severity::Rejected,
                field: None,
                source_id: Some(tombstone.source_id.clone()),
                locus: origin.locus(tombstone.position),
            };
            self.keep(entity, &finding)?;
        }
        Ok(())
    }

    fn rows(&mut self, rows: &Rows, origin: &Origin, siblings: &Siblings) -> Result<()> {
        let mut changed = Rows::new(rows.entity());
        for row in rows.iter() {
            changed.clear();
            match self.sharer.decide(&row, &mut changed) {
                Decision::Keep => self.row(&row, origin, siblings)?,
                Decision::Changed => {
                    changed.iter().try_for_each(|it| self.row(&it, origin, siblings))?;
                }
                Decision::Withhold => self.withhold(&row),
            }
        }
        Ok(())
    }

    /// What was published of a record that is not shared is to go.
    fn withhold(&mut self, row: &Row<'_>) {
        let index = self.published.indexes.entry(row.entity()).or_default();
        if let Some(slot) = index.find(key_of(row.source_id())) {
            index.mark(slot, Mark::Gone);
            index.mark(slot, Mark::Unshared);
        }
    }

    fn row(&mut self, row: &Row<'_>, origin: &Origin, siblings: &Siblings) -> Result<()> {
        let entity = row.entity();
        let key = key_of(row.source_id());
        let slot = self.find(entity, key);
        let index = self.published.indexes.entry(entity).or_default();
        if slot.is_some_and(|it| index.is_marked(it, Mark::Accepted)) {
            let number = EntitySchema::SOURCE_ID;
            self.finding(DiagnosticCode::DuplicateKey, Severity::Rejected, row, number, origin)?;
            self.entities.entry(entity).or_default().rejected += 1;
            return self.evidence.rejected(row, origin);
        }
        if let Some(number) = missing_required(row) {
            self.finding(DiagnosticCode::MissingRequired, Severity::Rejected, row, number, origin)?;
            return self.reject(row, key, slot, origin);
        }
        match self.check_references(row, key, origin, siblings)? {
            Verdict::Good => self.accept(row, key, slot, origin),
            Verdict::Replaced(fields) => {
                let mut changed = Rows::new(row.entity());
                replace(row, &fields, &mut changed);
                changed.iter().try_for_each(|it| self.accept(&it, key, slot, origin))
            }
            Verdict::Rejected => self.reject(row, key, slot, origin),
        }
    }

    /// Compares an accepted row with what is published and plans what differs.
    fn accept(
        &mut self,
        row: &Row<'_>,
        key: u128,
        slot: Option<Slot>,
        origin: &Origin,
    ) -> Result<()> {
        self.references.remember(row, key);
        let content = content_of(row);
        self.drift.row(row, key, content, origin);
        let index = self.published.indexes.entry(row.entity()).or_default();
        let (position, known) = (row.position(), published(index, slot));
        self.evidence.place(row.entity(), position, key, known, origin, Fate::Accepted)?;
        let counts = self.entities.entry(row.entity()).or_default();
        let slot = slot.unwrap_or_else(|| index.insert(key, content));
        index.mark(slot, Mark::Accepted);
        let rekeyed = self.rekeyed.has(row.entity(), slot);
        let operation = if !index.is_published(slot) {
            counts.created += 1;
            Operation::Create
        } else if rekeyed {
            self.rekeyed.apply(row.entity());
            let deleted = index.is_marked(slot, Mark::Deleted);
            *(if deleted { &mut counts.restored } else { &mut counts.updated }) += 1;
            Operation::Rekey
        } else if index.is_marked(slot, Mark::Deleted) {
            counts.restored += 1;
            Operation::Restore
        } else if index.content(slot) != content {
            counts.updated += 1;
            index.mark(slot, Mark::Updated);
            Operation::Update
        } else {
            counts.unchanged += 1;
            self.locate(row, key, slot);
            return Ok(());
        };
        self.locate(row, key, slot);
        self.writer.row(operation, slot, key, content, row)
    }

    /// Notes what the guard must know of an accepted row.
    fn locate(&mut self, row: &Row<'_>, key: u128, slot: Slot) {
        self.calendar.see(row, key);
        self.schools.see(row, key, slot, &mut self.published.indexes);
    }

    fn reject(
        &mut self,
        row: &Row<'_>,
        key: u128,
        slot: Option<Slot>,
        origin: &Origin,
    ) -> Result<()> {
        self.entities.entry(row.entity()).or_default().rejected += 1;
        self.shield(row.entity(), key);
        let index = self.published.indexes.entry(row.entity()).or_default();
        let (position, known) = (row.position(), published(index, slot));
        self.evidence.place(row.entity(), position, key, known, origin, Fate::Rejected)?;
        self.evidence.rejected(row, origin)
    }

    /// Remembers that a record was in the feed, although it was rejected: it is not missing.
    fn shield(&mut self, entity: EntityKind, key: u128) {
        let index = self.published.indexes.entry(entity).or_default();
        let slot = index.look_up(key).unwrap_or_else(|| index.insert(key, 0));
        index.mark(slot, Mark::Rejected);
    }

    fn check_references(
        &mut self,
        row: &Row<'_>,
        key: u128,
        origin: &Origin,
        siblings: &Siblings,
    ) -> Result<Verdict> {
        let mut replaced = Vec::new();
        let mut rejected = false;
        for (number, field) in row.schema().fields.iter().enumerate() {
            let (Some(reference), Some(value)) = (field.reference, row.get(number)) else {
                continue;
            };
            if reference.many {
                replaced.extend(self.check_list(row, number, reference.entity, value, origin)?);
                continue;
            }
            let Some(code) = self.verdict(row, number, reference.entity, value, key, siblings)
            else {
                continue;
            };
            let severity = severity(code, field.required);
            self.finding(code, severity, row, number, origin)?;
            if code != DiagnosticCode::ReferenceSort && code != DiagnosticCode::ReferenceCycle {
                self.tally.follow(reference.entity, value, code);
            }
            match severity {
                Severity::Rejected => rejected = true,
                Severity::Repaired => replaced.push((number, None)),
                Severity::Warning => {}
            }
        }
        Ok(match (rejected, replaced.is_empty()) {
            (true, _) => Verdict::Rejected,
            (false, true) => Verdict::Good,
            (false, false) => Verdict::Replaced(replaced),
        })
    }

    /// Checks a list of references; gives what replaces it when an item has to go.
    fn check_list(
        &mut self,
        row: &Row<'_>,
        number: usize,
        target: EntityKind,
        value: &str,
        origin: &Origin,
    ) -> Result<Option<Replacement>> {
        let items: Vec<String> = serde_json::from_str(value).unwrap_or_default();
        let before = items.len();
        let mut stay = Vec::with_capacity(before);
        for item in items {
            let Some(code) = self.verdict(row, number, target, &item, 0, &Siblings::default())
            else {
                stay.push(item);
                continue;
            };
            self.finding(code, severity(code, false), row, number, origin)?;
            self.tally.follow(target, &item, code);
            if code == DiagnosticCode::ReferenceSort {
                stay.push(item);
            }
        }
        Ok((stay.len() < before).then(|| (number, TextList::new(&stay).json().map(str::to_owned))))
    }

    fn verdict(
        &mut self,
        row: &Row<'_>,
        number: usize,
        target: EntityKind,
        value: &str,
        key: u128,
        siblings: &Siblings,
    ) -> Option<DiagnosticCode> {
        if target == row.entity() {
            if siblings.circular.contains(&key) {
                return Some(DiagnosticCode::ReferenceCycle);
            }
            if siblings.keys.contains(&key_of(value)) {
                return None;
            }
        }
        self.references.verdict(
            row.schema(),
            number,
            target,
            value,
            &mut self.published.indexes,
            &self.feeds,
        )
    }

    fn finding(
        &mut self,
        code: DiagnosticCode,
        severity: Severity,
        row: &Row<'_>,
        number: usize,
        origin: &Origin,
    ) -> Result<()> {
        let name = row.schema().fields[number].name;
        let field = (self.field_name)(row.entity(), name).unwrap_or(name);
        let finding = Diagnostic {
            code,
            severity,
            field: Some(field.into()),
            source_id: Some(row.source_id().into()),
            locus: origin.locus(row.position()),
        };
        self.keep(row.entity(), &finding)
    }
}

/// The day that a night at this time is for, in the middle of the United States.
pub(super) fn today(now: Timestamp) -> Date {
    jiff::tz::offset(-6).to_datetime(now).date()
}

/// Counts of a night that published nothing.
fn only_seen(entities: &BTreeMap<EntityKind, EntityCounts>) -> BTreeMap<EntityKind, EntityCounts> {
    let seen = |it: &EntityCounts| EntityCounts {
        read: it.read,
        rejected: it.rejected,
        ..EntityCounts::default()
    };
    entities.iter().map(|(entity, counts)| (*entity, seen(counts))).collect()
}

fn severity(code: DiagnosticCode, required: bool) -> Severity {
    match code {
        DiagnosticCode::ReferenceSort => Severity::Warning,
        _ if required => Severity::Rejected,
        _ => Severity::Repaired,
    }
}

pub(super) fn missing_required(row: &Row<'_>) -> Option<usize> {
    row.schema()
        .fields
        .iter()
        .enumerate()
        .find(|(number, it)| it.required && row.get(*number).is_none_or(str::is_empty))
        .map(|it| it.0)
}
