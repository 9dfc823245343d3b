//! One table as one Parquet file, for whoever wants the published roster and nothing of its history.

use super::{
    file_writer::{ColumnData, FileWriter, Group},
    layout::{Column, Content, Layout},
    new_rows::{GROUP_BYTES, GROUP_ROWS},
    row_group::field_array,
};
use roster_core::{EntityKind, Result, Rows};
use std::{fmt, io::Write};

const EXPORT: &str = "parquet.export";

/// A table's fields as a Parquet file: zstd, row groups of up to 131,072 rows.
pub struct ParquetFile<W: Write + Send> {
    layout: Layout,
    file: FileWriter<W>,
    waiting: Vec<Rows>,
}

impl<W: Write + Send> fmt::Debug for ParquetFile<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetFile").field("entity", &self.layout.entity).finish_non_exhaustive()
    }
}

impl<W: Write + Send> ParquetFile<W> {
    /// Starts a file of an entity's table; `name` is for messages.
    ///
    /// # Errors
    ///
    /// [`roster_core::ErrorKind::Unavailable`] when it cannot be written.
    pub fn new(entity: EntityKind, name: &str, out: W) -> Result<Self> {
        let layout = Layout::of_export(entity)?;
        let file = FileWriter::new(EXPORT, name.to_owned(), &layout.form, out)?;
        Ok(Self { layout, file, waiting: Vec::new() })
    }

    /// Adds rows.  Blocks while they are encoded.
    ///
    /// # Errors
    ///
    /// [`roster_core::ErrorKind::Unavailable`] when the file cannot be written, [`roster_core::ErrorKind::Internal`] when
    /// a field is not canonical.
    pub fn write(&mut self, rows: Rows) -> Result<()> {
        let total = |size: fn(&Rows) -> usize| self.waiting.iter().map(size).sum::<usize>();
        let full = total(Rows::len) + rows.len() > GROUP_ROWS
            || total(Rows::bytes) + rows.bytes() > GROUP_BYTES;
        if full {
            self.write_waiting()?;
        }
        self.waiting.push(rows);
        Ok(())
    }

    /// Ends the file; gives what it was written to.
    ///
    /// # Errors
    ///
    /// As [`Self::write`].
    pub fn finish(mut self) -> Result<W> {
        self.write_waiting()?;
        self.file.end()
    }

    fn write_waiting(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.waiting);
        if rows.iter().all(Rows::is_empty) {
            return Ok(());
        }
        self.file.write(&Exported { columns: &self.layout.columns, rows })
    }
}

/// A row group of an export.
struct Exported<'a> {
    columns: &'a [Column],
    rows: Vec<Rows>,
}

impl Group for Exported<'_> {
    fn rows(&self) -> usize {
        self.rows.iter().map(Rows::len).sum()
    }

    fn column(&self, number: usize) -> Result<ColumnData> {
        let Content::Field(field) = self.columns[number].content else {
            return Ok(ColumnData::Arrays(Vec::new()));
        };
        let arrays = self.rows.iter().map(|it| field_array(it, field, it.iter()));
        arrays.collect::<Result<_>>().map(ColumnData::Arrays)
    }
}
