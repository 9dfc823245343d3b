//! SQLite files for the suite, and what only SQLite has.

pub(crate) mod failures;
mod opening;
mod readers;
mod traces;

use crate::{
    Case,
    bench::{Bench, Client, Database, statements},
};
use roster_sink::{Sink, SqliteSink};
use rusqlite::{Connection, types::Value};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// SQLite's own cases.
pub(crate) const CASES: &[(&str, &[Case])] = &[
    ("failures", failures::CASES),
    ("files", opening::CASES),
    ("locks_and_values", readers::CASES),
    ("traces", traces::CASES),
];

/// A file for a database.
pub(crate) struct File(pub(crate) PathBuf);

impl Database for File {
    fn sink(&self) -> Arc<dyn Sink> {
        Arc::new(SqliteSink::new(&self.0))
    }

    fn outlet(&self, name: &str) -> Arc<dyn Sink> {
        Arc::new(SqliteSink::new(&self.0).index_only(name))
    }

    fn first_version(&self) -> Vec<String> {
        let marks = "PRAGMA application_id = 0x486d526d;\nPRAGMA user_version = 1;\n";
        let script = include_str!("../../src/sqlite/step_1.sql");
        statements(marks).chain(statements(script)).collect()
    }

    #[cfg(feature = "postgres")]
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(Connection::open(&self.0).unwrap())
    }

    fn indexes(&self) -> Vec<String> {
        self.client().query("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name")
    }

    fn schema(&self) -> Vec<String> {
        self.client().query("PRAGMA schema_version")
    }

    fn explain(&self, sql: &str) -> String {
        let plan = self.client().query(&format!("EXPLAIN QUERY PLAN {sql}")).join(" ");
        plan.replace("USING INDEX", "using")
    }

    fn dialect(&self) -> &'static str {
        "sql"
    }

    fn check_integrity(&self) {
        assert_eq!(self.client().query("PRAGMA integrity_check"), ["ok"]);
        assert_eq!(self.client().query("PRAGMA journal_mode"), ["wal"]);
    }
}

impl Client for Connection {
    fn query(&mut self, sql: &str) -> Vec<String> {
        let mut statement = self.prepare(sql).unwrap();
        let width = statement.column_count();
        let text = |row: &rusqlite::Row<'_>, column| match row.get(column) {
            Ok(Value::Null) => "-".to_owned(),
            Ok(Value::Integer(it)) => it.to_string(),
            Ok(Value::Real(it)) => format!("{it:?}"),
            Ok(Value::Text(it)) => it,
            other => format!("{other:?}"),
        };
        let join = |row: &rusqlite::Row<'_>| {
            Ok((0..width).map(|it| text(row, it)).collect::<Vec<_>>().join("|"))
        };
        statement.query_map([], join).unwrap().map(|it| it.unwrap()).collect()
    }

    fn begin(&mut self) {
        self.execute_batch("BEGIN").unwrap();
    }

    fn end(&mut self) {
        self.execute_batch("COMMIT").unwrap();
    }
}

/// Where a bench's database is.
fn path(bench: &Bench) -> PathBuf {
    bench.folder.path().join("roster.db")
}

/// A connection of another program.
fn open(bench: &Bench) -> Connection {
    Connection::open::<&Path>(&path(bench)).unwrap()
}
