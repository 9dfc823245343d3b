//! The fixture district as tables, one for each entity, and the queries that read them.

use connector_odbc::Database;
use roster_core::{EntityKind, value::FieldType};
use roster_testkit::{District, Failed, Record, Seed};
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write as _};

/// A table: its name, its columns and its rows, as text.
#[derive(Clone, Debug)]
pub struct Table {
    pub entity: EntityKind,
    pub columns: Vec<(String, FieldType)>,
    pub rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// The rows as a place in a feed names them: those that are filled, by the names of their columns.
    pub fn record(&self, row: usize) -> Option<Vec<(String, String)>> {
        let cells = self.columns.iter().zip(self.rows.get(row)?);
        Some(cells.filter_map(|((name, _), text)| Some((name.clone(), text.clone()?))).collect())
    }

    fn cell(&self, record: &[(&str, &str)]) -> Vec<Option<String>> {
        let find = |name: &str| record.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
        self.columns.iter().map(|it| find(&it.0)).collect()
    }
}

/// The tables of a seed; `None` where it cannot be made of tables.
pub fn tables(seed: Seed, database: Database) -> Result<Option<Vec<Table>>, Failed> {
    let district = District::golden()?;
    let mut tables: Vec<_> = district.entities().map(|it| table(it, &district, database)).collect();
    let mut change = |entity, change: &dyn Fn(&mut Table)| {
        tables.iter_mut().filter(|it| it.entity == entity).for_each(change);
    };
    match seed {
        Seed::Whole | Seed::Absent | Seed::CutOff => {}
        Seed::Empty(entity) => change(entity, &|it| it.rows.clear()),
        Seed::Twice(entity) => change(entity, &|it| it.rows.extend(it.rows.first().cloned())),
        Seed::Unreadable => unreadable(&mut tables),
        _ => return Ok(None),
    }
    Ok(Some(tables))
}

/// Adds records that cannot be read: a date that is none, a name that is missing.
fn unreadable(tables: &mut [Table]) {
    for table in tables {
        let record: &[(&str, &str)] = match table.entity {
            EntityKind::AcademicSession => &[
                ("source_id", "canary-session"),
                ("title", "canary title"),
                ("session_type", "term"),
                ("start_date", "canary date"),
                ("end_date", "2027-06-30"),
            ],
            EntityKind::User => &[("source_id", "canary-user"), ("family_name", "canary name")],
            EntityKind::Org => &[("source_id", "canary-org"), ("org_type", "canary type")],
            _ => continue,
        };
        let row = table.cell(record);
        table.rows.insert(table.rows.len() / 2, row);
    }
}

fn table(entity: EntityKind, district: &District, database: Database) -> Table {
    let records = district.records(entity);
    let fields = entity.schema().fields.iter().filter(|it| it.name != "extensions");
    let mut columns: Vec<_> = fields.map(|it| (it.name.to_owned(), it.field_type)).collect();
    let extensions: BTreeSet<&String> =
        records.iter().flat_map(extensions).map(|it| it.0).collect();
    // The SQLite driver cuts the names of columns at a dot.
    let whole = |it: &&&String| database != Database::Sqlite || !it.contains('.');
    let extensions = extensions.iter().filter(whole);
    columns.extend(extensions.map(|it| ((*it).clone(), FieldType::Text)));
    let cell = |record: &Record, name: &str| {
        let value = record.0.get(name).or_else(|| extensions_of(record)?.get(name));
        value.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
    };
    let row = |record| columns.iter().map(|it| cell(record, &it.0)).collect();
    let rows = records.iter().map(row).collect();
    Table { entity, columns, rows }
}

fn extensions_of(record: &Record) -> Option<&serde_json::Map<String, Value>> {
    record.0.get("extensions")?.as_object()
}

fn extensions(record: &Record) -> impl Iterator<Item = (&String, &Value)> {
    extensions_of(record).into_iter().flatten()
}

fn quoted(database: Database, name: &str) -> String {
    match database {
        Database::MariaDb => format!("`{name}`"),
        _ => format!("\"{name}\""),
    }
}

/// How a column is declared: with the database's own types, or all as text where a seed has values of no type.
fn declared(database: Database, field_type: FieldType, typed: bool) -> &'static str {
    match (field_type, database) {
        _ if !typed => "VARCHAR(400)",
        (FieldType::Date, _) => "DATE",
        (FieldType::Boolean, Database::PostgreSql) => "BOOLEAN",
        (FieldType::Boolean, _) => "TINYINT",
        (FieldType::Integer, _) => "INTEGER",
        (FieldType::Decimal, _) => "DOUBLE PRECISION",
        (FieldType::TextList | FieldType::Identifiers, _) => "TEXT",
        _ => "VARCHAR(400)",
    }
}

/// The statements that make and fill the tables.
pub fn statements(database: Database, tables: &[Table], typed: bool) -> Vec<String> {
    let mut statements = Vec::new();
    for table in tables {
        let name = quoted(database, table.entity.table());
        let columns: Vec<_> = table
            .columns
            .iter()
            .map(|(name, of)| {
                format!("{} {}", quoted(database, name), declared(database, *of, typed))
            })
            .collect();
        let place = quoted(database, "place in feed");
        statements.push(format!("CREATE TABLE {name} ({place} INTEGER, {})", columns.join(", ")));
        for (at, row) in table.rows.iter().enumerate() {
            let mut values = at.to_string();
            for ((_, field_type), cell) in table.columns.iter().zip(row) {
                _ = write!(values, ", {}", literal(database, *field_type, cell.as_deref(), typed));
            }
            statements.push(format!("INSERT INTO {name} VALUES ({values})"));
        }
    }
    statements
}

fn literal(database: Database, field_type: FieldType, cell: Option<&str>, typed: bool) -> String {
    let Some(text) = cell else { return "NULL".to_owned() };
    let bare = typed
        && match field_type {
            FieldType::Integer | FieldType::Decimal => true,
            FieldType::Boolean => database != Database::Sqlite,
            _ => false,
        };
    let backslashes = match database {
        Database::MariaDb => text.replace('\\', "\\\\"),
        _ => text.to_owned(),
    };
    if bare { text.to_owned() } else { format!("'{}'", backslashes.replace('\'', "''")) }
}

/// The profile that reads the tables.
pub fn profile(database: Database, tables: &[Table]) -> String {
    let mut profile = String::from("[profile]\ntype = 'custom'\n");
    for table in tables {
        let columns: Vec<_> = table.columns.iter().map(|it| quoted(database, &it.0)).collect();
        let name = table.entity.table();
        let (columns, place) = (columns.join(", "), quoted(database, "place in feed"));
        let from = quoted(database, name);
        _ = write!(
            profile,
            "[[profile.query]]\nentity = '{name}'\nsql = '''SELECT {columns} FROM {from} ORDER BY {place}'''\n"
        );
    }
    profile
}
