//! Reads one file into batches of its entity, and of the roles of its users where the file has them.

use super::{
    layout::Layout,
    record::{Scratch, Taken, Verdict},
    relationships::People,
};
use crate::{fileset::SetFile, manifest::Mode, version::Version};
use roster_core::{
    Batch, BatchLimits, Completion, Coverage, Diagnostic, DiagnosticCode, EntityKind, ExtractEvent,
    Origin, Result,
};
use roster_tabular::{
    ReadOutcome, Record, Records,
    finding::{about_file, malformed, reject_line, reject_silently},
    source_record, source_record_bytes,
};
use std::{collections::VecDeque, mem};

/// Findings of so many records are enough for one batch, however small its rows are.
const FINDINGS_PER_ROW: usize = 4;

/// A file in the course of being read.
#[derive(Debug)]
pub(super) struct Table {
    layout: Layout,
    records: Records,
    record: Record,
    scratch: Scratch,
    batch: Batch,
    /// Bytes of the batch's rejected records.
    rejected_bytes: usize,
    /// The roles of the users, where the file has them and they are asked for.
    roles: Option<Batch>,
    /// Whether the file's own entity is asked for, and not only the roles.
    wanted: bool,
    empty: bool,
}

/// What is asked for of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wants {
    /// Its own entity.
    pub(super) own: bool,
    /// The roles of its users.
    pub(super) roles: bool,
}

/// Whether a file has more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    End,
}

impl Table {
    pub(super) fn new(
        file: &SetFile,
        version: Version,
        records: Records,
        roles_in_users: bool,
        wants: Wants,
    ) -> Self {
        let layout = Layout::new(file, version, roles_in_users);
        let origin = Origin::File(layout.file.clone());
        Self {
            batch: Batch::new(layout.entity, origin.clone()),
            rejected_bytes: 0,
            roles: wants.roles.then(|| Batch::new(EntityKind::Role, origin)),
            layout,
            records,
            record: Record::default(),
            scratch: Scratch::default(),
            wanted: wants.own,
            empty: true,
        }
    }

    /// Reads until a batch is full; appends what is to be sent.  `findings` travel with the first batch.
    pub(super) fn advance(
        &mut self,
        limits: &BatchLimits,
        people: &mut People,
        findings: &mut Vec<Diagnostic>,
        out: &mut VecDeque<ExtractEvent>,
    ) -> Result<Progress> {
        while !self.is_full(limits) {
            match self.records.read(&mut self.record)? {
                ReadOutcome::Record => self.take(people),
                ReadOutcome::Malformed(reason) => self.reject(malformed(reason)),
                ReadOutcome::End => {
                    self.end(findings, out);
                    return Ok(Progress::End);
                }
            }
        }
        self.flush(findings, out);
        Ok(Progress::More)
    }

    fn take(&mut self, people: &mut People) {
        let verdict = self.layout.read(&self.record, &mut self.scratch, &mut self.batch);
        self.empty &= verdict == Verdict::Blank;
        if matches!(verdict, Verdict::Rejected | Verdict::Unreadable(_)) {
            self.keep_rejected();
        }
        match verdict {
            Verdict::Blank => {}
            Verdict::Unreadable(code) => {
                let user = self.layout.agents(&self.record, &self.scratch).user;
                // A user who was rejected by name stands for the roles.
                if user.is_empty() || !self.wanted {
                    self.reject_roles(code);
                }
            }
            Verdict::Gone => self.replace_owner(),
            Verdict::Row => {
                if self.layout.entity == EntityKind::Role {
                    people.see_role(&self.batch.rows, self.layout.mode);
                }
                if self.take_user(people) == Taken::All {
                    self.replace_owner();
                }
            }
            Verdict::Rejected => _ = self.take_user(people),
        }
    }

    /// What a user's record says beyond the user, also where the user was rejected for another field: their roles
    /// and contacts are not missing.
    fn take_user(&mut self, people: &mut People) -> Taken {
        if self.layout.agents.is_some() {
            people.see_user(&self.layout.agents(&self.record, &self.scratch));
        }
        match &mut self.roles {
            Some(roles) => self.layout.read_roles(&self.record, &mut self.scratch, roles),
            None => Taken::All,
        }
    }

    /// In a delta a user's record gives all the user's roles.
    fn replace_owner(&mut self) {
        let Some(roles) = &mut self.roles else { return };
        if self.layout.mode == Mode::Delta {
            let user = self.layout.agents(&self.record, &self.scratch).user;
            roles.replaced_owners.push(user.into());
        }
    }

    /// Keeps the rejected record that was read last, as it stands in the file.
    fn keep_rejected(&mut self) {
        if !self.wanted {
            return;
        }
        let source_id = self.layout.agents(&self.record, &self.scratch).user;
        let Layout { columns, width, .. } = &self.layout;
        let record = source_record(columns, *width, &self.record, source_id);
        self.rejected_bytes += source_record_bytes(&record);
        self.batch.rejected.push(record);
    }

    fn reject(&mut self, code: DiagnosticCode) {
        self.empty = false;
        reject_line(&mut self.batch, code, self.record.line());
        self.reject_roles(code);
    }

    /// The roles in a record that cannot be read are rejected, not missing; the users' batch tells why.
    fn reject_roles(&mut self, code: DiagnosticCode) {
        match &mut self.roles {
            Some(roles) if self.wanted => reject_silently(roles),
            Some(roles) => reject_line(roles, code, self.record.line()),
            None => {}
        }
    }

    fn is_full(&self, limits: &BatchLimits) -> bool {
        let full = |it: &Batch| {
            it.rows.len() + it.tombstones.len() >= limits.max_rows.get()
                || it.rows.bytes() >= limits.max_bytes.get()
                || it.diagnostics.len() >= limits.max_rows.get() * FINDINGS_PER_ROW
                || it.replaced_owners.len() >= limits.max_rows.get()
        };
        self.rejected_bytes >= limits.max_bytes.get()
            || full(&self.batch)
            || self.roles.as_ref().is_some_and(full)
    }

    fn flush(&mut self, findings: &mut Vec<Diagnostic>, out: &mut VecDeque<ExtractEvent>) {
        self.records.judge_encoding(findings);
        self.rejected_bytes = 0;
        let parts = self.wanted.then_some(&mut self.batch).into_iter().chain(&mut self.roles);
        for batch in parts {
            let fresh = Batch::new(batch.rows.entity(), batch.origin.clone());
            let mut full = mem::replace(batch, fresh);
            full.diagnostics.append(findings);
            if !full.is_empty() {
                out.push_back(ExtractEvent::Batch(full));
            }
        }
        if !self.wanted {
            self.batch = Batch::new(self.layout.entity, self.batch.origin.clone());
        }
    }

    fn end(&mut self, findings: &mut Vec<Diagnostic>, out: &mut VecDeque<ExtractEvent>) {
        if self.empty {
            findings.push(about_file(DiagnosticCode::FileEmpty, &self.layout.file, 0, None));
        }
        self.flush(findings, out);
        if self.wanted {
            out.push_back(done(self.layout.entity, self.layout.mode));
        }
        if self.roles.is_some() {
            out.push_back(done(EntityKind::Role, self.layout.mode));
        }
    }
}

/// The end of an entity.
pub(super) fn done(entity: EntityKind, mode: Mode) -> ExtractEvent {
    let coverage = match mode {
        Mode::Bulk => Coverage::Complete,
        Mode::Delta => Coverage::Changes,
    };
    ExtractEvent::Done(Completion { entity, coverage, next: None })
}
