//! Keys that a format has of its own, in records and in what refers to them.

use crate::{District, Record};
use roster_core::{
    EntityKind,
    model::{EntitySchema, FieldSchema},
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Keys of a table in the format: one by one, or composed of the record's fields.
///
/// With a school, a record of the table comes once for each school that has a key for it, and records of a school
/// refer to that school's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyLoss {
    table: String,
    school: Option<String>,
    #[serde(default)]
    keys: BTreeMap<String, String>,
    /// The key where it is composed: `{field}` stands for a field's value in the format, `{last}` for what is behind
    /// the last `/` of the canonical key.
    key: Option<String>,
    reason: String,
}

impl KeyLoss {
    pub(super) fn table(&self) -> &str {
        &self.table
    }

    pub(super) fn reason(&self) -> &str {
        &self.reason
    }
}

/// Gives every record and every reference the format's keys.
pub(super) fn apply(losses: &[KeyLoss], district: District) -> District {
    if losses.is_empty() {
        return district;
    }
    let mut renamed = District::default();
    for entity in EntityKind::ALL {
        for record in district.records(*entity) {
            for copy in copies(losses, *entity, record) {
                renamed.push(*entity, rename(losses, *entity, copy));
            }
        }
    }
    renamed
}

/// The record, once for each school that has it.
fn copies(losses: &[KeyLoss], entity: EntityKind, record: &Record) -> Vec<Record> {
    let of_table = losses.iter().filter(|it| it.table == entity.table());
    let schools = of_table.filter(|it| it.keys.contains_key(record.source_id()));
    let schools: Vec<_> = schools.filter_map(|it| it.school.as_deref()).collect();
    let copy = |school: &str| {
        let mut copy = record.clone();
        if let Some(field) = school_field(entity) {
            copy.set_text(field.name, school);
        }
        copy
    };
    if schools.is_empty() { vec![record.clone()] } else { schools.into_iter().map(copy).collect() }
}

/// The field that says which school a record is of.
fn school_field(entity: EntityKind) -> Option<&'static FieldSchema> {
    let one = |it: &&FieldSchema| {
        it.reference.as_ref().is_some_and(|it| it.entity == EntityKind::Org && !it.many)
    };
    entity.schema().fields.iter().find(one)
}

fn rename(losses: &[KeyLoss], entity: EntityKind, mut record: Record) -> Record {
    let school = school_field(entity).map(|it| record.text(it.name).to_owned());
    let canonical = record.source_id().to_owned();
    for field in entity.schema().fields {
        let target = match &field.reference {
            Some(reference) => reference.entity,
            None if field.name == entity.schema().fields[EntitySchema::SOURCE_ID].name => entity,
            None => continue,
        };
        if let Some(value) = record.0.get_mut(field.name) {
            rename_value(losses, target, school.as_deref(), value);
        }
    }
    let composed = losses.iter().find(|it| it.table == entity.table() && it.key.is_some());
    if let Some(template) = composed.and_then(|it| it.key.as_deref()) {
        let last = canonical.rsplit('/').next().unwrap_or_default();
        let key = super::filled_in(template, &record).replace("{last}", last);
        record.set_text("source_id", &key);
    }
    record
}

fn rename_value(losses: &[KeyLoss], target: EntityKind, school: Option<&str>, value: &mut Value) {
    match value {
        Value::String(key) => {
            if let Some(own) = own_key(losses, target, school, key) {
                own.clone_into(key);
            }
        }
        Value::Array(keys) => {
            for key in keys {
                rename_value(losses, target, school, key);
            }
        }
        _ => {}
    }
}

fn own_key<'a>(
    losses: &'a [KeyLoss],
    target: EntityKind,
    school: Option<&str>,
    key: &str,
) -> Option<&'a str> {
    let of_target = losses.iter().filter(|it| it.table == target.table());
    let here = |it: &&KeyLoss| it.school.is_none() || it.school.as_deref() == school;
    of_target.filter(here).find_map(|it| it.keys.get(key)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_the_district_become_those_of_each_school() {
        let mut district = District::default();
        let mut add = |entity, record: &str| {
            district.push(entity, Record(serde_json::from_str(record).unwrap()));
        };
        add(EntityKind::AcademicSession, r#"{"source_id":"Y"}"#);
        add(EntityKind::AcademicSession, r#"{"source_id":"S","parent_source_id":"Y"}"#);
        let section =
            r#"{"source_id":"a","school_source_id":"2","academic_session_source_ids":["S"]}"#;
        add(EntityKind::Section, section);
        let losses: Vec<KeyLoss> = serde_json::from_str(
            r#"[{"table":"academic_sessions","school":"1","keys":{"Y":"11","S":"12"},"reason":"r"},
                {"table":"academic_sessions","school":"2","keys":{"Y":"21","S":"22"},"reason":"r"},
                {"table":"sections","key":"{school_source_id}/{last}","reason":"r"},
                {"table":"orgs","keys":{"2":"two"},"reason":"r"}]"#,
        )
        .unwrap();
        let renamed = apply(&losses, district);
        let sessions = renamed.records(EntityKind::AcademicSession);
        let keys: Vec<_> = sessions.iter().map(Record::source_id).collect();
        assert_eq!(keys, ["11", "21", "12", "22"]);
        assert_eq!(sessions[3].text("parent_source_id"), "21");
        assert_eq!(sessions[3].text("school_source_id"), "two");
        let section = &renamed.records(EntityKind::Section)[0];
        assert_eq!(section.source_id(), "two/a");
        assert_eq!(section.0["academic_session_source_ids"][0], "22");
    }
}
