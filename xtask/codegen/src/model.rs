//! `docs/model.md`: the tables and fields of the canonical model.

use crate::{Result, cell, heading};
use roster_core::{
    EntityKind,
    model::{EntitySchema, FieldSchema},
    value::FieldType,
};
use std::fmt::Write as _;

const INTRODUCTION: &str = "\
The canonical model: what every source is brought into and every sink is given. Tables stand in load order: a record
refers only to tables above its own, or to its own. Records are keyed by district, table and `source_id`; references
name the other record's `source_id` in the same district. End dates are exclusive: the first day on which it no longer
holds. A vocabulary is open: a term that it does not list is kept as text.

Relational sinks add these columns to every table:

| column | what |
| --- | --- |
| `district_id` | The district. |
| `id` | Stable public id: UUIDv5 of district, table and `source_id`. |
| `first_run` | The run that brought the record first. |
| `last_run` | The run that changed it last. |
| `deleted_at` | When it was deleted; empty while it is active. |";

pub(crate) fn document() -> Result<String> {
    let mut text = heading("The canonical model", INTRODUCTION);
    for kind in EntityKind::ALL {
        table(kind.schema(), &mut text)?;
    }
    Ok(text)
}

fn table(schema: &EntitySchema, text: &mut String) -> Result {
    write!(text, "\n## `{}`\n\n{}\n\n", schema.table, schema.doc.trim())?;
    text.push_str(
        "| field | type | required | refers to | what |\n| --- | --- | --- | --- | --- |\n",
    );
    for field in schema.fields {
        let required = if field.required { "yes" } else { "" };
        let (name, doc) = (field.name, cell(field.doc));
        let (kind, reference) = (type_name(field.field_type), reference(field));
        writeln!(text, "| `{name}` | {kind} | {required} | {reference} | {doc} |")?;
    }
    for field in schema.fields {
        if let FieldType::Vocabulary(terms) = field.field_type {
            let terms: Vec<String> = terms.iter().map(|it| format!("`{it}`")).collect();
            write!(text, "\nTerms of `{}`: {}.\n", field.name, terms.join(", "))?;
        }
    }
    Ok(())
}

fn reference(field: &FieldSchema) -> String {
    field.reference.map_or_else(String::new, |it| format!("`{}`", it.entity.table()))
}

fn type_name(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Text => "text",
        FieldType::Boolean => "boolean",
        FieldType::Integer => "integer",
        FieldType::Decimal => "decimal",
        FieldType::Date => "date",
        FieldType::DateTime => "date and time",
        FieldType::Vocabulary(_) => "vocabulary",
        FieldType::TextList => "list of texts",
        FieldType::Identifiers => "list of identifiers",
        FieldType::Extensions => "map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_and_field_is_told() {
        let text = document().unwrap();
        for kind in EntityKind::ALL {
            let after = text.split_once(&format!("## `{}`\n", kind.table())).unwrap().1;
            let own = after.split("\n## ").next().unwrap();
            for field in kind.schema().fields {
                assert!(own.contains(&format!("| `{}` |", field.name)), "{}", field.name);
            }
        }
    }
}
