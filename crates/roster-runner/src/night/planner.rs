//! Takes batches as they stream in and decides, record by record, what is to be done.

use super::{
    orphans::Orphan,
    references::{Feed, References},
    siblings::{Siblings, siblings},
    tally::Tally,
};
use crate::{
    Sharing,
    sharing::{Decision, Replacement, Sharer, replace},
};
use roster_core::{
    Batch, Completion, Diagnostic, DiagnosticCode, EntityKind, Error, ErrorKind, Origin, Result,
    Row, Rows, Severity, Tombstone, model::EntitySchema, value::TextList,
};
use roster_sink::{
    Cause, DiagnosticSummary, EntityCounts, Erasure, Mark, Operation, PlanWriter, Published,
    RunRecord, Slot, content_of, key_of,
};
use std::collections::{BTreeMap, HashSet};

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
    references: References,
    pub(super) feeds: BTreeMap<EntityKind, Feed>,
    pub(super) entities: BTreeMap<EntityKind, EntityCounts>,
    /// Published records that were rejected for naming a record that the feed does not have.
    pub(super) orphans: BTreeMap<EntityKind, Vec<Orphan>>,
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
        writer: PlanWriter,
        examples: usize,
        field_name: FieldName,
    ) -> Self {
        Self {
            sharing: sharing.clone(),
            sharer,
            published,
            writer,
            tally: Tally::new(examples),
            references: References::default(),
            feeds: BTreeMap::new(),
            entities: BTreeMap::new(),
            orphans: BTreeMap::new(),
            waiting: Vec::new(),
            field_name,
        }
    }

    /// Takes a batch.
    pub(super) fn batch(&mut self, batch: Batch) -> Result<()> {
        let entity = batch.rows.entity();
        self.count(&batch);
        self.note(entity, &batch.diagnostics, batch.records_rejected);
        self.tombstones(entity, &batch.tombstones, &batch.origin);
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
        let siblings = siblings(&ended);
        for (rows, origin) in &ended {
            self.rows(rows, origin, &siblings)?;
        }
        self.entities.entry(completion.entity).or_default();
        self.feeds.entry(completion.entity).or_default().coverage = Some(completion.coverage);
        Ok(())
    }

    /// Gives up on the plan and keeps what was found.
    pub(super) fn findings(self) -> Findings {
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
    fn note(&mut self, entity: EntityKind, findings: &[Diagnostic], rejected: u64) {
        let mut identified = HashSet::new();
        for finding in findings {
            if self.sharer.shares_everything() {
                self.tally.add(finding);
            } else {
                // Whose record it is has not been decided: the key may be that of a person who is not shared.
                self.tally.add(&Diagnostic { source_id: None, ..finding.clone() });
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
    }

    /// Marks what the feed says is gone.  A record that the same feed also gives stays, and that is said.
    fn tombstones(&mut self, entity: EntityKind, tombstones: &[Tombstone], origin: &Origin) {
        for tombstone in tombstones {
            let index = self.published.indexes.entry(entity).or_default();
            let Some(slot) = index.find(key_of(&tombstone.source_id)) else { continue };
            if !index.is_marked(slot, Mark::Accepted) {
                index.mark(slot, Mark::Gone);
                continue;
            }
            self.entities.entry(entity).or_default().rejected += 1;
            self.tally.add(&Diagnostic {
                code: DiagnosticCode::DuplicateKey,
                severity: Severity::Rejected,
                field: None,
                source_id: Some(tombstone.source_id.clone()),
                locus: origin.locus(tombstone.position),
            });
        }
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
        }
    }

    fn row(&mut self, row: &Row<'_>, origin: &Origin, siblings: &Siblings) -> Result<()> {
        let entity = row.entity();
        let key = key_of(row.source_id());
        let index = self.published.indexes.entry(entity).or_default();
        let slot = index.find(key);
        if slot.is_some_and(|it| index.is_marked(it, Mark::Accepted)) {
            self.finding(
                DiagnosticCode::DuplicateKey,
                Severity::Rejected,
                row,
                EntitySchema::SOURCE_ID,
                origin,
            );
            self.entities.entry(entity).or_default().rejected += 1;
            return Ok(());
        }
        if let Some(number) = missing_required(row) {
            self.finding(DiagnosticCode::MissingRequired, Severity::Rejected, row, number, origin);
            self.reject(entity, key);
            return Ok(());
        }
        match self.check_references(row, key, origin, siblings) {
            Verdict::Good => self.accept(row, key, slot),
            Verdict::Replaced(fields) => {
                let mut changed = Rows::new(row.entity());
                replace(row, &fields, &mut changed);
                changed.iter().try_for_each(|it| self.accept(&it, key, slot))
            }
            Verdict::Rejected => {
                self.reject(entity, key);
                Ok(())
            }
        }
    }

    /// Compares an accepted row with what is published and plans what differs.
    fn accept(&mut self, row: &Row<'_>, key: u128, slot: Option<Slot>) -> Result<()> {
        self.references.remember(row, key);
        let content = content_of(row);
        let index = self.published.indexes.entry(row.entity()).or_default();
        let counts = self.entities.entry(row.entity()).or_default();
        let slot = slot.unwrap_or_else(|| index.insert(key, content));
        index.mark(slot, Mark::Accepted);
        let operation = if !index.is_published(slot) {
            counts.created += 1;
            Operation::Create
        } else if index.is_marked(slot, Mark::Deleted) {
            counts.restored += 1;
            Operation::Restore
        } else if index.content(slot) != content {
            counts.updated += 1;
            Operation::Update
        } else {
            counts.unchanged += 1;
            return Ok(());
        };
        self.writer.row(operation, slot, key, content, row)
    }

    fn reject(&mut self, entity: EntityKind, key: u128) {
        self.entities.entry(entity).or_default().rejected += 1;
        self.shield(entity, key);
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
    ) -> Verdict {
        let mut replaced = Vec::new();
        let mut rejected = false;
        for (number, field) in row.schema().fields.iter().enumerate() {
            let (Some(reference), Some(value)) = (field.reference, row.get(number)) else {
                continue;
            };
            if reference.many {
                replaced.extend(self.check_list(row, number, reference.entity, value, origin));
                continue;
            }
            let Some(code) = self.verdict(row, number, reference.entity, value, key, siblings)
            else {
                continue;
            };
            let severity = severity(code, field.required);
            self.finding(code, severity, row, number, origin);
            if code != DiagnosticCode::ReferenceSort && code != DiagnosticCode::ReferenceCycle {
                self.tally.follow(reference.entity, value, code);
            }
            match severity {
                Severity::Rejected => {
                    rejected = true;
                    self.remember_orphan(row.entity(), key, reference.entity, value);
                }
                Severity::Repaired => replaced.push((number, None)),
                Severity::Warning => {}
            }
        }
        match (rejected, replaced.is_empty()) {
            (true, _) => Verdict::Rejected,
            (false, true) => Verdict::Good,
            (false, false) => Verdict::Replaced(replaced),
        }
    }

    fn remember_orphan(&mut self, entity: EntityKind, key: u128, target: EntityKind, value: &str) {
        let target_key = key_of(value);
        let targets = self.published.indexes.entry(target).or_default();
        let slot = targets.look_up(target_key);
        if slot.is_some_and(|it| targets.is_published(it) && !targets.is_marked(it, Mark::Deleted))
        {
            self.orphans.entry(entity).or_default().push(Orphan { key, target, target_key });
        }
    }

    /// Checks a list of references; gives what replaces it when an item has to go.
    fn check_list(
        &mut self,
        row: &Row<'_>,
        number: usize,
        target: EntityKind,
        value: &str,
        origin: &Origin,
    ) -> Option<Replacement> {
        let mut items: Vec<String> = serde_json::from_str(value).unwrap_or_default();
        let before = items.len();
        items.retain(|item| {
            let Some(code) = self.verdict(row, number, target, item, 0, &Siblings::default())
            else {
                return true;
            };
            self.finding(code, severity(code, false), row, number, origin);
            self.tally.follow(target, item, code);
            code == DiagnosticCode::ReferenceSort
        });
        (items.len() < before).then(|| (number, TextList::new(&items).json().map(str::to_owned)))
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
    ) {
        let name = row.schema().fields[number].name;
        let field = (self.field_name)(row.entity(), name).unwrap_or(name);
        self.tally.add(&Diagnostic {
            code,
            severity,
            field: Some(field.into()),
            source_id: Some(row.source_id().into()),
            locus: origin.locus(row.position()),
        });
    }
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
