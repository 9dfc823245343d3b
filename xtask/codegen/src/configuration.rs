//! `docs/homeroom.schema.json` and `docs/configuration.md`: every key of `homeroom.toml`.

use crate::{Result, cell, heading};
use serde_json::Value;
use std::fmt::Write as _;

const INTRODUCTION: &str = "\
Every key of `homeroom.toml`. Unknown keys are refused, and all problems of a file are told at once. `homeroom init`
writes a commented file to start from. Editors complete and check the file with
[homeroom.schema.json](homeroom.schema.json).";

pub(crate) fn schema() -> String {
    format!("{:#}\n", roster_runner::config_schema())
}

pub(crate) fn document() -> Result<String> {
    let mut text = heading("Configuration", INTRODUCTION);
    body(&roster_runner::config_schema(), &[], &mut text)?;
    Ok(text)
}

/// Writes a table: what it is, its keys, the tables in it.
fn section(schema: &Value, path: &[&str], text: &mut String) -> Result {
    write!(text, "\n## {}\n\n", title(path))?;
    writeln!(text, "{}", description(schema).trim())?;
    match forms(schema) {
        Some(forms) => forms.iter().try_for_each(|it| form(it, path, text)),
        None => body(schema, path, text),
    }
}

/// Writes one of several forms of a table, told apart by a key that is always the same.
fn form(schema: &Value, path: &[&str], text: &mut String) -> Result {
    for key in keys(schema) {
        if let Some(value) = key.schema.get("const").and_then(Value::as_str) {
            let what = description(schema);
            write!(text, "\nWith `{} = \"{value}\"`: {what}\n", key.name)?;
        }
    }
    body(schema, path, text)
}

/// Writes the keys of a table, then the tables in it.
fn body(schema: &Value, path: &[&str], text: &mut String) -> Result {
    let (tables, values): (Vec<_>, Vec<_>) =
        keys(schema).into_iter().partition(|it| is_table(table_of(it.schema)));
    if !values.is_empty() {
        text.push_str("\n| key | type | required | what |\n| --- | --- | --- | --- |\n");
    }
    for key in values {
        let required = if key.required { "yes" } else { "" };
        let (kind, what) = (cell(&type_name(key.schema)), cell(description(key.schema)));
        writeln!(text, "| `{}` | {kind} | {required} | {what} |", key.name)?;
    }
    for key in tables {
        let is_list = key.schema["type"] == "array";
        let name = if is_list { format!("[{}]", key.name) } else { key.name.to_owned() };
        let path: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
        section(table_of(key.schema), &path, text)?;
    }
    Ok(())
}

/// `[a.b]`, or `[[a]]` and `[a.b]` in it where `a` is a list.
fn title(path: &[&str]) -> String {
    let names: Vec<&str> = path.iter().map(|it| it.trim_matches(['[', ']'])).collect();
    let is_list = path.last().is_some_and(|it| it.starts_with('['));
    let name = names.join(".");
    if is_list { format!("`[[{name}]]`") } else { format!("`[{name}]`") }
}

struct Key<'a> {
    name: &'a str,
    schema: &'a Value,
    required: bool,
}

fn keys(schema: &Value) -> Vec<Key<'_>> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    let is_required = |name: &str| required.iter().any(|it| it == name);
    properties.map(|(name, schema)| Key { name, schema, required: is_required(name) }).collect()
}

fn is_table(schema: &Value) -> bool {
    schema["properties"].is_object() || forms(schema).is_some()
}

/// The forms of a table that has several.
fn forms(schema: &Value) -> Option<&Vec<Value>> {
    schema["oneOf"].as_array().filter(|it| it.iter().all(|form| form["properties"].is_object()))
}

/// The table that a key holds, or holds a list of.
fn table_of(schema: &Value) -> &Value {
    if schema["type"] == "array" { &schema["items"] } else { schema }
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

fn type_name(schema: &Value) -> String {
    if let Some(value) = schema.get("const") {
        return format!("`{value}`");
    }
    if let Some(terms) = schema["enum"].as_array() {
        let terms: Vec<String> =
            terms.iter().filter(|it| !it.is_null()).map(|it| format!("`{it}`")).collect();
        return terms.join(" or ");
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(forms) = schema[several].as_array() {
            let forms = forms.iter().filter(|it| it["type"] != "null").map(type_name);
            return forms.collect::<Vec<_>>().join(" or ");
        }
    }
    match &schema["type"] {
        Value::String(name) => simple_type(name, schema),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str).filter(|it| *it != "null");
            names.map(|it| simple_type(it, schema)).collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}

fn simple_type(name: &str, schema: &Value) -> String {
    match name {
        "array" => format!("list of {}", type_name(&schema["items"])),
        "string" => "text".to_owned(),
        "object" => "table".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: &Value, expected: &str) {
        assert_eq!(type_name(schema), expected, "{schema}");
    }

    #[test]
    fn types_are_told_in_words() {
        check(&json!({ "type": "string" }), "text");
        check(&json!({ "type": ["integer", "null"] }), "integer");
        check(&json!({ "type": "array", "items": { "type": "string" } }), "list of text");
        check(&json!({ "enum": ["a", "b"] }), "`\"a\"` or `\"b\"`");
        check(&json!({ "anyOf": [{ "type": "boolean" }, { "type": "null" }] }), "boolean");
    }

    #[test]
    fn tables_in_tables_have_their_own_sections() {
        let schema = json!({ "properties": { "district": { "type": "array", "items": {
            "description": "A district.",
            "required": ["id"],
            "properties": { "id": { "type": "string", "description": "Its id." },
                            "source": { "oneOf": [{ "properties": {
                                "connector": { "const": "a" }, "path": { "type": "string" } } }] } },
        } } } });
        let mut text = String::new();
        body(&schema, &[], &mut text).unwrap();
        for expected in [
            "## `[[district]]`\n\nA district.\n",
            "| `id` | text | yes | Its id. |\n",
            "## `[district.source]`\n",
            "With `connector = \"a\"`:",
            "| `path` | text |  |  |\n",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }
}
