//! Reads one record into a batch.

use super::{
    layout::{Layout, Place, UserRoles},
    values::{Field, Notes, Term, is_null, is_plain_key, term_of},
};
use crate::{files::vocabularies::STATUS, manifest::Mode, version::Version};
use roster_core::{
    Batch, DiagnosticCode, RowBuilder, Tombstone,
    model::{RoleRow, RoleType},
    push_derived_id,
    value::push_json_string,
};
use roster_tabular::{Cells, Cleaned, Record, field, finding::Findings, judge_width};
use std::mem;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is a row of the batch.
    Row,
    /// It is gone at the source.
    Gone,
    /// It was left out for the value of a field; its others can be trusted.
    Rejected,
    /// It was left out, and nothing in it can be trusted, or nobody knows whose it is.
    Unreadable(DiagnosticCode),
    /// It holds nothing at all.
    Blank,
}

/// Memory that is used again for every record.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    cleaned: Cleaned,
    key: String,
    organizations: Items,
    /// Whether the file's filled `status` or `dateLastModified` was reported.
    status_reported: bool,
}

/// Whether a record lives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Active,
    Gone,
    Unknown,
}

impl Layout {
    /// Reads a record into the batch and counts it there.
    pub(super) fn read(
        &self,
        record: &Record,
        scratch: &mut Scratch,
        batch: &mut Batch,
    ) -> Verdict {
        if record.is_blank() {
            return Verdict::Blank;
        }
        self.clean(record, scratch);
        let cells = Cells::new(record, &scratch.cleaned);
        let source_id = self.key.position.map(|it| cells.get(it)).unwrap_or_default();
        let source_id = if is_null(source_id) { "" } else { source_id };
        let Batch { rows, diagnostics, .. } = batch;
        let mut findings =
            Findings { out: diagnostics, file: &self.file, line: record.line(), source_id };
        scratch.cleaned.report(&self.columns, record, &mut findings);
        let verdict = if judge_width(record, self.width, &mut findings) {
            match self.life(cells, &mut findings, &mut scratch.status_reported) {
                Life::Unknown => Verdict::Unreadable(DiagnosticCode::UnknownStatus),
                Life::Gone if !source_id.is_empty() => {
                    let (source_id, position) = (source_id.into(), record.line());
                    batch.tombstones.push(Tombstone { source_id, position });
                    Verdict::Gone
                }
                Life::Active | Life::Gone => {
                    let mut row = rows.begin();
                    let usable = self.fill(cells, &mut row, &mut findings);
                    if usable {
                        row.finish(record.line());
                    }
                    match (usable, source_id) {
                        (true, _) => Verdict::Row,
                        (false, "") => Verdict::Unreadable(DiagnosticCode::MissingRequired),
                        (false, _) => Verdict::Rejected,
                    }
                }
            }
        } else {
            Verdict::Unreadable(DiagnosticCode::RowTooWide)
        };
        batch.records_read += 1;
        let kept = matches!(verdict, Verdict::Row | Verdict::Gone);
        batch.records_rejected += u64::from(!kept);
        verdict
    }

    /// Makes the record's cells ready to be read.
    pub(super) fn clean(&self, record: &Record, scratch: &mut Scratch) {
        scratch.cleaned.read(&self.columns, record);
    }

    /// Whether the record lives.
    fn life(&self, cells: Cells<'_>, findings: &mut Findings<'_>, reported: &mut bool) -> Life {
        let stamp = self.last_modified.as_ref().map(|it| (it, cells.get(it.position)));
        let status = self.status.as_ref().map(|it| (it, cells.get(it.position)));
        let filled = |it: &(&Place, &str)| !it.1.is_empty() && !is_null(it.1);
        match self.mode {
            Mode::Bulk => {
                let odd = status.filter(filled).or(stamp.filter(filled));
                if let Some((place, text)) = odd
                    && !*reported
                    && !says_gone(text)
                {
                    *reported = true;
                    let (file, line) = (findings.file, findings.line);
                    let mut of_file = Findings { out: findings.out, file, line, source_id: "" };
                    of_file.warn(DiagnosticCode::StatusInBulk, &place.name);
                }
            }
            Mode::Delta if self.mode_is_clear => judge_stamp(stamp, findings),
            // What a delta has to fill is not asked of a file that may be none.
            Mode::Delta => {}
        }
        if let Some((place, text)) = status.filter(filled) {
            return self.status(place, text, findings);
        }
        if let (Mode::Delta, true, Some((place, _))) = (self.mode, self.mode_is_clear, status) {
            findings.warn(DiagnosticCode::StatusMissing, &place.name);
        }
        Life::Active
    }

