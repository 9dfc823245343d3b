//! Where a mapper puts what it makes of a row: rows of the model, rejected records, findings.

use super::Cells;
use roster_core::{
    Batch, BatchLimits, Diagnostic, DiagnosticCode, EntityKind, Origin, RowBuilder, Severity,
    SourceRecord, model::TypedRow,
};

/// The batches in the making of one query, one for each entity it feeds and that was asked for.
#[derive(Debug)]
pub(crate) struct Batches {
    origin: Origin,
    batches: Vec<Batch>,
}

impl Batches {
    /// Empty batches for `entities`, in load order.
    pub(crate) fn new(origin: &Origin, entities: &[EntityKind]) -> Self {
        let batches = entities.iter().map(|it| Batch::new(*it, origin.clone())).collect();
        Self { origin: origin.clone(), batches }
    }

    /// Takes what has reached a limit.
    pub(crate) fn take_full(&mut self, limits: &BatchLimits) -> impl Iterator<Item = Batch> {
        let full = |it: &Batch| {
            let records = it.rows.len().max(usize::try_from(it.records_read).unwrap_or(usize::MAX));
            records >= limits.max_rows.get() || it.rows.bytes() >= limits.max_bytes.get()
        };
        self.take(full)
    }

    /// Takes all that is left.
    pub(crate) fn take_rest(&mut self) -> impl Iterator<Item = Batch> {
        self.take(|it| !it.is_empty())
    }

    fn take(&mut self, which: impl Fn(&Batch) -> bool) -> impl Iterator<Item = Batch> {
        let origin = &self.origin;
        self.batches.iter_mut().filter(move |it| which(it)).map(|it| {
            let empty = Batch::new(it.rows.entity(), origin.clone());
            std::mem::replace(it, empty)
        })
    }

    /// Where the mapper puts what it makes of a row.
    pub(crate) fn output<'a>(&'a mut self, row: Option<Cells<'a>>, position: u64) -> Output<'a> {
        Output { batches: &mut self.batches, origin: &self.origin, row, position, told: false }
    }
}

/// Where a mapper puts what it makes of a row.  What is for an entity that was not asked for is dropped.
#[derive(Debug)]
pub(crate) struct Output<'a> {
    batches: &'a mut [Batch],
    origin: &'a Origin,
    row: Option<Cells<'a>>,
    position: u64,
    /// Whether the row was given as it stood at the source already.
    told: bool,
}

impl Output<'_> {
    /// Whether an entity was asked for.
    #[allow(dead_code, reason = "for the profiles of student information systems")]
    pub(crate) fn wants(&self, entity: EntityKind) -> bool {
        self.batches.iter().any(|it| it.rows.entity() == entity)
    }

    /// Gives a row of the model.
    #[allow(dead_code, reason = "for the profiles of student information systems")]
    pub(crate) fn push<'r, T: TypedRow<'r>>(&mut self, row: &T) {
        let position = self.position;
        if let Some(batch) = self.batch(T::ENTITY) {
            batch.rows.push(position, row);
            batch.records_read += 1;
        }
    }

    /// Gives a row of the model field by field, in the order of the schema; false from `write` takes it back.
    pub(crate) fn push_with(
        &mut self,
        entity: EntityKind,
        write: impl FnOnce(&mut RowBuilder<'_>) -> bool,
    ) {
        let position = self.position;
        if let Some(batch) = self.batch(entity) {
            let mut row = batch.rows.begin();
            if write(&mut row) {
                row.finish(position);
                batch.records_read += 1;
            }
        }
    }

    /// Rejects the record with this key, so that what was published of it stays.  `source_id` is `None` where it cannot
    /// be told: then nothing of the entity is deleted tonight.
    pub(crate) fn reject(
        &mut self,
        entity: EntityKind,
        source_id: Option<&str>,
        code: DiagnosticCode,
        column: usize,
    ) {
        let record = self.source_record(source_id);
        let finding = self.finding(source_id, code, Severity::Rejected, column);
        if let Some(batch) = self.batch(entity) {
            batch.records_read += 1;
            batch.records_rejected += 1;
            batch.diagnostics.push(finding);
            if let Some(record) = record {
                batch.rejected.push(record);
                self.told = true;
            }
        }
    }

    /// Tells of something odd that was kept as it is.
    pub(crate) fn warn(
        &mut self,
        entity: EntityKind,
        source_id: Option<&str>,
        code: DiagnosticCode,
        column: usize,
    ) {
        let finding = self.finding(source_id, code, Severity::Warning, column);
        self.add(entity, finding);
    }

    /// Tells of a value that was changed or left out.
    pub(crate) fn repaired(
        &mut self,
        entity: EntityKind,
        source_id: Option<&str>,
        code: DiagnosticCode,
        column: usize,
    ) {
        let finding = self.finding(source_id, code, Severity::Repaired, column);
        self.add(entity, finding);
    }

    fn add(&mut self, entity: EntityKind, finding: Diagnostic) {
        if let Some(batch) = self.batch(entity) {
            batch.diagnostics.push(finding);
        }
    }

    fn batch(&mut self, entity: EntityKind) -> Option<&mut Batch> {
        self.batches.iter_mut().find(|it| it.rows.entity() == entity)
    }

    fn finding(
        &self,
        source_id: Option<&str>,
        code: DiagnosticCode,
        severity: Severity,
        column: usize,
    ) -> Diagnostic {
        let field = self.row.and_then(|it| it.columns().names.get(column).cloned());
        let source_id = source_id.map(Into::into);
        Diagnostic { code, severity, field, source_id, locus: self.origin.locus(self.position) }
    }

    /// The row as it stood, once, without credentials.
    fn source_record(&self, source_id: Option<&str>) -> Option<SourceRecord> {
        let row = self.row.filter(|_| !self.told)?;
        let columns = row.columns();
        let field = |(at, name): (usize, &std::sync::Arc<str>)| {
            let text = row.get(at).filter(|_| !columns.is_credential(at))?;
            Some((name.clone(), text.into()))
        };
        let fields = columns.names.iter().enumerate().filter_map(field).collect();
        Some(SourceRecord { position: self.position, source_id: source_id.map(Into::into), fields })
    }
}
