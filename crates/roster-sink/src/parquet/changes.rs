//! What a night changed: the change feed, and the keys that records gave up.

use super::{
    PUBLISH,
    file_reader::FileReader,
    file_writer::{ColumnData, FileWriter, Group},
    layout::{FileForm, time_type},
    manifest::FileEntry,
    new_rows::GROUP_ROWS,
    night::Night,
    row_group::Told,
    value::{text_array, time_array},
};
use crate::key_of;
use arrow_array::{Array as _, ArrayRef, Int64Array, builder::StringBuilder, cast::AsArray as _};
use arrow_schema::{DataType, Field};
use roster_core::{EntityKind, Result};
use std::{collections::HashMap, iter, sync::Arc};

/// File of the change feed in a run's folder.
const CHANGES: &str = "changes.parquet";
/// File of the keys that were given up in a run's folder.
const REKEYS: &str = "rekeys.parquet";

/// Writes a night's change feed.
pub(super) struct ChangeFeed<'a> {
    night: &'a Night<'a>,
    rows: TextRows<'a, 4>,
}

impl<'a> ChangeFeed<'a> {
    /// A feed that becomes a file with its first entry.
    pub(super) fn new(night: &'a Night<'a>) -> Result<Self> {
        Ok(Self { night, rows: TextRows::new(night, CHANGES, Self::form()?) })
    }

    /// The form of its file.
    pub(super) fn form() -> Result<FileForm> {
        let text = |name, nullable| Arc::new(Field::new(name, DataType::Utf8, nullable));
        FileForm::new(vec![
            Arc::new(Field::new("basis", DataType::Int64, false)),
            text("run_id", false),
            text("district_id", false),
            text("entity", true),
            text("id", true),
            text("source_id", true),
            text("operation", false),
            Arc::new(Field::new("at", time_type(), false)),
        ])
    }

    /// Adds an entry.  A first load is told by [`Self::finish`] alone.
    pub(super) fn push(&mut self, entity: EntityKind, told: &Told<'_>) -> Result<()> {
        if self.night.first_load {
            return Ok(());
        }
        let Told { operation, id, source_id, .. } = told;
        let columns = [entity.table(), id, source_id, operation.code()];
        self.rows.push(columns.map(Some), columns_of)
    }

    /// Ends the feed.
    pub(super) fn finish(mut self) -> Result<Option<FileEntry>> {
        if self.night.first_load {
            self.rows.push([None, None, None, Some("load")], columns_of)?;
        }
        self.rows.finish(columns_of)
    }
}

/// Number of a column of the change feed.
pub(super) fn number(form: &FileForm, name: &str) -> usize {
    form.arrow.index_of(name).expect("the change feed has this column")
}

fn columns_of(night: &Night<'_>, rows: usize, texts: [ArrayRef; 4]) -> Vec<ArrayRef> {
    let same = |text| text_array(rows, iter::repeat_n(Some(text), rows));
    let basis: Int64Array = iter::repeat_n(Some(night.basis.cast_signed()), rows).collect();
    let [entity, id, source_id, operation] = texts;
    vec![
        Arc::new(basis),
        same(night.run.as_str()),
        same(night.district.as_str()),
        entity,
        id,
        source_id,
        operation,
        time_array(iter::repeat_n(Some(night.at), rows)),
    ]
}

/// Keys that records gave up, in this night and before: a new record of such a key gets an id of its own.
pub(super) struct Rekeyed<'a> {
    night: &'a Night<'a>,
    form: FileForm,
    before: Vec<FileEntry>,
    tonight: HashMap<(EntityKind, u128), i64>,
    rows: TextRows<'a, 2>,
}

impl<'a> Rekeyed<'a> {
    /// With what earlier nights wrote down.
    pub(super) fn new(night: &'a Night<'a>, before: Vec<FileEntry>) -> Result<Self> {
        let text = |name| Arc::new(Field::new(name, DataType::Utf8, false));
        let form = FileForm::new(vec![text("entity"), text("source_id")])?;
        let rows = TextRows::new(night, REKEYS, form.clone());
        Ok(Self { night, form, before, tonight: HashMap::new(), rows })
    }

