//! Looks into the SQLite file that the program wrote.

use roster_core::EntityKind;
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use std::{collections::BTreeMap, path::Path};

/// A read-only connection.
#[derive(Debug)]
pub struct Database(Connection);

impl Database {
    /// Opens a file.
    ///
    /// # Panics
    ///
    /// When it is not there.
    #[must_use]
    pub fn open(file: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Self(Connection::open_with_flags(file, flags).expect("the database can be opened"))
    }

    /// Rows of a query, the columns of each joined by `|`.
    ///
    /// # Panics
    ///
    /// When the query is wrong.
    #[must_use]
    pub fn rows(&self, query: &str) -> Vec<String> {
        let mut statement = self.0.prepare(query).unwrap_or_else(|err| panic!("{query}: {err}"));
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect("the query takes no parameter");
        let mut out = Vec::new();
        while let Some(row) = rows.next().expect("the rows can be read") {
            let texts = (0..columns).map(|it| row.get_ref(it).map_or_else(|_| String::new(), text));
            out.push(texts.collect::<Vec<_>>().join("|"));
        }
        out
    }

    /// Rows of a query, cell by cell; `None` for NULL.
    ///
    /// # Panics
    ///
    /// When the query is wrong.
    #[must_use]
    pub fn cells(&self, query: &str) -> Vec<Vec<Option<String>>> {
        let mut statement = self.0.prepare(query).unwrap_or_else(|err| panic!("{query}: {err}"));
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect("the query takes no parameter");
        let mut out = Vec::new();
        while let Some(row) = rows.next().expect("the rows can be read") {
            let cell = |it| row.get_ref(it).ok().filter(|it| *it != ValueRef::Null).map(text);
            out.push((0..columns).map(cell).collect());
        }
        out
    }

    /// The one number that a query gives.
    ///
    /// # Panics
    ///
    /// When it gives none.
    #[must_use]
    pub fn number(&self, query: &str) -> u64 {
        let rows = self.rows(query);
        rows.first().and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("{query}: no number"))
    }

    /// Everything in the entity tables and in `changes`, row by row: what an unchanged night may not touch.
    #[must_use]
    pub fn published(&self) -> BTreeMap<&'static str, Vec<String>> {
        let tables = EntityKind::ALL.iter().map(|it| it.table()).chain(["changes"]);
        tables.map(|it| (it, self.rows(&format!("SELECT * FROM {it} ORDER BY 1, 2")))).collect()
    }

    /// Keys of the active records of a table, sorted.
    #[must_use]
    pub fn active(&self, table: &str) -> Vec<String> {
        self.rows(&format!(
            "SELECT source_id FROM {table} WHERE deleted_at IS NULL ORDER BY source_id"
        ))
    }

    /// All text of every table but those of the entities.
    #[must_use]
    pub fn own_text(&self) -> String {
        let tables = self.rows("SELECT name FROM sqlite_schema WHERE type = 'table'");
        let own = tables.iter().filter(|it| EntityKind::from_table(it).is_none());
        own.flat_map(|it| self.rows(&format!("SELECT * FROM \"{it}\""))).collect()
    }
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(it) => it.to_string(),
        ValueRef::Real(it) => it.to_string(),
        ValueRef::Text(it) | ValueRef::Blob(it) => String::from_utf8_lossy(it).into_owned(),
    }
}
