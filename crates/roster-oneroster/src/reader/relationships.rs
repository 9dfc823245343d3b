//! Reads who is whose contact from the `agentSourcedIds` of `users.csv`.
//!
//! The column stands in a student's record and lists the contacts, or in a contact's record and lists the students.
//! The first reading of `users.csv` (and of `roles.csv`) tells which of the two there are; this reads it again.

use super::{
    layout::Layout,
    record::{MOST_DERIVED_BYTES, Scratch, Taken, UserAgents},
    table::{Progress, done},
};
use crate::{files::vocabularies::is_contact, fileset::SetFile, manifest::Mode, version::Version};
use roster_core::{
    Batch, BatchLimits, DiagnosticCode, EntityKind, ExtractEvent, Origin, Result, Rows, Severity,
    model::{RelationshipRow, RoleRow, RoleType, TypedRow},
    push_derived_id,
};
use roster_tabular::{
    ReadOutcome, Record, Records, field,
    finding::{Findings, malformed, reject_line, reject_silently},
};
use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasherDefault, Hasher},
    mem,
};
use xxhash_rust::xxh3::xxh3_128;

/// What is known of people before their relationships are read; keys are held as hashes.
#[derive(Debug, Default)]
pub(super) struct People {
    agents: bool,
    /// Kinds of users that have agents, where `users.csv` has roles.
    student_side: bool,
    contact_side: bool,
    /// From `roles.csv`.
    contacts: Hashes,
    students: Hashes,
    /// Whoever has a role in a delta.
    known: Hashes,
}

type Hashes = HashSet<u128, BuildHasherDefault<AsIs>>;

/// Takes a hash as it is.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u128(&mut self, hash: u128) {
        #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
        let half = hash as u64;
        self.0 = half;
    }
}

/// On which side of a relationship a user stands whose agents are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Student,
    Contact,
    Unclear,
}

impl People {
    /// Takes note of a user's record.
    pub(super) fn see_user(&mut self, user: &UserAgents<'_>) {
        if user.agents.is_empty() {
            return;
        }
        self.agents = true;
        match user.role {
            Some(role) if is_contact(role) => self.contact_side = true,
            Some(_) => self.student_side = true,
            None => {}
        }
    }

    /// Takes note of the role that was read last, if it matters for what is to come.
    pub(super) fn see_role(&mut self, roles: &Rows, mode: Mode) {
        let last = roles.len().checked_sub(1).and_then(|it| roles.get(it));
        let (true, Some(row)) = (self.agents, last) else { return };
        let role = RoleRow::read(&row);
        let user = xxh3_128(role.user_source_id.as_bytes());
        let term = role.role.as_ref().map(RoleType::term).unwrap_or_default();
        if is_contact(term) {
            self.contacts.insert(user);
        } else if term == "student" {
            self.students.insert(user);
        }
        if mode == Mode::Delta {
            self.known.insert(user);
        }
    }

    /// True when at least one user has agents.
    pub(super) fn has_agents(&self) -> bool {
        self.agents
    }

    /// The sides that occur, the students' first: it is the one that gives an order.
    fn sides(&self) -> (Side, Option<Side>) {
        if !self.contact_side && self.contacts.is_empty() {
            (Side::Student, None)
        } else if self.contact_side && !self.student_side {
            (Side::Contact, None)
        } else {
            (Side::Student, Some(Side::Contact))
        }
    }

    fn side_of(&self, user: &UserAgents<'_>, mode: Mode) -> Side {
        if let Some(role) = user.role {
            return if is_contact(role) { Side::Contact } else { Side::Student };
        }
        let key = xxh3_128(user.user.as_bytes());
        if self.contacts.contains(&key) && !self.students.contains(&key) {
            Side::Contact
        } else if mode == Mode::Delta && !user.has_grades && !self.known.contains(&key) {
            Side::Unclear
        } else {
            Side::Student
        }
    }
}

/// The reading of relationships.
#[derive(Debug)]
pub(super) struct Relationships {
    layout: Layout,
    records: Records,
    record: Record,
    scratch: Scratch,
    batch: Batch,
    side: Side,
    /// Whether the users are asked for as well, so that their batches tell of records that cannot be read.
    told: bool,
    /// Whether this is the first reading.
    first: bool,
    /// The side of the second reading.
    second: Option<Side>,
    /// Whether only one side gives pairs.
    single: bool,
    /// Pairs that were read; kept beyond a record only where both sides give them.
    pairs: Hashes,
    key: String,
}

impl Relationships {
    pub(super) fn new(
        file: &SetFile,
        version: Version,
        roles_in_users: bool,
        people: &People,
        records: Records,
        told: bool,
    ) -> Self {
        let layout = Layout::new(file, version, roles_in_users);
        let (side, second) = people.sides();
        Self {
            batch: Batch::new(EntityKind::Relationship, Origin::File(layout.file.clone())),
            layout,
            records,
            record: Record::default(),
            scratch: Scratch::default(),
            side,
            told,
            first: true,
            second,
            single: second.is_none(),
            pairs: Hashes::default(),
            key: String::new(),
        }
    }

