//! A table's files of a night: the rows that were there with what changes in them, then the new ones.
//!
//! The rows of a table are spread over files of about a million.  A file none of whose rows changes stays where it is, in
//! the folder of an older run.

use super::{
    PUBLISH,
    changes::{ChangeFeed, Rekeyed},
    edits::Edits,
    failure::damaged,
    file_reader::FileReader,
    file_writer::FileWriter,
    layout::Layout,
    manifest::{FileEntry, TableEntry},
    new_rows::{GROUP_BYTES, GROUP_ROWS, NewRows, each_group},
    night::{Ids, Night},
    row_group::{OldRows, RowGroup, Told},
};
use crate::{
    EntityCounts, Mark, Operation, Plan, PublishedIndex, relational::ledger::check_counts,
};
use roster_core::{EntityKind, Result};

/// Row groups of a file.
const FILE_GROUPS: usize = 8;
/// A last row group with room for fewer rows than this gets none.
const LEAST_ROOM: usize = 4096;

/// What a night's tables are written from and to.
pub(super) struct Tables<'a> {
    pub(super) night: &'a Night<'a>,
    pub(super) plan: &'a Plan,
    pub(super) changes: ChangeFeed<'a>,
    pub(super) rekeyed: Rekeyed<'a>,
}

impl Tables<'_> {
    /// Writes the files of an entity that changes; `base` is what was published of it.
    pub(super) fn write(
        &mut self,
        entity: EntityKind,
        base: &TableEntry,
        index: &PublishedIndex,
    ) -> Result<Option<TableEntry>> {
        let planned = self.plan.header().entities.get(&entity).copied().unwrap_or_default();
        let Some(plan) = self.plan.read(entity)? else {
            return check_counts(PUBLISH, entity, planned, EntityCounts::default()).map(|()| None);
        };
        if index.slots().count() as u64 != base.rows {
            let what = format!("the files of {} do not hold what is published", entity.table());
            return Err(damaged(PUBLISH, self.night.path(""), what));
        }
        let mut writer = TableWriter {
            layout: Layout::of(entity)?,
            index,
            creates: planned.created > 0,
            counts: EntityCounts::default(),
            done: Vec::new(),
            open: None,
            last: None,
            tables: self,
        };
        let edits = Edits::collect(entity, base.rows, plan)?;
        writer.rewrite(base, edits)?;
        writer.append(entity)?;
        let (files, counts) = writer.finish()?;
        check_counts(PUBLISH, entity, planned, counts)?;
        Ok(Some(TableEntry::of(files)))
    }
}

/// Writes one table.
struct TableWriter<'a, 'n> {
    tables: &'a mut Tables<'n>,
    layout: Layout,
    index: &'a PublishedIndex,
    /// Whether new rows come.
    creates: bool,
    counts: EntityCounts,
    done: Vec<FileEntry>,
    open: Option<FileWriter>,
    /// The last rows that were there, when new ones go into the same row group.
    last: Option<OldRows>,
}

impl TableWriter<'_, '_> {
    /// Goes through the files that were there.
    fn rewrite(&mut self, base: &TableEntry, mut edits: Edits) -> Result<()> {
        let mut readers = Vec::with_capacity(base.files.len());
        for file in &base.files {
            readers.push(FileReader::open(
                PUBLISH,
                self.tables.night.files,
                file,
                &self.layout.form,
            )?);
        }
        // All files of a table have the same columns.
        let outdated = readers.iter().any(|it| !it.is_up_to_date());
        let mut first = 0;
        for (number, (file, reader)) in base.files.iter().zip(&readers).enumerate() {
            let end = first + file.rows;
            let grows = self.creates && number + 1 == readers.len() && has_room(reader);
            if outdated || grows || edits.any(first..end) {
                self.rewrite_file(reader, first, &mut edits, grows)?;
            } else {
                self.done.push(file.clone());
            }
            first = end;
        }
        Ok(())
    }

