//! Reading rows back as canonical rows.

use super::{
    ParquetSink,
    failure::damaged,
    file_reader::FileReader,
    layout::{Content, Layout},
    location::Files,
    manifest::{Manifest, TableEntry},
    pointer::current_manifest,
    value::Values,
};
use crate::{
    RowStream, Snapshot,
    relational::{
        ledger::not_there,
        task::{self, joined, next_batch},
    },
};
use arrow_array::{Array as _, RecordBatch};
use futures::{StreamExt as _, stream};
use parquet::arrow::arrow_reader::RowSelection;
use roster_core::{DistrictId, EntityKind, Result, Rows};
use std::{ops::Range, sync::Arc};
use tokio::{sync::mpsc, task::spawn_blocking};

const FETCH: &str = "parquet.fetch";
const ROWS: &str = "parquet.rows";

/// Limits of a batch that is handed out.
const BATCH_ROWS: usize = 2048;
const BATCH_BYTES: usize = 1 << 20;

impl ParquetSink {
    /// The rows with these locators, deleted ones included, in the order given.
    pub(super) async fn fetch_rows(
        &self,
        district: &DistrictId,
        entity: EntityKind,
        locators: Vec<u64>,
    ) -> Result<Rows> {
        if locators.is_empty() {
            return Ok(Rows::new(entity));
        }
        let files = self.location.of(district)?;
        let manifest = current_manifest(FETCH, &files).await?;
        let table = manifest.and_then(|mut it| it.tables.remove(entity.table()));
        let fetch = move || fetch(&files, entity, &table.unwrap_or_default(), &locators);
        joined(spawn_blocking(fetch).await)
    }

    /// What is published at this moment.
    pub(super) async fn take_snapshot(&self, district: &DistrictId) -> Result<Arc<dyn Snapshot>> {
        let published = self.store.state(district).await?.basis > 0;
        let files = if published { Some(self.location.of(district)?) } else { None };
        let manifest = match &files {
            Some(files) => current_manifest(ROWS, files).await?,
            None => None,
        };
        Ok(Arc::new(Taken { files, manifest }))
    }
}

/// A district as one manifest has it.
#[derive(Debug)]
struct Taken {
    files: Option<Files>,
    manifest: Option<Manifest>,
}

impl Snapshot for Taken {
    fn rows(&self, entity: EntityKind) -> RowStream {
        let table = self.manifest.as_ref().and_then(|it| it.table(entity)).cloned();
        let (Some(files), Some(table)) = (self.files.clone(), table) else {
            return stream::empty().boxed();
        };
        // The task starts at the first poll and stops when nobody takes its batches.
        stream::once(async move {
            let (sender, receiver) = mpsc::channel(task::WAITING);
            let task = spawn_blocking(move || {
                let hand_out = |batch: &mut Rows| {
                    let batch = std::mem::replace(batch, Rows::new(entity));
                    sender.blocking_send(batch).is_ok()
                };
                hand_out_rows(&files, entity, &table, hand_out)
            });
            stream::unfold((receiver, Some(task)), next_batch)
        })
        .flatten()
        .boxed()
    }
}

/// Hands out all active rows in their order, until `hand_out` answers false.
fn hand_out_rows(
    files: &Files,
    entity: EntityKind,
    table: &TableEntry,
    mut hand_out: impl FnMut(&mut Rows) -> bool,
) -> Result<()> {
    let decoder = RowDecoder::new(ROWS, Layout::of(entity)?);
    let columns = decoder.columns(true);
    let mut batch = Rows::new(entity);
    let mut first = 0;
    for file in &table.files {
        let reader = FileReader::open(ROWS, files, file, &decoder.layout.form)?;
        for group in 0..reader.groups() {
            for read in reader.group(group)?.columns(&columns, BATCH_ROWS, None)? {
                let read = read?;
                decoder.push_active(&read, first, &mut batch)?;
                first += read.num_rows() as u64;
                let full = batch.len() >= BATCH_ROWS || batch.bytes() >= BATCH_BYTES;
                if full && !hand_out(&mut batch) {
                    return Ok(());
                }
            }
        }
    }
    if !batch.is_empty() {
        hand_out(&mut batch);
    }
    Ok(())
}

