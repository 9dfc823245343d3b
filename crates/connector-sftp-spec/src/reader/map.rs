//! Fills the rows of a record's tables from its values.

use super::{
    keys::hash,
    layout::{IDENTIFIERS, KeyLayout, Layout, Step, Used},
    people::{Known, short},
    record::cell,
    values::{Values, push_identifier},
};
use crate::spec::vocabularies::CONTACT_ROLE;
use roster_core::{Batch, EntityKind, push_derived_id, value::push_json_string};
use roster_tabular::Cells;

/// What is worked out for a record beyond its values, in memory that is used again.  `Debug` shows none of it.
#[derive(Default)]
pub(super) struct Mapping {
    /// Keys of the tables' records, one after the other.
    keys: String,
    ends: Vec<Option<(usize, usize)>>,
    identifiers: String,
    school: String,
    role: &'static str,
    is_first: bool,
}

impl std::fmt::Debug for Mapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mapping").finish_non_exhaustive()
    }
}

impl Mapping {
    /// Works out what the record's rows need.
    pub(super) fn prepare(
        &mut self,
        layout: &Layout,
        cells: Cells<'_>,
        known: &Known,
        values: &Values,
        is_first: bool,
    ) {
        self.is_first = is_first;
        self.role = contact_role(layout, cells);
        self.school.clear();
        let student = layout.spec.column("student_id").and_then(|it| values.get(it));
        if let Some(school) = student.and_then(|it| known.school_of(it)) {
            self.school.push_str(school);
        }
        self.write_identifiers(layout, values);
        self.keys.clear();
        self.ends.clear();
        for table in &layout.tables {
            let start = self.keys.len();
            let mut key = std::mem::take(&mut self.keys);
            let whole = self.write_key(layout, &table.key, values, &mut key);
            if !whole {
                key.truncate(start);
            }
            self.ends.push(whole.then_some((start, key.len())));
            self.keys = key;
        }
    }

    /// The key of the record in a table; `None` where it cannot be told.
    pub(super) fn key(&self, table: usize) -> Option<&str> {
        let (start, end) = (*self.ends.get(table)?)?;
        Some(&self.keys[start..end])
    }

    /// User and key of the role that the record gives.
    pub(super) fn role<'m>(&'m self, layout: &Layout) -> (Option<&'m str>, Option<&'m str>) {
        let role = layout.tables.iter().position(|it| it.entity == EntityKind::Role);
        (role.and_then(|_| self.key(0)), role.and_then(|it| self.key(it)))
    }

    /// The school that counts as the person's.
    pub(super) fn school<'m>(&'m self, layout: &Layout, values: &'m Values) -> Option<&'m str> {
        self.value(layout, Step::ContactSchool, values)
    }

    /// Appends the record's row of a table, if it has one.
    pub(super) fn push(
        &self,
        layout: &Layout,
        number: usize,
        line: u64,
        cells: Cells<'_>,
        values: &Values,
        batch: &mut Batch,
    ) {
        let Some(key) = self.key(number) else { return };
        let mut row = batch.rows.begin();
        row.push(Some(key));
        row.push_with(|out| number == 0 && push_extensions(layout, cells, out));
        for step in &layout.tables[number].steps {
            row.push(self.value(layout, *step, values));
        }
        row.finish(line);
        batch.records_read += 1;
    }

    fn value<'m>(&'m self, layout: &Layout, step: Step, values: &'m Values) -> Option<&'m str> {
        match step {
            Step::Empty => None,
            Step::Cell(column) => values.get(column),
            Step::CellOr(column, or) => values.get(column).or(Some(or)),
            Step::Constant(term) => Some(term),
            Step::Identifiers => Some(&*self.identifiers).filter(|it| !it.is_empty()),
            Step::IsFirstRow => Some(if self.is_first { "true" } else { "false" }),
            Step::ContactRole => {
                layout.spec.column("role").and_then(|it| values.get(it)).or(Some(self.role))
            }
            Step::ContactSchool => {
                let own = layout.spec.column("school_id").and_then(|it| values.get(it));
                own.or(Some(&*self.school).filter(|it| !it.is_empty()))
            }
        }
    }

    fn write_key(
        &self,
        layout: &Layout,
        key: &KeyLayout,
        values: &Values,
        out: &mut String,
    ) -> bool {
        let (column, steps) = match key {
            KeyLayout::Column(column) => (Some(*column), None),
            KeyLayout::ColumnOr(column, steps) => (Some(*column), Some(steps)),
            KeyLayout::Fields(steps) => (None, Some(steps)),
        };
        if let Some(own) = column.and_then(|it| values.get(it)) {
            out.push_str(own);
            return true;
        }
        let Some(steps) = steps else { return false };
        let mut parts = [""; 4];
        for (part, step) in parts.iter_mut().zip(steps) {
            let Some(value) = self.value(layout, *step, values) else { return false };
            *part = value.strip_prefix("ext:").unwrap_or(value);
        }
        push_derived_id(&parts[..steps.len()], out);
        true
    }

    fn write_identifiers(&mut self, layout: &Layout, values: &Values) {
        let out = &mut self.identifiers;
        out.clear();
        for (name, scheme) in IDENTIFIERS {
            let Some(value) = layout.spec.column(name).and_then(|it| values.get(it)) else {
                continue;
            };
            out.push_str(if out.is_empty() { "[" } else { "," });
            match scheme {
                Some(scheme) => push_identifier(out, false, scheme, value),
                None => out.push_str(value),
            }
        }
        if !out.is_empty() {
            out.push(']');
        }
    }
}

/// What the relationship of a contact says.
fn contact_role(layout: &Layout, cells: Cells<'_>) -> &'static str {
    let relationship = layout.column("relationship").map(|it| cell(&layout.columns[it], cells));
    relationship
        .filter(|it| !it.is_empty())
        .and_then(|it| CONTACT_ROLE.term(it))
        .unwrap_or("contact")
}

/// Appends the extensions as a JSON object; false when all are empty.
fn push_extensions(layout: &Layout, cells: Cells<'_>, out: &mut String) -> bool {
    let before = out.len();
    for (position, key) in &layout.extensions {
        let text = cells.get(*position);
        if text.is_empty() || text == "NULL" {
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

/// Hashes of a person's names, however they are written, and of what else the row says of the person.
pub(super) fn names_and_details(
    layout: &Layout,
    cells: Cells<'_>,
    folded: &mut String,
) -> (Option<u32>, u32) {
    folded.clear();
    for name in ["first_name", "last_name"] {
        let text =
            layout.column(name).map(|it| cell(&layout.columns[it], cells)).unwrap_or_default();
        folded.extend(text.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase));
        folded.push('\n');
    }
    let names = (folded.trim() != "").then(|| short(hash(folded)));
    folded.clear();
    for column in layout.columns.iter().filter(|it| it.used == Used::ForPerson) {
        folded.push_str(cell(column, cells));
        folded.push('\n');
    }
    (names, short(hash(folded)))
}