    fn status(&self, place: &Place, text: &str, findings: &mut Findings<'_>) -> Life {
        let (term, exact) = match term_of(text, &STATUS, &[], Version::V1_0) {
            Term::Listed(term) => (term, true),
            Term::Respelt(term) => (term, false),
            Term::Unknown(_) => {
                findings.rejected(DiagnosticCode::UnknownStatus, &place.name);
                return Life::Unknown;
            }
        };
        let inactive_late = term == "inactive" && self.version != Version::V1_0;
        if self.mode == Mode::Delta && (!exact || inactive_late) {
            findings.repaired(DiagnosticCode::VocabularyForm, &place.name);
        }
        if term == "active" {
            return Life::Active;
        }
        if self.mode == Mode::Bulk {
            findings.warn(DiagnosticCode::DeletedInBulk, &place.name);
        }
        Life::Gone
    }

    /// Appends all fields; false when the record cannot be used.
    fn fill(
        &self,
        cells: Cells<'_>,
        row: &mut RowBuilder<'_>,
        findings: &mut Findings<'_>,
    ) -> bool {
        let mut notes = Notes::default();
        let mut usable = true;
        for (number, step) in std::iter::once(&self.key).chain(&self.steps).enumerate() {
            let text = step.position.map(|it| cells.get(it)).unwrap_or_default();
            let version = self.version;
            let field = Field { step, text, version, findings, notes: &mut notes };
            usable &= field.push(row);
            if number == 0 {
                row.push_with(|out| self.push_extensions(cells, out));
            }
        }
        if let Some(UserRoles { organizations, role, .. }) = &self.roles {
            for place in [role, organizations] {
                if cells.get(place.position).is_empty() && self.version != Version::V1_0 {
                    notes.expect(&place.name);
                }
            }
        }
        notes.report(findings);
        usable
    }

    /// Appends the extensions as a JSON object; false when all are empty.
    fn push_extensions(&self, cells: Cells<'_>, out: &mut String) -> bool {
        let before = out.len();
        for (position, key) in &self.extensions {
            let text = cells.get(*position);
            if text.is_empty() || is_null(text) {
                continue;
            }
            out.push(if out.len() == before { '{' } else { ',' });
            out.push_str(key);
            push_json_string(out, text);
        }
        if out.len() == before {
            return false;
        }
        out.push('}');
        true
    }

    /// Appends the roles of the user that was read last, one for each organization.
    pub(super) fn read_roles(
        &self,
        record: &Record,
        scratch: &mut Scratch,
        batch: &mut Batch,
    ) -> Taken {
        let Some(UserRoles { organizations, role, vocabulary }) = &self.roles else {
            return Taken::All;
        };
        let Scratch { cleaned, key, organizations: items, .. } = scratch;
        let cells = Cells::new(record, cleaned);
        let cell = |it: usize| Some(cells.get(it)).filter(|it| !is_null(it)).unwrap_or_default();
        let user = self.key.position.map(cell).unwrap_or_default();
        let (list, written) = (cell(organizations.position), cell(role.position));
        if list.is_empty() || written.is_empty() {
            return Taken::All;
        }
        items.read(list);
        let Batch { rows, diagnostics, records_read, records_rejected, .. } = batch;
        let (file, line) = (&self.file, record.line());
        let mut findings = Findings { out: diagnostics, file, line, source_id: user };
        let term = term_of(written, vocabulary, RoleType::TERMS, self.version);
        match term {
            Term::Listed(_) => {}
            Term::Respelt(_) => findings.repaired(DiagnosticCode::VocabularyForm, &role.name),
            Term::Unknown(_) => findings.warn(DiagnosticCode::UnknownVocabulary, &role.name),
        }
        if items.iter().any(|it| !is_plain_key(it)) {
            findings.warn(DiagnosticCode::IdentifierCharacters, &organizations.name);
        }
        let limit = rows.bytes() + MOST_DERIVED_BYTES;
        for (index, organization) in items.iter().enumerate() {
            if items.is_repeated(index) {
                continue;
            }
            *records_read += 1;
            if rows.bytes() > limit {
                // No role has the user's key: nobody knows which roles are left out.
                findings.source_id = "";
                findings.rejected(DiagnosticCode::ListTooLong, &organizations.name);
                *records_rejected += 1;
                return Taken::Some;
            }
            key.clear();
            push_derived_id(&[user, organization, term.text()], key);
            let row = RoleRow {
                source_id: key,
                user_source_id: user,
                org_source_id: organization,
                role: Some(RoleType::from_term(term.text())),
                is_primary: Some(index == 0),
                ..RoleRow::default()
            };
            rows.push(line, &row);
        }
        Taken::All
    }

