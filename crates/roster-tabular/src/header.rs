//! Finds the columns of a file by their names in its header.

use crate::{csv::Record, fold::folded_name};
use roster_core::DiagnosticCode;
use std::collections::HashSet;

/// A column that the format defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnName<'a> {
    /// The name as the format's document writes it.
    pub name: &'a str,
    /// Other names it is known by, such as that of an older version or a common misspelling.
    pub aliases: &'a [&'a str],
}

/// Where the expected columns are in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    columns: Vec<Option<usize>>,
    extras: Vec<(usize, String)>,
    width: usize,
}

impl Binding {
    /// The position in the file of an expected column, by its index among the expected ones; `None` if it is missing.
    #[must_use]
    pub fn column(&self, index_in_expected: usize) -> Option<usize> {
        self.columns.get(index_in_expected).copied().flatten()
    }

    /// The columns nobody expected, by position, with their names as written (trimmed).
    #[must_use]
    pub fn extras(&self) -> &[(usize, String)] {
        &self.extras
    }

    /// The number of cells in the header, unnamed ones included.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }
}

/// Something about the header that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderFinding {
    /// [`DiagnosticCode::ColumnName`], `ColumnOrder`, `ColumnMissing`, `ColumnUnnamed` or `ColumnTwice`.
    pub code: DiagnosticCode,
    /// The column: its name as written; as expected, where it is missing; its one-based position, where it has none.
    ///
    /// Where the file has no header this is a value of its first record, so do not show it without another thought.
    pub column: String,
    /// Position of the column; `None` where it is missing.
    pub position: Option<usize>,
}

/// Finds the expected columns in a header.
///
/// A column is found by its exact name, else ignoring case, spaces, `_` and `-`, else by an alias (ignoring the same).
/// Header cells are trimmed.  A second column of a name is left out with `ColumnTwice`.  `ColumnOrder` and
/// `ColumnUnnamed` are reported once, at the first such column.  Whether an extra column is welcome (`metadata.*`) or
/// [`DiagnosticCode::ColumnUnknown`] is for the caller to say.
#[must_use]
pub fn bind(header: &Record, expected: &[ColumnName<'_>]) -> (Binding, Vec<HeaderFinding>) {
    let mut binder = Binder::new(header, expected);
    binder.bind_all(|cell, it| cell.trimmed == it.name);
    binder.bind_all(|cell, it| cell.folded == folded_name(it.name));
    binder.bind_all(|cell, it| it.aliases.iter().any(|alias| cell.folded == folded_name(alias)));
    binder.finish()
}

/// What a header cell is bound to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Expected(usize),
    Twice,
    Unnamed,
    Extra,
}

struct Cell<'a> {
    trimmed: &'a str,
    folded: String,
    used_as: Use,
}

struct Binder<'a> {
    cells: Vec<Cell<'a>>,
    expected: &'a [ColumnName<'a>],
    columns: Vec<Option<usize>>,
}

impl<'a> Binder<'a> {
    fn new(header: &'a Record, expected: &'a [ColumnName<'a>]) -> Self {
        let cells = header.cells().map(|cell| {
            let trimmed = cell.trim_matches(|it: char| it.is_whitespace() || it == '\u{feff}');
            let used_as = if trimmed.is_empty() { Use::Unnamed } else { Use::Extra };
            Cell { trimmed, folded: folded_name(trimmed), used_as }
        });
        Self { cells: cells.collect(), expected, columns: vec![None; expected.len()] }
    }

    /// Binds each expected column that is still missing to the first free cell that fits.
    fn bind_all(&mut self, fits: impl Fn(&Cell<'_>, &ColumnName<'_>) -> bool) {
        for (index, expected) in self.expected.iter().enumerate() {
            if self.columns[index].is_some() {
                continue;
            }
            let mut free =
                self.cells.iter_mut().enumerate().filter(|(_, it)| it.used_as == Use::Extra);
            if let Some((position, cell)) = free.find(|(_, cell)| fits(cell, expected)) {
                cell.used_as = Use::Expected(index);
                self.columns[index] = Some(position);
            }
        }
    }

    fn finish(mut self) -> (Binding, Vec<HeaderFinding>) {
        self.mark_twice();
        let findings = self.findings();
        let extras = self.cells.iter().enumerate().filter(|(_, it)| it.used_as == Use::Extra);
        let extras = extras.map(|(position, it)| (position, it.trimmed.to_owned())).collect();
        let binding = Binding { columns: self.columns, extras, width: self.cells.len() };
        (binding, findings)
    }

    /// Marks what has the name of a bound column, or of an extra one before it.
    fn mark_twice(&mut self) {
        let mut taken = HashSet::new();
        for cell in &self.cells {
            if let Use::Expected(index) = cell.used_as {
                taken.extend([folded_name(self.expected[index].name), cell.folded.clone()]);
            }
        }
        for cell in &mut self.cells {
            if cell.used_as == Use::Extra && !taken.insert(cell.folded.clone()) {
                cell.used_as = Use::Twice;
            }
        }
    }

    fn findings(&self) -> Vec<HeaderFinding> {
        let mut findings = Vec::new();
        let mut add = |code, position, column: &str| {
            findings.push(HeaderFinding { code, column: column.to_owned(), position });
        };
        for (position, cell) in self.cells.iter().enumerate() {
            match cell.used_as {
                Use::Expected(index) if self.expected[index].name != cell.trimmed => {
                    add(DiagnosticCode::ColumnName, Some(position), cell.trimmed);
                }
                Use::Twice => add(DiagnosticCode::ColumnTwice, Some(position), cell.trimmed),
                Use::Expected(_) | Use::Unnamed | Use::Extra => {}
            }
        }
        if let Some(position) = self.first_out_of_order() {
            add(DiagnosticCode::ColumnOrder, Some(position), self.cells[position].trimmed);
        }
        if let Some(position) = self.cells.iter().position(|it| it.used_as == Use::Unnamed) {
            add(DiagnosticCode::ColumnUnnamed, Some(position), &(position + 1).to_string());
        }
        for (column, expected) in self.columns.iter().zip(self.expected) {
            if column.is_none() {
                add(DiagnosticCode::ColumnMissing, None, expected.name);
            }
        }
        findings
    }

    /// The first expected column that stands behind a later one or behind an extra one.
    fn first_out_of_order(&self) -> Option<usize> {
        let mut next = 0;
        let mut gap = false;
        self.cells.iter().position(|cell| match cell.used_as {
            Use::Expected(index) => {
                let wrong = gap || index < next;
                next = index + 1;
                wrong
            }
            Use::Twice | Use::Unnamed | Use::Extra => {
                gap = true;
                false
            }
        })
    }
}

#[cfg(test)]
mod tests;
