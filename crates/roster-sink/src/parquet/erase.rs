//! Emptying fields of records that are no longer shared or kept: files that hold them are written anew, and what older
//! runs have of them is deleted.

use super::{
    ParquetSink,
    file_reader::{FileReader, GroupReader},
    file_writer::{ColumnData, FileWriter, Group},
    layout::{Content, Layout},
    location::Files,
    manifest::{FileEntry, Manifest, TableEntry, folder_of},
    prune::read_manifests,
};
use crate::{
    Erased, Erasure, Forgotten, Retention,
    relational::{erase::fields, task::joined},
};
use arrow_array::{
    Array as _, ArrayRef, BooleanArray, cast::AsArray as _, types::TimestampMicrosecondType,
};
use arrow_select::nullif::nullif;
use roster_core::{DistrictId, EntityKind, Error, ErrorKind, Result, value::Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::spawn_blocking;

const ERASE: &str = "parquet.erase";
const FORGET: &str = "parquet.forget";

impl ParquetSink {
    /// Empties what the erasures name; gives the number of rows that held anything of it.
    pub(super) async fn erase_values(
        &self,
        district: &DistrictId,
        erasures: &[Erasure],
    ) -> Result<u64> {
        let mut wanted: BTreeMap<EntityKind, Vec<Wanted>> = BTreeMap::new();
        for erasure in erasures {
            wanted.entry(erasure.entity).or_default().push(Wanted::of(erasure));
        }
        if wanted.is_empty() || self.store.state(district).await?.basis == 0 {
            return Ok(0);
        }
        let files = self.location.of(district)?;
        let _turn = self.turn(ERASE, &files).await?;
        self.empty(ERASE, &files, wanted).await
    }

    /// Deletes files of what is not kept any longer; `forgotten` is what the store deleted.
    pub(super) async fn forget_files(
        &self,
        district: &DistrictId,
        retention: &Retention,
        mut forgotten: Forgotten,
    ) -> Result<Forgotten> {
        if self.store.state(district).await?.basis == 0 {
            return Ok(forgotten);
        }
        let files = self.location.of(district)?;
        let _turn = self.turn(FORGET, &files).await?;
        if let Some(before) = retention.deleted_before {
            let wanted = EntityKind::ALL.iter().map(|it| (*it, vec![Wanted::deleted(*it, before)]));
            forgotten.records += self.empty(FORGET, &files, wanted.collect()).await?;
        }
        if let Some(before) = retention.changes_before {
            forgotten.changes += self.forget_changes(&files, before).await?;
        }
        if retention.runs_before.is_some() {
            self.prune(FORGET, &files, retention.runs_before).await?;
        }
        Ok(forgotten)
    }

    /// Deletes the change feeds of runs that ended before; gives the number of their entries.
    async fn forget_changes(&self, files: &Files, before: Timestamp) -> Result<u64> {
        let listed = files.list(FORGET).await?;
        let mut entries = 0;
        for mut manifest in read_manifests(FORGET, files, &listed).await? {
            let old = if manifest.at < before { manifest.changes.take() } else { None };
            if let Some(old) = old {
                manifest.write(FORGET, files).await?;
                files.delete(FORGET, vec![old.path]).await?;
                entries += old.rows;
            }
        }
        Ok(entries)
    }

    /// Empties values.  Wants the district's turn.
    ///
    /// The order makes it safe to be cut short: until the manifest is written, a second attempt finds everything to do;
    /// afterwards only files are left that no manifest needs.
    async fn empty(
        &self,
        operation: &'static str,
        files: &Files,
        wanted: BTreeMap<EntityKind, Vec<Wanted>>,
    ) -> Result<u64> {
        let Some(manifest) = self.published_manifest(operation, files).await? else { return Ok(0) };
        let (before, own) = (manifest.clone(), files.clone());
        let work = move || write_anew(operation, &own, manifest, &wanted);
        let (manifest, rows) = joined(spawn_blocking(work).await)?;
        if rows > 0 {
            self.refuse_unless_current(operation, files, &before).await?;
            let mut gone = strip_older(operation, files, &before, &manifest).await?;
            manifest.write(operation, files).await?;
            gone.extend(before.files().map(|it| it.path.clone()));
            for file in manifest.files() {
                gone.remove(&file.path);
            }
            files.delete(operation, gone.into_iter().collect()).await?;
        }
        self.prune(operation, files, None).await?;
        Ok(rows)
    }

    /// Where no lock keeps others away, the next night may have been published meanwhile, from the files that are to go.
    async fn refuse_unless_current(
        &self,
        operation: &'static str,
        files: &Files,
        before: &Manifest,
    ) -> Result<()> {
        let found = self.published_manifest(operation, files).await?;
        if found.as_ref() == Some(before) {
            return Ok(());
        }
        let message = "what is published moved while its files were written anew; the next night empties them";
        Err(Error::new(ErrorKind::Conflict, operation, message)
            .context("district", files.district()))
    }
}

/// Which rows are to be emptied.
#[derive(Clone, Debug)]
enum Which {
    All,
    /// Those that are deleted, or that were deleted before.
    Deleted(Option<Timestamp>),
    /// Those at these places.
    At(BTreeSet<u64>),
}

/// What is to be emptied of a table.
#[derive(Clone, Debug)]
struct Wanted {
    fields: Vec<usize>,
    which: Which,
}

impl Wanted {
    fn of(erasure: &Erasure) -> Self {
        let which = match &erasure.what {
            Erased::Fields(_) => Which::All,
            Erased::DeletedRows => Which::Deleted(None),
            Erased::Rows(locators) => Which::At(locators.iter().copied().collect()),
        };
        Self { fields: fields(erasure), which }
    }

    fn deleted(entity: EntityKind, before: Timestamp) -> Self {
        let all = Self::of(&Erasure { entity, what: Erased::DeletedRows });
        Self { which: Which::Deleted(Some(before)), ..all }
    }

    /// The rows of a group whose first row has the place `first`; `None` when there is none.
    fn rows(
        &self,
        layout: &Layout,
        group: &GroupReader,
        first: u64,
    ) -> Result<Option<BooleanArray>> {
        let rows = group.rows();
        let mask: BooleanArray = match &self.which {
            Which::All => BooleanArray::from(vec![true; rows]),
            Which::At(places) => {
                (first..first + rows as u64).map(|it| Some(places.contains(&it))).collect()
            }
            Which::Deleted(before) => {
                let number = layout.number(Content::DeletedAt);
                if group.is_empty(number) {
                    return Ok(None);
                }
                let times = group.column(number)?;
                let before = before.map(Timestamp::as_microsecond);
                let goes =
                    |it: Option<i64>| it.is_some_and(|it| before.is_none_or(|before| it < before));
                times
                    .as_primitive::<TimestampMicrosecondType>()
                    .iter()
                    .map(|it| Some(goes(it)))
                    .collect()
            }
        };
        Ok((mask.true_count() > 0).then_some(mask))
    }
}

/// Writes the files anew that hold anything of what is wanted; gives what will be the manifest, and the number of rows.
///
/// Blocks: not for a thread of the runtime.
fn write_anew(
    operation: &'static str,
    files: &Files,
    mut manifest: Manifest,
    wanted: &BTreeMap<EntityKind, Vec<Wanted>>,
) -> Result<(Manifest, u64)> {
    manifest.erasures += 1;
    let suffix = format!("{}/", folder_of(&manifest.run));
    let number = manifest.erasures;
    let mut rows = 0;
    for (entity, wanted) in wanted {
        let Some(table) = manifest.tables.get_mut(entity.table()) else { continue };
        let eraser = Eraser { operation, files, layout: Layout::of(*entity)?, wanted };
        let mut all = Vec::with_capacity(table.files.len());
        let mut first = 0;
        for (part, file) in table.files.iter().enumerate() {
            let path = format!("{suffix}{}-{part}.{number}.parquet", entity.table());
            let emptied = eraser.empty(file, first, path)?;
            first += file.rows;
            rows += emptied.as_ref().map_or(0, |it| it.1);
            all.push(emptied.map_or_else(|| file.clone(), |it| it.0));
        }
        *table = TableEntry::of(all);
    }
    Ok((manifest, rows))
}

/// Empties values of one table.
struct Eraser<'a> {
    operation: &'static str,
    files: &'a Files,
    layout: Layout,
    wanted: &'a [Wanted],
}

