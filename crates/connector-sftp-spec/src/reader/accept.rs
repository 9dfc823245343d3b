//! What becomes of a record that was read: rows, a tombstone, or a rejected record.

use super::{
    layout::{Layout, Used},
    people::{Known, PersonRow, Standing},
    record::Scratch,
    table::Parts,
};
use crate::config::Mode;
use roster_core::{DiagnosticCode as Code, EntityKind, Severity, Tombstone};
use roster_tabular::{
    Cells, Record,
    finding::{Findings, reject_silently},
    source_record, source_record_bytes,
};

impl Layout {
    /// Takes a record over as rows; of a person's further rows only what is new.
    pub(super) fn accept(
        &self,
        record: &Record,
        scratch: &mut Scratch,
        known: &mut Known,
        parts: &mut Parts,
        person: Option<(PersonRow<'_>, Standing)>,
    ) {
        let further = person.is_some_and(|it| it.1 != Standing::First);
        self.see(scratch, known, person.map(|it| it.0).filter(|_| !further));
        let is_new_role = match scratch.mapping.role(self) {
            (Some(user), Some(role)) => known.see_role(user, role),
            _ => true,
        };
        // A contact of two students has a row for each, in one role.
        if further && !is_new_role && !self.is_of_contacts() {
            self.find(Code::DuplicateKey, Severity::Rejected, record, scratch);
            return self.reject(record, scratch, parts);
        }
        if person.is_some_and(|it| it.1 == Standing::Differs) {
            self.find(Code::PersonRowsDiffer, Severity::Warning, record, scratch);
        }
        self.tell(scratch, parts);
        let cells = Cells::new(record, &scratch.cleaned);
        for (number, table) in self.tables.iter().enumerate() {
            let is_known = match table.entity {
                EntityKind::User => further,
                EntityKind::Role => !is_new_role,
                _ => false,
            };
            if !is_known {
                let (batch, line) = (&mut parts.batches[number], record.line());
                scratch.mapping.push(self, number, line, cells, &scratch.values, batch);
            }
        }
        if !further {
            self.replace_roles(scratch, parts);
        }
    }

    fn is_of_contacts(&self) -> bool {
        self.spec.column("relationship").is_some()
    }

    /// In changes the rows of a student or of a member of staff are all their roles.
    fn replace_roles(&self, scratch: &Scratch, parts: &mut Parts) {
        let roles = self.tables.iter().position(|it| it.entity == EntityKind::Role);
        if let (Mode::Changes, false, Some(roles)) = (self.mode, self.is_of_contacts(), roles)
            && let Some(user) = scratch.mapping.key(0)
        {
            parts.batches[roles].replaced_owners.push(user.into());
        }
    }

    /// Remembers what later rows and files need to know; of people their first row.
    fn see(&self, scratch: &Scratch, known: &mut Known, person: Option<PersonRow<'_>>) {
        let Some(key) = self.spec.column(self.spec.key[0]).and_then(|it| scratch.values.get(it))
        else {
            return;
        };
        if let Some(person) = person {
            let school = scratch.mapping.school(self, &scratch.values);
            known.see(&PersonRow { key, school, ..person });
        } else if !self.spec.is_of_people() {
            known.see_key(self.spec.name, key);
        }
    }

    /// Adds a finding about the key.
    fn find(&self, code: Code, severity: Severity, record: &Record, scratch: &mut Scratch) {
        let (origin, line) = (&self.origin, record.line());
        let mut findings = Findings { out: &mut scratch.findings, origin, line, source_id: "" };
        let column = self.spec.column(self.spec.key[0]);
        findings.add(code, severity, column.map(|it| &self.columns[it].name));
    }

    /// A record that is gone at the source: of people the person, of contacts with a student the relationship.
    pub(super) fn gone(&self, record: &Record, scratch: &mut Scratch, parts: &mut Parts) {
        if scratch.mapping.key(0).is_none() {
            return self.reject(record, scratch, parts);
        }
        // What else a record lacks that is gone does not matter.
        scratch.findings.retain(|it| it.severity != Severity::Rejected);
        self.tell(scratch, parts);
        let student = self.spec.column("student_id").and_then(|it| scratch.values.get(it));
        let of_student = self.of_people && self.is_of_contacts() && student.is_some();
        // From a full set it is gone by not being there.
        if self.mode == Mode::Full || of_student || !parts.wanted[0] {
            return;
        }
        if let Some(key) = scratch.mapping.key(0) {
            let batch = &mut parts.batches[0];
            batch.tombstones.push(Tombstone { source_id: key.into(), position: record.line() });
            batch.records_read += 1;
        }
    }

    /// Counts a record that cannot be used, in every table that would have a row of it.
    pub(super) fn reject(&self, record: &Record, scratch: &mut Scratch, parts: &mut Parts) {
        self.tell(scratch, parts);
        parts.wanted_batches().for_each(reject_silently);
        if self.told {
            return;
        }
        let key = scratch.mapping.key(0).unwrap_or_default();
        let kept = source_record(&self.places, self.width, record, key);
        parts.rejected_bytes += source_record_bytes(&kept);
        if let Some(batch) = parts.first() {
            batch.rejected.push(kept);
        }
    }

    /// Hands the findings over, with the record's key; those that another reading tells are left out.
    fn tell(&self, scratch: &mut Scratch, parts: &mut Parts) {
        let Scratch { findings, mapping, .. } = scratch;
        if self.told {
            let own = |name: &str| {
                self.columns.iter().any(|it| *it.name == *name && it.used == Used::Always)
            };
            findings.retain(|it| {
                it.severity != Severity::Rejected && it.field.as_deref().is_some_and(own)
            });
        }
        for finding in findings.iter_mut() {
            finding.source_id = mapping.key(0).map(Into::into);
        }
        match parts.first() {
            Some(batch) => batch.diagnostics.append(findings),
            None => findings.clear(),
        }
    }
}
