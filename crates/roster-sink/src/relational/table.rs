//! Tables and their indexes, derived from the schemas of the model.

use roster_core::{
    EntityKind,
    model::{EntitySchema, FieldSchema},
    value::FieldType,
};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Whose record.
    District,
    /// Its key at the source.
    SourceId,
    /// Its public id.
    Id,
    /// A field.
    Field(FieldType),
    /// A field that is another record's key.
    Reference,
    /// The run that first published it, or last changed it.
    Run,
    /// When it was deleted.
    DeletedAt,
    /// The row's own number, which the published index points at.
    RowId,
}

impl Content {
    /// Whether every row has it.
    ///
    /// No field is, apart from the key: which fields a record must have is checked before, and a rule that is loosened
    /// one day must not need the table to be built anew.
    pub(crate) fn is_required(self) -> bool {
        !matches!(self, Self::Field(_) | Self::Reference | Self::DeletedAt)
    }
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) content: Content,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) name: String,
    pub(crate) unique: bool,
    pub(crate) columns: Vec<&'static str>,
}

/// An entity's table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) schema: &'static EntitySchema,
}

impl Table {
    /// The table of an entity.
    pub(crate) fn of(entity: EntityKind) -> Self {
        Self { schema: entity.schema() }
    }

    /// The table's name.
    pub(crate) fn name(self) -> &'static str {
        self.schema.table
    }

    /// The columns, in table order.
    pub(crate) fn columns(self) -> Vec<Column> {
        let column = |name, content| Column { name, content };
        let mut columns = vec![
            column("district_id", Content::District),
            column("source_id", Content::SourceId),
            column("id", Content::Id),
        ];
        let own = self.schema.fields.iter().skip(EntitySchema::EXTENSIONS + 1);
        columns.extend(own.map(|field| column(field.name, content(field))));
        columns.extend([
            column("extensions", Content::Field(FieldType::Extensions)),
            column("first_run", Content::Run),
            column("last_run", Content::Run),
            column("deleted_at", Content::DeletedAt),
            column("rowid", Content::RowId),
        ]);
        columns
    }

    /// The indexes: the key; the public id of what others refer to; what a record must refer to.
    ///
    /// The district leads, so that a district's night stays within its own part of an index.  Records that nothing
    /// refers to, enrollments above all, are found through their key (which `changes` gives beside the id) or through
    /// what they refer to: an index of seven million ids in random order is the dearest of all.
    pub(crate) fn indexes(self) -> Vec<Index> {
        let mut indexes = vec![self.index("source_id", true, &["district_id", "source_id"])];
        if is_referred_to(self.schema.kind) {
            indexes.push(self.index("id", false, &["id"]));
        }
        let references = self.indexed_fields();
        indexes
            .extend(references.map(|it| self.index(it.1.name, false, &["district_id", it.1.name])));
        indexes
    }

    fn index(self, name: &str, unique: bool, columns: &[&'static str]) -> Index {
        Index { name: format!("{}_{name}", self.name()), unique, columns: columns.to_vec() }
    }

    /// Fields beside the key that have an index: required references.
    pub(crate) fn indexed_fields(self) -> impl Iterator<Item = (usize, &'static FieldSchema)> {
        let fields = self.schema.fields.iter().enumerate();
        fields.filter(|(_, field)| field.required && field.reference.is_some_and(|it| !it.many))
    }
}

/// What the column of a field holds.
pub(crate) fn content(field: &FieldSchema) -> Content {
    match field.reference {
        Some(reference) if !reference.many => Content::Reference,
        _ => Content::Field(field.field_type),
    }
}

/// Names as SQL takes them, reserved words or not, with commas between.
pub(crate) fn quoted_list(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|it| quoted(it)).collect();
    names.join(", ")
}

/// A name as SQL takes it, reserved word or not.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn is_referred_to(entity: EntityKind) -> bool {
    let mut fields = EntityKind::ALL.iter().flat_map(|it| it.schema().fields);
    fields.any(|field| field.reference.is_some_and(|it| it.entity == entity))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_field_takes_the_name_of_a_column_that_every_table_has() {
        for entity in EntityKind::ALL {
            let columns = Table::of(*entity).columns();
            let names: BTreeSet<_> = columns.iter().map(|it| it.name).collect();
            assert_eq!(names.len(), columns.len(), "{}", entity.table());
            assert!(names.iter().all(|it| !it.contains('"')));
        }
    }

    #[test]
    fn enrollments_have_the_indexes_that_consumers_ask_through() {
        let names = |entity| -> Vec<_> {
            Table::of(entity).indexes().into_iter().map(|it| it.name).collect()
        };
        assert_eq!(
            names(EntityKind::Enrollment),
            [
                "enrollments_source_id",
                "enrollments_user_source_id",
                "enrollments_section_source_id"
            ]
        );
        assert_eq!(names(EntityKind::User), ["users_source_id", "users_id"]);
    }
}
