//! Parquet files for the suite, beside a SQLite file that remembers the nights, and what only Parquet has.

mod crashes;
mod faulty;
mod files;
mod object_stores;
mod python;

use crate::{
    Case,
    bench::{Bench, Client, Database},
};
use arrow_array::{Array, RecordBatch, cast::AsArray as _, types};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use roster_core::EntityKind;
use roster_sink::{ParquetSink, Sink, SqliteSink};
use rusqlite::{Connection, params_from_iter, types::Value};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Parquet's own cases.
pub(crate) const CASES: &[(&str, &[Case])] = &[
    ("crashes", crashes::CASES),
    ("files", files::CASES),
    ("object_stores", object_stores::CASES),
];

pub(crate) use python::trials as python_trials;

/// Cases of the suite that are about a database's tables, or about what only databases are used for.  The case of forgotten
/// changes has its like among the files: a feed that is a file leaves no marker.
pub(crate) const EXCEPT: &[&str] = &[
    "forgetting::forgotten_changes_leave_one_marker",
    "oneroster::",
    "opening::database_of_the_first_version_is_brought_up_to_date",
    "opening::field_that_the_model_gained_becomes_a_column",
    "outlets::",
    "readers::consumers_lookups_use_an_index",
];

/// A folder for the files, with the store's beside it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// The folder of the files.
    pub(crate) fn files(&self) -> PathBuf {
        self.0.join("lake")
    }

    /// What remembers the nights.
    pub(crate) fn store(&self) -> Arc<dyn Sink> {
        Arc::new(SqliteSink::new(self.database()).index_only("parquet:lake"))
    }

    fn database(&self) -> PathBuf {
        self.0.join("store.db")
    }
}

impl Database for Folder {
    fn sink(&self) -> Arc<dyn Sink> {
        Arc::new(ParquetSink::folder(self.files(), self.store()))
    }

    fn outlet(&self, _: &str) -> Arc<dyn Sink> {
        self.store()
    }

    fn first_version(&self) -> Vec<String> {
        Vec::new()
    }

    #[cfg(feature = "postgres")]
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(Reader { files: self.files(), database: self.database(), seen: None })
    }

    fn indexes(&self) -> Vec<String> {
        Vec::new()
    }

    fn schema(&self) -> Vec<String> {
        let mut files = Vec::new();
        each_file(&self.files(), &mut |it| files.push(it.display().to_string()));
        files.sort();
        files
    }

    fn explain(&self, _: &str) -> String {
        String::new()
    }

    fn dialect(&self) -> &'static str {
        "sql"
    }

    fn check_integrity(&self) {
        each_file(&self.files(), &mut |it| {
            if it.extension().is_some_and(|it| it == "parquet") {
                read_file(it);
            }
        });
    }
}

/// Where a bench's files are.
fn folder(bench: &Bench) -> PathBuf {
    bench.folder.path().join("lake")
}

/// Calls for every file below a folder.
fn each_file(folder: &Path, call: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { each_file(&path, call) } else { call(&path) }
    }
}

/// Paths of all files of a district's runs, in order.
fn run_files(lake: &Path, district: &str) -> Vec<String> {
    let runs = lake.join(district).join("runs");
    let mut files = Vec::new();
    each_file(&runs, &mut |it| {
        files.push(it.strip_prefix(&runs).unwrap().display().to_string());
    });
    files.sort();
    files
}

/// A JSON file.
fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The manifest that a district's pointer names.
fn manifest(lake: &Path, district: &str) -> serde_json::Value {
    let folder = lake.join(district);
    json(&folder.join(json(&folder.join("current.json"))["manifest"].as_str().unwrap()))
}

/// All rows of a file.
fn read_file(path: &Path) -> Vec<RecordBatch> {
    let file = fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    reader.map(|it| it.unwrap()).collect()
}

/// A consumer, who reads the pointer, the manifest, and the files into tables of SQLite's to ask them.
struct Reader {
    files: PathBuf,
    database: PathBuf,
    seen: Option<Connection>,
}

impl Client for Reader {
    fn query(&mut self, sql: &str) -> Vec<String> {
        match &mut self.seen {
            Some(seen) => Client::query(seen, sql),
            None => Client::query(&mut self.load(), sql),
        }
    }

    fn begin(&mut self) {
        self.seen = Some(self.load());
    }

