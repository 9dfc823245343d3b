//! Reads one record: its values, whether it can be used, and whose it is.

use super::{
    keys::{is_rounded, without_lost_zeros},
    layout::{BoundColumn, Layout, Used},
    map::{Mapping, names_and_details},
    people::{Known, PersonRow, Standing},
    table::Parts,
    values::{Cell, Values, items},
};
use crate::{config::Mode, spec::Kind};
use roster_core::{
    Diagnostic, DiagnosticCode as Code, Severity,
    value::{Date, push_json_string},
};
use roster_tabular::{Cells, Cleaned, Record, field, finding::Findings, judge_width};

/// Memory that is used again for every record.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) cleaned: Cleaned,
    pub(super) values: Values,
    pub(super) mapping: Mapping,
    pub(super) findings: Vec<Diagnostic>,
    folded: String,
}

/// Whether a record lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Active,
    Gone,
    Unknown,
}

impl Layout {
    /// Reads a record into the batches and counts it there.
    pub(super) fn read(
        &self,
        record: &Record,
        scratch: &mut Scratch,
        known: &mut Known,
        parts: &mut Parts,
    ) {
        scratch.cleaned.read(&self.places, record);
        scratch.values.clear(self.columns.len());
        scratch.findings.clear();
        let Scratch { cleaned, values, mapping, findings, folded } = scratch;
        let mut findings =
            Findings { out: findings, origin: &self.origin, line: record.line(), source_id: "" };
        let cells = Cells::new(record, cleaned);
        cleaned.report(&self.places, record, &mut findings);
        let fits = judge_width(record, self.width, &mut findings);
        let upright = findings.out.len();
        self.read_keys(cells, known, values, &mut findings);
        let life = self.life(cells, &mut findings);
        let person = self.of_people.then(|| {
            let (names, details) = names_and_details(self, cells, folded);
            PersonRow { key: "", names, details, school: None, file: self.number }
        });
        let standing = self.standing(person, known, values);
        let further = matches!(standing, Standing::Further | Standing::Differs);
        self.read_cells(cells, further, values, &mut findings);
        mapping.prepare(self, cells, known, values, !further);
        if standing == Standing::Shared {
            self.reject_key(Code::PersonKeyShared, &mut findings);
        }
        if !fits {
            // Behind some comma every value may stand in the wrong column.
            findings.out.truncate(upright);
        }
        if fits && life == Life::Gone {
            return self.gone(record, scratch, parts);
        }
        if scratch.findings.iter().any(|it| it.severity == Severity::Rejected) {
            return self.reject(record, scratch, parts);
        }
        self.accept(record, scratch, known, parts, person.map(|it| (it, standing)));
    }

    /// Reads keys and references: nothing else can be said of a record before they are known.
    fn read_keys(
        &self,
        cells: Cells<'_>,
        known: &Known,
        values: &mut Values,
        findings: &mut Findings<'_>,
    ) {
        for (index, column) in self.columns.iter().enumerate() {
            if column.used == Used::Never {
                continue;
            }
            let text = cell(column, cells);
            let target = match column.kind {
                Kind::Key => None,
                Kind::Reference(target) | Kind::References(target) => Some(target),
                _ => continue,
            };
            if text.is_empty() || text == "NULL" {
                continue;
            }
            if is_rounded(text) {
                let needed = column.required || matches!(column.kind, Kind::Key);
                let severity = if needed { Severity::Rejected } else { Severity::Repaired };
                findings.add(Code::RoundedNumber, severity, Some(&column.name));
                if !needed {
                    continue;
                }
            }
            let target = target.filter(|it| *it != self.spec.name && known.is_whole(it));
            let mut repaired = false;
            values.set(index, |out| {
                repaired = write_key(column, text, target, known, out);
                true
            });
            if repaired {
                findings.add(Code::LeadingZeros, Severity::Repaired, Some(&column.name));
            }
        }
    }

