//! A row group of a table: rows that were there, with what changes in them, and new ones behind.

use super::{
    PUBLISH,
    edits::{Edit, not_published},
    file_reader::GroupReader,
    file_writer::{ColumnData, Group},
    layout::{Column, Content, Layout},
    new_rows::NewRows,
    night::Night,
    value::{array, text_array, time_array},
};
use crate::{Operation, PublishedIndex, key_of, relational::ledger::not_canonical};
use arrow_array::{Array, ArrayRef, StringArray, UInt32Array, cast::AsArray as _};
use arrow_select::{interleave::interleave, take::take};
use roster_core::{Error, ErrorKind, Result, Row, Rows, model::EntitySchema};
use std::{iter, ops::Range};
use uuid::fmt::Hyphenated;

/// A row group in the making.
pub(super) struct RowGroup<'a> {
    pub(super) night: &'a Night<'a>,
    pub(super) layout: &'a Layout,
    pub(super) old: Option<&'a OldRows>,
    pub(super) new: &'a [NewRows],
}

impl Group for RowGroup<'_> {
    fn rows(&self) -> usize {
        let old = self.old.map_or(0, |it| it.range.len());
        old + self.new.iter().map(|it| it.rows.len()).sum::<usize>()
    }

    fn column(&self, number: usize) -> Result<ColumnData> {
        let column = &self.layout.columns[number];
        let mut arrays = Vec::with_capacity(self.new.len() + 1);
        if let Some(old) = self.old {
            let changed = old.changed(self.night, column, number)?;
            if changed.is_none()
                && self.new.is_empty()
                && old.is_whole()
                && let Some((metadata, bytes)) = old.group.raw(number)
            {
                return Ok(ColumnData::Copy(Box::new(metadata), bytes));
            }
            arrays.push(changed.map_or_else(|| old.unchanged(number), Ok)?);
        }
        for new in self.new {
            arrays.push(new_column(self.night, column, new)?);
        }
        Ok(ColumnData::Arrays(arrays))
    }
}

/// The column of new rows.
fn new_column(night: &Night<'_>, column: &Column, new: &NewRows) -> Result<ArrayRef> {
    let rows = new.rows.len();
    let same = |text| text_array(rows, iter::repeat_n(Some(text), rows));
    Ok(match column.content {
        Content::District => same(night.district.as_str()),
        Content::FirstRun | Content::LastRun => same(night.run.as_str()),
        Content::DeletedAt => time_array(iter::repeat_n(None, rows)),
        Content::Id => {
            let mut ids =
                arrow_array::builder::StringBuilder::with_capacity(rows, rows * Hyphenated::LENGTH);
            let mut buffer = [0; Hyphenated::LENGTH];
            for id in &new.ids {
                ids.append_value(id.hyphenated().encode_lower(&mut buffer));
            }
            std::sync::Arc::new(ids.finish())
        }
        Content::Field(number) => field_array(&new.rows, number, new.rows.iter())?,
    })
}

/// A field of some rows.
pub(super) fn field_array<'r>(
    rows: &Rows,
    number: usize,
    of: impl Iterator<Item = Row<'r>>,
) -> Result<ArrayRef> {
    let schema = rows.entity().schema();
    let field = &schema.fields[number];
    array(field.field_type, rows.len(), of.map(|it| it.get(number)))
        .map_err(|_| not_canonical(PUBLISH, schema.table, field))
}

/// Rows of a file's row group, and what changes in them.
pub(super) struct OldRows {
    group: GroupReader,
    /// Which rows of the group.
    range: Range<usize>,
    edits: Vec<OldEdit>,
    /// New contents of the rows that get one, in their order.
    rows: Rows,
    /// Keys and public ids of the rows that change, as they were.
    keys: StringArray,
    ids: StringArray,
}

/// A change of one of the rows.
#[derive(Clone, Copy, Debug)]
struct OldEdit {
    /// From the group's first row on.
    row: u32,
    operation: Operation,
}

/// A change as the change feed tells it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub(super) operation: Operation,
    pub(super) id: &'a str,
    /// The key that the record has now.
    pub(super) source_id: &'a str,
    /// The key that it gave up.
    pub(super) old_key: Option<&'a str>,
}

impl OldRows {
    /// Rows `range` of a group whose first row has the slot `first`; `rows` are the new contents in the edits.
    pub(super) fn new(
        layout: &Layout,
        group: GroupReader,
        first: u64,
        range: Range<usize>,
        edits: &[Edit],
        rows: Rows,
    ) -> Result<Self> {
        let edit = |it: &Edit| OldEdit {
            row: u32::try_from(u64::from(it.slot) - first).expect("a group has fewer rows"),
            operation: it.operation,
        };
        let edits: Vec<_> = edits.iter().map(edit).collect();
        let positions: UInt32Array = edits.iter().map(|it| Some(it.row)).collect();
        let read = |content| -> Result<StringArray> {
            if edits.is_empty() {
                return Ok(StringArray::new_null(0));
            }
            let column = group.column(layout.number(content))?;
            Ok(taken(&column, &positions)?.as_string().clone())
        };
        let keys = read(Content::Field(EntitySchema::SOURCE_ID))?;
        let ids = read(Content::Id)?;
        Ok(Self { group, range, edits, rows, keys, ids })
    }

