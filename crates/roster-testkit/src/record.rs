//! A record as its JSON fields, whatever its entity.

use roster_core::{
    EntityKind, Row, RowBuilder, Rows,
    value::{ExtensionMap, Extensions, FieldType, FieldValue, Identifier, Identifiers, TextList},
};
use serde_json::{Map, Value};

/// A record's filled fields by name, with the values that the owned structs have in JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(pub Map<String, Value>);

impl Record {
    /// Reads a row; text that is not of the field's type stays text.
    #[must_use]
    pub fn from_row(row: Row<'_>) -> Self {
        let fields = row.schema().fields.iter().zip(row.fields());
        let filled = fields.filter_map(|(field, text)| Some((field, text?)));
        Self(filled.map(|(it, text)| (it.name.to_owned(), read(it.field_type, text))).collect())
    }

    /// Appends it to rows of its entity.
    pub fn push(&self, rows: &mut Rows, position: u64) {
        let schema = rows.entity().schema();
        let mut row = rows.begin();
        for field in schema.fields {
            write(&mut row, field.field_type, self.0.get(field.name));
        }
        row.finish(position);
    }

    /// Its key; empty when it has none.
    #[must_use]
    pub fn source_id(&self) -> &str {
        self.text("source_id")
    }

    /// The text of a field; empty when it is not filled with text.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Sets a text field, or clears it with an empty text.
    pub fn set_text(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            self.0.remove(field);
        } else {
            self.0.insert(field.to_owned(), text.into());
        }
    }

    /// The names of fields that `entity` does not have.
    #[must_use]
    pub fn unknown_fields(&self, entity: EntityKind) -> Vec<&str> {
        let unknown = |it: &&String| entity.schema().field(it).is_none();
        self.0.keys().filter(unknown).map(String::as_str).collect()
    }
}

fn read(field_type: FieldType, text: &str) -> Value {
    let json = match field_type {
        FieldType::Boolean => text.parse::<bool>().ok().map(Value::from),
        FieldType::Integer => text.parse::<i64>().ok().map(Value::from),
        FieldType::Decimal => text.parse::<f64>().ok().map(Value::from),
        FieldType::TextList | FieldType::Identifiers | FieldType::Extensions => {
            serde_json::from_str(text).ok()
        }
        FieldType::Text | FieldType::Date | FieldType::DateTime | FieldType::Vocabulary(_) => None,
    };
    json.unwrap_or_else(|| text.into())
}

fn write(row: &mut RowBuilder<'_>, field_type: FieldType, value: Option<&Value>) {
    let Some(value) = value else { return row.push(None) };
    match field_type {
        FieldType::Text | FieldType::Date | FieldType::DateTime | FieldType::Vocabulary(_) => {
            row.push(value.as_str());
        }
        FieldType::Boolean | FieldType::Integer => row.push(Some(&value.to_string())),
        FieldType::Decimal => row.push_with(|out| value.as_f64().write(out)),
        FieldType::TextList => {
            let items: Vec<String> = serde_json::from_value(value.clone()).unwrap_or_default();
            row.push_with(|out| TextList::new(&items).write(out));
        }
        FieldType::Identifiers => {
            let items: Vec<Identifier> = serde_json::from_value(value.clone()).unwrap_or_default();
            row.push_with(|out| Identifiers::new(&items).write(out));
        }
        FieldType::Extensions => {
            let items: ExtensionMap = serde_json::from_value(value.clone()).unwrap_or_default();
            row.push_with(|out| Extensions::new(&items).write(out));
        }
    }
}
