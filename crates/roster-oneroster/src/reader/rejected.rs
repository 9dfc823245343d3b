//! Rejected records as they stood in the file, for the report to the district that sent them.

use super::layout::{Layout, Place};
use roster_core::SourceRecord;
use roster_tabular::Record;

/// The text of a record beyond which nothing but its key is kept; no record of a school comes near.
const MOST_BYTES: usize = 64 << 10;

impl Layout {
    /// A rejected record as it stands in the file: the columns that are read, by the names the file has for them.
    ///
    /// Columns of credentials are not read.  Where a record has more or fewer cells than its header, the cells behind
    /// some comma stand too far to one side: those that might be of a column that is not read are left out.
    pub(super) fn source_record(&self, record: &Record, source_id: &str) -> SourceRecord {
        let field = |place: &Place| {
            let text = record.get(place.position)?;
            let told = !text.trim().is_empty() && !self.is_doubtful(place.position, record.len());
            told.then(|| (place.name.clone(), text.into()))
        };
        let whole = record.cells().map(str::len).sum::<usize>() <= MOST_BYTES;
        let fields = self.columns.iter().filter(|_| whole).filter_map(field).collect();
        let source_id = (!source_id.is_empty()).then(|| source_id.into());
        SourceRecord { position: record.line(), source_id, fields }
    }

    /// Whether the cell at a position of a record with so many cells might belong to a column that is not read.
    fn is_doubtful(&self, position: usize, cells: usize) -> bool {
        let shift = cells.abs_diff(self.width);
        let (before, after) = if cells > self.width { (0, shift) } else { (shift, 0) };
        // A cell at `position` came from a column up to `after` to the left, or up to `before` to the right.
        let columns = position.saturating_sub(after)..=position.saturating_add(before);
        let read = |it: &usize| self.columns.binary_search_by_key(it, |at| at.position).is_ok();
        shift > 0 && columns.take_while(|it| *it < self.width).any(|it| !read(&it))
    }
}

/// The bytes that a rejected record holds, roughly.
pub(super) fn bytes(record: &SourceRecord) -> usize {
    let fields = record.fields.iter().map(|it| size_of_val(it) + it.1.len());
    size_of_val(record) + fields.sum::<usize>()
}
