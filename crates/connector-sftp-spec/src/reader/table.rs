//! Reads one file into batches, one for each entity that its records become.

use super::{Job, layout::Layout, people::Known, record::Scratch};
use roster_core::{
    Batch, BatchLimits, Diagnostic, DiagnosticCode, EntityKind, Error, ErrorKind, ExtractEvent,
    Result,
};
use roster_tabular::{
    ReadOutcome, Record, Records,
    finding::{about_file, malformed, reject_line, reject_silently},
};
use std::{collections::VecDeque, mem};

/// Findings of so many records are enough for one batch, however small its rows are.
const FINDINGS_PER_ROW: usize = 4;

/// A file in the course of being read.
#[derive(Debug)]
pub(super) struct Reading {
    layout: Layout,
    records: Records,
    record: Record,
    scratch: Scratch,
    pub(super) parts: Parts,
    ends: Vec<EntityKind>,
    /// Whether another reading tells what is odd.
    told: bool,
    /// Rows that were read, blank ones left out.
    rows: u64,
    expected: Option<u64>,
}

/// The batches that are being filled, one for each table of the layout.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) batches: Vec<Batch>,
    pub(super) wanted: Vec<bool>,
    /// Bytes of the rejected records.
    pub(super) rejected_bytes: usize,
}

/// Whether a file has more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    End,
}

impl Parts {
    /// The first batch that is asked for: it carries the findings.
    pub(super) fn first(&mut self) -> Option<&mut Batch> {
        self.wanted_batches().next()
    }

    pub(super) fn wanted_batches(&mut self) -> impl Iterator<Item = &mut Batch> {
        self.batches.iter_mut().zip(&self.wanted).filter(|it| *it.1).map(|it| it.0)
    }
}

impl Reading {
    pub(super) fn new(layout: Layout, records: Records, job: &Job, expected: Option<u64>) -> Self {
        let origin = layout.origin.clone();
        let batches = job.tables.iter().map(|it| Batch::new(it.0, origin.clone())).collect();
        let wanted = job.tables.iter().map(|it| it.1).collect();
        Self {
            layout,
            records,
            record: Record::default(),
            scratch: Scratch::default(),
            parts: Parts { batches, wanted, rejected_bytes: 0 },
            ends: job.ends.clone(),
            told: job.told,
            rows: 0,
            expected,
        }
    }

    /// The entities of which this is the last reading.
    pub(super) fn ends(&self) -> &[EntityKind] {
        &self.ends
    }

    /// Reads until a batch is full; appends what is to be sent.  `findings` travel with the first batch.
    pub(super) fn advance(
        &mut self,
        limits: &BatchLimits,
        known: &mut Known,
        findings: &mut Vec<Diagnostic>,
        out: &mut VecDeque<ExtractEvent>,
    ) -> Result<Progress> {
        while !self.is_full(limits) {
            match self.records.read(&mut self.record)? {
                ReadOutcome::Record if self.record.is_blank() => {}
                ReadOutcome::Record => {
                    self.rows += 1;
                    self.layout.read(&self.record, &mut self.scratch, known, &mut self.parts);
                }
                ReadOutcome::Malformed(reason) => {
                    self.rows += 1;
                    self.reject(malformed(reason));
                }
                ReadOutcome::End => {
                    self.end(known, findings)?;
                    self.flush(findings, out);
                    return Ok(Progress::End);
                }
            }
        }
        self.flush(findings, out);
        Ok(Progress::More)
    }

    fn end(&mut self, known: &mut Known, findings: &mut Vec<Diagnostic>) -> Result<()> {
        if let Some(expected) = self.expected.filter(|it| *it != self.rows) {
            let message =
                "the file does not have as many rows as the manifest says; send both again";
            return Err(Error::new(ErrorKind::Damaged, "fileset.read", message)
                .context("file", &self.layout.file)
                .context("rows", self.rows)
                .context("rows_in_manifest", expected));
        }
        if self.rows == 0 && !self.told {
            findings.push(about_file(DiagnosticCode::FileEmpty, &self.layout.file, 0, None));
        }
        self.layout.know(known);
        Ok(())
    }

    /// A line that cannot be read is told once, and rejects whatever would have come of it.
    fn reject(&mut self, code: DiagnosticCode) {
        let (line, mut told) = (self.record.line(), self.told);
        for batch in self.parts.wanted_batches() {
            if mem::replace(&mut told, true) {
                reject_silently(batch);
            } else {
                reject_line(batch, code, line);
            }
        }
    }

    fn is_full(&self, limits: &BatchLimits) -> bool {
        let full = |it: &Batch| {
            it.rows.len() + it.tombstones.len() >= limits.max_rows.get()
                || it.rows.bytes() >= limits.max_bytes.get()
                || it.diagnostics.len() >= limits.max_rows.get() * FINDINGS_PER_ROW
                || it.replaced_owners.len() >= limits.max_rows.get()
        };
        self.parts.rejected_bytes >= limits.max_bytes.get() || self.parts.batches.iter().any(full)
    }

    fn flush(&mut self, findings: &mut Vec<Diagnostic>, out: &mut VecDeque<ExtractEvent>) {
        if !self.told {
            self.records.judge_encoding(findings);
        }
        self.parts.rejected_bytes = 0;
        for (batch, wanted) in self.parts.batches.iter_mut().zip(&self.parts.wanted) {
            let fresh = Batch::new(batch.rows.entity(), batch.origin.clone());
            let mut full = mem::replace(batch, fresh);
            if !wanted {
                continue;
            }
            full.diagnostics.append(findings);
            if !full.is_empty() {
                out.push_back(ExtractEvent::Batch(full));
            }
        }
    }
}
