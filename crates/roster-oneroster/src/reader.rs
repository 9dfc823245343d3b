//! Reads a set: a lazy iterator of batches and completions, entity by entity, in load order.

mod layout;
mod record;
mod relationships;
mod table;
mod values;

use crate::fileset::{Fileset, Refusal, SetFile};
use relationships::{People, Relationships};
use roster_core::{
    Batch, Diagnostic, EntityKind, Error, ErrorKind, ExtractEvent, ExtractRequest, Origin, Result,
    RunContext, Signal,
};
use roster_tabular::{
    Bundle, CsvLimits, ReadOutcome, Record, Records,
    finding::{malformed, reject_line},
};
use std::{collections::VecDeque, iter::FusedIterator};
use table::{Progress, Table, Wants, done};

/// Reads a set.
///
/// Nothing is read before the first call of `next`.  After an error nothing more comes.  Blocks; meant for a thread
/// that may.
#[derive(Debug)]
pub struct FilesetReader {
    input: Input,
    state: State,
    /// Findings that travel with the next batch.
    findings: Vec<Diagnostic>,
    out: VecDeque<ExtractEvent>,
    /// What ends the reading once `out` is empty.
    error: Option<Error>,
}

/// What the reading is about.
#[derive(Debug)]
struct Input {
    bundle: Bundle,
    csv: CsvLimits,
    ctx: RunContext,
    request: ExtractRequest,
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
    current: Current,
    people: People,
}

/// What is to be read.
#[derive(Clone, Copy, Debug)]
enum Job {
    /// A file, by its place in the set.
    File(usize, Wants),
    Relationships,
}

#[derive(Debug)]
enum Current {
    None,
    Table(Box<Table>),
    Relationships(Box<Relationships>),
}

impl FilesetReader {
    /// A reader of what `request` asks for; does no I/O.
    #[must_use]
    pub fn new(bundle: Bundle, csv: CsvLimits, ctx: RunContext, request: ExtractRequest) -> Self {
        Self {
            input: Input { bundle, csv, ctx, request },
            state: State::Fresh,
            findings: Vec::new(),
            out: VecDeque::new(),
            error: None,
        }
    }

    /// Does the next piece of work; what comes of it goes to `out`.
    fn advance(&mut self) -> Result<()> {
        if self.input.ctx.cancel.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, "fileset.read", "the run was cancelled"));
        }
        let progress = match &mut self.state {
            State::Fresh => return self.open(),
            State::Open(open) => open.advance(&self.input, &mut self.findings, &mut self.out)?,
            State::Finished => return Ok(()),
        };
        if progress == Progress::End {
            self.state = State::Finished;
            // Findings are left over only where no file was read at all.
            self.flush_findings();
        }
        Ok(())
    }

    fn open(&mut self) -> Result<()> {
        let Input { bundle, csv, ctx, request } = &self.input;
        let mut fileset = match Fileset::open(bundle.clone(), *csv) {
            Ok(fileset) => fileset,
            Err(Refusal { error, findings }) => {
                self.findings = findings;
                self.flush_findings();
                return Err(error);
            }
        };
        self.findings = fileset.take_findings();
        let jobs = plan(&fileset, request);
        let read =
            |index: usize| jobs.iter().any(|it| matches!(it, Job::File(of, _) if *of == index));
        let refusal = fileset.take_refusal(read);
        if let Some((index, error)) = refusal {
            let file = &fileset.files()[index];
            self.findings.extend(fileset.files().iter().flat_map(|it| it.findings.iter().cloned()));
            let batch = self.examine(&fileset, file)?;
            self.out.push_back(ExtractEvent::Batch(batch));
            return Err(error);
        }
        let read = fileset.files().iter().enumerate().filter(|it| read(it.0));
        ctx.signals.signal(Signal::BytesExpected(read.map(|it| it.1.entry.bytes).sum()));
        self.state = State::Open(Box::new(Open {
            fileset,
            jobs,
            current: Current::None,
            people: People::default(),
        }));
        Ok(())
    }

    /// What else is wrong in a file that is refused for its columns: lines that are no CSV, so that one report tells
    /// of both.
    fn examine(&self, fileset: &Fileset, file: &SetFile) -> Result<Batch> {
        const ENOUGH: u64 = 1_000;
        let mut batch = Batch::new(file.spec.entity, Origin::File(file.entry.name.clone()));
        batch.diagnostics.clone_from(&self.findings);
        let mut records =
            Records::open(fileset.bundle(), &file.entry, file.header.width, self.input.csv, None)?;
        let mut record = Record::default();
        for _ in 0..ENOUGH {
            match records.read(&mut record)? {
                ReadOutcome::End => break,
                ReadOutcome::Record => {}
                ReadOutcome::Malformed(reason) => {
                    reject_line(&mut batch, malformed(reason), record.line());
                }
            }
        }
        Ok(batch)
    }

    /// Sends what was found before any file was read, with the first table that was asked for.
    fn flush_findings(&mut self) {
        if self.findings.is_empty() {
            return;
        }
        let first = self.input.request.entities.first();
        let entity = first.map_or(EntityKind::Org, |it| it.entity);
        let mut batch = Batch::new(entity, Origin::File(crate::files::MANIFEST.into()));
        batch.diagnostics.append(&mut self.findings);
        self.out.push_back(ExtractEvent::Batch(batch));
    }
}

