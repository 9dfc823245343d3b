//! Binds the columns of a result set to the fields of an entity by name, and reads their text.

use crate::{
    block::Columns,
    map::{Cells, Mapper, Output},
};
use roster_core::{
    DiagnosticCode, EntityKind, Error, ErrorKind, Result,
    model::{EntitySchema, FieldSchema},
    value::{FieldType, push_json_string},
};
use roster_tabular::{field, folded_name};
use std::{fmt::Write as _, sync::Arc};

/// Reads rows as the entities that the configuration says.
#[derive(Debug)]
pub(super) struct CustomMapper {
    entities: Vec<EntityKind>,
    binding: Binding,
}

/// Where the fields of an entity are in a result set.
#[derive(Debug, Default)]
struct Binding {
    /// Column of each field, in the order of the schema.
    fields: Vec<Option<usize>>,
    /// Columns that become extensions, with their names.
    extensions: Vec<(usize, Arc<str>)>,
}

impl CustomMapper {
    pub(super) fn new(entities: Vec<EntityKind>) -> Self {
        Self { entities, binding: Binding::default() }
    }
}

impl Mapper for CustomMapper {
    fn begin(&mut self, query: usize, columns: &Columns) -> Result<()> {
        self.binding = Binding::new(self.entities[query], columns)?;
        Ok(())
    }

    fn map(&mut self, query: usize, row: &Cells<'_>, out: &mut Output<'_>) {
        let entity = self.entities[query];
        let schema = entity.schema();
        let column_of = |index: usize| self.binding.fields[index];
        let text_of = |index: usize| column_of(index).and_then(|it| row.get(it));
        let key = text_of(EntitySchema::SOURCE_ID);
        let lacking = |(index, it): &(usize, &FieldSchema)| {
            it.required && text_of(*index).is_none_or(|text| !is_readable(it, text))
        };
        if let Some((index, _)) = schema.fields.iter().enumerate().find(lacking) {
            let code = text_of(index).map_or(DiagnosticCode::MissingRequired, |_| {
                invalid(schema.fields[index].field_type)
            });
            // The place of the column does not matter where it is not there: every required one is.
            return out.reject(entity, key, code, column_of(index).unwrap_or_default());
        }
        self.tell(entity, key, row, out);
        out.push_with(entity, |into| {
            for (index, it) in schema.fields.iter().enumerate() {
                if index == EntitySchema::EXTENSIONS {
                    into.push_with(|text| self.binding.write_extensions(row, text));
                } else {
                    let text = text_of(index);
                    into.push_with(|out| text.is_some_and(|text| write(it, text, out)));
                }
            }
            true
        });
    }

    fn end(&mut self, _: usize, _: &mut Output<'_>) {}
}

impl CustomMapper {
    /// Tells of values that are left out or not in their vocabulary.
    fn tell(&self, entity: EntityKind, key: Option<&str>, row: &Cells<'_>, out: &mut Output<'_>) {
        let bound = entity.schema().fields.iter().zip(&self.binding.fields);
        for (schema, column) in bound.filter_map(|(it, column)| Some((it, (*column)?))) {
            let Some(text) = row.get(column) else { continue };
            match schema.field_type {
                FieldType::Vocabulary(terms) if !is_term(text, terms) => {
                    out.warn(entity, key, DiagnosticCode::UnknownVocabulary, column);
                }
                _ if !is_readable(schema, text) => {
                    out.repaired(entity, key, invalid(schema.field_type), column);
                }
                _ => {}
            }
        }
    }
}

impl Binding {
    fn new(entity: EntityKind, columns: &Columns) -> Result<Self> {
        let schema = entity.schema();
        let mut binding = Self { fields: vec![None; schema.fields.len()], extensions: Vec::new() };
        for (column, name) in columns.names.iter().enumerate() {
            match field_of(entity, name) {
                None if columns.is_credential(column) => {}
                None => binding.extensions.push((column, name.clone())),
                Some(field) if binding.fields[field].is_some() => {
                    return Err(mismatch(entity, name, "the query gives this column twice"));
                }
                Some(field) => binding.fields[field] = Some(column),
            }
        }
        binding.extensions.sort_by(|a, b| a.1.cmp(&b.1));
        let missing = |it: &(&FieldSchema, &Option<usize>)| it.0.required && it.1.is_none();
        match schema.fields.iter().zip(&binding.fields).find(missing) {
            Some((it, _)) => {
                Err(mismatch(entity, it.name, "the query does not give this column; add it"))
            }
            None => Ok(binding),
        }
    }

