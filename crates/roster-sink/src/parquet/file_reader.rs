//! Reading a Parquet file, row group by row group: a group's bytes are fetched in one piece.

use super::{failure::damaged, layout::FileForm, location::Files, manifest::FileEntry};
use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use bytes::{Buf as _, Bytes};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{
            ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
            ParquetRecordBatchReaderBuilder, RowSelection,
        },
    },
    errors::{ParquetError, Result as Decoded},
    file::{
        metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader},
        reader::{ChunkReader, Length},
        statistics::Statistics,
    },
};
use roster_core::Result;
use std::{ops::Range, sync::Arc};
use tokio::runtime::Handle;

/// What is read of the end of a file to find out what it holds.
const FOOTER: u64 = 64 << 10;

/// A file whose footer was read.
#[derive(Clone)]
pub(super) struct FileReader {
    operation: &'static str,
    files: Files,
    entry: FileEntry,
    metadata: ArrowReaderMetadata,
    /// Where each column of today's layout is in the file; `None` of one that the model gained since.
    leaves: Vec<Option<usize>>,
    form: FileForm,
}

impl FileReader {
    /// Opens a file that was written in the layout of `form` or an older one.
    ///
    /// Blocks: not for a thread of the runtime.
    pub(super) fn open(
        operation: &'static str,
        files: &Files,
        entry: &FileEntry,
        form: &FileForm,
    ) -> Result<Self> {
        let unreadable = |_| damaged(operation, &entry.path, "a Parquet file cannot be read");
        let metadata = Arc::new(footer(operation, files, entry)?);
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::try_new(metadata, options).map_err(unreadable)?;
        let schema = metadata.schema().clone();
        let fits = |name: &str, number: usize| {
            form.arrow
                .field_with_name(name)
                .is_ok_and(|it| it.data_type() == schema.field(number).data_type())
        };
        let leaf = |name: &str| schema.index_of(name).ok().filter(|it| fits(name, *it));
        let leaves: Vec<_> = form.arrow.fields().iter().map(|it| leaf(it.name())).collect();
        let rows = metadata.metadata().file_metadata().num_rows();
        let known = leaves.iter().flatten().count() == schema.fields().len();
        if !known || rows.cast_unsigned() != entry.rows {
            return Err(damaged(operation, &entry.path, "a Parquet file is not what was written"));
        }
        let (files, entry, form) = (files.clone(), entry.clone(), form.clone());
        Ok(Self { operation, files, entry, metadata, leaves, form })
    }

    /// Whether the file has all columns of today's layout, and so can be copied in parts.
    pub(super) fn is_up_to_date(&self) -> bool {
        self.leaves.iter().enumerate().all(|(number, it)| *it == Some(number))
    }

    /// Number of row groups.
    pub(super) fn groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// Rows of a group.
    pub(super) fn rows(&self, group: usize) -> usize {
        usize::try_from(self.metadata.metadata().row_group(group).num_rows()).unwrap_or(0)
    }

    /// Bytes of a group's values before compression.
    pub(super) fn size(&self, group: usize) -> usize {
        let size = self.metadata.metadata().row_group(group).total_byte_size();
        usize::try_from(size).unwrap_or(usize::MAX)
    }

    /// What the footer says of a column of a group; `None` when the file does not have it.
    pub(super) fn chunk(&self, group: usize, column: usize) -> Option<&ColumnChunkMetaData> {
        let leaf = self.leaves[column]?;
        Some(self.metadata.metadata().row_group(group).column(leaf))
    }

    /// Whether a column of a group has nothing but NULL.
    pub(super) fn is_empty(&self, group: usize, column: usize) -> bool {
        let Some(chunk) = self.chunk(group, column) else { return true };
        let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
        nulls == Some(self.rows(group) as u64)
    }

    /// Fetches a row group.
    pub(super) fn group(&self, number: usize) -> Result<GroupReader> {
        let metadata = self.metadata.metadata();
        let chunks =
            metadata.row_group(number).columns().iter().map(ColumnChunkMetaData::byte_range);
        let ends: Vec<_> = chunks.map(|(start, length)| (start, start + length)).collect();
        let start = ends.iter().map(|it| it.0).min().unwrap_or(0);
        let end = ends.iter().map(|it| it.1).max().unwrap_or(0).max(start + 1);
        let fetch = self.files.range(self.operation, &self.entry.path, start..end);
        let bytes = Handle::current().block_on(fetch)?;
        let bytes = GroupBytes { start, bytes, length: self.entry.bytes };
        Ok(GroupReader { file: self.clone(), number, bytes })
    }
}

