//! How the records of one file become rows: worked out once a reading, followed for every record.

use super::people::Known;
use crate::{
    config::{Dialect, EndDates, Mode},
    fileset::SetFile,
    spec::{FILES, FileSpec, Fill, Kind, RecordKey, Table},
};
use roster_core::{EntityKind, Origin, model::EntitySchema, value::push_json_string};
use roster_tabular::ColumnPlace;
use std::{iter, sync::Arc};

/// The plan for the records of one file.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) file: Arc<str>,
    pub(super) origin: Origin,
    pub(super) spec: &'static FileSpec,
    /// The place of the file in the specification.
    pub(super) number: u8,
    pub(super) mode: Mode,
    pub(super) width: usize,
    /// The specification's columns.
    pub(super) columns: Vec<BoundColumn>,
    /// All columns that are read, by position.
    pub(super) places: Vec<ColumnPlace>,
    /// Position and `"name":` of the columns that the district adds, by name.
    pub(super) extensions: Vec<(usize, String)>,
    pub(super) tables: Vec<TableLayout>,
    /// Whether end dates are the last day.
    pub(super) last_days: bool,
    /// Whether the rows are taken as people, of whom there may be several rows.
    pub(super) of_people: bool,
    /// Whether another reading of the file tells what is odd in what both read.
    pub(super) told: bool,
}

/// A column of the specification, where this file has it.
#[derive(Debug)]
pub(super) struct BoundColumn {
    pub(super) position: Option<usize>,
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
    pub(super) required: bool,
    /// What stands before keys in it.
    pub(super) prefix: String,
    /// Which tables need it.
    pub(super) used: Used,
    /// `NULL` can be the value itself.
    pub(super) keeps_null: bool,
}

/// What needs a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Used {
    /// Nothing of this reading.
    Never,
    /// Every row.
    Always,
    /// Only the first row of a person.
    ForPerson,
    /// Every row, and another reading of the file tells what is odd in it.
    Quietly,
}

/// How a record becomes a row of a table.
#[derive(Debug)]
pub(super) struct TableLayout {
    pub(super) entity: EntityKind,
    pub(super) key: KeyLayout,
    /// What fills the fields after key and extensions, in schema order.
    pub(super) steps: Vec<Step>,
}

/// Where a key comes from.
#[derive(Debug)]
pub(super) enum KeyLayout {
    /// A column.
    Column(usize),
    /// A column, or what is made of fields.
    ColumnOr(usize, Vec<Step>),
    /// Made of fields.
    Fields(Vec<Step>),
}

/// What fills a field; columns by their place in the specification.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Empty,
    Cell(usize),
    CellOr(usize, &'static str),
    Constant(&'static str),
    Identifiers,
    IsFirstRow,
    ContactRole,
    ContactSchool,
}

impl Layout {
    pub(super) fn new(
        file: &SetFile,
        dialect: &Dialect,
        entities: impl Iterator<Item = EntityKind>,
        told: bool,
    ) -> Self {
        let spec = file.spec;
        let table = |entity| spec.tables.iter().find(|it| it.entity == entity);
        let tables: Vec<&'static Table> = entities.filter_map(table).collect();
        let columns = (0..spec.columns.len()).map(|it| column(file, dialect, &tables, told, it));
        let columns: Vec<_> = columns.collect();
        // Relationships have the person's record, but are not it.
        let extends = tables.first().is_some_and(|it| it.entity != EntityKind::Relationship);
        let extensions = file.header.extensions.iter().filter(|_| extends);
        Self {
            file: file.entry.name.clone(),
            origin: Origin::File(file.entry.name.clone()),
            spec,
            number: number(spec),
            mode: file.mode,
            width: file.header.width,
            places: places(file, &columns),
            columns,
            extensions: extensions.map(|it| (it.position, json_key(&it.key))).collect(),
            tables: tables.iter().map(|it| TableLayout::new(spec, it)).collect(),
            last_days: dialect.end_dates == EndDates::LastDay,
            of_people: of_people(&tables),
            told,
        }
    }

    /// Remembers that all of the file was read.
    pub(super) fn know(&self, known: &mut Known) {
        if self.mode == Mode::Full {
            known.see_whole(self.spec.name);
        }
    }

    /// The place of a column.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.spec.column(name).filter(|it| self.columns[*it].position.is_some())
    }
}