impl Eraser<'_> {
    /// Writes a file anew when it holds anything; gives the new one and the number of rows.
    fn empty(
        &self,
        file: &FileEntry,
        first: u64,
        path: String,
    ) -> Result<Option<(FileEntry, u64)>> {
        let reader = FileReader::open(self.operation, self.files, file, &self.layout.form)?;
        let mut rows = 0;
        let mut start = first;
        for group in 0..reader.groups() {
            if self.may_hold(&reader, group, start) {
                rows += self.group(&reader, group, start)?.hits()?;
            }
            start += reader.rows(group) as u64;
        }
        if rows == 0 {
            return Ok(None);
        }
        let mut writer = FileWriter::create(self.operation, self.files, path, &self.layout.form)?;
        let mut start = first;
        for group in 0..reader.groups() {
            writer.write(&self.group(&reader, group, start)?)?;
            start += reader.rows(group) as u64;
        }
        Ok(Some((writer.finish()?, rows)))
    }

    /// What a file's footer says before the group is fetched.
    fn may_hold(&self, reader: &FileReader, group: usize, first: u64) -> bool {
        let deleted_at = self.layout.number(Content::DeletedAt);
        let end = first + reader.rows(group) as u64;
        self.wanted.iter().any(|wanted| {
            let rows = match &wanted.which {
                Which::All => true,
                Which::Deleted(_) => !reader.is_empty(group, deleted_at),
                Which::At(places) => places.range(first..end).next().is_some(),
            };
            let columns = wanted.fields.iter().map(|it| self.layout.number(Content::Field(*it)));
            rows && columns.into_iter().any(|it| !reader.is_empty(group, it))
        })
    }

    fn group(&self, reader: &FileReader, group: usize, first: u64) -> Result<EmptiedGroup> {
        let group = reader.group(group)?;
        let mut masks = BTreeMap::new();
        for wanted in self.wanted {
            let Some(rows) = wanted.rows(&self.layout, &group, first)? else { continue };
            for field in &wanted.fields {
                let number = self.layout.number(Content::Field(*field));
                let mask = masks.entry(number).or_insert_with(|| rows.clone());
                *mask = either(mask, &rows);
            }
        }
        masks.retain(|number, _| !group.is_empty(*number));
        Ok(EmptiedGroup { group, masks })
    }
}