    /// The columns beyond the model, as the canonical JSON of extensions.
    fn write_extensions(&self, row: &Cells<'_>, out: &mut String) -> bool {
        let start = out.len();
        for (column, name) in &self.extensions {
            let Some(text) = row.get(*column) else { continue };
            out.push(if out.len() == start { '{' } else { ',' });
            push_json_string(out, name);
            out.push(':');
            push_json_string(out, text);
        }
        let some = out.len() > start;
        if some {
            out.push('}');
        }
        some
    }
}

/// The number of the field that a column is bound to.
fn field_of(entity: EntityKind, column: &str) -> Option<usize> {
    let folded = folded_name(column);
    let field = entity.schema().fields.iter().position(|it| folded_name(it.name) == folded);
    field.filter(|it| *it != EntitySchema::EXTENSIONS)
}

/// Whether a column of a query for the entity becomes an extension field.
pub(super) fn is_extension(entity: EntityKind, column: &str) -> bool {
    field_of(entity, column).is_none()
}

fn mismatch(entity: EntityKind, column: &str, what: &'static str) -> Error {
    Error::new(ErrorKind::SchemaMismatch, "odbc.bind", what)
        .context("table", entity.table())
        .context("column", column)
}

/// Terms of one's own begin as OneRoster has them.
fn is_term(text: &str, terms: &[&str]) -> bool {
    text.starts_with("ext:") || field::term(text, terms).value().is_some()
}

/// What is said of a value that cannot be read.
fn invalid(field_type: FieldType) -> DiagnosticCode {
    match field_type {
        FieldType::Date => DiagnosticCode::InvalidDate,
        FieldType::DateTime => DiagnosticCode::InvalidDateTime,
        FieldType::Boolean => DiagnosticCode::InvalidBoolean,
        FieldType::Integer => DiagnosticCode::InvalidInteger,
        FieldType::Decimal => DiagnosticCode::InvalidDecimal,
        _ => DiagnosticCode::InvalidList,
    }
}

fn is_readable(schema: &FieldSchema, text: &str) -> bool {
    match schema.field_type {
        FieldType::Date => field::date(text).value().is_some(),
        FieldType::DateTime => field::date_time(text).value().is_some(),
        FieldType::Boolean => field::boolean(text).value().is_some(),
        FieldType::Integer => integer(text).is_some(),
        FieldType::Decimal => field::decimal(text).value().is_some(),
        FieldType::Identifiers => identifiers(text).is_some(),
        FieldType::Text
        | FieldType::Vocabulary(_)
        | FieldType::TextList
        | FieldType::Extensions => true,
    }
}

/// Drivers give whole numbers of some types with a fraction of zero.
fn integer(text: &str) -> Option<i64> {
    field::integer(text.strip_suffix(".0").unwrap_or(text)).value()
}

/// The canonical JSON of identifiers: `{type:identifier}` items, or JSON as the model has it.
fn identifiers(text: &str) -> Option<String> {
    if text.starts_with('[') {
        let parsed: Vec<roster_core::value::Identifier> = serde_json::from_str(text).ok()?;
        return serde_json::to_string(&parsed).ok();
    }
    let item = |it: std::borrow::Cow<'_, str>| {
        let inner = it.trim().strip_prefix('{')?.strip_suffix('}')?;
        let (scheme, identifier) = inner.split_once(':')?;
        let (scheme, identifier) = (scheme.trim().to_owned(), identifier.trim().to_owned());
        Some(roster_core::value::Identifier { scheme, identifier })
    };
    let parsed: Vec<_> = field::list_items(text).map(item).collect::<Option<_>>()?;
    serde_json::to_string(&parsed).ok()
}

/// Appends the canonical text; false where nothing can be read.
fn write(schema: &FieldSchema, text: &str, out: &mut String) -> bool {
    match schema.field_type {
        FieldType::Text | FieldType::Extensions => {
            out.push_str(text);
            true
        }
        FieldType::Vocabulary(terms) => {
            out.push_str(field::term(text, terms).value().unwrap_or(text));
            true
        }
        FieldType::Date => shown(field::date(text).value(), out),
        FieldType::DateTime => shown(field::date_time(text).value(), out),
        FieldType::Boolean => shown(field::boolean(text).value(), out),
        FieldType::Integer => shown(integer(text), out),
        FieldType::Decimal => shown(field::decimal(text).value(), out),
        FieldType::TextList => field::push_list(text, out).items > 0,
        FieldType::Identifiers => shown(identifiers(text), out),
    }
}

fn shown(value: Option<impl std::fmt::Display>, out: &mut String) -> bool {
    value.is_some_and(|it| write!(out, "{it}").is_ok())
}