impl TableLayout {
    fn new(spec: &'static FileSpec, table: &'static Table) -> Self {
        let schema = table.entity.schema();
        let step = |name: &str| {
            let fill = table.fields.iter().find(|it| it.0 == name);
            fill.map_or(Step::Empty, |it| Step::new(spec, it.1))
        };
        let made = |names: &[&str]| names.iter().map(|it| step(it)).collect();
        let column = |name| spec.column(name).unwrap_or_default();
        let key = match table.key {
            RecordKey::Column(name) => KeyLayout::Column(column(name)),
            RecordKey::ColumnOr(name, fields) => KeyLayout::ColumnOr(column(name), made(fields)),
            RecordKey::Fields(fields) => KeyLayout::Fields(made(fields)),
        };
        let fields = &schema.fields[EntitySchema::EXTENSIONS + 1..];
        let steps = fields.iter().map(|it| step(it.name)).collect();
        Self { entity: table.entity, key, steps }
    }
}

impl Step {
    fn new(spec: &FileSpec, fill: Fill) -> Self {
        let column = |name| spec.column(name).unwrap_or_default();
        match fill {
            Fill::Column(name) => Self::Cell(column(name)),
            Fill::ColumnOr(name, or) => Self::CellOr(column(name), or),
            Fill::Constant(term) => Self::Constant(term),
            Fill::Identifiers => Self::Identifiers,
            Fill::IsFirstRow => Self::IsFirstRow,
            Fill::ContactRole => Self::ContactRole,
            Fill::ContactSchool => Self::ContactSchool,
        }
    }
}

/// The columns that identifiers come from, each with its scheme; `other_ids` has its own.
pub(super) const IDENTIFIERS: &[(&str, Option<&str>)] =
    &[("state_id", Some("state")), ("nces_id", Some("nces")), ("other_ids", None)];

/// The columns that a table needs.
fn needs(table: &Table) -> impl Iterator<Item = &'static str> {
    let key = match table.key {
        RecordKey::Column(name) | RecordKey::ColumnOr(name, _) => Some(name),
        RecordKey::Fields(_) => None,
    };
    let fields = table.fields.iter().flat_map(|it| match it.1 {
        Fill::Column(name) | Fill::ColumnOr(name, _) => vec![name],
        Fill::Identifiers => IDENTIFIERS.iter().map(|it| it.0).collect(),
        Fill::ContactRole => vec!["role", "relationship"],
        Fill::ContactSchool => vec!["school_id", "student_id"],
        Fill::Constant(_) | Fill::IsFirstRow => Vec::new(),
    });
    iter::once("deleted").chain(key).chain(fields)
}

fn column(
    file: &SetFile,
    dialect: &Dialect,
    tables: &[&'static Table],
    told: bool,
    index: usize,
) -> BoundColumn {
    let column = &file.spec.columns[index];
    let needed = |table: &Table| needs(table).any(|it| it == column.name);
    let elsewhere =
        || file.spec.tables.iter().any(|it| it.entity == EntityKind::User && needed(it));
    let of_role = || tables.iter().any(|it| it.entity == EntityKind::Role && needed(it));
    let used = if !tables.iter().any(|it| needed(it)) {
        Used::Never
    } else if told && elsewhere() {
        Used::Quietly
    } else if !of_people(tables) || of_role() {
        Used::Always
    } else {
        Used::ForPerson
    };
    let keyed =
        if matches!(column.kind, Kind::Key) { Some(file.spec.name) } else { column.target() };
    BoundColumn {
        position: file.header.positions.get(index).copied().flatten(),
        name: file.header.names.get(index).cloned().unwrap_or_else(|| column.name.into()),
        kind: column.kind,
        required: column.required,
        prefix: keyed.map_or("", |it| dialect.prefixes.of(it)).to_owned(),
        used,
        keeps_null: column.name.ends_with("_name"),
    }
}

fn of_people(tables: &[&'static Table]) -> bool {
    tables.iter().any(|it| it.entity == EntityKind::User)
}

/// The columns that are read, by position; never one of a credential.
fn places(file: &SetFile, columns: &[BoundColumn]) -> Vec<ColumnPlace> {
    let own = columns.iter().filter_map(|it| Some((it.position?, it.name.clone())));
    let added = file.header.extensions.iter().map(|it| (it.position, it.told.clone()));
    let mut places: Vec<_> =
        own.chain(added).map(|(position, name)| ColumnPlace { position, name }).collect();
    places.sort_by_key(|it| it.position);
    places
}

fn number(spec: &FileSpec) -> u8 {
    let index = FILES.iter().position(|it| it.name == spec.name);
    index.and_then(|it| u8::try_from(it).ok()).unwrap_or_default()
}

/// `"name":`.
fn json_key(name: &str) -> String {
    let mut key = String::new();
    push_json_string(&mut key, name);
    key.push(':');
    key
}
