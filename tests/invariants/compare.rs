//! What a database holds, beside what it should hold.

use crate::{
    district::{TABLES, references},
    world::Failed,
};
use homeroom_tests::Database;
use roster_core::{EntityKind, value::FieldType};
use roster_testkit::Record;
use serde_json::Value;
use std::collections::BTreeMap;

/// The active records of a table, by key.
pub(crate) fn active(database: &Database, entity: EntityKind) -> BTreeMap<String, Record> {
    let fields = entity.schema().fields;
    let names: Vec<_> = fields.iter().map(|it| format!("\"{}\"", it.name)).collect();
    let query =
        format!("SELECT {} FROM {} WHERE deleted_at IS NULL", names.join(", "), entity.table());
    let record = |cells: Vec<Option<String>>| {
        let filled = fields.iter().zip(cells).filter_map(|(field, cell)| Some((field, cell?)));
        let values =
            filled.map(|(field, cell)| (field.name.to_owned(), value(field.field_type, cell)));
        Record(values.collect())
    };
    let records = database.cells(&query).into_iter().map(record);
    records.map(|it| (it.source_id().to_owned(), it)).collect()
}

fn value(field_type: FieldType, cell: String) -> Value {
    match field_type {
        FieldType::Boolean => (cell == "1").into(),
        FieldType::Integer => cell.parse::<i64>().map_or(Value::Null, Value::from),
        FieldType::Decimal => cell.parse::<f64>().map_or(Value::Null, Value::from),
        FieldType::TextList => serde_json::from_str(&cell).unwrap_or_default(),
        _ => cell.into(),
    }
}

/// The first difference between what is there and what should be.
pub(crate) fn differences(
    entity: EntityKind,
    expected: &BTreeMap<&str, &Record>,
    found: &BTreeMap<String, Record>,
) -> Result<(), Failed> {
    let table = entity.table();
    if let Some(lost) = expected.keys().find(|it| !found.contains_key(**it)) {
        return Err(format!("{table} {lost} is lost"));
    }
    if let Some(left) = found.keys().find(|it| !expected.contains_key(it.as_str())) {
        return Err(format!("{table} {left} is there and should not be"));
    }
    match expected.iter().find(|(key, record)| found.get(**key) != Some(**record)) {
        Some((key, record)) => Err(format!(
            "{table} {key} is\n    {:?}\n  and should be\n    {:?}",
            found.get(*key).map(|it| &it.0),
            record.0
        )),
        None => Ok(()),
    }
}

/// No active record refers to one that is not there, where it must.
pub(crate) fn dangling(database: &Database) -> Result<(), Failed> {
    for table in &TABLES {
        let (entity, name) = (table.entity, table.entity.table());
        for (field, target) in references(entity) {
            let number = entity.schema().field(field).unwrap_or_default();
            if !entity.schema().fields[number].required {
                continue;
            }
            let target = target.table();
            let query = format!(
                "SELECT source_id FROM {name} AS it WHERE deleted_at IS NULL AND NOT EXISTS \
                 (SELECT 1 FROM {target} WHERE source_id = it.{field} AND deleted_at IS NULL)"
            );
            if let Some(key) = database.rows(&query).first() {
                return Err(format!("{name} {key} needs a record of {target} that is not there"));
            }
        }
    }
    Ok(())
}
