//! Reading rows back as canonical rows.

use super::{
    ParquetSink,
    file_reader::FileReader,
    failure::damaged,
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
use arrow_array::{Array, RecordBatch};
use futures::{StreamExt as _, stream};
use parquet::arrow::arrow_reader::RowSelection;
use roster_core::{DistrictId, EntityKind, Error, Result, Rows};
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
    let reading = Reading::new(ROWS, entity)?;
    let mut batch = Rows::new(entity);
    let mut first = 0;
    for file in &table.files {
        let reader = FileReader::open(ROWS, files, file, &reading.layout.form)?;
        for group in 0..reader.groups() {
            for read in reader.group(group)?.columns(&reading.columns, BATCH_ROWS, None)? {
                let read = read?;
                reading.push(&read, first.., Which::Active, &mut batch, &mut hand_out)?;
                if batch.is_closed() {
                    return Ok(());
                }
                first += read.num_rows() as u64;
            }
        }
    }
    if !batch.is_empty() {
        hand_out(&mut batch);
    }
    Ok(())
}
