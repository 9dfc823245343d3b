//! Columns of the Parquet files of an entity, derived from the schemas of the model.

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::{
    arrow::ArrowSchemaConverter,
    basic::{Compression, ZstdLevel},
    file::properties::{EnabledStatistics, WriterProperties},
    schema::types::{ColumnPath, TypePtr},
};
use roster_core::{
    EntityKind, Error, ErrorKind, Result,
    model::{EntitySchema, FieldSchema},
    value::FieldType,
};
use std::sync::Arc;

/// Columns whose values hardly ever come twice: a dictionary of them would only cost time.
const UNIQUE: [&str; 2] = ["source_id", "id"];

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Whose record.
    District,
    /// Its public id.
    Id,
    /// The field of this number.
    Field(usize),
    /// The run that first published it.
    FirstRun,
    /// The run that last changed it.
    LastRun,
    /// Since when it is gone.
    DeletedAt,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) content: Content,
    pub(super) field: Arc<Field>,
}

/// The columns of an entity's files.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) entity: EntityKind,
    pub(super) columns: Vec<Column>,
    pub(super) form: FileForm,
}

impl Layout {
    /// The layout of an entity.
    pub(super) fn of(entity: EntityKind) -> Result<Self> {
        let columns = columns(entity);
        let form = FileForm::new(columns.iter().map(|it| it.field.clone()).collect())?;
        Ok(Self { entity, columns, form })
    }

    /// What a district hands on: without whose it is, its runs and its deleted rows.
    pub(super) fn of_export(entity: EntityKind) -> Result<Self> {
        let mut columns = columns(entity);
        columns.retain(|it| matches!(it.content, Content::Field(_)));
        let form = FileForm::new(columns.iter().map(|it| it.field.clone()).collect())?;
        Ok(Self { entity, columns, form })
    }

    /// Number of the column with this content.
    pub(super) fn number(&self, content: Content) -> usize {
        let found = self.columns.iter().position(|it| it.content == content);
        found.expect("a layout has a column for every content")
    }
}

/// The schema of a file in the forms that Arrow and Parquet want, and how it is written.
#[derive(Clone, Debug)]
pub(super) struct FileForm {
    pub(super) arrow: SchemaRef,
    pub(super) parquet: TypePtr,
    pub(super) properties: Arc<WriterProperties>,
}

impl FileForm {
    /// A file with these columns.
    pub(super) fn new(fields: Vec<Arc<Field>>) -> Result<Self> {
        let arrow = Arc::new(Schema::new(fields));
        let parquet = ArrowSchemaConverter::new().convert(&arrow).map_err(|err| {
            let message = "a table of the model has no Parquet form; please report it";
            Error::new(ErrorKind::Internal, "parquet.layout", message).source(err)
        })?;
        Ok(Self { arrow, parquet: parquet.root_schema_ptr(), properties: Arc::new(properties()) })
    }
}

/// Pages without an index of their own: row groups are small enough to be skipped as a whole.
fn properties() -> WriterProperties {
    let fast = ZstdLevel::try_new(1).expect("zstd has a first level");
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(fast))
        .set_created_by(concat!("homeroom ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(None);
    for name in UNIQUE {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    builder.build()
}

fn columns(entity: EntityKind) -> Vec<Column> {
    let fields = entity.schema().fields;
    let column = |content, field: Field| Column { content, field: Arc::new(field) };
    let key = |name, content| column(content, Field::new(name, DataType::Utf8, false));
    let of_field = |number: usize| column(Content::Field(number), arrow_field(&fields[number]));
    let mut columns = vec![
        key("district_id", Content::District),
        column(
            Content::Field(EntitySchema::SOURCE_ID),
            Field::new("source_id", DataType::Utf8, false),
        ),
        key("id", Content::Id),
    ];
    columns.extend((EntitySchema::EXTENSIONS + 1..fields.len()).map(of_field));
    columns.push(of_field(EntitySchema::EXTENSIONS));
    columns.push(key("first_run", Content::FirstRun));
    columns.push(key("last_run", Content::LastRun));
    columns.push(column(Content::DeletedAt, Field::new("deleted_at", time_type(), true)));
    columns
}

/// No field is required but the key: which fields a record must have is checked before, and a rule that is loosened one
/// day must not need the files to be written anew.
fn arrow_field(field: &FieldSchema) -> Field {
    Field::new(field.name, data_type(field.field_type), true)
}

/// Types that DuckDB, Polars and Spark read alike.  Identifiers and extensions stay JSON: their shape is the source's.
fn data_type(field_type: FieldType) -> DataType {
    match field_type {
        FieldType::Text
        | FieldType::Vocabulary(_)
        | FieldType::Identifiers
        | FieldType::Extensions => DataType::Utf8,
        FieldType::Boolean => DataType::Boolean,
        FieldType::Integer => DataType::Int64,
        FieldType::Decimal => DataType::Float64,
        FieldType::Date => DataType::Date32,
        FieldType::DateTime => time_type(),
        FieldType::TextList => DataType::List(list_item()),
    }
}

/// The item of a list, by the name that Parquet's specification gives it.
pub(super) fn list_item() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, true))
}

/// Microseconds: Spark reads no finer ones.
pub(super) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entity_has_a_form_with_its_fields() {
        for entity in EntityKind::ALL {
            let layout = Layout::of(*entity).unwrap();
            let fields = entity.schema().fields.len();
            assert_eq!(layout.columns.len(), fields + 5, "{}", entity.table());
            for name in ["district_id", "source_id", "id", "extensions", "first_run", "deleted_at"]
            {
                assert!(
                    layout.form.arrow.field_with_name(name).is_ok(),
                    "{}.{name}",
                    entity.table()
                );
            }
            assert_eq!(layout.form.parquet.get_fields().len(), layout.columns.len());
        }
    }
}