    /// Writes a file anew; one that `grows` stays open.
    fn rewrite_file(
        &mut self,
        reader: &FileReader,
        mut first: u64,
        edits: &mut Edits,
        grows: bool,
    ) -> Result<()> {
        self.start()?;
        for number in 0..reader.groups() {
            let group = reader.group(number)?;
            let end = first + group.rows() as u64;
            let mut begin = 0;
            while begin < group.rows() {
                let (some, rows) = edits.take(end, GROUP_BYTES)?;
                // Where the new contents are too long for one row group, the rows up to here are one.
                let cut = if edits.any(first..end) { some.last() } else { None };
                let cut = cut.map_or(end, |it| u64::from(it.slot) + 1);
                let range = begin..usize::try_from(cut - first).unwrap_or(usize::MAX);
                begin = range.end;
                let old = OldRows::new(&self.layout, group.clone(), first, range, &some, rows)?;
                old.check(first, self.index)?;
                self.tell(&old, first)?;
                let open = grows && number + 1 == reader.groups() && is_open(reader, number);
                if open && begin == group.rows() {
                    self.last = Some(old);
                } else {
                    self.write(Some(&old), &[])?;
                }
            }
            first = end;
        }
        if grows { Ok(()) } else { self.close() }
    }

    /// Adds the rows that the plan creates.
    fn append(&mut self, entity: EntityKind) -> Result<()> {
        if !self.creates {
            return Ok(());
        }
        let Some(plan) = self.tables.plan.read(entity)? else { return Ok(()) };
        let district = self.tables.night.district;
        let ids = Ids { district, given_up: self.tables.rekeyed.given_up(entity)? };
        let room = GROUP_ROWS - self.last.as_ref().map_or(0, OldRows::len);
        each_group(plan, entity, &ids, room, |new| {
            let last = self.last.take();
            self.start()?;
            self.tell_new(entity, new)?;
            self.write(last.as_ref(), new)?;
            if self.open.as_ref().is_some_and(|it| it.groups() >= FILE_GROUPS) {
                self.close()?;
            }
            Ok(())
        })
    }

    /// What was written; also what is left when no new rows came.
    fn finish(mut self) -> Result<(Vec<FileEntry>, EntityCounts)> {
        if let Some(last) = self.last.take() {
            self.write(Some(&last), &[])?;
        }
        self.close()?;
        Ok((self.done, self.counts))
    }

    fn start(&mut self) -> Result<()> {
        if self.open.is_none() {
            let Self { layout, done, tables, .. } = self;
            let name = format!("{}-{}.parquet", layout.entity.table(), done.len());
            let path = tables.night.path(&name);
            let file = FileWriter::create(PUBLISH, tables.night.files, path, &layout.form)?;
            self.open = Some(file);
        }
        Ok(())
    }

    fn write(&mut self, old: Option<&OldRows>, new: &[NewRows]) -> Result<()> {
        let Self { open, layout, tables, .. } = self;
        let open = open.as_mut().expect("a file was started");
        open.write(&RowGroup { night: tables.night, layout, old, new })
    }

    fn close(&mut self) -> Result<()> {
        if let Some(open) = self.open.take().filter(|it| it.rows() > 0) {
            self.done.push(open.finish()?);
        }
        Ok(())
    }

    /// Tells the change feed what changes of rows whose first has the slot `first`, and counts it.
    fn tell(&mut self, old: &OldRows, first: u64) -> Result<()> {
        let entity = self.layout.entity;
        let slot = |row: u32| u32::try_from(first).unwrap_or(u32::MAX).saturating_add(row);
        let was_deleted = |row| self.index.is_marked(slot(row), Mark::Deleted);
        for told in old.told(was_deleted) {
            match told.operation {
                Operation::Delete => self.counts.deleted += 1,
                Operation::Restore => self.counts.restored += 1,
                _ => self.counts.updated += 1,
            }
            self.tables.changes.push(entity, &told)?;
            if let Some(key) = told.old_key {
                self.tables.rekeyed.push(entity, key, told.source_id)?;
            }
        }
        Ok(())
    }

    fn tell_new(&mut self, entity: EntityKind, new: &[NewRows]) -> Result<()> {
        self.counts.created += new.iter().map(|it| it.rows.len() as u64).sum::<u64>();
        if self.tables.night.first_load {
            return Ok(());
        }
        let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
        for (row, id) in new.iter().flat_map(|it| it.rows.iter().zip(&it.ids)) {
            let id = &*id.hyphenated().encode_lower(&mut buffer);
            let source_id = row.source_id();
            let told = Told { operation: Operation::Create, id, source_id, old_key: None };
            self.tables.changes.push(entity, &told)?;
        }
        Ok(())
    }
}

/// Whether new rows go into a file.
fn has_room(reader: &FileReader) -> bool {
    let groups = reader.groups();
    groups < FILE_GROUPS || is_open(reader, groups - 1)
}

/// Whether new rows go into a row group.
fn is_open(reader: &FileReader, group: usize) -> bool {
    reader.rows(group) + LEAST_ROOM <= GROUP_ROWS && reader.size(group) < GROUP_BYTES / 2
}
