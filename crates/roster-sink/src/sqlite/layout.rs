//! SQLite's statements for the tables that are derived from the model.

use crate::relational::table::{Column, Content, Index, Table, quoted, quoted_list};
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

/// A record that was re-keyed keeps an id which its key does not give.
const RETURNING_ID: &str = " RETURNING id";

/// An entity's table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    table: Table,
}

impl Layout {
    /// The table of an entity.
    pub(super) fn of(entity: EntityKind) -> Self {
        Self { table: Table::of(entity) }
    }

    /// What the databases share of it.
    pub(super) fn table(self) -> Table {
        self.table
    }

    /// The table's name.
    pub(super) fn name(self) -> &'static str {
        self.table.name()
    }

    /// Makes the table.
    ///
    /// `rowid` is declared, although every table has one, because `VACUUM` may renumber rows otherwise, and the
    /// published index points at them.
    pub(super) fn create_table(self) -> String {
        let columns: Vec<_> = self.table.columns().into_iter().map(declared).collect();
        format!("CREATE TABLE {} ({})", quoted(self.name()), columns.join(", "))
    }

    /// Adds a column.
    pub(super) fn add_column(self, column: Column) -> String {
        format!("ALTER TABLE {} ADD COLUMN {}", quoted(self.name()), declared(column))
    }

    /// Makes an index.
    pub(super) fn create_index(self, index: &Index) -> String {
        let kind = if index.unique { "UNIQUE INDEX" } else { "INDEX" };
        let (name, table) = (quoted(&index.name), quoted(self.name()));
        format!("CREATE {kind} {name} ON {table} ({})", quoted_list(&index.columns))
    }

    fn fields(self) -> &'static [FieldSchema] {
        self.table.schema.fields
    }

    /// Adds a row.
    pub(super) fn insert(self) -> String {
        let mut names = "district_id, first_run, last_run, rowid, id".to_owned();
        let mut values = "?1, ?2, ?2, ?3, ?4".to_owned();
        for (number, field) in self.fields().iter().enumerate() {
            _ = write!(names, ", {}", quoted(field.name));
            _ = write!(values, ", ?{}", parameter::FIELDS + number);
        }
        format!("INSERT INTO {} ({names}) VALUES ({values})", quoted(self.name()))
    }

    /// Replaces a row's content, unless a field that has an index changes: then it finds no row.
    ///
    /// SQLite would write anew every index of a column that is set, changed or not.
    pub(super) fn update_content(self) -> String {
        let indexed: Vec<_> = self.table.indexed_fields().collect();
        let conditions = indexed.iter().fold(String::new(), |mut sql, (number, field)| {
            _ = write!(sql, " AND {} IS ?{}", quoted(field.name), parameter::FIELDS + number);
            sql
        });
        self.update(|number| indexed.iter().all(|(it, _)| *it != number))
            + &conditions
            + RETURNING_ID
    }

    /// Replaces a row's content.
    pub(super) fn update_all(self) -> String {
        self.update(|_| true) + RETURNING_ID
    }

    fn update(self, is_set: impl Fn(usize) -> bool) -> String {
        let sets = self.sets(|number| number != EntitySchema::SOURCE_ID && is_set(number));
        format!(
            "UPDATE {} SET last_run = ?2, deleted_at = NULL{sets} \
             WHERE rowid = ?3 AND district_id = ?1 AND source_id = ?5",
            quoted(self.name())
        )
    }

    /// Replaces a row's content and its key.
    pub(super) fn rekey(self) -> String {
        format!(
            "UPDATE {} SET last_run = ?2, deleted_at = NULL{} WHERE rowid = ?3 AND district_id = ?1{RETURNING_ID}",
            quoted(self.name()),
            self.sets(|_| true)
        )
    }

    fn sets(self, is_set: impl Fn(usize) -> bool) -> String {
        let mut sets = String::new();
        for (number, field) in self.fields().iter().enumerate().filter(|it| is_set(it.0)) {
            _ = write!(sets, ", {} = ?{}", quoted(field.name), parameter::FIELDS + number);
        }
        sets
    }

    /// Gives row `?1` of district `?2` a key that no source has, until it gets its own: another record takes its old one.
    pub(super) fn park(self) -> String {
        let name = quoted(self.name());
        format!(
            "UPDATE {name} SET source_id = char(31) || rowid WHERE rowid = ?1 AND district_id = ?2"
        )
    }

    /// The key of row `?1` of district `?2`.
    pub(super) fn key(self) -> String {
        format!(
            "SELECT source_id FROM {} WHERE rowid = ?1 AND district_id = ?2",
            quoted(self.name())
        )
    }

    /// Marks a row as deleted; gives its public id and its key.
    pub(super) fn delete(self) -> String {
        format!(
            "UPDATE {} SET last_run = ?2, deleted_at = ?4 \
             WHERE rowid = ?3 AND district_id = ?1 RETURNING id, source_id",
            quoted(self.name())
        )
    }

    /// Public id, first and last run, and time of deletion of the record of district `?1` with key `?2`.
    pub(super) fn history(self) -> String {
        format!(
            "SELECT id, first_run, last_run, deleted_at FROM {} WHERE district_id = ?1 AND source_id = ?2",
            quoted(self.name())
        )
    }

    /// Rows `?1` to `?2` of district `?3`, as `rowid` and the fields in schema order.
    pub(super) fn select(self, which: Which) -> String {
        let mut names = "rowid".to_owned();
        for field in self.fields() {
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
            quoted(self.name())
        )
    }

    /// The number of the last row, 0 without rows.
    pub(super) fn last_rowid(self) -> String {
        format!("SELECT coalesce(max(rowid), 0) FROM {}", quoted(self.name()))
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

fn declared(column: Column) -> String {
    let declaration = match column.content {
        Content::RowId => "INTEGER PRIMARY KEY",
        Content::Field(field_type) => declared_type(field_type),
        it if it.is_required() => "TEXT NOT NULL",
        _ => "TEXT",
    };
    format!("{} {declaration}", quoted(column.name))
}

fn declared_type(field_type: FieldType) -> &'static str {
    match field_type {
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