/// A row group without some of its values.
struct EmptiedGroup {
    group: GroupReader,
    /// Rows to be emptied, by column.
    masks: BTreeMap<usize, BooleanArray>,
}

impl EmptiedGroup {
    /// Number of rows that hold anything.
    fn hits(&self) -> Result<u64> {
        let mut hits = vec![false; self.group.rows()];
        for (number, mask) in &self.masks {
            let column = self.group.column(*number)?;
            for (row, hit) in hits.iter_mut().enumerate() {
                *hit |= mask.value(row) && !column.is_null(row);
            }
        }
        Ok(hits.into_iter().filter(|it| *it).count() as u64)
    }
}

impl Group for EmptiedGroup {
    fn rows(&self) -> usize {
        self.group.rows()
    }

    fn column(&self, number: usize) -> Result<ColumnData> {
        if let Some(mask) = self.masks.get(&number) {
            let column: ArrayRef = self.group.column(number)?;
            let emptied = nullif(&*column, mask).map_err(|_| {
                let message = "a column cannot be emptied; please report it";
                Error::new(ErrorKind::Internal, ERASE, message)
            })?;
            return Ok(ColumnData::Arrays(vec![emptied]));
        }
        match self.group.raw(number) {
            Some((metadata, bytes)) => Ok(ColumnData::Copy(Box::new(metadata), bytes)),
            None => Ok(ColumnData::Arrays(vec![self.group.column(number)?])),
        }
    }
}

fn either(one: &BooleanArray, other: &BooleanArray) -> BooleanArray {
    one.values().iter().zip(other.values()).map(|(one, other)| Some(one | other)).collect()
}

/// Takes the tables whose files are others out of older runs, whose files hold what is to go; gives those files.
async fn strip_older(
    operation: &'static str,
    files: &Files,
    before: &Manifest,
    after: &Manifest,
) -> Result<BTreeSet<String>> {
    let changed = |it: &&String| before.tables.get(*it) != after.tables.get(*it);
    let changed: Vec<_> = after.tables.keys().filter(changed).collect();
    let listed = files.list(operation).await?;
    let mut gone = BTreeSet::new();
    for mut older in read_manifests(operation, files, &listed).await? {
        let tables = changed.iter().filter_map(|it| older.tables.remove_entry(*it));
        let tables: Vec<_> = tables.collect();
        if older.run == before.run || tables.is_empty() {
            continue;
        }
        for (name, table) in tables {
            older.emptied.insert(name);
            gone.extend(table.files.into_iter().map(|it| it.path));
        }
        older.write(operation, files).await?;
    }
    Ok(gone)
}
