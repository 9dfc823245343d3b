//! The fixture district: every record of every entity, as canonical JSON lines.

use crate::{Failed, Record};
use roster_core::{EntityKind, Rows};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The folder `tests/district` of the workspace.
#[must_use]
pub fn district_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/district")
}

/// The records of a district, entity by entity in load order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct District {
    records: BTreeMap<EntityKind, Vec<Record>>,
}

impl District {
    /// The made-up district of `tests/district/canonical`: the truth that every format is held to.
    ///
    /// # Errors
    ///
    /// When its files cannot be read.
    pub fn golden() -> Result<Self, Failed> {
        Self::read(&district_folder().join("canonical"))
    }

    /// Reads a folder of `<table>.jsonl`; a table without a file has no record.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or a line is not an object of the entity's fields.
    pub fn read(folder: &Path) -> Result<Self, Failed> {
        let mut district = Self::default();
        for entity in EntityKind::ALL {
            for line in lines(&folder.join(format!("{}.jsonl", entity.table())))? {
                district.push(*entity, parse(*entity, &line)?);
            }
        }
        Ok(district)
    }

    /// Adds a record.
    pub fn push(&mut self, entity: EntityKind, record: Record) {
        self.records.entry(entity).or_default().push(record);
    }

    /// Adds a copy of all rows.
    pub fn push_rows(&mut self, rows: &Rows) {
        for row in rows.iter() {
            self.push(rows.entity(), Record::from_row(row));
        }
    }

    /// The entities that have records, in load order.
    pub fn entities(&self) -> impl Iterator<Item = EntityKind> + '_ {
        self.records.iter().filter(|(_, records)| !records.is_empty()).map(|(entity, _)| *entity)
    }

    /// The records of an entity.
    #[must_use]
    pub fn records(&self, entity: EntityKind) -> &[Record] {
        self.records.get(&entity).map_or(&[], Vec::as_slice)
    }

    /// Number of all records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.values().map(Vec::len).sum()
    }

    /// True when there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records of an entity as batch rows, positions counted from 1.
    #[must_use]
    pub fn rows(&self, entity: EntityKind) -> Rows {
        let mut rows = Rows::new(entity);
        for (position, record) in (1..).zip(self.records(entity)) {
            record.push(&mut rows, position);
        }
        rows
    }

    /// The records of an entity as its owned struct.
    ///
    /// # Errors
    ///
    /// When a record does not fit the struct.
    pub fn owned<T: DeserializeOwned>(&self, entity: EntityKind) -> Result<Vec<T>, Failed> {
        let owned = |it: &Record| serde_json::from_value(Value::Object(it.0.clone()));
        Ok(self.records(entity).iter().map(owned).collect::<Result<_, _>>()?)
    }

    /// The same district, only with the records for which `keep` holds.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(EntityKind, &Record) -> bool) -> Self {
        let mut district = self.clone();
        for (entity, records) in &mut district.records {
            records.retain(|it| keep(*entity, it));
        }
        district
    }

    /// Changes every record of an entity.
    pub fn change(&mut self, entity: EntityKind, change: impl FnMut(&mut Record)) {
        self.records.entry(entity).or_default().iter_mut().for_each(change);
    }
}

fn lines(file: &Path) -> Result<Vec<String>, Failed> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(err) => Err(format!("{}: {err}", file.display()).into()),
    }
}

fn parse(entity: EntityKind, line: &str) -> Result<Record, Failed> {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else {
        return Err(format!("{}: a line is not a JSON object: {line}", entity.table()).into());
    };
    let record = Record(fields);
    match record.unknown_fields(entity).first() {
        Some(field) => Err(format!("{} has no field {field}", entity.table()).into()),
        None => Ok(record),
    }
}
