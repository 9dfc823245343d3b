//! Writes the rejected records of a night with their values, one JSON object a line.
//!
//! These are personal data: the files are private, and what the sink keeps of them is deleted with the run's evidence.

use super::unwritable;
use roster_core::{EntityKind, Origin, Result, Row, SourceRecord};
use roster_sink::KeptFolder;
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, Write as _},
};

/// Records of an entity that are kept.
const MOST_RECORDS: u64 = 100_000;

/// Writes rejected records.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    files: BTreeMap<EntityKind, (BufWriter<File>, u64)>,
}

/// A line.
#[derive(Serialize)]
struct Line<'r, F: Serialize> {
    position: u64,
    file: &'r str,
    source_id: Option<&'r str>,
    form: &'static str,
    fields: F,
}

impl Quarantine {
    /// Adds a record as it stood at the source.
    pub(super) fn source(
        &mut self,
        kept: &KeptFolder,
        entity: EntityKind,
        origin: &Origin,
        record: &SourceRecord,
    ) -> Result<()> {
        let line = Line {
            position: record.position,
            file: name_of(origin),
            source_id: record.source_id.as_deref(),
            form: "source",
            fields: SourceFields(record),
        };
        self.add(kept, entity, &line)
    }

    /// Adds a record of the model.
    pub(super) fn model(
        &mut self,
        kept: &KeptFolder,
        row: &Row<'_>,
        origin: &Origin,
    ) -> Result<()> {
        let line = Line {
            position: row.position(),
            file: name_of(origin),
            source_id: Some(row.source_id()),
            form: "model",
            fields: ModelFields(*row),
        };
        self.add(kept, row.entity(), &line)
    }

    fn add(
        &mut self,
        kept: &KeptFolder,
        entity: EntityKind,
        line: &Line<'_, impl Serialize>,
    ) -> Result<()> {
        use std::collections::btree_map::Entry;
        let (file, count) = match self.files.entry(entity) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(vacant) => {
                let file = kept.write(&format!("quarantine.{}", entity.table()))?;
                vacant.insert((file, 0))
            }
        };
        *count += 1;
        if *count > MOST_RECORDS {
            return Ok(());
        }
        serde_json::to_writer(&mut *file, line)
            .map_err(Into::into)
            .and_then(|()| file.write_all(b"\n"))
            .map_err(unwritable)
    }

    /// Ends the files; gives how many records are not in them.
    pub(super) fn finish(mut self) -> Result<BTreeMap<&'static str, u64>> {
        for (file, _) in self.files.values_mut() {
            file.flush().map_err(unwritable)?;
        }
        let more = |(entity, (_, count)): (&EntityKind, &(_, u64))| {
            Some((entity.table(), count.checked_sub(MOST_RECORDS).filter(|it| *it > 0)?))
        };
        Ok(self.files.iter().filter_map(more).collect())
    }
}

/// Fields by the source's names for them.
struct SourceFields<'r>(&'r SourceRecord);

impl Serialize for SourceFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.fields.len()))?;
        for (name, value) in &self.0.fields {
            map.serialize_entry(&**name, &**value)?;
        }
        map.end()
    }
}

/// Canonical texts by the model's names, those that are empty left out.
struct ModelFields<'r>(Row<'r>);

impl Serialize for ModelFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (schema, value) in self.0.schema().fields.iter().zip(self.0.fields()) {
            if let Some(value) = value {
                map.serialize_entry(schema.name, value)?;
            }
        }
        map.end()
    }
}

/// Name of the file, page or query.
fn name_of(origin: &Origin) -> &str {
    match origin {
        Origin::File(name) | Origin::Page(name) | Origin::Query(name) => name,
        _ => "",
    }
}
