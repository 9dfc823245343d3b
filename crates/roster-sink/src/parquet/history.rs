//! What is known of one published record: its row, and its entries in the change feeds of the runs that are kept.

use super::{
    ParquetSink,
    changes::{self, ChangeFeed, each_rekey},
    failure::damaged,
    file_reader::FileReader,
    layout::{Content, Layout},
    location::Files,
    manifest::{FileEntry, TableEntry},
    prune::read_manifests,
};
use crate::{
    RecordChange, RecordHistory, RunId, key_of,
    relational::{ledger::not_there, task::joined},
};
use arrow_array::{Array as _, ArrayRef, cast::AsArray as _, types::TimestampMicrosecondType};
use roster_core::{DistrictId, EntityKind, Result, value::Timestamp};
use tokio::task::spawn_blocking;

const HISTORY: &str = "parquet.history";

impl ParquetSink {
    /// What is known of a record.
    pub(super) async fn record_history(
        &self,
        district: &DistrictId,
        entity: EntityKind,
        source_id: &str,
    ) -> Result<Option<RecordHistory>> {
        let mut published = self.store.published(district).await?;
        let Some(mut index) = published.indexes.remove(&entity) else { return Ok(None) };
        let files = self.location.of(district)?;
        let Some(mut manifest) = self.published_manifest(HISTORY, &files).await? else {
            return Ok(None);
        };
        let table = manifest.tables.remove(entity.table()).unwrap_or_default();
        let feeds = self.feeds(&files, manifest.basis).await?;
        let key = source_id.to_owned();
        let work = move || -> Result<_> {
            let mut slot = index.look_up(key_of(&key));
            if slot.is_none() {
                let newest = newest_key(&files, &manifest.rekeys, entity, key)?;
                slot = index.look_up(key_of(&newest));
            }
            let Some(slot) = slot else { return Ok(None) };
            let mut history = read_row(&files, entity, &table, index.locator(slot))?;
            for feed in &feeds {
                read_changes(&files, feed, entity, &mut history)?;
            }
            Ok(Some(history))
        };
        joined(spawn_blocking(work).await)
    }

    /// The change feeds that are kept, oldest first.
    async fn feeds(&self, files: &Files, basis: u64) -> Result<Vec<FileEntry>> {
        let listed = files.list(HISTORY).await?;
        let mut manifests = read_manifests(HISTORY, files, &listed).await?;
        manifests.retain(|it| it.basis <= basis);
        manifests.sort_unstable_by_key(|it| it.basis);
        Ok(manifests.into_iter().filter_map(|it| it.changes).collect())
    }
}

/// The key that the last record of a key has by now.
fn newest_key(
    files: &Files,
    rekeys: &[FileEntry],
    entity: EntityKind,
    mut key: String,
) -> Result<String> {
    // A record gives up a key before it can give up the next one: so one way through is enough.
    for file in rekeys {
        let mut newer = None;
        each_rekey(HISTORY, files, file, entity, |old, new| {
            if old == key {
                newer = Some(new.to_owned());
            }
        })?;
        key = newer.unwrap_or(key);
    }
    Ok(key)
}

/// The row at a place of a table.
fn read_row(
    files: &Files,
    entity: EntityKind,
    table: &TableEntry,
    locator: u64,
) -> Result<RecordHistory> {
    let layout = Layout::of(entity)?;
    let mut first = 0;
    for file in &table.files {
        if locator >= first + file.rows {
            first += file.rows;
            continue;
        }
        let reader = FileReader::open(HISTORY, files, file, &layout.form)?;
        for group in 0..reader.groups() {
            let rows = reader.rows(group) as u64;
            if locator >= first + rows {
                first += rows;
                continue;
            }
            let group = reader.group(group)?;
            let row = usize::try_from(locator - first).unwrap_or(usize::MAX);
            let column = |content| group.column(layout.number(content));
            let text = |content| -> Result<_> {
                Ok(column(content)?.as_string::<i32>().value(row).to_owned())
            };
            return Ok(RecordHistory {
                id: text(Content::Id)?,
                first_run: RunId::from_text(text(Content::FirstRun)?),
                last_run: RunId::from_text(text(Content::LastRun)?),
                deleted_at: time(&column(Content::DeletedAt)?, row),
                changes: Vec::new(),
            });
        }
    }
    Err(not_there(HISTORY, entity.table()))
}

/// Appends a record's entries in a change feed.
fn read_changes(
    files: &Files,
    feed: &FileEntry,
    entity: EntityKind,
    history: &mut RecordHistory,
) -> Result<()> {
    let form = ChangeFeed::form()?;
    let reader = FileReader::open(HISTORY, files, feed, &form)?;
    for group in 0..reader.groups() {
        let group = reader.group(group)?;
        let column = |name| group.column(changes::number(&form, name));
        let (tables, ids) = (column("entity")?, column("id")?);
        let (tables, ids) = (tables.as_string::<i32>(), ids.as_string::<i32>());
        let mine = |row: &usize| {
            ids.is_valid(*row)
                && ids.value(*row) == history.id
                && tables.value(*row) == entity.table()
        };
        let rows: Vec<_> = (0..ids.len()).filter(mine).collect();
        if rows.is_empty() {
            continue;
        }
        let (runs, operations, times) = (column("run_id")?, column("operation")?, column("at")?);
        for row in rows {
            let unreadable = || damaged(HISTORY, &feed.path, "the change feed has no time");
            history.changes.push(RecordChange {
                run: RunId::from_text(runs.as_string::<i32>().value(row)),
                operation: operations.as_string::<i32>().value(row).to_owned(),
                at: time(&times, row).ok_or_else(unreadable)?,
            });
        }
    }
    Ok(())
}

fn time(column: &ArrayRef, row: usize) -> Option<Timestamp> {
    let times = column.as_primitive::<TimestampMicrosecondType>();
    let time = times.is_valid(row).then(|| times.value(row))?;
    Timestamp::from_microsecond(time).ok()
}
