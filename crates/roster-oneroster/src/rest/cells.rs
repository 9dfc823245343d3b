//! A value of JSON as the text of a cell.

use crate::files::ColumnType;
use roster_core::value::push_json_string;
use serde_json::{Map, Value};

/// The cell of a column; empty for what says nothing.
pub(super) fn cell(value: &Value, column_type: ColumnType) -> String {
    match column_type {
        ColumnType::Guid => key(value).unwrap_or_default().to_owned(),
        ColumnType::GuidList => list(items(value).iter().filter_map(key).map(str::to_owned)),
        ColumnType::TextList | ColumnType::TermList(_) => match value {
            // Written as in a file.
            Value::String(text) => text.clone(),
            other => list(items(other).iter().map(scalar)),
        },
        ColumnType::Identifiers => identifiers(value),
        _ => scalar(value),
    }
}

/// The key of a reference: an object, or the bare key.
pub(super) fn key(value: &Value) -> Option<&str> {
    match value {
        Value::String(key) => Some(key.as_str()),
        Value::Object(reference) => reference.get("sourcedId").and_then(Value::as_str),
        Value::Array(items) => items.first().and_then(key),
        _ => None,
    }
    .map(str::trim)
    .filter(|it| !it.is_empty())
}

/// The items of a list; what is no list is one of its own.
pub(super) fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// A value that is no list; a list of one counts as that one, anything else stays JSON.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => match items.as_slice() {
            [] => String::new(),
            [one] => scalar(one),
            _ => value.to_string(),
        },
        Value::Object(fields) if fields.is_empty() => String::new(),
        other => other.to_string(),
    }
}

/// A property that is no list.
pub(super) fn text(object: &Map<String, Value>, name: &str) -> String {
    object.get(name).map(scalar).unwrap_or_default()
}

/// A list as a cell holds it: bare where one item stands alone, else a JSON array, since items may have commas.
fn list(items: impl Iterator<Item = String>) -> String {
    let mut items = items.filter(|it| !it.trim().is_empty());
    let Some(first) = items.next() else { return String::new() };
    let second = items.next();
    if second.is_none() && !first.contains(',') && !first.trim_start().starts_with('[') {
        return first;
    }
    let mut cell = String::new();
    for item in std::iter::once(first).chain(second).chain(items) {
        cell.push(if cell.is_empty() { '[' } else { ',' });
        push_json_string(&mut cell, &item);
    }
    cell.push(']');
    cell
}

/// Identifiers in other systems: objects of type and identifier, or bare identifiers.
fn identifiers(value: &Value) -> String {
    let mut cell = String::new();
    for item in items(value) {
        let (scheme, identifier) = match item {
            Value::Object(fields) => (text(fields, "type"), text(fields, "identifier")),
            other => (String::new(), scalar(other)),
        };
        if identifier.trim().is_empty() {
            continue;
        }
        cell.push(if cell.is_empty() { '[' } else { ',' });
        cell.push_str("{\"type\":");
        push_json_string(&mut cell, scheme.trim());
        cell.push_str(",\"identifier\":");
        push_json_string(&mut cell, identifier.trim());
        cell.push('}');
    }
    if !cell.is_empty() {
        cell.push(']');
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_cells_whatever_form_services_give_them() {
        let check = |value: Value, column_type, expected: &str| {
            assert_eq!(cell(&value, column_type), expected, "{value}");
        };
        check(json!({"href": "u", "sourcedId": " a ", "type": "org"}), ColumnType::Guid, "a");
        check(json!("a"), ColumnType::Guid, "a");
        check(json!([{"sourcedId": "a"}]), ColumnType::Guid, "a");
        check(json!({"href": "u"}), ColumnType::Guid, "");
        check(json!(null), ColumnType::Guid, "");
        check(
            json!([{"sourcedId": "a"}, {"sourcedId": "b,c"}]),
            ColumnType::GuidList,
            r#"["a","b,c"]"#,
        );
        check(json!({"sourcedId": "a"}), ColumnType::GuidList, "a");
        check(json!([]), ColumnType::GuidList, "");
        check(json!(["09", "", "10"]), ColumnType::TextList, r#"["09","10"]"#);
        check(json!(["[a"]), ColumnType::TextList, r#"["[a"]"#);
        check(json!("09,10"), ColumnType::TextList, "09,10");
        check(json!([9]), ColumnType::TextList, "9");
        check(json!(true), ColumnType::Boolean, "true");
        check(json!("true"), ColumnType::Boolean, "true");
        check(json!(1), ColumnType::Boolean, "1");
        check(json!(9.5), ColumnType::Float, "9.5");
        check(json!(["2026"]), ColumnType::Year, "2026");
        check(json!({}), ColumnType::Text, "");
        check(
            json!([{"type": "Fed", "identifier": "1"}, {"type": "x"}, "2"]),
            ColumnType::Identifiers,
            r#"[{"type":"Fed","identifier":"1"},{"type":"","identifier":"2"}]"#,
        );
    }
}
