//! The rows of a report: each finding with the value it is about, and the record as it stood.

use crate::report::{
    causes::RootCause,
    kept::{Finding, Form, Kept, Quarantined},
    words::{Names, Page, effect, plain_value},
};
use roster_core::{EntityKind, Severity, model::EntitySchema, value::ExtensionMap};
use roster_sink::Example;
use serde::{Serialize, Serializer};
use std::collections::HashMap;

/// One finding.
#[derive(Clone, Serialize)]
pub(crate) struct Row {
    /// File, path of a page, or name of a query.
    pub(crate) file: String,
    /// Line of the file, index in the page, or row; `None` for what is about the whole file.
    pub(crate) line: Option<u64>,
    /// The record's key.
    pub(crate) record: Option<String>,
    /// The field.
    pub(crate) field: Option<String>,
    /// What stood there; `None` where it is not known.
    pub(crate) value: Option<String>,
    /// See `docs/diagnostics.md`.
    pub(crate) code: String,
    /// What was done.
    pub(crate) severity: Severity,
    /// What became of the record.
    pub(crate) effect: &'static str,
    /// What to do.
    pub(crate) what_to_do: String,
    /// The whole record, of one that was left out.
    #[serde(serialize_with = "as_map", skip_serializing_if = "Vec::is_empty")]
    pub(crate) fields: Vec<(String, String)>,
}

impl Row {
    /// The row of a finding that was not kept.
    pub(super) fn of_example(cause: &RootCause, example: &Example) -> Self {
        let Example { file, line, field, source_id } = example.clone();
        Self {
            file: file.unwrap_or_default(),
            line,
            record: source_id,
            field,
            value: None,
            code: cause.code.clone(),
            severity: cause.severity,
            effect: effect(cause.severity),
            what_to_do: cause.repair.clone(),
            fields: Vec::new(),
        }
    }
}

/// Makes rows of what was kept.
pub(super) struct Rows<'k> {
    kept: &'k Kept,
    names: Names,
    records: HashMap<(EntityKind, &'k str, u64), Vec<&'k Quarantined>>,
    pages: HashMap<&'k str, Page>,
}

impl<'k> Rows<'k> {
    pub(super) fn new(kept: &'k Kept, names: Names) -> Self {
        let mut records: HashMap<_, Vec<_>> = HashMap::new();
        for (entity, rejected) in &kept.quarantine {
            for it in rejected {
                records.entry((*entity, it.file.as_str(), it.position)).or_default().push(it);
            }
        }
        let codes = kept.findings.iter().map(|it| it.code.as_str());
        let mut pages = HashMap::new();
        codes.for_each(|it| _ = pages.entry(it).or_insert_with(|| Page::of(it)));
        Self { kept, names, records, pages }
    }

    /// The row of a finding, by its number.
    pub(super) fn row(&self, number: usize) -> Row {
        let finding = &self.kept.findings[number];
        let record = self.record(finding);
        Row {
            file: finding.file.clone().unwrap_or_default(),
            line: finding.line,
            record: finding.source_id.clone(),
            field: finding.field.clone(),
            value: record
                .zip(finding.field.as_deref())
                .map(|it| self.value(finding.entity, it.0, it.1)),
            code: finding.code.clone(),
            severity: finding.severity,
            effect: effect(finding.severity),
            what_to_do: self
                .pages
                .get(finding.code.as_str())
                .map(|it| it.mend.clone())
                .unwrap_or_default(),
            fields: record.map(|it| self.fields(finding.entity, it)).unwrap_or_default(),
        }
    }

    /// The rejected record that a finding is about.
    fn record(&self, finding: &Finding) -> Option<&'k Quarantined> {
        let place = (finding.entity, finding.file.as_deref()?, finding.line?);
        let there = self.records.get(&place)?;
        let same = there.iter().find(|it| it.source_id == finding.source_id);
        same.or_else(|| there.first().filter(|_| finding.source_id.is_none())).copied()
    }

    /// What stood in a field; empty where nothing did.
    fn value(&self, entity: EntityKind, record: &Quarantined, field: &str) -> String {
        match record.form {
            Form::Source => record.get(field).unwrap_or_default().to_owned(),
            Form::Model => {
                let Some(schema) = self.names.field_named(entity, field) else {
                    return String::new();
                };
                plain_value(schema.field_type, record.get(schema.name).unwrap_or_default())
            }
        }
    }

    /// The record in the source's own names.
    fn fields(&self, entity: EntityKind, record: &Quarantined) -> Vec<(String, String)> {
        if record.form == Form::Source {
            return record.fields.clone();
        }
        let schema = entity.schema();
        let mut fields = Vec::with_capacity(record.fields.len());
        for (name, text) in &record.fields {
            match schema.field(name) {
                Some(EntitySchema::EXTENSIONS) => fields.extend(extensions(text)),
                Some(number) => {
                    let field = &schema.fields[number];
                    let own = self.names.field(entity, field.name);
                    fields.push((own.to_owned(), plain_value(field.field_type, text)));
                }
                None => {}
            }
        }
        fields
    }
}

fn extensions(text: &str) -> impl Iterator<Item = (String, String)> {
    let map: ExtensionMap = serde_json::from_str(text).unwrap_or_default();
    map.into_iter().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name, text)
    })
}

fn as_map<S: Serializer>(fields: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|it| (&it.0, &it.1)))
}
