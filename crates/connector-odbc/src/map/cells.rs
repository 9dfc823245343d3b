//! A row of a result set, as a mapper sees it.

use super::Output;
use crate::block::{Block, Columns};
use roster_core::{DiagnosticCode, EntityKind, value::Date};
use roster_tabular::field;

/// The cells of a row by the position of their column, counted from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cells<'a> {
    block: &'a Block,
    row: usize,
    columns: &'a Columns,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(block: &'a Block, row: usize, columns: &'a Columns) -> Self {
        Self { block, row, columns }
    }

    /// The columns.
    pub(crate) fn columns(&self) -> &'a Columns {
        self.columns
    }

    /// The text of a cell without the spaces around it; `None` for NULL and for what is blank.
    ///
    /// Fixed-width columns are padded with spaces, and Oracle knows no difference between NULL and empty.
    pub(crate) fn get(&self, column: usize) -> Option<&'a str> {
        self.block.cell(self.row, column).map(str::trim).filter(|it| !it.is_empty())
    }

    /// Whether a flag is set: `1`, `Y`, `true` and the like; `None` where the cell is empty or says neither.
    #[allow(dead_code, reason = "for the profiles of student information systems")]
    pub(crate) fn flag(&self, column: usize) -> Option<bool> {
        field::boolean(self.get(column)?).value()
    }

    /// The whole number in a cell; of one that came through a floating point type, its whole part.
    #[allow(dead_code, reason = "for the profiles of student information systems")]
    pub(crate) fn integer(&self, column: usize) -> Option<i64> {
        let text = self.get(column)?;
        let whole = text.strip_suffix(".0").unwrap_or(text);
        field::integer(whole).value()
    }

    /// The date in a cell.  Columns with a time count by their date; what is no date is left out, with a finding about
    /// the record `source_id` of `entity`.
    #[allow(dead_code, reason = "for the profiles of student information systems")]
    pub(crate) fn date(
        &self,
        column: usize,
        entity: EntityKind,
        source_id: &str,
        out: &mut Output<'_>,
    ) -> Option<Date> {
        let text = self.get(column)?;
        let date = field::date(text).value();
        if date.is_none() {
            out.repaired(entity, Some(source_id), DiagnosticCode::InvalidDate, column);
        }
        date
    }
}
