//! Tables, indexes and statements, derived from the schemas of the model.

use roster_core::{
    EntityKind,
    model::{EntitySchema, FieldSchema},
    value::FieldType,
};
use std::fmt::Write as _;

/// Parameters of [`Layout::insert`] and the updates; field number `n` is parameter `FIELDS + n`.
pub(super) mod parameter {
    /// The district.
    pub(in super::super) const DISTRICT: usize = 1;
    /// The run.
    pub(in super::super) const RUN: usize = 2;
    /// The row's number.
    pub(in super::super) const ROWID: usize = 3;
    /// The public id; in a deletion the time.
    pub(in super::super) const ID: usize = 4;
    /// The first field.
    pub(in super::super) const FIELDS: usize = 5;
}

/// A column and its declared type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) declaration: &'static str,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) name: String,
    pub(super) create: String,
}

/// An entity's table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    schema: &'static EntitySchema,
}

impl Layout {
    /// The table of an entity.
    pub(super) fn of(entity: EntityKind) -> Self {
        Self { schema: entity.schema() }
    }

    /// The table's name.
    pub(super) fn table(self) -> &'static str {
        self.schema.table
    }

    /// The columns, in table order.
    ///
    /// `rowid` is declared, although every table has one, because `VACUUM` may renumber rows otherwise, and the
    /// published index points at them.  No field is `NOT NULL`: which fields a record must have is checked before, and
    /// a rule that is loosened one day must not need the table to be built anew.
    pub(super) fn columns(self) -> Vec<Column> {
        let column = |name, declaration| Column { name, declaration };
        let mut columns = vec![
            column("district_id", "TEXT NOT NULL"),
            column("source_id", "TEXT NOT NULL"),
            column("id", "TEXT NOT NULL"),
        ];
        let own = self.schema.fields.iter().skip(EntitySchema::EXTENSIONS + 1);
        columns.extend(own.map(|field| column(field.name, declared_type(field))));
        columns.extend([
            column("extensions", "TEXT"),
            column("first_run", "TEXT NOT NULL"),
            column("last_run", "TEXT NOT NULL"),
            column("deleted_at", "TEXT"),
            column("rowid", "INTEGER PRIMARY KEY"),
        ]);
        columns
    }

    /// Makes the table.
    pub(super) fn create_table(self) -> String {
        let columns: Vec<_> = self
            .columns()
            .iter()
            .map(|it| format!("{} {}", quoted(it.name), it.declaration))
            .collect();
        format!("CREATE TABLE {} ({})", quoted(self.table()), columns.join(", "))
    }

    /// The indexes: the key; the public id of what others refer to; what a record must refer to.
    ///
    /// The district leads, so that a district's night stays within its own part of an index.  Records that nothing
    /// refers to, enrollments above all, are found through their key (which `changes` gives beside the id) or through
    /// what they refer to: an index of seven million ids in random order is the dearest of all.
    pub(super) fn indexes(self) -> Vec<Index> {
        let mut indexes = vec![self.index("UNIQUE INDEX", "source_id", "district_id, source_id")];
        if is_referred_to(self.schema.kind) {
            indexes.push(self.index("INDEX", "id", "id"));
        }
        for (_, field) in self.indexed_fields() {
            let columns = format!("district_id, {}", quoted(field.name));
            indexes.push(self.index("INDEX", field.name, &columns));
        }
        indexes
    }

    fn index(self, kind: &str, name: &str, columns: &str) -> Index {
        let name = format!("{}_{name}", self.table());
        let create =
            format!("CREATE {kind} {} ON {} ({columns})", quoted(&name), quoted(self.table()));
        Index { name, create }
    }

    /// Fields beside the key that have an index: required references.
    fn indexed_fields(self) -> impl Iterator<Item = (usize, &'static FieldSchema)> {
        let fields = self.schema.fields.iter().enumerate();
        fields.filter(|(_, field)| field.required && field.reference.is_some_and(|it| !it.many))
    }

    /// Adds a row.
    pub(super) fn insert(self) -> String {
        let mut names = "district_id, first_run, last_run, rowid, id".to_owned();
        let mut values = "?1, ?2, ?2, ?3, ?4".to_owned();
        for (number, field) in self.schema.fields.iter().enumerate() {
            _ = write!(names, ", {}", quoted(field.name));
            _ = write!(values, ", ?{}", parameter::FIELDS + number);
        }
        format!("INSERT INTO {} ({names}) VALUES ({values})", quoted(self.table()))
    }

    /// Replaces a row's content, unless a field that has an index changes: then it finds no row.
    ///
    /// SQLite would write anew every index of a column that is set, changed or not.
    pub(super) fn update_content(self) -> String {
        let indexed: Vec<_> = self.indexed_fields().collect();
        let conditions = indexed.iter().fold(String::new(), |mut sql, (number, field)| {
            _ = write!(sql, " AND {} IS ?{}", quoted(field.name), parameter::FIELDS + number);
            sql
        });
        self.update(|number| indexed.iter().all(|(it, _)| *it != number)) + &conditions
    }

    /// Replaces a row's content.
    pub(super) fn update_all(self) -> String {
        self.update(|_| true)
    }

    fn update(self, is_set: impl Fn(usize) -> bool) -> String {
        let mut sets = String::new();
        for (number, field) in self.schema.fields.iter().enumerate() {
            if number != EntitySchema::SOURCE_ID && is_set(number) {
                _ = write!(sets, ", {} = ?{}", quoted(field.name), parameter::FIELDS + number);
            }
        }
        format!(
            "UPDATE {} SET last_run = ?2, deleted_at = NULL{sets} \
             WHERE rowid = ?3 AND district_id = ?1 AND source_id = ?5",
            quoted(self.table())
        )
    }

    /// Marks a row as deleted; gives its key and public id.
    pub(super) fn delete(self) -> String {
        format!(
            "UPDATE {} SET last_run = ?2, deleted_at = ?4 \
             WHERE rowid = ?3 AND district_id = ?1 RETURNING source_id, id",
            quoted(self.table())
        )
    }

    /// Rows `?1` to `?2` of district `?3`, as `rowid` and the fields in schema order.
    pub(super) fn select(self, which: Which) -> String {
        let mut names = "rowid".to_owned();
        for field in self.schema.fields {
            _ = write!(names, ", {}", quoted(field.name));
        }
        let condition = match which {
            Which::Active => " AND deleted_at IS NULL",
            Which::All => "",
        };
        // The plus keeps SQLite from taking an index of the district instead of going along the rows.
        format!(
            "SELECT {names} FROM {} \
             WHERE rowid BETWEEN ?1 AND ?2 AND +district_id = ?3{condition} ORDER BY rowid",
            quoted(self.table())
        )
    }

    /// The number of the last row, 0 without rows.
    pub(super) fn last_rowid(self) -> String {
        format!("SELECT coalesce(max(rowid), 0) FROM {}", quoted(self.table()))
    }
}

/// Which rows to read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    /// Those that are not deleted.
    Active,
    /// Deleted ones too.
    All,
}

/// A name as SQL takes it, reserved word or not.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn declared_type(field: &FieldSchema) -> &'static str {
    match field.field_type {
        FieldType::Boolean | FieldType::Integer => "INTEGER",
        FieldType::Decimal => "REAL",
        FieldType::Text
        | FieldType::Date
        | FieldType::DateTime
        | FieldType::Vocabulary(_)
        | FieldType::TextList
        | FieldType::Identifiers
        | FieldType::Extensions => "TEXT",
    }
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
            let columns = Layout::of(*entity).columns();
            let names: BTreeSet<_> = columns.iter().map(|it| it.name).collect();
            assert_eq!(names.len(), columns.len(), "{}", entity.table());
            assert!(names.iter().all(|it| !it.contains('"')));
        }
    }

    #[test]
    fn enrollments_have_the_indexes_that_consumers_ask_through() {
        let names = |entity| -> Vec<_> {
            Layout::of(entity).indexes().into_iter().map(|it| it.name).collect()
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