    /// Reads what is no key.
    fn read_cells(
        &self,
        cells: Cells<'_>,
        further: bool,
        values: &mut Values,
        findings: &mut Findings<'_>,
    ) {
        let mut dates: [Option<Date>; 2] = [None, None];
        for (index, column) in self.columns.iter().enumerate() {
            let skipped = column.used == Used::Never || (further && column.used == Used::ForPerson);
            if skipped || matches!(column.kind, Kind::Deleted) {
                continue;
            }
            self.read_cell(index, cells, values, findings, &mut dates);
        }
        if let [Some(start), Some(end)] = dates
            && end < start
            && let Some(column) = self.column("end_date")
        {
            findings.warn(Code::DateOrder, &self.columns[column].name);
        }
        let lists = [self.spec.column("subjects"), self.spec.column("subject_codes")];
        if let [Some(subjects), Some(codes)] = lists {
            let count = |it: usize| items(cell(&self.columns[it], cells)).count();
            let (one, other) = (count(subjects), count(codes));
            if one > 0 && other > 0 && one != other {
                findings.warn(Code::ListLengths, &self.columns[codes].name);
            }
        }
    }

    fn read_cell(
        &self,
        index: usize,
        cells: Cells<'_>,
        values: &mut Values,
        findings: &mut Findings<'_>,
        dates: &mut [Option<Date>; 2],
    ) {
        let column = &self.columns[index];
        let mut text = cell(column, cells);
        if text == "NULL" && !column.keeps_null {
            findings.repaired(Code::NullLiteral, &column.name);
            text = "";
        }
        if text.is_empty() {
            if column.required {
                findings.rejected(Code::MissingRequired, &column.name);
            }
            return;
        }
        if matches!(column.kind, Kind::Key | Kind::Reference(_) | Kind::References(_)) {
            return;
        }
        let mut cell = Cell { column, text, findings, last_days: self.last_days, date: None };
        values.set(index, |out| cell.write(out));
        match column.kind {
            Kind::Date => dates[0] = cell.date,
            Kind::LastDay => dates[1] = cell.date,
            _ => {}
        }
    }

    /// Whether the record lives.
    fn life(&self, cells: Cells<'_>, findings: &mut Findings<'_>) -> Life {
        let Some(index) = self.column("deleted") else { return Life::Active };
        let (column, text) = (&self.columns[index], cell(&self.columns[index], cells));
        let gone = if text.is_empty() || text == "NULL" {
            Some(false)
        } else {
            field::boolean(text).value()
        };
        match gone {
            Some(false) => Life::Active,
            Some(true) => {
                if self.mode == Mode::Full {
                    findings.add(Code::DeletedInBulk, Severity::Warning, Some(&column.name));
                }
                Life::Gone
            }
            None => {
                findings.add(Code::UnknownStatus, Severity::Rejected, Some(&column.name));
                Life::Unknown
            }
        }
    }

    /// How the row stands to those before it.
    fn standing(&self, person: Option<PersonRow<'_>>, known: &Known, values: &Values) -> Standing {
        let Some(person) = person else { return Standing::First };
        let key = self.spec.column(self.spec.key[0]).and_then(|it| values.get(it));
        key.map_or(Standing::First, |key| known.standing(&PersonRow { key, ..person }))
    }

    pub(super) fn reject_key(&self, code: Code, findings: &mut Findings<'_>) {
        if let Some(column) = self.spec.column(self.spec.key[0]) {
            findings.rejected(code, &self.columns[column].name);
        }
    }
}

/// The text of a column's cell; empty where the file does not have it.
pub(super) fn cell<'a>(column: &BoundColumn, cells: Cells<'a>) -> &'a str {
    column.position.map(|it| cells.get(it)).unwrap_or_default()
}

/// Appends a key or a list of keys, with lost zeros restored where the target's keys are all known; true if any were.
fn write_key(
    column: &BoundColumn,
    text: &str,
    target: Option<&'static str>,
    known: &Known,
    out: &mut String,
) -> bool {
    let mut repaired = false;
    let mut meant = |item: &str| {
        let target = target?;
        let is_known = |it: &str| known.has(target, &format!("{}{it}", column.prefix));
        let found = without_lost_zeros(item, is_known);
        repaired |= found.is_some();
        found
    };
    if !matches!(column.kind, Kind::References(_)) {
        let found = meant(text);
        out.push_str(&column.prefix);
        out.push_str(found.as_deref().unwrap_or(text));
        return repaired;
    }
    for (index, item) in items(text).enumerate() {
        let found = meant(item);
        out.push(if index == 0 { '[' } else { ',' });
        push_json_string(out, found.as_deref().unwrap_or(item));
    }
    out.push(']');
    repaired
}
