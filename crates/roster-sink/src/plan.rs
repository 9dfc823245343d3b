//! A plan: what differs between the feed and what is published, in a folder of its own.
//!
//! `plan.json` is its header; `<table>.rows` holds an entity's changes, in feed order, deletions last.  The folder holds
//! personal data and is made, with its files, so that only its owner can read it.

use crate::{
    EntityCounts, KeptFolder, PublishedIndex, RunId, Slot, private_file, private_folder,
    record::tables,
};
use roster_core::{DistrictId, EntityKind, Error, ErrorKind, Result, Row, Rows};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Read as _, Seek, Write as _},
    path::{Path, PathBuf},
};

/// First bytes of an entity's file; the last is the layout's version.
const MAGIC: &[u8; 8] = b"HRPLAN\n\x01";
/// Marks an empty field where its length would stand.
const EMPTY: u32 = u32::MAX;
/// Rows handed out at a time.
const CHUNK_ROWS: usize = 2048;

/// What is to be done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Operation {
    /// It was never published.
    Create = 1,
    /// Its content changed.
    Update = 2,
    /// It was deleted and is back.
    Restore = 3,
    /// It is gone.
    Delete = 4,
    /// It has another key, and maybe another content; an accepted map says so.
    Rekey = 5,
}

impl Operation {
    /// The stable word, as in `changes`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update | Self::Rekey => "update",
            Self::Restore => "restore",
            Self::Delete => "delete",
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Create, Self::Update, Self::Restore, Self::Delete, Self::Rekey]
            .into_iter()
            .find(|it| *it as u8 == byte)
    }
}

/// One change.
#[derive(Clone, Copy, Debug)]
pub struct PlanEntry {
    /// What is to be done.
    pub operation: Operation,
    /// The record's slot in the published index; meaningless for a creation.
    pub slot: Slot,
    /// Hash of the key.
    pub key: u128,
    /// Hash of the new content; meaningless for a deletion.
    pub content: u64,
    /// Index of the new row among the rows of the chunk; `None` for a deletion.
    pub row: Option<usize>,
}

/// What a plan says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanHeader {
    /// The run that made it.
    pub run: RunId,
    /// The district.
    pub district: DistrictId,
    /// The connector's id.
    pub connector: String,
    /// The published state it was made on.
    pub basis: u64,
    /// Counts by table, in load order.
    #[serde(with = "tables")]
    pub entities: BTreeMap<EntityKind, EntityCounts>,
}

/// A finished plan.
#[derive(Clone, Debug)]
pub struct Plan {
    folder: PathBuf,
    header: PlanHeader,
}

impl Plan {
    /// Opens a plan that was written before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when there is none, [`ErrorKind::Damaged`] when it cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("plan.json");
        let text = fs::read(&path).map_err(|err| failed("plan.open", &path, err))?;
        let header = serde_json::from_slice(&text)
            .map_err(|err| damaged(&path, "its header cannot be read").source(err))?;
        Ok(Self { folder: folder.to_owned(), header })
    }

    /// What it says of itself.
    #[must_use]
    pub fn header(&self) -> &PlanHeader {
        &self.header
    }

    /// The files that the run leaves for review.
    #[must_use]
    pub fn kept(&self) -> KeptFolder {
        KeptFolder::of(&self.folder)
    }

    /// Whether anything is to be written.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.header.entities.values().any(EntityCounts::changes)
    }

    /// The changes of an entity; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`] when they cannot be read.
    pub fn read(&self, entity: EntityKind) -> Result<Option<PlanReader>> {
        let path = file_of(&self.folder, entity);
        match File::open(&path) {
            Ok(file) => PlanReader::new(path, file, entity).map(Some),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(err) => Err(failed("plan.read", &path, err)),
        }
    }
}

/// Writes a plan, entity by entity.
#[derive(Debug)]
pub struct PlanWriter {
    folder: PathBuf,
    /// By entity and hold, 0 for what the plan publishes.
    files: BTreeMap<(EntityKind, u16), BufWriter<File>>,
}

