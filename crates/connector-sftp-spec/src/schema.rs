//! The specification as JSON Schema: an object for each file, whose properties are the columns of a row.

use crate::spec::{Column, EDITIONS, EXTENSION_PREFIX, FILES, FileSpec, Kind};
use serde_json::{Map, Value, json};

/// The schema, as indented JSON.
///
/// A row is an object of texts, as a CSV file has them.
#[must_use]
pub fn json_schema() -> String {
    let files: Map<_, _> = FILES.iter().map(|it| (it.stem().to_owned(), file(it))).collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Homeroom file specification",
        "version": EDITIONS[0].number,
        "description": "Rows of the files, each an object of texts by the names of its columns.",
        "$defs": files,
    });
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn file(file: &FileSpec) -> Value {
    let properties: Map<_, _> =
        file.columns.iter().map(|it| (it.name.to_owned(), column(it))).collect();
    let required: Vec<_> = file.columns.iter().filter(|it| it.required).map(|it| it.name).collect();
    json!({
        "title": file.name,
        "description": file.about,
        "type": "object",
        "properties": properties,
        "patternProperties": { format!("^{}", EXTENSION_PREFIX.replace('.', "\\.")): { "type": "string" } },
        "required": required,
        "x-key": file.key,
        "x-required-in-full-set": file.required,
        "x-since": file.since,
    })
}

fn column(column: &Column) -> Value {
    let mut schema = json!({ "type": "string", "description": column.about });
    let mut set = |key: &str, value: Value| {
        schema[key] = value;
    };
    if column.required {
        set("minLength", 1.into());
    }
    if !column.example.is_empty() {
        set("examples", json!([column.example]));
    }
    if !column.aliases.is_empty() {
        set("x-also", json!(column.aliases));
    }
    if let Some(target) = column.target() {
        set("x-refers-to", target.into());
    }
    match column.kind {
        Kind::Date | Kind::LastDay => {
            set("pattern", r"^$|^\d{4}-\d{2}-\d{2}$|^\d{1,2}/\d{1,2}/\d{4}$".into());
        }
        Kind::Boolean | Kind::Deleted => {
            set(
                "pattern",
                "^$|^([Yy]([Ee][Ss])?|[Nn][Oo]?|[Tt](rue)?|[Ff](alse)?|TRUE|FALSE|0|1)$".into(),
            );
        }
        Kind::Year => set("pattern", r"^$|^\d{4}$".into()),
        Kind::Number => set("pattern", r"^$|^\d+$".into()),
        Kind::Term(vocabulary) => {
            let words: Vec<_> = vocabulary.words.iter().map(|it| it.word).collect();
            set("x-words", json!(words));
        }
        _ => {}
    }
    schema
}
