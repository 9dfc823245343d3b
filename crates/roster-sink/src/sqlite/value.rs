//! Field values: canonical text into columns, and columns back into the same text.

use super::{
    PUBLISH,
    failure::{Failure, Outcome},
    layout::parameter,
};
use crate::relational::ledger::not_canonical;
use roster_core::{
    ErrorKind, Row, RowBuilder,
    model::FieldSchema,
    value::{FieldType, Timestamp},
};
use rusqlite::{
    Statement,
    types::{ToSqlOutput, ValueRef},
};
use std::fmt::Write as _;

/// Binds all fields of a row.
pub(super) fn bind_fields(statement: &mut Statement<'_>, row: &Row<'_>) -> Outcome<()> {
    let fields = row.schema().fields.iter().zip(row.fields());
    for (number, (field, text)) in fields.enumerate() {
        let value = column_value(field, text)
            .ok_or_else(|| not_canonical(PUBLISH, row.schema().table, field))?;
        statement.raw_bind_parameter(parameter::FIELDS + number, value)?;
    }
    Ok(())
}

/// A value on its way to a column.
pub(super) struct ColumnValue<'a>(ValueRef<'a>);

impl rusqlite::ToSql for ColumnValue<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

/// What is stored for a field's canonical text; `None` when the text is not canonical.
fn column_value<'a>(field: &FieldSchema, text: Option<&'a str>) -> Option<ColumnValue<'a>> {
    let Some(text) = text else { return Some(ColumnValue(ValueRef::Null)) };
    Some(ColumnValue(match field.field_type {
        FieldType::Boolean => ValueRef::Integer(text.parse::<bool>().ok()?.into()),
        FieldType::Integer => ValueRef::Integer(text.parse().ok()?),
        // SQLite would store NULL for what is not a number.  Negative zero comes back as `0`.
        FieldType::Decimal => ValueRef::Real(text.parse().ok().filter(|it: &f64| it.is_finite())?),
        FieldType::Text
        | FieldType::Date
        | FieldType::DateTime
        | FieldType::Vocabulary(_)
        | FieldType::TextList
        | FieldType::Identifiers
        | FieldType::Extensions => ValueRef::Text(text.as_bytes()),
    }))
}

/// Appends a column to a row as canonical text.
pub(super) fn push_column(
    row: &mut RowBuilder<'_>,
    field: &FieldSchema,
    value: ValueRef<'_>,
) -> Outcome<()> {
    let mut readable = true;
    row.push_with(|out| match (value, field.field_type) {
        (ValueRef::Null, _) => false,
        (ValueRef::Integer(number), FieldType::Boolean) => {
            out.push_str(if number == 0 { "false" } else { "true" });
            true
        }
        (ValueRef::Integer(number), _) => write!(out, "{number}").is_ok(),
        (ValueRef::Real(number), _) => write!(out, "{number}").is_ok(),
        (ValueRef::Text(bytes) | ValueRef::Blob(bytes), _) => {
            let text = str::from_utf8(bytes);
            readable = text.is_ok();
            out.push_str(text.unwrap_or_default());
            true
        }
    });
    if readable { Ok(()) } else { Err(not_text(field)) }
}

/// A time that [`crate::relational::history::time`] wrote.
pub(super) fn read_time(operation: &'static str, text: &str) -> Outcome<Timestamp> {
    text.parse().map_err(|_| {
        let message = "a stored time cannot be read; restore the database from a backup";
        Failure::new(ErrorKind::Damaged, operation, message)
    })
}

fn not_text(field: &FieldSchema) -> Failure {
    let message =
        format!("the column {} holds text that is not UTF-8; restore it from a backup", field.name);
    Failure::new(ErrorKind::Damaged, "sqlite.read", message)
}