impl PlanWriter {
    /// Starts a plan in `folder`, which must be empty or not exist.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] when the folder is in use, [`ErrorKind::Unavailable`] when it cannot be made.
    pub fn create(folder: &Path) -> Result<Self> {
        private_folder(folder).map_err(|err| failed("plan.create", folder, err))?;
        let mut inside = fs::read_dir(folder).map_err(|err| failed("plan.create", folder, err))?;
        if inside.next().is_some() {
            let message = "the folder for the plan is not empty; name a new one";
            return Err(Error::new(ErrorKind::ConfigInvalid, "plan.create", message)
                .context("folder", folder.display()));
        }
        Ok(Self { folder: folder.to_owned(), files: BTreeMap::new() })
    }

    /// Adds a creation, update or restoration.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when the disk is full or fails.
    pub fn row(
        &mut self,
        operation: Operation,
        slot: Slot,
        key: u128,
        content: u64,
        row: &Row<'_>,
    ) -> Result<()> {
        let entry = PlanEntry { operation, slot, key, content, row: Some(0) };
        self.write(row.entity(), 0, &entry, Some(*row))
    }

    /// Adds a deletion.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when the disk is full or fails.
    pub fn delete(&mut self, entity: EntityKind, slot: Slot, index: &PublishedIndex) -> Result<()> {
        self.write(entity, 0, &deletion(slot, index), None)
    }

    /// The files that the run leaves for review.
    #[must_use]
    pub fn kept(&self) -> KeptFolder {
        KeptFolder::of(&self.folder)
    }

    /// The changes of an entity so far; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when the disk is full or fails.
    pub fn changes(&mut self, entity: EntityKind) -> Result<Option<PlanReader>> {
        let path = file_of(&self.folder, entity);
        let Some(written) = self.files.get_mut(&(entity, 0)) else { return Ok(None) };
        written.flush().map_err(|err| failed("plan.write", &path, err))?;
        let file = File::open(&path).map_err(|err| failed("plan.read", &path, err))?;
        PlanReader::new(path, file, entity).map(Some)
    }