    /// Number of the rows.
    pub(super) fn len(&self) -> usize {
        self.range.len()
    }

    /// Refuses changes of other records than the index has.
    pub(super) fn check(&self, first: u64, index: &PublishedIndex) -> Result<()> {
        let entity = self.rows.entity();
        let mut rows = self.rows.iter();
        for (edit, old) in self.edits.iter().zip(&self.keys) {
            let slot = u32::try_from(first + u64::from(edit.row)).unwrap_or(u32::MAX);
            let old = old.unwrap_or_default();
            let stays = edit.operation == Operation::Delete
                || (rows.next().is_some_and(|it| it.source_id() == old)
                    || edit.operation == Operation::Rekey);
            if !index.is_published(slot) || index.key(slot) != key_of(old) || !stays {
                return Err(not_published(entity));
            }
        }
        Ok(())
    }

    /// What the change feed says of them; `was_deleted` tells of a slot whether its record was deleted before.
    pub(super) fn told(&self, was_deleted: impl Fn(u32) -> bool) -> impl Iterator<Item = Told<'_>> {
        let mut rows = self.rows.iter();
        self.edits.iter().enumerate().map(move |(number, edit)| {
            let (id, old) = (self.ids.value(number), self.keys.value(number));
            let row = (edit.operation != Operation::Delete).then(|| rows.next()).flatten();
            let source_id = row.map_or(old, |it| it.source_id());
            let (operation, old_key) = match edit.operation {
                Operation::Rekey if was_deleted(edit.row) => (Operation::Restore, Some(old)),
                Operation::Rekey => (Operation::Update, Some(old)),
                operation => (operation, None),
            };
            Told { operation, id, source_id, old_key }
        })
    }

    /// Whether these are all rows of the group.
    fn is_whole(&self) -> bool {
        self.range == (0..self.group.rows())
    }

    /// A column as it was.
    fn unchanged(&self, number: usize) -> Result<ArrayRef> {
        let column = self.group.column(number)?;
        Ok(column.slice(self.range.start, self.range.len()))
    }

    /// A column with what changes in it; `None` when nothing does.
    fn changed(
        &self,
        night: &Night<'_>,
        column: &Column,
        number: usize,
    ) -> Result<Option<ArrayRef>> {
        let Some((changing, values)) = self.replacements(night, column)? else { return Ok(None) };
        let before = self.group.column(number)?;
        let positions: UInt32Array = changing.iter().map(|it| Some(*it)).collect();
        if *taken(&before, &positions)? == *values {
            return Ok(None);
        }
        let mut changing = changing.into_iter().enumerate().peekable();
        let value = |row: usize| match changing.next_if(|it| it.1 as usize == row) {
            Some((replaced, _)) => (1, replaced),
            None => (0, row),
        };
        let places: Vec<_> = self.range.clone().map(value).collect();
        interleave(&[&before, &values], &places).map(Some).map_err(impossible)
    }

    /// The rows that may get another value in this column, and the values.
    fn replacements(
        &self,
        night: &Night<'_>,
        column: &Column,
    ) -> Result<Option<(Vec<u32>, ArrayRef)>> {
        let rows = |which: fn(Operation) -> bool| -> Vec<u32> {
            self.edits.iter().filter(|it| which(it.operation)).map(|it| it.row).collect()
        };
        let (changing, values) = match column.content {
            Content::District | Content::Id | Content::FirstRun => return Ok(None),
            Content::LastRun => {
                let all = rows(|_| true);
                let run =
                    text_array(all.len(), iter::repeat_n(Some(night.run.as_str()), all.len()));
                (all, run)
            }
            Content::DeletedAt => {
                let deleted =
                    |it: &OldEdit| (it.operation == Operation::Delete).then_some(night.at);
                (rows(|_| true), time_array(self.edits.iter().map(deleted)))
            }
            Content::Field(number) => (
                rows(|it| it != Operation::Delete),
                field_array(&self.rows, number, self.rows.iter())?,
            ),
        };
        Ok((!changing.is_empty()).then_some((changing, values)))
    }
}

fn taken(column: &ArrayRef, positions: &UInt32Array) -> Result<ArrayRef> {
    take(&**column, positions, None).map_err(impossible)
}

/// Arrays of the same type and positions inside of them are all that is handed over.
fn impossible(_: arrow_schema::ArrowError) -> Error {
    let message = "the rows of a table cannot be put together; please report it";
    Error::new(ErrorKind::Internal, PUBLISH, message)
}