impl Iterator for FilesetReader {
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

impl FusedIterator for FilesetReader {}

/// What is to be read, in load order.
fn plan(fileset: &Fileset, request: &ExtractRequest) -> VecDeque<Job> {
    let users = fileset.file(EntityKind::User);
    let agents = users.is_some_and(|it| it.header.agents().is_some());
    let relationships = agents && request.wants(EntityKind::Relationship);
    let mut jobs = VecDeque::new();
    let mut relationships_due = relationships;
    for (index, file) in fileset.files().iter().enumerate() {
        let entity = file.spec.entity;
        if relationships_due && entity > EntityKind::Relationship {
            jobs.push_back(Job::Relationships);
            relationships_due = false;
        }
        let of_users = entity == EntityKind::User;
        let wants = Wants {
            own: request.wants(entity),
            roles: of_users && fileset.users_have_roles() && request.wants(EntityKind::Role),
        };
        // Users and roles tell which side of a relationship a record stands on.
        let for_relationships = relationships && (of_users || entity == EntityKind::Role);
        if wants.own || wants.roles || for_relationships {
            jobs.push_back(Job::File(index, wants));
        }
    }
    if relationships_due {
        jobs.push_back(Job::Relationships);
    }
    jobs
}

impl Open {
    fn advance(
        &mut self,
        input: &Input,
        findings: &mut Vec<Diagnostic>,
        out: &mut VecDeque<ExtractEvent>,
    ) -> Result<Progress> {
        let limits = &input.request.limits;
        let progress = match &mut self.current {
            Current::None => return self.start(input, findings, out),
            Current::Table(table) => table.advance(limits, &mut self.people, findings, out)?,
            Current::Relationships(relationships) => {
                let reopen = || open_users(&self.fileset, input).map(|it| it.1);
                relationships.advance(limits, &self.people, out, reopen)?
            }
        };
        if progress == Progress::End {
            self.current = Current::None;
        }
        Ok(Progress::More)
    }

    /// Starts the next job.
    fn start(
        &mut self,
        input: &Input,
        findings: &mut Vec<Diagnostic>,
        out: &mut VecDeque<ExtractEvent>,
    ) -> Result<Progress> {
        let (version, roles) = (self.fileset.version(), self.fileset.users_have_roles());
        self.current = match self.jobs.pop_front() {
            None => return Ok(Progress::End),
            Some(Job::File(index, wants)) => {
                let file = &self.fileset.files()[index];
                findings.extend(file.findings.iter().cloned());
                let bundle = self.fileset.bundle();
                let records = Records::open(
                    bundle,
                    &file.entry,
                    file.header.width,
                    input.csv,
                    Some(&input.ctx),
                )?;
                Current::Table(Box::new(Table::new(file, version, records, roles, wants)))
            }
            Some(Job::Relationships) => {
                let (users, records) = open_users(&self.fileset, input)?;
                if self.people.has_agents() {
                    let people = &self.people;
                    let told = input.request.wants(EntityKind::User);
                    let read = Relationships::new(users, version, roles, people, records, told);
                    Current::Relationships(Box::new(read))
                } else {
                    out.push_back(done(EntityKind::Relationship, users.mode));
                    Current::None
                }
            }
        };
        Ok(Progress::More)
    }
}

/// Opens the users once more, without counting their bytes again.
fn open_users<'a>(fileset: &'a Fileset, input: &Input) -> Result<(&'a SetFile, Records)> {
    let users = fileset.file(EntityKind::User);
    let users = users.ok_or_else(|| {
        Error::new(ErrorKind::Internal, "fileset.read", "relationships are read from no users")
    })?;
    let (entry, width) = (&users.entry, users.header.width);
    Ok((users, Records::open(fileset.bundle(), entry, width, input.csv, None)?))
}