    /// Takes changes of an entity out again: those for which `by` names a hold are kept for review under its number.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when the disk is full or fails, and what `by` gives.
    pub fn hold_back(
        &mut self,
        entity: EntityKind,
        mut by: impl FnMut(&PlanEntry, Option<Row<'_>>) -> Result<Option<u16>>,
    ) -> Result<()> {
        self.rewrite(entity, |entry, row| Ok(Some(by(entry, row)?.unwrap_or(0))))
    }

    /// Takes changes of an entity out again: those that `which` says.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when the disk is full or fails, and what `which` gives.
    pub fn remove(
        &mut self,
        entity: EntityKind,
        mut which: impl FnMut(&PlanEntry, Option<Row<'_>>) -> Result<bool>,
    ) -> Result<()> {
        self.rewrite(entity, |entry, row| Ok((!which(entry, row)?).then_some(0)))
    }

    /// Writes the changes of an entity anew: each to where `to` says, a hold or 0 for the plan, or nowhere.
    fn rewrite(
        &mut self,
        entity: EntityKind,
        mut to: impl FnMut(&PlanEntry, Option<Row<'_>>) -> Result<Option<u16>>,
    ) -> Result<()> {
        let path = file_of(&self.folder, entity);
        let Some(mut reader) = self.changes(entity)? else { return Ok(()) };
        self.files.remove(&(entity, 0));
        fs::remove_file(&path).map_err(|err| failed("plan.write", &path, err))?;
        while let Some((entries, rows)) = reader.chunk()? {
            for entry in entries {
                let row = entry.row.and_then(|it| rows.get(it));
                if let Some(hold) = to(entry, row)? {
                    self.write(entity, hold, entry, row)?;
                }
            }
        }
        Ok(())
    }

    /// Keeps a deletion for review under the number of its hold.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when the disk is full or fails.
    pub fn hold_deletion(
        &mut self,
        hold: u16,
        entity: EntityKind,
        slot: Slot,
        index: &PublishedIndex,
    ) -> Result<()> {
        self.write(entity, hold, &deletion(slot, index), None)
    }

    /// Writes a change into the plan, or for review under the number of its hold.
    fn write(
        &mut self,
        entity: EntityKind,
        hold: u16,
        entry: &PlanEntry,
        row: Option<Row<'_>>,
    ) -> Result<()> {
        let mut write = || -> io::Result<()> {
            let file = open_file(&self.folder, &mut self.files, (entity, hold))?;
            write_entry(file, entry)?;
            row.map_or(Ok(()), |row| write_row(file, &row))
        };
        write().map_err(|err| failed("plan.write", &file_in(&self.folder, entity, hold), err))
    }

    /// Finishes the plan.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when the disk is full or fails.
    pub fn finish(mut self, header: PlanHeader) -> Result<Plan> {
        let folder = &self.folder;
        for ((entity, hold), file) in &mut self.files {
            let path = || file_in(folder, *entity, *hold);
            file.flush().map_err(|err| failed("plan.write", &path(), err))?;
        }
        let path = folder.join("plan.json");
        let text = serde_json::to_vec_pretty(&header)
            .map_err(|err| damaged(&path, "its header cannot be written").source(err))?;
        let written = private_file(&path).and_then(|mut it| it.write_all(&text));
        written.map_err(|err| failed("plan.write", &path, err))?;
        Ok(Plan { folder: self.folder, header })
    }
}

/// Where entries are read from.
trait Input: BufRead + Seek + Send {}

impl<T: BufRead + Seek + Send> Input for T {}

/// Reads an entity's changes, a chunk at a time.
pub struct PlanReader {
    path: PathBuf,
    file: Box<dyn Input>,
    /// Where the file is read next.
    at: u64,
    rows: Rows,
    entries: Vec<PlanEntry>,
    lengths: Vec<u32>,
    length_bytes: Vec<u8>,
    text: Vec<u8>,
}

impl fmt::Debug for PlanReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanReader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl PlanReader {
    /// Reads the kept file of a hold: its name ([`held_name`]) and its bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`] when it is none of this version.
    pub fn of_kept(name: &str, bytes: Vec<u8>, entity: EntityKind) -> Result<Self> {
        Self::over(PathBuf::from(name), Box::new(io::Cursor::new(bytes)), entity)
    }

    fn new(path: PathBuf, file: File, entity: EntityKind) -> Result<Self> {
        Self::over(path, Box::new(BufReader::with_capacity(1 << 18, file)), entity)
    }

    fn over(path: PathBuf, mut file: Box<dyn Input>, entity: EntityKind) -> Result<Self> {
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic).map_err(|err| failed("plan.read", &path, err))?;
        if magic != *MAGIC {
            return Err(damaged(&path, "it is not a plan of this version; make the plan again"));
        }
        let width = entity.schema().fields.len();
        Ok(Self {
            path,
            file,
            at: MAGIC.len() as u64,
            rows: Rows::new(entity),
            entries: Vec::new(),
            lengths: vec![0; width],
            length_bytes: vec![0; width * size_of::<u32>()],
            text: Vec::new(),
        })
    }

    /// The next changes and their rows; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`] when the plan ends early or was changed.
    pub fn chunk(&mut self) -> Result<Option<(&[PlanEntry], &Rows)>> {
        self.rows.clear();
        self.entries.clear();
        while self.entries.len() < CHUNK_ROWS {
            match self.read_entry() {
                Ok(true) => {}
                Ok(false) => break,
                Err(err) => return Err(self.cut_off(err)),
            }
        }
        Ok((!self.entries.is_empty()).then_some((&*self.entries, &self.rows)))
    }

    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "parquet"))]
    /// Exchanges what [`Self::chunk`] read last for used storage, so that another thread can work on it.
    pub(crate) fn swap(&mut self, entries: &mut Vec<PlanEntry>, rows: &mut Rows) {
        std::mem::swap(&mut self.entries, entries);
        std::mem::swap(&mut self.rows, rows);
    }

    /// Goes past the next change and its row; gives the change, and where it begins for [`Self::read_at`].  `None` at the
    /// end.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "parquet"))]
    pub(crate) fn pass(&mut self) -> Result<Option<(PlanEntry, u64)>> {
        let begin = self.at;
        let mut pass = || -> io::Result<Option<PlanEntry>> {
            let Some(entry) = self.read_change()? else {
                // Going past what is not there is no error.
                let whole = self.file.seek(io::SeekFrom::End(0))? == self.at;
                return if whole { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            };
            if entry.row.is_some() {
                let (_, text) = self.read_lengths()?;
                self.file.seek_relative(text.cast_signed())?;
                self.at += text;
            }
            Ok(Some(entry))
        };
        let entry = pass().map_err(|err| self.cut_off(err))?;
        Ok(entry.map(|it| (it, begin)))
    }

    /// Appends the row of the change that begins at a place of [`Self::pass`].
    #[cfg(feature = "parquet")]
    pub(crate) fn read_at(&mut self, begin: u64, rows: &mut Rows) -> Result<()> {
        std::mem::swap(&mut self.rows, rows);
        let mut read = || -> io::Result<()> {
            self.file.seek_relative(begin.wrapping_sub(self.at).cast_signed())?;
            self.at = begin;
            self.read_entry().map(|_| ())
        };
        let outcome = read();
        std::mem::swap(&mut self.rows, rows);
        self.entries.clear();
        outcome.map_err(|err| self.cut_off(err))
    }

    fn read_entry(&mut self) -> io::Result<bool> {
        let Some(entry) = self.read_change()? else { return Ok(false) };
        if entry.row.is_some() {
            self.read_row()?;
        }
        self.entries.push(entry);
        Ok(true)
    }

    /// The next change without its row, which comes behind it.
    fn read_change(&mut self) -> io::Result<Option<PlanEntry>> {
        let mut operation = [0; 1];
        if self.file.read(&mut operation)? == 0 {
            return Ok(None);
        }
        let operation = Operation::from_byte(operation[0]).ok_or(io::ErrorKind::InvalidData)?;
        let slot = Slot::from_le_bytes(self.bytes()?);
        let key = u128::from_le_bytes(self.bytes()?);
        let content = u64::from_le_bytes(self.bytes()?);
        let row = (operation != Operation::Delete).then_some(self.rows.len());
        self.at += 1;
        Ok(Some(PlanEntry { operation, slot, key, content, row }))
    }

    /// The row's position, and the bytes of its text, which comes behind the lengths of its fields.
    fn read_lengths(&mut self) -> io::Result<(u64, u64)> {
        let position = u64::from_le_bytes(self.bytes()?);
        let Self { file, lengths, length_bytes, .. } = self;
        file.read_exact(length_bytes)?;
        for (length, bytes) in lengths.iter_mut().zip(length_bytes.as_chunks().0) {
            *length = u32::from_le_bytes(*bytes);
        }
        let text = lengths.iter().filter(|it| **it != EMPTY).map(|it| u64::from(*it)).sum();
        self.at += self.length_bytes.len() as u64;
        Ok((position, text))
    }

    fn read_row(&mut self) -> io::Result<()> {
        let (position, total) = self.read_lengths()?;
        self.text.clear();
        if (&mut self.file).take(total).read_to_end(&mut self.text)? as u64 != total {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += total;
        let mut text = str::from_utf8(&self.text).map_err(io::Error::other)?;
        let mut row = self.rows.begin();
        for length in &self.lengths {
            let field =
                if *length == EMPTY { None } else { text.split_at_checked(*length as usize) };
            if *length != EMPTY && field.is_none() {
                return Err(io::ErrorKind::InvalidData.into());
            }
            row.push(field.map(|(value, rest)| {
                text = rest;
                value
            }));
        }
        row.finish(position);
        Ok(())
    }

    fn cut_off(&self, err: io::Error) -> Error {
        damaged(&self.path, "it ends early or was changed; make the plan again").source(err)
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }
}

fn deletion(slot: Slot, index: &PublishedIndex) -> PlanEntry {
    let (key, content) = (index.key(slot), index.content(slot));
    PlanEntry { operation: Operation::Delete, slot, key, content, row: None }
}

fn write_entry(file: &mut impl io::Write, entry: &PlanEntry) -> io::Result<()> {
    let mut bytes = [0; 29];
    bytes[0] = entry.operation as u8;
    bytes[1..5].copy_from_slice(&entry.slot.to_le_bytes());
    bytes[5..21].copy_from_slice(&entry.key.to_le_bytes());
    bytes[21..].copy_from_slice(&entry.content.to_le_bytes());
    file.write_all(&bytes)
}

fn write_row(file: &mut impl io::Write, row: &Row<'_>) -> io::Result<()> {
    file.write_all(&row.position().to_le_bytes())?;
    for field in row.fields() {
        let length =
            field.map_or(Ok(EMPTY), |it| u32::try_from(it.len()).map_err(io::Error::other))?;
        file.write_all(&length.to_le_bytes())?;
    }
    file.write_all(row.text().as_bytes())
}

fn open_file<'f>(
    folder: &Path,
    files: &'f mut BTreeMap<(EntityKind, u16), BufWriter<File>>,
    which: (EntityKind, u16),
) -> io::Result<&'f mut BufWriter<File>> {
    use std::collections::btree_map::Entry;
    match files.entry(which) {
        Entry::Occupied(open) => Ok(open.into_mut()),
        Entry::Vacant(vacant) => {
            let file = private_file(&file_in(folder, which.0, which.1))?;
            let mut file = BufWriter::with_capacity(1 << 18, file);
            file.write_all(MAGIC)?;
            Ok(vacant.insert(file))
        }
    }
}

