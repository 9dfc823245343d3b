//! What a night keeps for review: findings, rejected records, and where each record stood in the feed.
//!
//! All of it is written while the feed streams by, into the plan's folder for kept files, and stored by the sink with the
//! run.  Records that the sharing settings leave out are in none of it.

pub(crate) mod coverage;
pub(crate) mod cursors;
mod findings;
pub(crate) mod places;
mod quarantine;

pub(crate) use places::Fate;

use coverage::Coverages;
use cursors::Cursors;
use findings::Findings;
use places::PlaceWriter;
use quarantine::Quarantine;
use roster_core::{
    Completion, Diagnostic, EntityKind, Error, ErrorKind, Origin, Result, Row, SourceRecord,
};
use roster_sink::{KeptFolder, PublishedIndex, Slot};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write as _},
};

/// Name of the file that says what was more than is kept; it is there only when something was.
pub(crate) const OMITTED_FILE: &str = "omitted";

/// Writes what a night keeps for review.
#[derive(Debug)]
pub(super) struct Evidence {
    kept: KeptFolder,
    findings: Findings,
    quarantine: Quarantine,
    coverages: Coverages,
    cursors: Cursors,
    /// By the entity's number.
    places: Vec<Option<PlaceWriter>>,
}

/// What was more than is kept.
#[derive(Debug, Serialize)]
struct Omitted {
    /// Findings.
    findings: u64,
    /// Rejected records by table.
    quarantine: BTreeMap<&'static str, u64>,
}

impl Evidence {
    pub(super) fn new(kept: KeptFolder) -> Self {
        Self {
            findings: Findings::default(),
            quarantine: Quarantine::default(),
            coverages: Coverages::default(),
            cursors: Cursors::default(),
            places: EntityKind::ALL.iter().map(|_| None).collect(),
            kept,
        }
    }

    /// A finding about a record of an entity, or about its file.
    pub(super) fn finding(&mut self, entity: EntityKind, finding: &Diagnostic) -> Result<()> {
        self.findings.add(&self.kept, entity, finding)
    }

    /// Records that the connector left out, as they stood at the source.
    pub(super) fn source_records(
        &mut self,
        entity: EntityKind,
        origin: &Origin,
        records: &[SourceRecord],
    ) -> Result<()> {
        records.iter().try_for_each(|it| self.quarantine.source(&self.kept, entity, origin, it))
    }

    /// A record that a check of the night left out.
    pub(super) fn rejected(&mut self, row: &Row<'_>, origin: &Origin) -> Result<()> {
        self.quarantine.model(&self.kept, row, origin)
    }

    /// Where a record stood, or a word of the feed that it is gone; `slot` is that of a record that was published before.
    #[inline]
    pub(super) fn place(
        &mut self,
        entity: EntityKind,
        position: u64,
        key: u128,
        slot: Option<Slot>,
        origin: &Origin,
        fate: Fate,
    ) -> Result<()> {
        let writer = self.places(entity)?;
        writer.origin(origin).map_err(|err| failed(entity, err))?;
        let written = match slot {
            Some(slot) => writer.known(fate, slot, position),
            None => writer.new_key(fate, key, position),
        };
        written.map_err(|err| failed(entity, err))
    }

    /// A published record that goes although the feed does not say so.
    pub(super) fn leaves(&mut self, entity: EntityKind, slot: Slot, why: Fate) -> Result<()> {
        self.places(entity)?.known(why, slot, 0).map_err(|err| failed(entity, err))
    }

    /// An entity has ended.
    pub(super) fn done(&mut self, completion: &Completion) {
        self.coverages.add(completion);
        self.cursors.add(completion);
    }

    /// Ends the files.
    pub(super) fn finish(self) -> Result<()> {
        for (entity, writer) in EntityKind::ALL.iter().zip(self.places) {
            writer.map_or(Ok(()), PlaceWriter::finish).map_err(|err| failed(*entity, err))?;
        }
        self.coverages.write(&self.kept)?;
        self.cursors.write(&self.kept)?;
        let omitted =
            Omitted { findings: self.findings.finish()?, quarantine: self.quarantine.finish()? };
        if omitted.findings > 0 || !omitted.quarantine.is_empty() {
            let findings = omitted.findings;
            let records = omitted.quarantine.values().sum::<u64>();
            tracing::warn!(
                findings,
                records,
                "more findings or rejected records than are kept for review"
            );
            let mut file = self.kept.write(OMITTED_FILE)?;
            let written = serde_json::to_writer(&mut file, &omitted).map_err(io::Error::from);
            written.and_then(|()| file.flush()).map_err(unwritable)?;
        }
        Ok(())
    }

    #[inline]
    fn places(&mut self, entity: EntityKind) -> Result<&mut PlaceWriter> {
        let writer = &mut self.places[entity as usize];
        if writer.is_none() {
            let file = self.kept.write(&places::name(entity))?;
            *writer = Some(PlaceWriter::new(file).map_err(|err| failed(entity, err))?);
        }
        Ok(writer.as_mut().expect("it was made just now"))
    }
}

/// The slot of a record that was published before tonight.
#[inline]
pub(super) fn published(index: &PublishedIndex, slot: Option<Slot>) -> Option<Slot> {
    slot.filter(|it| index.is_published(*it))
}

fn failed(entity: EntityKind, err: io::Error) -> Error {
    unwritable(err).context("entity", entity.table())
}

fn unwritable(err: io::Error) -> Error {
    let message = match err.kind() {
        io::ErrorKind::StorageFull => "the disk is full; free some space and run again",
        _ => "what the run keeps for review cannot be written",
    };
    Error::new(ErrorKind::Unavailable, "kept.write", message).source(err)
}
