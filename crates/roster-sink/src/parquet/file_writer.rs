//! Writing a Parquet file, row group by row group; the columns of a group are encoded side by side.

use super::{
    failure::{not_written, store_failed},
    file_reader::GroupBytes,
    layout::FileForm,
    location::Files,
    manifest::FileEntry,
    upload::Upload,
};
use arrow_array::ArrayRef;
use parquet::{
    arrow::arrow_writer::{
        ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
    },
    column::writer::ColumnCloseResult,
    errors::Result as Encoded,
    file::{metadata::ColumnChunkMetaData, writer::SerializedFileWriter},
};
use roster_core::{Error, Result};
use std::{io::Write, num::NonZero, panic, sync::Mutex, thread};

/// Threads that encode at once: more would keep other districts' nights waiting.
const MOST_THREADS: usize = 4;

/// A row group to be written.
pub(super) trait Group: Sync {
    /// Number of its rows.
    fn rows(&self) -> usize;

    /// The column of this number.
    fn column(&self, number: usize) -> Result<ColumnData>;
}

/// A column of a row group.
pub(super) enum ColumnData {
    /// These arrays, one after the other.
    Arrays(Vec<ArrayRef>),
    /// As it stands in another file, of the same type and with as many rows.
    Copy(Box<ColumnChunkMetaData>, GroupBytes),
}

/// A file in the making.
pub(super) struct FileWriter<W: Write + Send = Upload> {
    operation: &'static str,
    path: String,
    form: FileForm,
    file: SerializedFileWriter<W>,
    rows: u64,
    groups: usize,
}

impl FileWriter {
    /// Starts the file at `path`.
    pub(super) fn create(
        operation: &'static str,
        files: &Files,
        path: String,
        form: &FileForm,
    ) -> Result<Self> {
        let upload = Upload::new(files.objects.clone(), files.path(&path));
        Self::new(operation, path, form, upload)
    }

    /// Ends the file: only now it is there.
    pub(super) fn finish(self) -> Result<FileEntry> {
        let (operation, path, rows) = (self.operation, self.path.clone(), self.rows);
        let bytes = self.end()?.finish().map_err(|err| store_failed(operation, &path, err))?;
        Ok(FileEntry { path, rows, bytes })
    }
}

impl<W: Write + Send> FileWriter<W> {
    /// Starts a file; `path` is for messages.
    pub(super) fn new(
        operation: &'static str,
        path: String,
        form: &FileForm,
        out: W,
    ) -> Result<Self> {
        let file = SerializedFileWriter::new(out, form.parquet.clone(), form.properties.clone())
            .map_err(|err| not_written(operation, &path, err))?;
        Ok(Self { operation, path, form: form.clone(), file, rows: 0, groups: 0 })
    }

    /// Rows that were written.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Row groups that were written.
    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    /// Adds a row group.
    pub(super) fn write(&mut self, group: &impl Group) -> Result<()> {
        let Self { operation, path, form, file, groups, .. } = self;
        let failed = |err| not_written(operation, &*path, err);
        let factory = ArrowRowGroupWriterFactory::new(file, form.arrow.clone());
        let writers = factory.create_column_writers(*groups).map_err(failed)?;
        let columns = encode(form, group, writers).map_err(|it| it.named(operation, path))?;
        let mut row_group = file.next_row_group().map_err(failed)?;
        for column in columns {
            match column {
                Column::New(column) => column.append_to_row_group(&mut row_group),
                Column::Copied(close, bytes) => row_group.append_column(&bytes, *close),
            }
            .map_err(failed)?;
        }
        row_group.close().map_err(failed)?;
        self.groups += 1;
        self.rows += group.rows() as u64;
        Ok(())
    }

    /// Writes the footer; gives what the file was written to.
    pub(super) fn end(self) -> Result<W> {
        let Self { operation, path, file, .. } = self;
        file.into_inner().map_err(|err| not_written(operation, &path, err))
    }
}

/// A column that can be put into a file.
enum Column {
    New(Box<ArrowColumnChunk>),
    Copied(Box<ColumnCloseResult>, GroupBytes),
}

/// What ended the encoding.
enum Failure {
    Encoder(parquet::errors::ParquetError),
    Homeroom(Error),
}

impl Failure {
    fn named(self, operation: &'static str, path: &str) -> Error {
        match self {
            Self::Encoder(err) => not_written(operation, path, err),
            Self::Homeroom(err) => err,
        }
    }
}

/// Encodes the columns on several threads, each of which takes the next one when it is done with one.
fn encode(
    form: &FileForm,
    group: &impl Group,
    writers: Vec<ArrowColumnWriter>,
) -> Result<Vec<Column>, Failure> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let waiting = Mutex::new(writers.into_iter().enumerate());
    let next = || waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
    let work = || {
        let mut done = Vec::new();
        while let Some((number, writer)) = next() {
            done.push((number, encode_column(form, group, number, writer)?));
        }
        Ok(done)
    };
    let mut columns = Vec::new();
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        columns.extend(work()?);
        for other in others {
            columns.extend(other.join().unwrap_or_else(|it| panic::resume_unwind(it))?);
        }
        Ok(())
    })?;
    columns.sort_unstable_by_key(|it| it.0);
    Ok(columns.into_iter().map(|it| it.1).collect())
}

fn encode_column(
    form: &FileForm,
    group: &impl Group,
    number: usize,
    mut writer: ArrowColumnWriter,
) -> Result<Column, Failure> {
    let arrays = match group.column(number).map_err(Failure::Homeroom)? {
        ColumnData::Copy(metadata, bytes) => return Ok(copied(*metadata, bytes, group.rows())),
        ColumnData::Arrays(arrays) => arrays,
    };
    let mut write = || -> Encoded<()> {
        for array in &arrays {
            for leaf in compute_leaves(form.arrow.field(number), array)? {
                writer.write(&leaf)?;
            }
        }
        Ok(())
    };
    write().map_err(Failure::Encoder)?;
    Ok(Column::New(Box::new(writer.close().map_err(Failure::Encoder)?)))
}

fn copied(metadata: ColumnChunkMetaData, bytes: GroupBytes, rows: usize) -> Column {
    let close = ColumnCloseResult {
        bytes_written: metadata.compressed_size().cast_unsigned(),
        rows_written: rows as u64,
        metadata,
        bloom_filter: None,
        column_index: None,
        offset_index: None,
    };
    Column::Copied(Box::new(close), bytes)
}