    /// The key, the agents and the role of the user that was made ready last.
    pub(super) fn agents<'a>(&self, record: &'a Record, scratch: &'a Scratch) -> UserAgents<'a> {
        let cells = Cells::new(record, &scratch.cleaned);
        let cell = |it: usize| Some(cells.get(it)).filter(|it| !is_null(it)).unwrap_or_default();
        UserAgents {
            user: self.key.position.map(cell).unwrap_or_default(),
            agents: self.agents.as_ref().map(|it| cell(it.position)).unwrap_or_default(),
            role: self.roles.as_ref().map(|it| {
                term_of(cell(it.role.position), it.vocabulary, RoleType::TERMS, self.version).text()
            }),
            has_grades: self.grades.is_some_and(|it| !cell(it).is_empty()),
            gone: self.status.as_ref().is_some_and(|it| says_gone(cell(it.position))),
        }
    }
}

/// The most that the list of one record may grow to as rows of their own; only hostile input comes near.
pub(super) const MOST_DERIVED_BYTES: usize = 16 << 20;

/// How many of a record's rows of another entity were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    All,
    /// There were too many of them.
    Some,
}

/// The items of a list, read once, in memory that is used again.
#[derive(Debug, Default)]
struct Items {
    text: String,
    ends: Vec<usize>,
}

impl Items {
    fn read(&mut self, list: &str) {
        self.text.clear();
        self.ends.clear();
        for item in field::list_items(list) {
            self.text.push_str(&item);
            self.ends.push(self.text.len());
        }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| &self.text[mem::replace(&mut start, *end)..*end])
    }

    /// Whether the item at `index` stands before it already; lists beyond anything a school has are left to the check
    /// for duplicate keys.
    fn is_repeated(&self, index: usize) -> bool {
        const LONG: usize = 100;
        index < LONG
            && self.iter().nth(index).is_some_and(|it| self.iter().take(index).any(|one| one == it))
    }
}

fn says_gone(status: &str) -> bool {
    let term = || field::term(status, STATUS.terms).value();
    !status.is_empty() && term().is_some_and(|it| it != "active")
}

/// What a record of `users.csv` says about relationships.
#[derive(Debug)]
pub(super) struct UserAgents<'a> {
    pub(super) user: &'a str,
    pub(super) agents: &'a str,
    /// The role, where the file has it.
    pub(super) role: Option<&'a str>,
    /// Only students have grades.
    pub(super) has_grades: bool,
    pub(super) gone: bool,
}

/// `dateLastModified` of a delta: it is not kept, but the standard asks for it.
fn judge_stamp(stamp: Option<(&Place, &str)>, findings: &mut Findings<'_>) {
    let Some((place, text)) = stamp else { return };
    if text.is_empty() || is_null(text) {
        findings.warn(DiagnosticCode::MissingExpected, &place.name);
        return;
    }
    match field::date_time(text) {
        field::Parsed::Exact(_) => {}
        field::Parsed::Repaired(_) => findings.warn(DiagnosticCode::DateTimeForm, &place.name),
        field::Parsed::Invalid => findings.warn(DiagnosticCode::InvalidDateTime, &place.name),
    }
}