fn file_of(folder: &Path, entity: EntityKind) -> PathBuf {
    folder.join(entity.table()).with_extension("rows")
}

/// The plan's own file of an entity, or the one that keeps what a hold holds back of it.
fn file_in(folder: &Path, entity: EntityKind, hold: u16) -> PathBuf {
    match hold {
        0 => file_of(folder, entity),
        _ => KeptFolder::of(folder).path(&held_name(hold, entity)),
    }
}

/// Name of the kept file with the changes of an entity that a hold holds back; [`PlanReader::of_kept`] reads it.
#[must_use]
pub fn held_name(hold: u16, entity: EntityKind) -> String {
    format!("held.{hold}.{}", entity.table())
}

fn failed(operation: &'static str, path: &Path, err: io::Error) -> Error {
    let (kind, message) = match err.kind() {
        io::ErrorKind::NotFound => (
            ErrorKind::NotFound,
            "there is no plan here; name the folder that `homeroom plan` wrote",
        ),
        io::ErrorKind::PermissionDenied => {
            (ErrorKind::PermissionDenied, "the plan's folder may not be read or written")
        }
        io::ErrorKind::StorageFull => {
            (ErrorKind::Unavailable, "the disk is full; free some space and run again")
        }
        _ => (ErrorKind::Unavailable, "the plan's folder cannot be read or written"),
    };
    Error::new(kind, operation, message).context("path", path.display()).source(err)
}

