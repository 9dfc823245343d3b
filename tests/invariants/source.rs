//! A source in memory that any connector could be, and the promises it may break.

use crate::{
    case::Breakage,
    feed::{Feed, Line, Read, State, Told},
};
use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use roster_core::{
    Batch, Catalog, CheckReport, Completion, Coverage, DeleteSignal, Diagnostic, DiagnosticCode,
    EntityInfo, EntityKind, Error, ErrorKind, ExtractEvent, ExtractRequest, ExtractStream, Origin,
    Result, RosterSource, RunContext, Severity, SourceDescriptor, SyncMode, Tombstone,
};

/// Lines of a batch: few, so that most tables come in several.
const LINES: usize = 4;

/// A promise of the contract that deletions rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Rejected records are counted, with their keys.
    CountsRejected,
    /// Rejected records without a key are counted.
    CountsUnreadable,
    /// Changes are not the whole.
    TellsChangesFromTheWhole,
    /// A stream that fails never says that it is done.
    FailsOpenly,
    /// What is gone is said.
    TellsWhatIsGone,
    /// Fields that are empty are given as empty.
    GivesEmptyFields,
    /// Every record is given.
    GivesEveryRecord,
}

impl Promise {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::CountsRejected,
        Self::CountsUnreadable,
        Self::TellsChangesFromTheWhole,
        Self::FailsOpenly,
        Self::TellsWhatIsGone,
        Self::GivesEmptyFields,
        Self::GivesEveryRecord,
    ];
}

/// Gives a feed batch by batch.
#[derive(Debug)]
pub(crate) struct BatchSource {
    pub(crate) feed: Feed,
    /// The promise that it does not keep.
    pub(crate) breaks: Option<Promise>,
}

#[async_trait]
impl RosterSource for BatchSource {
    fn descriptor(&self) -> &SourceDescriptor {
        const DESCRIPTOR: SourceDescriptor =
            SourceDescriptor { id: "batches", title: "Batches", field_name: |_, _| None };
        &DESCRIPTOR
    }

    async fn check(&self, _: &RunContext) -> CheckReport {
        CheckReport::default()
    }

    async fn discover(&self, _: &RunContext) -> Result<Catalog> {
        let info = |(entity, told): (&EntityKind, &Told)| EntityInfo {
            entity: *entity,
            modes: vec![match told.coverage {
                Coverage::Complete => SyncMode::Snapshot,
                Coverage::Changes => SyncMode::Delta { deletes: DeleteSignal::Tombstone },
            }],
            resumable: false,
            estimated_rows: None,
        };
        Ok(Catalog { entities: self.feed.told.iter().map(info).collect(), ..Catalog::default() })
    }

    fn extract(&self, _: &RunContext, request: ExtractRequest) -> ExtractStream {
        let told = self.feed.told.iter().filter(|it| request.wants(*it.0));
        let mut events: Vec<_> = told.flat_map(|it| self.events(*it.0, it.1)).map(Ok).collect();
        if let Some(at) = self.feed.cut {
            events.truncate(events.len() * at / 1000);
            match self.breaks {
                Some(Promise::FailsOpenly) => {
                    events.extend(self.ends_all_the_same(&events).map(Ok));
                }
                _ => events.push(Err(Error::new(ErrorKind::Damaged, "batches", "it breaks off"))),
            }
        }
        stream::iter(events).boxed()
    }

    async fn published(&self, _: &RunContext) -> Result<()> {
        Ok(())
    }
}

impl BatchSource {
    fn events(&self, entity: EntityKind, told: &Told) -> Vec<ExtractEvent> {
        let mut events = Vec::new();
        let mut lines = told.lines.as_slice();
        if self.breaks == Some(Promise::GivesEveryRecord) {
            lines = &lines[..lines.len().saturating_sub(1)];
        }
        for (number, lines) in lines.chunks(LINES).enumerate() {
            let first = number * LINES;
            events.push(ExtractEvent::Batch(self.batch(entity, lines, first as u64 + 2)));
        }
        events.push(self.done(entity, told.coverage));
        events
    }

    fn batch(&self, entity: EntityKind, lines: &[Line], first: u64) -> Batch {
        let mut batch = Batch::new(entity, Origin::File(entity.table().into()));
        for (line, position) in lines.iter().zip(first..) {
            self.line(entity, line, position, &mut batch);
        }
        batch
    }

    fn line(&self, entity: EntityKind, line: &Line, position: u64, batch: &mut Batch) {
        let is_left_to_the_checks = line.state == State::Broken(Breakage::MissingRequired);
        match line.read(entity) {
            Read::Rejected(_) if is_left_to_the_checks => {
                let mut record = line.record.clone();
                record.set_text(crate::district::table(entity).required, "");
                if self.breaks != Some(Promise::CountsRejected) {
                    record.push(&mut batch.rows, position);
                    batch.records_read += 1;
                }
            }
            Read::Row(mut record) => {
                if self.breaks == Some(Promise::GivesEmptyFields)
                    && let Some((field, text)) = crate::district::table(entity).optional
                    && record.text(field).is_empty()
                {
                    record.set_text(field, text);
                }
                record.push(&mut batch.rows, position);
                batch.records_read += 1;
            }
            Read::Gone(_) if self.breaks == Some(Promise::TellsWhatIsGone) => {}
            Read::Gone(key) => {
                batch.tombstones.push(Tombstone { source_id: key.into(), position });
                batch.records_read += 1;
            }
            Read::Rejected(key) => self.reject(key, position, batch),
        }
    }

    fn reject(&self, key: Option<String>, position: u64, batch: &mut Batch) {
        let forgotten = match key {
            Some(_) => Promise::CountsRejected,
            None => Promise::CountsUnreadable,
        };
        if self.breaks == Some(forgotten) {
            return;
        }
        batch.records_read += 1;
        batch.records_rejected += 1;
        batch.diagnostics.push(Diagnostic {
            code: DiagnosticCode::InvalidDate,
            severity: Severity::Rejected,
            field: None,
            source_id: key.map(Into::into),
            locus: batch.origin.locus(position),
        });
    }

    fn done(&self, entity: EntityKind, coverage: Coverage) -> ExtractEvent {
        let whole = self.breaks == Some(Promise::TellsChangesFromTheWhole);
        let coverage = if whole { Coverage::Complete } else { coverage };
        ExtractEvent::Done(Completion { entity, coverage, next: None })
    }

    /// The end of the table in the middle of which the feed broke off.
    fn ends_all_the_same(&self, events: &[Result<ExtractEvent>]) -> Option<ExtractEvent> {
        match events.last() {
            Some(Ok(ExtractEvent::Batch(batch))) => {
                Some(self.done(batch.rows.entity(), Coverage::Complete))
            }
            _ => None,
        }
    }
}
