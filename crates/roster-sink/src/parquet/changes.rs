//! What a night changed: the change feed, and the keys that records gave up.

use super::{
    PUBLISH,
    file_reader::FileReader,
    file_writer::{ColumnData, FileWriter, Group},
    layout::{FileForm, time_type},
    location::Files,
    manifest::FileEntry,
    new_rows::GROUP_ROWS,
    night::Night,
    row_group::Told,
    value::{text_array, time_array},
};
use crate::key_of;
use arrow_array::{Array, ArrayRef, Int64Array, builder::StringBuilder, cast::AsArray};
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

/// Keys that records gave up for others, in this night and before: a new record of such a key gets an id of its own.
pub(super) struct Rekeyed<'a> {
    night: &'a Night<'a>,
    before: Vec<FileEntry>,
    tonight: HashMap<(EntityKind, u128), i64>,
    rows: TextRows<'a, 3>,
}

impl<'a> Rekeyed<'a> {
    /// With what earlier nights wrote down.
    pub(super) fn new(night: &'a Night<'a>, before: Vec<FileEntry>) -> Result<Self> {
        let rows = TextRows::new(night, REKEYS, rekeys_form()?);
        Ok(Self { night, before, tonight: HashMap::new(), rows })
    }

    /// A record gave up a key for a new one.
    pub(super) fn push(&mut self, entity: EntityKind, old: &str, new: &str) -> Result<()> {
        *self.tonight.entry((entity, key_of(old))).or_default() += 1;
        self.rows.push([entity.table(), old, new].map(Some), |_, _, texts| texts.to_vec())
    }

    /// Hashes of the keys that records of an entity gave up, and how many did.
    pub(super) fn given_up(&self, entity: EntityKind) -> Result<HashMap<u128, i64>> {
        let of_entity = self.tonight.iter().filter(|it| it.0.0 == entity);
        let mut given_up: HashMap<_, _> = of_entity.map(|it| (it.0.1, *it.1)).collect();
        for file in &self.before {
            each_rekey(PUBLISH, self.night.files, file, entity, |old, _| {
                *given_up.entry(key_of(old)).or_default() += 1;
            })?;
        }
        Ok(given_up)
    }

    /// All files, tonight's as the last.
    pub(super) fn finish(self) -> Result<Vec<FileEntry>> {
        let mut files = self.before;
        files.extend(self.rows.finish(|_, _, texts| texts.to_vec())?);
        Ok(files)
    }
}

fn rekeys_form() -> Result<FileForm> {
    let text = |name| Arc::new(Field::new(name, DataType::Utf8, false));
    FileForm::new(["entity", "old_source_id", "new_source_id"].map(text).to_vec())
}

/// Calls for the old and the new key of every record of an entity that a file tells of, in their order.
pub(super) fn each_rekey(
    operation: &'static str,
    files: &Files,
    file: &FileEntry,
    entity: EntityKind,
    mut call: impl FnMut(&str, &str),
) -> Result<()> {
    let reader = FileReader::open(operation, files, file, &rekeys_form()?)?;
    for group in 0..reader.groups() {
        let group = reader.group(group)?;
        let columns = [group.column(0)?, group.column(1)?, group.column(2)?];
        let [tables, old, new] = columns.each_ref().map(AsArray::as_string::<i32>);
        for row in (0..group.rows()).filter(|it| tables.value(*it) == entity.table()) {
            call(old.value(row), new.value(row));
        }
    }
    Ok(())
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
        self.0.first().map_or(0, Array::len)
    }

    fn column(&self, number: usize) -> Result<ColumnData> {
        Ok(ColumnData::Arrays(vec![self.0[number].clone()]))
    }
}