    fn end(&mut self) {
        self.seen = None;
    }
}

impl Reader {
    fn load(&self) -> Connection {
        let connection = Connection::open(&self.database).unwrap();
        // Temporary tables come before the store's own, which are empty.
        let districts = "CREATE TEMP VIEW districts AS SELECT district_id, basis, first_run, last_run, 'here' AS rows_at \
                         FROM main.districts; CREATE TEMP TABLE changes (seq INTEGER PRIMARY KEY, run_id, district_id, \
                         entity, id, source_id, operation, at);";
        connection.execute_batch(districts).unwrap();
        for entity in EntityKind::ALL {
            let names: Vec<_> = columns(*entity).iter().map(|it| format!("\"{it}\"")).collect();
            let sql = format!("CREATE TEMP TABLE {} ({})", entity.table(), names.join(", "));
            connection.execute_batch(&sql).unwrap();
        }
        for district in fs::read_dir(&self.files).into_iter().flatten() {
            self.load_district(&connection, &district.unwrap().path());
        }
        connection
    }

    fn load_district(&self, connection: &Connection, folder: &Path) {
        if !folder.join("current.json").exists() {
            return;
        }
        let name = folder.file_name().unwrap().to_str().unwrap();
        let manifest = manifest(&self.files, name);
        for (table, entry) in manifest["tables"].as_object().unwrap() {
            for file in entry["files"].as_array().unwrap() {
                let path = folder.join(file["path"].as_str().unwrap());
                insert(connection, table, &path);
            }
        }
        let mut runs: Vec<_> = run_files(&self.files, name);
        runs.retain(|it| it.ends_with("manifest.json"));
        let mut runs: Vec<_> = runs.iter().map(|it| json(&folder.join("runs").join(it))).collect();
        runs.retain(|it| it["basis"].as_u64() <= manifest["basis"].as_u64());
        runs.sort_by_key(|it| it["basis"].as_u64());
        for path in runs.iter().filter_map(|it| it["changes"]["path"].as_str()) {
            insert(connection, "changes", &folder.join(path));
        }
    }
}

/// Columns of a table in the order of the databases' tables.
fn columns(entity: EntityKind) -> Vec<&'static str> {
    let fields = entity.schema().fields.iter().map(|it| it.name).skip(2);
    let mut columns = vec!["district_id", "source_id", "id"];
    columns.extend(fields);
    columns.extend(["extensions", "first_run", "last_run", "deleted_at"]);
    columns
}

fn insert(connection: &Connection, table: &str, path: &Path) {
    for batch in read_file(path) {
        let schema = batch.schema();
        let known = |it: &usize| schema.field(*it).name() != "basis";
        let numbers: Vec<_> = (0..batch.num_columns()).filter(known).collect();
        let names: Vec<_> =
            numbers.iter().map(|it| format!("\"{}\"", schema.field(*it).name())).collect();
        let marks = vec!["?"; names.len()].join(", ");
        let sql = format!("INSERT INTO temp.{table} ({}) VALUES ({marks})", names.join(", "));
        let mut statement = connection.prepare(&sql).unwrap();
        for row in 0..batch.num_rows() {
            let values = numbers.iter().map(|it| value(batch.column(*it), row));
            statement.execute(params_from_iter(values)).unwrap();
        }
    }
}

fn value(column: &dyn Array, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Utf8 => Value::Text(column.as_string::<i32>().value(row).to_owned()),
        DataType::Boolean => Value::Integer(column.as_boolean().value(row).into()),
        DataType::Int64 => Value::Integer(column.as_primitive::<types::Int64Type>().value(row)),
        DataType::Float64 => Value::Real(column.as_primitive::<types::Float64Type>().value(row)),
        DataType::Date32 => {
            let days = column.as_primitive::<types::Date32Type>().value(row);
            let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days));
            Value::Text(date.unwrap().to_string())
        }
        DataType::Timestamp(..) => {
            let time = column.as_primitive::<types::TimestampMicrosecondType>().value(row);
            Value::Text(format!("{:.3}", jiff::Timestamp::from_microsecond(time).unwrap()))
        }
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(row);
            let items: Vec<_> = items.as_string::<i32>().iter().map(|it| it.unwrap()).collect();
            Value::Text(serde_json::to_string(&items).unwrap())
        }
        other => panic!("no column has the type {other}"),
    }
}
