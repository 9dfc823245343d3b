//! PostgreSQL's statements for the tables that are derived from the model.

use crate::relational::table::{Column, Content, Index, Table, content, quoted, quoted_list};
use roster_core::{
    EntityKind,
    model::{EntitySchema, FieldSchema},
    value::FieldType,
};

/// Everything of Homeroom's is in this schema: a database may hold another program's `users`.
pub(super) const SCHEMA: &str = "homeroom";
/// Who may read one district, see [`Layout::protect`].
pub(super) const READER: &str = "homeroom_reader";

/// The cursor that rows are read through.
const CURSOR: &str = "homeroom_rows";

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

    fn full_name(self) -> String {
        qualified(self.name())
    }

    fn fields(self) -> &'static [FieldSchema] {
        self.table.schema.fields
    }

    fn field_names(self) -> Vec<&'static str> {
        self.fields().iter().map(|it| it.name).collect()
    }

    /// Makes the table.  Its key is a primary key, so that it can be replicated.
    pub(super) fn create_table(self) -> String {
        let columns: Vec<_> = self.table.columns().into_iter().map(declared).collect();
        let key = &self.indexes()[0];
        format!(
            "CREATE TABLE {} ({}, CONSTRAINT {} PRIMARY KEY ({}))",
            self.full_name(),
            columns.join(", "),
            quoted(&key.name),
            quoted_list(&key.columns)
        )
    }

    /// Adds a column.
    pub(super) fn add_column(self, column: Column) -> String {
        format!("ALTER TABLE {} ADD COLUMN {}", self.full_name(), declared(column))
    }

    /// The indexes: those of every database, and the number that the published index points at.
    pub(super) fn indexes(self) -> Vec<Index> {
        let mut indexes = self.table.indexes();
        indexes.push(Index {
            name: format!("{}_rowid", self.name()),
            unique: true,
            columns: vec!["district_id", "rowid"],
        });
        indexes
    }

    /// Makes an index.
    pub(super) fn create_index(self, index: &Index) -> String {
        let kind = if index.unique { "UNIQUE INDEX" } else { "INDEX" };
        let name = quoted(&index.name);
        format!("CREATE {kind} {name} ON {} ({})", self.full_name(), quoted_list(&index.columns))
    }

    /// Fills the table through binary COPY; the columns stand in the order of [`super::write`].
    pub(super) fn copy(self) -> String {
        let own = ["district_id", "first_run", "last_run", "rowid", "id"];
        let columns = [&own[..], &self.field_names()].concat();
        format!("COPY {} ({}) FROM STDIN (FORMAT binary)", self.full_name(), quoted_list(&columns))
    }

    /// Where a night's changes wait, for this transaction and this connection alone.
    fn staging(self) -> String {
        format!("pg_temp.{}", quoted(&format!("staged_{}", self.name())))
    }

    /// Makes the staging table.
    pub(super) fn create_staging(self) -> String {
        let fields: Vec<_> = self
            .fields()
            .iter()
            .map(|it| format!("{} {}", quoted(it.name), sql_type(content(it))))
            .collect();
        format!(
            "CREATE TEMPORARY TABLE {} (operation smallint NOT NULL, position bigint NOT NULL, \
             rowid bigint NOT NULL, id uuid NOT NULL, {}) ON COMMIT DROP",
            quoted(&format!("staged_{}", self.name())),
            fields.join(", ")
        )
    }

    /// Fills the staging table through binary COPY; the columns stand in the order of [`super::write`].
    pub(super) fn copy_staging(self) -> String {
        let own = ["operation", "position", "rowid", "id"];
        let columns = [&own[..], &self.field_names()].concat();
        let columns = quoted_list(&columns);
        format!("COPY {} ({columns}) FROM STDIN (FORMAT binary)", self.staging())
    }

    /// Lets the planner know how much is staged.
    pub(super) fn analyze_staging(self) -> String {
        format!("ANALYZE {}", self.staging())
    }

    /// Adds staged creations: district `$1`, run `$2`.
    pub(super) fn insert_staged(self) -> String {
        let fields = quoted_list(&self.field_names());
        format!(
            "INSERT INTO {} (district_id, first_run, last_run, rowid, id, {fields}) \
             SELECT $1, $2, $2, rowid, id, {fields} FROM {} WHERE operation = 1 ORDER BY position",
            self.full_name(),
            self.staging()
        )
    }

    /// Replaces the content of staged updates and restorations: district `$1`, run `$2`.
    pub(super) fn update_staged(self) -> String {
        let fields = self.fields().iter().skip(EntitySchema::SOURCE_ID + 1);
        let condition = "published.source_id = staged.source_id AND staged.operation IN (2, 3)";
        self.replace_staged(fields, condition)
    }

    /// Replaces the content and the key of staged records that get another one: district `$1`, run `$2`.
    pub(super) fn rekey_staged(self) -> String {
        self.replace_staged(self.fields().iter(), "staged.operation IN (5, 6)")
    }

    fn replace_staged(
        self,
        fields: impl Iterator<Item = &'static FieldSchema>,
        condition: &str,
    ) -> String {
        let sets: Vec<_> = fields.map(|it| format!("{0} = staged.{0}", quoted(it.name))).collect();
        format!(
            "UPDATE {} AS published SET last_run = $2, deleted_at = NULL, {} FROM {} AS staged \
             WHERE published.district_id = $1 AND published.rowid = staged.rowid AND {condition}",
            self.full_name(),
            sets.join(", "),
            self.staging()
        )
    }

    /// Gives records of district `$1` keys that no source has, until they get their own: other records take theirs.
    pub(super) fn park_staged(self) -> String {
        let staging = self.staging();
        format!(
            "UPDATE {} AS published SET source_id = chr(31) || published.rowid FROM {staging} AS staged \
             WHERE published.district_id = $1 AND published.rowid = staged.rowid AND staged.operation IN (5, 6) \
             AND published.source_id IN (SELECT source_id FROM {staging} WHERE operation IN (5, 6))",
            self.full_name()
        )
    }

    /// Creations under keys that other records of district `$1` and table `$2` gave up, and how many did.
    pub(super) fn staged_again(self) -> String {
        format!(
            "SELECT staged.rowid, staged.source_id, count(*) FROM {} AS staged JOIN {} AS left_keys \
             ON left_keys.district_id = $1 AND left_keys.entity = $2 AND left_keys.old_source_id = staged.source_id \
             WHERE staged.operation = 1 AND left_keys.applied_run IS NOT NULL GROUP BY 1, 2",
            self.staging(),
            qualified("rekeys")
        )
    }

    /// Gives the staged creation `$1` the public id `$2`.
    pub(super) fn set_staged_id(self) -> String {
        format!("UPDATE {} SET id = $2 WHERE rowid = $1 AND operation = 1", self.staging())
    }

    /// Marks staged deletions: district `$1`, run `$2`, time `$3`.
    pub(super) fn delete_staged(self) -> String {
        format!(
            "UPDATE {} AS published SET last_run = $2, deleted_at = $3::text::timestamptz FROM {} AS staged \
             WHERE published.district_id = $1 AND published.rowid = staged.rowid AND staged.operation = 4",
            self.full_name(),
            self.staging()
        )
    }

    /// Keys of what is to be deleted or re-keyed in district `$1`, and the hashes that the plan has of them.
    pub(super) fn staged_keys(self) -> String {
        format!(
            "SELECT published.source_id, staged.id FROM {} AS published JOIN {} AS staged USING (rowid) \
             WHERE published.district_id = $1 AND staged.operation IN (4, 5, 6)",
            self.full_name(),
            self.staging()
        )
    }

    /// Tells the change feed what was staged, in the order of the plan: district `$1`, run `$2`, time `$3`.
    pub(super) fn record_staged(self) -> String {
        format!(
            "INSERT INTO {} (run_id, district_id, entity, id, source_id, operation, at) \
             SELECT $2, $1, '{}', published.id, published.source_id, \
             (ARRAY['create', 'update', 'restore', 'delete', 'update', 'restore'])[staged.operation], $3::text::timestamptz \
             FROM {} AS published JOIN {} AS staged USING (rowid) \
             WHERE published.district_id = $1 ORDER BY staged.position",
            qualified("changes"),
            self.name(),
            self.full_name(),
            self.staging()
        )
    }

    /// Tells the change feed of rows that were copied into the table: district `$1`, run `$2`, time `$3`, the number of
    /// the last row before them `$4`.
    pub(super) fn record_copied(self) -> String {
        format!(
            "INSERT INTO {} (run_id, district_id, entity, id, source_id, operation, at) \
             SELECT $2, $1, '{}', id, source_id, 'create', $3::text::timestamptz \
             FROM {} WHERE district_id = $1 AND rowid > $4 ORDER BY rowid",
            qualified("changes"),
            self.name(),
            self.full_name()
        )
    }

    /// The rows numbered `$2` of district `$1`, in the order of the numbers given: `rowid` and the fields.
    pub(super) fn fetch(self) -> String {
        format!(
            "SELECT published.rowid, {} FROM {} AS published \
             JOIN unnest($2::bigint[]) WITH ORDINALITY AS wanted (rowid, place) USING (rowid) \
             WHERE published.district_id = $1 ORDER BY wanted.place",
            self.selected("published."),
            self.full_name()
        )
    }

    /// Public id, first and last run, and time of deletion of the record of district `$1` with key `$2`.
    pub(super) fn history(self) -> String {
        format!(
            "SELECT id, first_run, last_run, {} FROM {} WHERE district_id = $1 AND source_id = $2",
            milliseconds("deleted_at"),
            self.full_name()
        )
    }

    /// Makes the cursor over all active rows of district `$1`, in the order of their numbers: `rowid` and the fields.
    pub(super) fn declare(self) -> String {
        format!(
            "DECLARE {CURSOR} NO SCROLL CURSOR FOR SELECT rowid, {} FROM {} \
             WHERE district_id = $1 AND deleted_at IS NULL ORDER BY rowid",
            self.selected(""),
            self.full_name()
        )
    }

    /// The next rows of [`Self::declare`].
    pub(super) fn fetch_declared(rows: usize) -> String {
        format!("FETCH FORWARD {rows} FROM {CURSOR}")
    }

    /// Ends [`Self::declare`].
    pub(super) fn close_declared() -> String {
        format!("CLOSE {CURSOR}")
    }

    fn selected(self, of: &str) -> String {
        let names: Vec<_> =
            self.field_names().iter().map(|it| format!("{of}{}", quoted(it))).collect();
        names.join(", ")
    }
}

