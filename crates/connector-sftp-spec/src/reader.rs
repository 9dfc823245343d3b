//! Reads a set: a lazy iterator of batches and completions, entity by entity, in load order.

mod accept;
mod keys;
mod layout;
mod map;
mod people;
mod record;
mod table;
mod values;

use crate::{
    config::{Dialect, Mode},
    fileset::{Fileset, SetFile},
    spec::FileSpec,
};
use layout::Layout;
use people::Known;
use roster_core::{
    Batch, Completion, Coverage, Diagnostic, EntityKind, Error, ErrorKind, ExtractEvent,
    ExtractRequest, Origin, Result, RunContext, Signal,
};
use roster_tabular::{Bundle, CsvLimits, Records};
use std::{collections::VecDeque, iter::FusedIterator};
use table::{Progress, Reading};

/// Reads a set.
///
/// Nothing is read before the first call of `next`.  After an error nothing more comes.  Blocks; meant for a thread
/// that may.
#[derive(Debug)]
pub(crate) struct SetReader {
    bundle: Bundle,
    dialect: Dialect,
    ctx: RunContext,
    request: ExtractRequest,
    state: State,
    /// Findings that travel with the next batch.
    findings: Vec<Diagnostic>,
    out: VecDeque<ExtractEvent>,
    /// What ends the reading once `out` is empty.
    error: Option<Error>,
}

#[derive(Debug)]
enum State {
    Fresh,
    Open(Box<Open>),
    Finished,
}

/// A set in the course of being read.
#[derive(Debug)]
struct Open {
    fileset: Fileset,
    jobs: VecDeque<Job>,
    current: Option<Box<Reading>>,
    known: Known,
}

/// A reading of a file.
#[derive(Clone, Debug)]
struct Job {
    /// Its place in the set.
    file: usize,
    /// What comes of its records, and whether that is asked for.
    tables: Vec<(EntityKind, bool)>,
    /// Entities of which this is the last.
    ends: Vec<EntityKind>,
    /// Whether another reading of the file tells what is odd in what both read.
    told: bool,
}

impl SetReader {
    /// A reader of what `request` asks for; does no I/O.
    pub(crate) fn new(
        bundle: Bundle,
        dialect: Dialect,
        ctx: RunContext,
        request: ExtractRequest,
    ) -> Self {
        let (findings, out) = (Vec::new(), VecDeque::new());
        Self { bundle, dialect, ctx, request, state: State::Fresh, findings, out, error: None }
    }

    /// Does the next piece of work; what comes of it goes to `out`.
    fn advance(&mut self) -> Result<()> {
        if self.ctx.cancel.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, "fileset.read", "the run was cancelled"));
        }
        let State::Open(open) = &mut self.state else {
            return if matches!(self.state, State::Fresh) { self.open() } else { Ok(()) };
        };
        if let Some(reading) = &mut open.current {
            let limits = &self.request.limits;
            let progress =
                reading.advance(limits, &mut open.known, &mut self.findings, &mut self.out)?;
            if progress == Progress::End {
                let ends = reading.ends().to_vec();
                self.out.extend(ends.iter().map(|it| done(*it, open.fileset.mode_of(*it))));
                open.current = None;
            }
            return Ok(());
        }
        let Some(job) = open.jobs.pop_front() else {
            self.state = State::Finished;
            // Findings are left over only where no file was read at all.
            self.flush_findings();
            return Ok(());
        };
        let input = Input { dialect: &self.dialect, ctx: &self.ctx };
        open.begin(&job, &input, &mut self.findings)
    }

    fn open(&mut self) -> Result<()> {
        let mut fileset = Fileset::open(self.bundle.clone(), &self.dialect)?;
        self.findings = std::mem::take(&mut fileset.findings);
        let jobs = plan(&fileset, &self.request);
        let mut read: Vec<_> = jobs.iter().map(|it| it.file).collect();
        read.dedup();
        for index in &read {
            if let Some(error) = fileset.files[*index].refusal.take() {
                self.findings.extend(fileset.files[*index].findings.iter().cloned());
                self.flush_findings();
                return Err(error);
            }
        }
        let bytes = read.iter().map(|it| fileset.files[*it].entry.bytes).sum();
        self.ctx.signals.signal(Signal::BytesExpected(bytes));
        let known = Known::default();
        self.state = State::Open(Box::new(Open { fileset, jobs, current: None, known }));
        Ok(())
    }

    /// Sends what was found before any file was read, with the first table that was asked for.
    fn flush_findings(&mut self) {
        if self.findings.is_empty() {
            return;
        }
        let first = self.request.entities.first();
        let entity = first.map_or(EntityKind::Org, |it| it.entity);
        let mut batch = Batch::new(entity, Origin::File(crate::spec::MANIFEST.into()));
        batch.diagnostics.append(&mut self.findings);
        self.out.push_back(ExtractEvent::Batch(batch));
    }
}