fn damaged(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Damaged, "plan.read", what).context("path", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_of;
    use roster_core::model::CategoryRow;

    fn write(folder: &Path) -> Plan {
        let mut index = PublishedIndex::default();
        let gone = index.insert(key_of("gone"), 5);
        let mut rows = Rows::new(EntityKind::Category);
        let titles = ["Tést", "", "x"];
        for (position, title) in titles.into_iter().enumerate() {
            let source_id = ["a", "b", "c"][position];
            rows.push(position as u64, &CategoryRow { source_id, title, ..CategoryRow::default() });
        }
        let mut plan = PlanWriter::create(folder).unwrap();
        for (row, operation) in
            rows.iter().zip([Operation::Create, Operation::Update, Operation::Restore])
        {
            plan.row(operation, 7, key_of(row.source_id()), 9, &row).unwrap();
        }
        plan.delete(EntityKind::Category, gone, &index).unwrap();
        plan.finish(header()).unwrap()
    }

    fn header() -> PlanHeader {
        PlanHeader {
            run: RunId::from_text("r"),
            district: "d".parse().unwrap(),
            connector: "oneroster".into(),
            basis: 3,
            entities: BTreeMap::from([(
                EntityKind::Category,
                EntityCounts { created: 1, ..EntityCounts::default() },
            )]),
        }
    }

    #[test]
    fn plan_gives_back_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("plan"));
        let plan = Plan::open(&folder.path().join("plan")).unwrap();
        assert!(plan.changes() && plan.header().basis == 3);
        assert!(plan.read(EntityKind::Org).unwrap().is_none());
        let mut reader = plan.read(EntityKind::Category).unwrap().unwrap();
        let (entries, rows) = reader.chunk().unwrap().unwrap();
        let operations: Vec<_> = entries.iter().map(|it| it.operation.code()).collect();
        assert_eq!(operations, ["create", "update", "restore", "delete"]);
        assert_eq!(
            rows.iter().map(|it| it.get(2)).collect::<Vec<_>>(),
            [Some("Tést"), None, Some("x")]
        );
        assert_eq!(entries[2].key, key_of("c"));
        assert_eq!(entries[3].row, None);
        assert!(reader.chunk().unwrap().is_none());
    }

    #[test]
    fn held_changes_are_taken_out_of_the_plan_and_kept_for_review() {
        #[track_caller]
        fn check(mut reader: PlanReader, expected: &str) {
            let (entries, rows) = reader.chunk().unwrap().unwrap();
            assert_eq!((entries.len(), rows.get(0).unwrap().source_id()), (1, expected));
        }
        let folder = tempfile::tempdir().unwrap();
        let mut plan = PlanWriter::create(folder.path()).unwrap();
        let mut rows = Rows::new(EntityKind::Category);
        for source_id in ["a", "b"] {
            rows.push(0, &CategoryRow { source_id, title: "T", ..CategoryRow::default() });
        }
        for row in rows.iter() {
            plan.row(Operation::Update, 1, key_of(row.source_id()), 9, &row).unwrap();
        }
        let kept = KeptFolder::create(folder.path()).unwrap();
        let held = |row: Option<Row<'_>>| row.is_some_and(|it| it.source_id() == "a").then_some(2);
        plan.hold_back(EntityKind::Category, |_, row| Ok(held(row))).unwrap();
        plan.hold_back(EntityKind::Org, |_, _| Ok(Some(1))).unwrap();
        let plan = plan.finish(header()).unwrap();
        check(plan.read(EntityKind::Category).unwrap().unwrap(), "b");
        let name = held_name(2, EntityKind::Category);
        assert_eq!(kept.files().unwrap().len(), 1);
        let bytes = fs::read(kept.path(&name)).unwrap();
        check(PlanReader::of_kept(&name, bytes, EntityKind::Category).unwrap(), "a");
    }

    #[cfg(unix)]
    #[test]
    fn plan_in_an_existing_folder_is_closed_to_others() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        write(path);
        let files = path.read_dir().unwrap().map(|it| it.unwrap().path());
        let modes = files.chain([path.to_owned()]).map(|it| {
            let mode = it.metadata().unwrap().permissions().mode();
            (it, mode & 0o077)
        });
        let open: Vec<_> = modes.filter(|it| it.1 != 0).collect();
        assert!(open.is_empty(), "{open:?}");
    }

    #[test]
    fn used_folder_and_damaged_plan_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let plan = write(folder.path());
        assert_eq!(PlanWriter::create(folder.path()).unwrap_err().kind(), ErrorKind::ConfigInvalid);
        let path = file_of(folder.path(), EntityKind::Category);
        let bytes = fs::read(&path).unwrap();
        for cut in [3, 20, 60, bytes.len() - 1] {
            fs::write(&path, &bytes[..cut]).unwrap();
            let outcome = plan.read(EntityKind::Category).and_then(|reader| {
                let mut reader = reader.expect("the file is there");
                while reader.chunk()?.is_some() {}
                Ok(())
            });
            assert!(outcome.is_err(), "cut at {cut}");
        }
    }
}
