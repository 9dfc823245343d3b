//! Records that cannot be used.

use super::Output;
use crate::lists::Records;
use roster_core::{Diagnostic, DiagnosticCode, EntityKind, Severity, SourceRecord};
use serde_json::Value;

/// The most text of one field that is kept of a rejected record.
const MOST_TEXT: usize = 4_096;

/// Leaves out the record at `index`: `field` says where the trouble is, if one does.
pub(crate) fn reject(
    out: &mut Output,
    entity: EntityKind,
    (records, index): (&Records, usize),
    code: DiagnosticCode,
    field: Option<&str>,
) {
    let position = records.position(index);
    let Some(locus) = out.locus(entity, position) else { return };
    let record = serde_json::from_slice::<Value>(records.raw(index)).unwrap_or_default();
    let record = record.get("data").unwrap_or(&record);
    let source_id = record.get("id").and_then(Value::as_str).filter(|it| !it.is_empty());
    let mut fields = Vec::new();
    flatten(record, &mut String::new(), &mut fields);
    let source_id: Option<Box<str>> = source_id.map(Into::into);
    let finding = Diagnostic {
        code,
        severity: Severity::Rejected,
        field: field.map(Into::into),
        source_id: source_id.clone(),
        locus,
    };
    let fields = fields.into_iter().map(|it| (it.0.into(), it.1.into())).collect();
    out.reject(entity, finding, SourceRecord { position, source_id, fields });
    out.end_record();
}

/// The filled fields of a record by their paths, such as `name.first`; no credential.
fn flatten(value: &Value, path: &mut String, out: &mut Vec<(String, String)>) {
    let before = path.len();
    let mut deeper = |name: &str, value: &Value, out: &mut Vec<_>| {
        if before > 0 {
            path.push('.');
        }
        path.push_str(name);
        flatten(value, path, out);
        path.truncate(before);
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|it| !super::values::is_credential(it.0)) {
                deeper(name, value, out);
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                deeper(&number.to_string(), value, out);
            }
        }
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => {
            let end = text.floor_char_boundary(text.len().min(MOST_TEXT));
            out.push((path.clone(), text[..end].to_owned()));
        }
        other => out.push((path.clone(), other.to_string())),
    }
}