/// What a reading of a file needs beside the set.
struct Input<'a> {
    dialect: &'a Dialect,
    ctx: &'a RunContext,
}

impl Open {
    /// Begins a reading of a file.
    fn begin(
        &mut self,
        job: &Job,
        input: &Input<'_>,
        findings: &mut Vec<Diagnostic>,
    ) -> Result<()> {
        let file = &self.fileset.files[job.file];
        let mut signals = Some(input.ctx);
        if job.told {
            signals = None;
        } else {
            findings.extend(file.findings.iter().cloned());
        }
        let (SetFile { entry, header, rows, .. }, limits) = (file, CsvLimits::default());
        let records = Records::open(&self.fileset.bundle, entry, header.width, limits, signals)?;
        let entities = job.tables.iter().map(|it| it.0);
        let layout = Layout::new(file, input.dialect, entities, job.told);
        self.current = Some(Box::new(Reading::new(layout, records, job, *rows)));
        Ok(())
    }
}

impl Iterator for SetReader {
    type Item = Result<ExtractEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.out.pop_front() {
                return Some(Ok(event));
            }
            if let Some(error) = self.error.take() {
                return Some(Err(error));
            }
            if matches!(self.state, State::Finished) {
                return None;
            }
            if let Err(error) = self.advance() {
                self.state = State::Finished;
                self.error = Some(error);
            }
        }
    }
}

impl FusedIterator for SetReader {}

/// What is to be read, in load order.
fn plan(fileset: &Fileset, request: &ExtractRequest) -> VecDeque<Job> {
    let wanted = |it: &FileSpec| it.tables.iter().any(|table| request.wants(table.entity));
    let wanted: Vec<_> = fileset.files.iter().map(|it| it.spec).filter(|it| wanted(it)).collect();
    let mut jobs = VecDeque::new();
    for (file, SetFile { spec, .. }) in fileset.files.iter().enumerate() {
        if !wanted.iter().any(|it| it.name == spec.name || looks_at(it, spec)) {
            continue;
        }
        let asked = |entity| (entity, request.wants(entity));
        let entities = spec.tables.iter().map(|it| it.entity);
        let (later, own): (Vec<_>, Vec<_>) =
            entities.map(asked).partition(|it| it.0 == EntityKind::Relationship);
        let told = own.iter().any(|it| it.1);
        jobs.push_back(Job { file, tables: own, ends: Vec::new(), told: false });
        // People come before whoever is whose contact.
        let later: Vec<_> = later.into_iter().filter(|it| it.1).collect();
        if !later.is_empty() {
            jobs.push_back(Job { file, tables: later, ends: Vec::new(), told });
        }
    }
    for entity in fileset.entities().into_iter().filter(|it| request.wants(*it)) {
        let of_entity = |it: &&mut Job| it.tables.iter().any(|table| table.0 == entity);
        if let Some(last) = jobs.iter_mut().rev().find(of_entity) {
            last.ends.push(entity);
        }
    }
    jobs
}

/// Whether reading a file takes knowledge of the keys in another one.
fn looks_at(file: &FileSpec, other: &FileSpec) -> bool {
    let refers = file.columns.iter().any(|it| it.target() == Some(other.name));
    refers || (file.is_of_people() && other.is_of_people())
}

/// The end of an entity.
fn done(entity: EntityKind, mode: Mode) -> ExtractEvent {
    let coverage = match mode {
        Mode::Full => Coverage::Complete,
        Mode::Changes => Coverage::Changes,
    };
    ExtractEvent::Done(Completion { entity, coverage, next: None })
}