/// Lets users other than the owner see one district's rows alone, and lets [`READER`] read them.
pub(super) fn protect(table: &str, readable: bool) -> String {
    let name = qualified(table);
    let mut sql = format!(
        "ALTER TABLE {name} ENABLE ROW LEVEL SECURITY; \
         CREATE POLICY district ON {name} USING (district_id = current_setting('homeroom.district', true));"
    );
    if readable {
        sql += &for_reader(&format!("GRANT SELECT ON {name} TO {READER}"));
    }
    sql
}

/// A statement that is left out where there is no [`READER`].
pub(super) fn for_reader(statement: &str) -> String {
    format!(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{READER}') \
         THEN {statement}; END IF; END $$;"
    )
}

/// A time as a number that [`super::value::time_of`] reads.
pub(super) fn milliseconds(column: &str) -> String {
    format!("floor(extract(epoch FROM {column}) * 1000)::bigint")
}

/// A table's name with its schema.
pub(super) fn qualified(table: &str) -> String {
    format!("{}.{}", quoted(SCHEMA), quoted(table))
}

fn declared(column: Column) -> String {
    let rule = if column.content.is_required() { " NOT NULL" } else { "" };
    format!("{} {}{rule}", quoted(column.name), sql_type(column.content))
}

/// Keys compare byte by byte: that is quicker than by a language's rules, and the rules change with the system, which
/// would break the indexes.
fn sql_type(content: Content) -> &'static str {
    match content {
        Content::District | Content::SourceId | Content::Run | Content::Reference => {
            "text COLLATE \"C\""
        }
        Content::Id => "uuid",
        Content::DeletedAt => "timestamptz",
        Content::RowId => "bigint",
        Content::Field(field_type) => match field_type {
            FieldType::Text | FieldType::Vocabulary(_) => "text",
            FieldType::Boolean => "boolean",
            FieldType::Integer => "bigint",
            FieldType::Decimal => "double precision",
            FieldType::Date => "date",
            FieldType::DateTime => "timestamptz",
            FieldType::TextList | FieldType::Identifiers | FieldType::Extensions => "jsonb",
        },
    }
}
