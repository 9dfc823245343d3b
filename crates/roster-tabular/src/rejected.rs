//! Rejected records as they stood in the file, for the report to the district that sent them.

use crate::{cells::ColumnPlace, csv::Record};
use roster_core::SourceRecord;

/// The text of a record beyond which nothing but its key is kept; no record of a school comes near.
const MOST_BYTES: usize = 64 << 10;

/// A rejected record as it stands in the file: the columns that are read, by the names the file has for them.
///
/// `columns` are those, by position; `width` is the number of cells of the header.  Columns of credentials are not among
/// them.  Where a record has more or fewer cells than its header, the cells behind some comma stand too far to one side:
/// those that might be of a column that is not read are left out.
#[must_use]
pub fn source_record(
    columns: &[ColumnPlace],
    width: usize,
    record: &Record,
    source_id: &str,
) -> SourceRecord {
    let field = |place: &ColumnPlace| {
        let text = record.get(place.position)?;
        let told =
            !text.trim().is_empty() && !is_doubtful(columns, width, place.position, record.len());
        told.then(|| (place.name.clone(), text.into()))
    };
    let whole = record.cells().map(str::len).sum::<usize>() <= MOST_BYTES;
    let fields = columns.iter().filter(|_| whole).filter_map(field).collect();
    let source_id = (!source_id.is_empty()).then(|| source_id.into());
    SourceRecord { position: record.line(), source_id, fields }
}

/// Whether the cell at a position of a record with so many cells might belong to a column that is not read.
fn is_doubtful(columns: &[ColumnPlace], width: usize, position: usize, cells: usize) -> bool {
    let shift = cells.abs_diff(width);
    let (before, after) = if cells > width { (0, shift) } else { (shift, 0) };
    // A cell at `position` came from a column up to `after` to the left, or up to `before` to the right.
    let at = position.saturating_sub(after)..=position.saturating_add(before);
    let read = |it: &usize| columns.binary_search_by_key(it, |at| at.position).is_ok();
    shift > 0 && at.take_while(|it| *it < width).any(|it| !read(&it))
}

/// The bytes that a rejected record holds, roughly.
#[must_use]
pub fn source_record_bytes(record: &SourceRecord) -> usize {
    let fields = record.fields.iter().map(|it| size_of_val(it) + it.1.len());
    size_of_val(record) + fields.sum::<usize>()
}