    /// Reads until a batch is full; appends what is to be sent.
    pub(super) fn advance(
        &mut self,
        limits: &BatchLimits,
        people: &People,
        out: &mut VecDeque<ExtractEvent>,
        reopen: impl FnOnce() -> Result<Records>,
    ) -> Result<Progress> {
        while !self.is_full(limits) {
            match self.records.read(&mut self.record)? {
                ReadOutcome::Record => self.take(people),
                ReadOutcome::Malformed(reason) => self.reject(malformed(reason)),
                ReadOutcome::End => {
                    self.flush(out);
                    let Some(side) = self.second.take() else {
                        out.push_back(done(EntityKind::Relationship, self.layout.mode));
                        return Ok(Progress::End);
                    };
                    (self.side, self.first) = (side, false);
                    self.records = reopen()?;
                    return Ok(Progress::More);
                }
            }
        }
        self.flush(out);
        Ok(Progress::More)
    }

    fn is_full(&self, limits: &BatchLimits) -> bool {
        self.batch.rows.len() >= limits.max_rows.get()
            || self.batch.rows.bytes() >= limits.max_bytes.get()
            || self.batch.diagnostics.len() >= limits.max_rows.get()
            || self.batch.replaced_owners.len() >= limits.max_rows.get()
    }

    fn flush(&mut self, out: &mut VecDeque<ExtractEvent>) {
        let fresh = Batch::new(EntityKind::Relationship, self.batch.origin.clone());
        let full = mem::replace(&mut self.batch, fresh);
        if !full.is_empty() {
            out.push_back(ExtractEvent::Batch(full));
        }
    }

    /// Counts a record of whose agents nothing can be said; once, not for each side.
    fn reject(&mut self, code: DiagnosticCode) {
        match (self.first, self.told) {
            (false, _) => {}
            (true, true) => reject_silently(&mut self.batch),
            (true, false) => reject_line(&mut self.batch, code, self.record.line()),
        }
    }

    fn take(&mut self, people: &People) {
        if self.record.cells().skip(self.layout.width).any(|it| !it.trim().is_empty()) {
            return self.reject(DiagnosticCode::RowTooWide);
        }
        self.layout.clean(&self.record, &mut self.scratch);
        let user = self.layout.agents(&self.record, &self.scratch);
        let (delta, line) = (self.layout.mode == Mode::Delta, self.record.line());
        match (user.user, user.agents) {
            ("", "") => return,
            ("", _) => return self.reject(DiagnosticCode::MissingRequired),
            (student, _) if user.gone => {
                if delta && self.first {
                    self.batch.replaced_owners.push(student.into());
                }
                return;
            }
            (_, "") => return,
            _ => {}
        }
        match people.side_of(&user, self.layout.mode) {
            Side::Unclear if self.first => {
                let (out, file) = (&mut self.batch.diagnostics, &self.layout.file);
                let mut findings = Findings { out, file, line, source_id: user.user };
                let name = self.layout.agents.as_ref().map(|it| &it.name);
                findings.add(DiagnosticCode::AgentsUnclear, Severity::Warning, name);
            }
            side if side == self.side => {
                let (batch, known, key) = (&mut self.batch, &mut self.pairs, &mut self.key);
                let all = Pairs { batch, known, key, line }.push_all(&user, side);
                if delta && side == Side::Student && all == Taken::All {
                    self.batch.replaced_owners.push(user.user.into());
                }
            }
            _ => {}
        }
        if self.single {
            // No other record can give the same pair.
            self.pairs.clear();
        }
    }
}

/// Where the pairs of one record go.
struct Pairs<'a> {
    batch: &'a mut Batch,
    known: &'a mut Hashes,
    key: &'a mut String,
    line: u64,
}

impl Pairs<'_> {
    fn push_all(&mut self, user: &UserAgents<'_>, side: Side) -> Taken {
        let limit = self.batch.rows.bytes() + MOST_DERIVED_BYTES;
        let mut sequence = 0;
        for agent in field::list_items(user.agents) {
            let (student, contact) = match side {
                Side::Contact => (&*agent, user.user),
                _ => (user.user, &*agent),
            };
            self.key.clear();
            push_derived_id(&[student, contact], self.key);
            if !self.known.insert(xxh3_128(self.key.as_bytes())) {
                continue;
            }
            if self.batch.rows.bytes() > limit {
                reject_line(self.batch, DiagnosticCode::ListTooLong, self.line);
                return Taken::Some;
            }
            sequence += 1;
            let row = RelationshipRow {
                source_id: self.key,
                student_source_id: student,
                contact_source_id: contact,
                sequence: (side == Side::Student).then_some(sequence),
                ..RelationshipRow::default()
            };
            self.batch.rows.push(self.line, &row);
            self.batch.records_read += 1;
        }
        Taken::All
    }
}