/// A row group that was fetched.
#[derive(Clone)]
pub(super) struct GroupReader {
    file: FileReader,
    number: usize,
    bytes: GroupBytes,
}

impl GroupReader {
    /// Number of its rows.
    pub(super) fn rows(&self) -> usize {
        self.file.rows(self.number)
    }

    /// The column of this number as it stands in the file; `None` when the file does not have it.
    pub(super) fn raw(&self, column: usize) -> Option<(ColumnChunkMetaData, GroupBytes)> {
        Some((self.file.chunk(self.number, column)?.clone(), self.bytes.clone()))
    }

    /// Whether a column has nothing but NULL.
    pub(super) fn is_empty(&self, column: usize) -> bool {
        self.file.is_empty(self.number, column)
    }

    /// The values of the column of this number.
    pub(super) fn column(&self, column: usize) -> Result<ArrayRef> {
        let Some(leaf) = self.file.leaves[column] else {
            let field = self.file.form.arrow.field(column);
            return Ok(new_null_array(field.data_type(), self.rows()));
        };
        let mut batches = self.batches(&[leaf], self.rows(), None)?;
        let batch = batches.next().transpose().map_err(|_| self.unreadable())?;
        let batch =
            batch.filter(|it| it.num_rows() == self.rows()).ok_or_else(|| self.unreadable())?;
        Ok(batch.column(0).clone())
    }

    /// The columns of these numbers, some rows at a time, all rows or those that are selected.
    pub(super) fn columns(
        &self,
        columns: &[usize],
        rows: usize,
        selection: Option<RowSelection>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<>> {
        let leaves: Vec<_> = columns.iter().filter_map(|it| self.file.leaves[*it]).collect();
        let batches = self.batches(&leaves, rows, selection)?;
        let (operation, path) = (self.file.operation, self.file.entry.path.clone());
        Ok(batches.map(move |it| it.map_err(|_| unreadable(operation, &path))))
    }

    fn batches(
        &self,
        leaves: &[usize],
        rows: usize,
        selection: Option<RowSelection>,
    ) -> Result<ParquetRecordBatchReader> {
        let schema = self.file.metadata.metadata().file_metadata().schema_descr_ptr();
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.bytes.clone(),
            self.file.metadata.clone(),
        )
        .with_row_groups(vec![self.number])
        // No column of ours has more than one leaf.
        .with_projection(ProjectionMask::leaves(&schema, leaves.iter().copied()))
        .with_batch_size(rows);
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection);
        }
        builder.build().map_err(|_| self.unreadable())
    }

    fn unreadable(&self) -> roster_core::Error {
        unreadable(self.file.operation, &self.file.entry.path)
    }
}

// The cause is left out: what the decoder says may quote a value.
fn unreadable(operation: &'static str, path: &str) -> roster_core::Error {
    damaged(operation, path, "a Parquet file is damaged")
}

/// The bytes of one row group, by their places in the whole file.
#[derive(Clone)]
pub(super) struct GroupBytes {
    start: u64,
    bytes: Bytes,
    /// Of the whole file.
    length: u64,
}

impl GroupBytes {
    fn from(&self, start: u64) -> Decoded<Bytes> {
        let outside = || ParquetError::EOF("outside of the row group".to_owned());
        let at = start.checked_sub(self.start).and_then(|it| usize::try_from(it).ok());
        let at = at.filter(|it| *it <= self.bytes.len()).ok_or_else(outside)?;
        Ok(self.bytes.slice(at..))
    }
}

impl Length for GroupBytes {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for GroupBytes {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Decoded<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Decoded<Bytes> {
        let bytes = self.from(start)?;
        if bytes.len() < length {
            return Err(ParquetError::EOF("outside of the row group".to_owned()));
        }
        Ok(bytes.slice(..length))
    }
}

fn footer(operation: &'static str, files: &Files, entry: &FileEntry) -> Result<ParquetMetaData> {
    let unreadable = || damaged(operation, &entry.path, "a Parquet file has no readable footer");
    let tail = |length: u64| -> Result<Bytes> {
        let range: Range<u64> = entry.bytes.saturating_sub(length)..entry.bytes;
        Handle::current().block_on(files.range(operation, &entry.path, range))
    };
    let mut reader = ParquetMetaDataReader::new();
    let mut outcome = reader.try_parse_sized(&tail(FOOTER)?, entry.bytes);
    if let Err(ParquetError::NeedMoreData(length)) = outcome {
        outcome = reader.try_parse_sized(&tail(length as u64)?, entry.bytes);
    }
    outcome.map_err(|_| unreadable())?;
    reader.finish().map_err(|_| unreadable())
}