/// Reads the rows with these locators and puts them into the order given.
fn fetch(files: &Files, entity: EntityKind, table: &TableEntry, locators: &[u64]) -> Result<Rows> {
    let mut sorted = locators.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.last().is_some_and(|it| *it >= table.rows) {
        return Err(not_there(FETCH, entity.table()));
    }
    let decoder = RowDecoder::new(FETCH, Layout::of(entity)?);
    let mut found = Rows::new(entity);
    let mut first = 0;
    for file in &table.files {
        let end = first + file.rows;
        if some_in(&sorted, first..end).is_empty() {
            first = end;
            continue;
        }
        let reader = FileReader::open(FETCH, files, file, &decoder.layout.form)?;
        for group in 0..reader.groups() {
            let end = first + reader.rows(group) as u64;
            decoder.read_some(&reader, group, first, some_in(&sorted, first..end), &mut found)?;
            first = end;
        }
    }
    if found.len() != sorted.len() {
        return Err(not_there(FETCH, entity.table()));
    }
    if sorted == locators {
        return Ok(found);
    }
    let mut ordered = Rows::new(entity);
    for locator in locators {
        let place = sorted.binary_search(locator).ok();
        let row = place.and_then(|it| found.get(it));
        ordered.push_row(row.ok_or_else(|| not_there(FETCH, entity.table()))?);
    }
    Ok(ordered)
}

/// Those of some sorted numbers that are in a range.
fn some_in(sorted: &[u64], range: Range<u64>) -> &[u64] {
    let (start, end) = (range.start, range.end);
    &sorted[sorted.partition_point(|it| *it < start)..sorted.partition_point(|it| *it < end)]
}

/// Turns what was read into canonical rows.
struct RowDecoder {
    operation: &'static str,
    layout: Layout,
}

impl RowDecoder {
    fn new(operation: &'static str, layout: Layout) -> Self {
        Self { operation, layout }
    }

    /// The columns that a row is made of, and those that tell whether it is deleted.
    fn columns(&self, deleted: bool) -> Vec<usize> {
        let wanted = |content: Content| match content {
            Content::Field(_) => true,
            Content::DeletedAt => deleted,
            _ => false,
        };
        let columns = self.layout.columns.iter().enumerate();
        columns.filter(|it| wanted(it.1.content)).map(|it| it.0).collect()
    }

    /// Appends some rows of a group whose first row has the locator `first`.
    fn read_some(
        &self,
        reader: &FileReader,
        group: usize,
        first: u64,
        locators: &[u64],
        found: &mut Rows,
    ) -> Result<()> {
        if locators.is_empty() {
            return Ok(());
        }
        let row = |it: &u64| usize::try_from(it - first).unwrap_or(usize::MAX);
        let ranges = locators.iter().map(row).map(|it| it..it + 1);
        let selection = RowSelection::from_consecutive_ranges(ranges, reader.rows(group));
        let columns = self.columns(false);
        let mut locators = locators.iter().copied();
        for batch in reader.group(group)?.columns(&columns, BATCH_ROWS, Some(selection))? {
            let batch = batch?;
            self.push(&batch, (0..batch.num_rows()).zip(&mut locators), found)?;
        }
        Ok(())
    }

    /// Appends the rows that are not deleted; the first row has the locator `first`.
    fn push_active(&self, batch: &RecordBatch, first: u64, out: &mut Rows) -> Result<()> {
        let deleted = batch.column_by_name("deleted_at");
        let is_active = |row: &(usize, u64)| deleted.is_none_or(|it| it.is_null(row.0));
        self.push(batch, (0..batch.num_rows()).zip(first..).filter(is_active), out)
    }

    fn push(
        &self,
        batch: &RecordBatch,
        rows: impl Iterator<Item = (usize, u64)>,
        out: &mut Rows,
    ) -> Result<()> {
        let unreadable = || {
            damaged(
                self.operation,
                self.layout.entity.table(),
                "a Parquet file holds a value that no field can have",
            )
        };
        let fields = self.layout.entity.schema().fields.iter();
        // A field that the model gained since is not in the file.
        let values = fields.map(|it| batch.column_by_name(it.name).map(|it| Values::of(&**it)));
        let values: Vec<Option<Values<'_>>> = values
            .map(|it| it.map(|it| it.ok_or_else(unreadable)).transpose())
            .collect::<Result<_>>()?;
        for (index, locator) in rows {
            let mut row = out.begin();
            for value in &values {
                let readable = match value {
                    None => {
                        row.push(None);
                        true
                    }
                    Some(values) => values.push(index, &mut row),
                };
                if !readable {
                    return Err(unreadable());
                }
            }
            row.finish(locator);
        }
        Ok(())
    }
}