    /// A record gave up this key.
    pub(super) fn push(&mut self, entity: EntityKind, key: &str) -> Result<()> {
        *self.tonight.entry((entity, key_of(key))).or_default() += 1;
        self.rows.push([Some(entity.table()), Some(key)], |_, _, texts| texts.to_vec())
    }

    /// Hashes of the keys that records of an entity gave up, and how many did.
    pub(super) fn given_up(&self, entity: EntityKind) -> Result<HashMap<u128, i64>> {
        let mut found = HashMap::new();
        for (_, key) in self.tonight.keys().filter(|it| it.0 == entity) {
            found.insert(*key, self.tonight[&(entity, *key)]);
        }
        for file in &self.before {
            let reader = FileReader::open(PUBLISH, self.night.files, file, &self.form)?;
            for group in 0..reader.groups() {
                let group = reader.group(group)?;
                let (tables, keys) = (group.column(0)?, group.column(1)?);
                let of_entity = tables.as_string::<i32>().iter().zip(keys.as_string::<i32>());
                for (_, key) in of_entity.filter(|it| it.0 == Some(entity.table())) {
                    *found.entry(key_of(key.unwrap_or_default())).or_default() += 1;
                }
            }
        }
        Ok(found)
    }

    /// All files, tonight's as the last.
    pub(super) fn finish(self) -> Result<Vec<FileEntry>> {
        let mut files = self.before;
        files.extend(self.rows.finish(|_, _, texts| texts.to_vec())?);
        Ok(files)
    }
}

/// Rows with a few columns of text, written once there are many.
struct TextRows<'a, const N: usize> {
    night: &'a Night<'a>,
    name: &'static str,
    form: FileForm,
    file: Option<FileWriter>,
    waiting: [StringBuilder; N],
    rows: usize,
}

impl<'a, const N: usize> TextRows<'a, N> {
    fn new(night: &'a Night<'a>, name: &'static str, form: FileForm) -> Self {
        let waiting = std::array::from_fn(|_| StringBuilder::new());
        Self { night, name, form, file: None, waiting, rows: 0 }
    }

    fn push(
        &mut self,
        columns: [Option<&str>; N],
        all: impl Fn(&Night<'_>, usize, [ArrayRef; N]) -> Vec<ArrayRef>,
    ) -> Result<()> {
        for (waiting, text) in self.waiting.iter_mut().zip(columns) {
            waiting.append_option(text);
        }
        self.rows += 1;
        if self.rows < GROUP_ROWS { Ok(()) } else { self.write(all) }
    }

    fn write(
        &mut self,
        all: impl Fn(&Night<'_>, usize, [ArrayRef; N]) -> Vec<ArrayRef>,
    ) -> Result<()> {
        let Self { night, name, form, file, waiting, rows } = self;
        if file.is_none() {
            let path = night.path(name);
            *file = Some(FileWriter::create(PUBLISH, night.files, path, form)?);
        }
        let texts = waiting.each_mut().map(|it| Arc::new(it.finish()) as ArrayRef);
        let columns = all(night, std::mem::take(rows), texts);
        file.as_mut().expect("the file was just started").write(&Arrays(columns))
    }

    fn finish(
        mut self,
        all: impl Fn(&Night<'_>, usize, [ArrayRef; N]) -> Vec<ArrayRef>,
    ) -> Result<Option<FileEntry>> {
        if self.rows > 0 {
            self.write(all)?;
        }
        self.file.map(FileWriter::finish).transpose()
    }
}

/// A row group of finished columns.
pub(super) struct Arrays(pub(super) Vec<ArrayRef>);

impl Group for Arrays {
    fn rows(&self) -> usize {
        self.0.first().map_or(0, |it| it.len())
    }

    fn column(&self, number: usize) -> Result<ColumnData> {
        Ok(ColumnData::Arrays(vec![self.0[number].clone()]))
    }
}
