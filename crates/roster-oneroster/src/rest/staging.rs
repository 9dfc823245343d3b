//! Takes the pages of one collection.

use super::{
    cells::{cell, scalar, text},
    collection::{Collection, Link, RECENT, fills, offered},
    links::{self, Cells, OWNER},
    page::for_each_object,
    staged::{StagedTable, TableBuilder},
};
use crate::{
    files::{Column, Content, FileSpec},
    version::Version,
};
use roster_core::{EntityKind, Error, ErrorKind, Result};
use roster_tabular::holds_credential;
use serde_json::{Map, Value};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
};
use xxhash_rust::xxh3::xxh3_64;

/// Names of properties that are remembered.
const MOST_PROPERTIES: usize = 2_000;

/// What came of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageTaken {
    /// Records in it.
    pub rows: u64,
    /// Whether it has the very keys of the page before, so that the service does not go on; it was not taken.
    pub repeats: bool,
}

/// A collection that is being pulled.
pub struct Staging {
    collection: &'static Collection,
    version: Version,
    path: Arc<str>,
    table: Table,
    links: Vec<LinkTable>,
    keys: HashSet<u64>,
    /// Keys of the page before.
    page: Vec<u64>,
    rows: u64,
    /// Whether an object told roles one by one.
    has_roles: bool,
}

impl Staging {
    /// Of a collection that is read at a path.
    #[must_use]
    pub fn new(collection: &'static Collection, version: Version, path: &str) -> Self {
        let links = collection.links.iter().filter(|it| offered(**it, version));
        Self {
            collection,
            version,
            path: path.into(),
            table: Table::new(collection, version),
            links: links.map(|it| LinkTable::new(*it)).collect(),
            keys: HashSet::new(),
            page: Vec::new(),
            rows: 0,
            has_roles: false,
        }
    }

    /// Takes the body of a page, which has `expected` records where the service tells.  A page that fails leaves nothing
    /// behind.
    ///
    /// # Errors
    ///
    /// Where it is no page of a collection, breaks off, has another number of records, or is hostile.
    pub fn take_page(&mut self, body: &[u8], expected: Option<u64>) -> Result<PageTaken> {
        let (table, links) = (&mut self.table, &mut self.links);
        let before = self.rows;
        let mut keys = Vec::new();
        let (mut rows, mut has_roles) = (0, false);
        let taken = for_each_object(body, self.collection.path, &mut |object| {
            let position = before + rows;
            rows += 1;
            has_roles |= links::has_roles(&object);
            let key = text(&object, "sourcedId");
            keys.push(xxh3_64(key.as_bytes()));
            table.push(position, &object)?;
            for link in links.iter_mut() {
                link.push(position, key.trim(), &object);
            }
            Ok(())
        });
        let taken = taken.and_then(|()| expect(rows, expected));
        let repeats = rows > 0 && keys == self.page;
        let builders = std::iter::once(&mut self.table.builder)
            .chain(self.links.iter_mut().map(|it| &mut it.builder));
        for builder in builders {
            if taken.is_ok() && !repeats { builder.keep_page() } else { builder.drop_page() }
        }
        taken?;
        if !repeats {
            self.rows += rows;
            self.has_roles |= has_roles;
            self.keys.extend(&keys);
            self.page = keys;
        }
        Ok(PageTaken { rows, repeats })
    }

    /// The records that were taken.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The records that were taken with keys of their own.
    #[must_use]
    pub fn keys(&self) -> u64 {
        self.keys.len() as u64
    }

    /// The tables, of the collection and of the lists in its objects; `complete` when no record was missed.  Tables of
    /// lists come where `wanted` says so.
    #[must_use]
    pub fn finish(self, complete: bool, wanted: impl Fn(EntityKind) -> bool) -> Vec<StagedTable> {
        // Of 1.1 the reader makes roles from the users, as it does for files.
        let roles = self.has_roles || RECENT.contains(self.version);
        let of_users = self.collection.entity == EntityKind::User;
        let without: &'static [&'static str] = if roles && of_users { &["role"] } else { &[] };
        let path = self.path;
        let mut tables = vec![self.table.builder.finish(path.clone(), without, complete)];
        for link in self.links {
            let own = if link.link == Link::Roles { roles } else { wanted(link.link.entity()) };
            if own {
                tables.push(link.builder.finish(path.clone(), &[], complete));
            }
        }
        tables
    }
}

/// Compares a page with what the service says of it.
fn expect(rows: u64, expected: Option<u64>) -> Result<()> {
    if expected.is_none_or(|it| it == rows) {
        return Ok(());
    }
    let message = "the page has another number of records than the service says";
    Err(Error::new(ErrorKind::Unavailable, "rest.page", message).context("records", rows))
}

impl fmt::Debug for Staging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staging")
            .field("path", &self.path)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// The objects of the collection themselves.
struct Table {
    collection: &'static Collection,
    builder: TableBuilder,
    /// The column of each property that was met.
    properties: HashMap<String, Target>,
    version: Version,
    cells: Vec<String>,
}

/// What becomes of a property.
#[derive(Clone, Copy)]
enum Target {
    Column(usize),
    Metadata,
    Extension,
    Nothing,
}

impl Table {
    fn new(collection: &'static Collection, version: Version) -> Self {
        let builder = TableBuilder::new(collection.entity);
        Self { collection, builder, properties: HashMap::new(), version, cells: Vec::new() }
    }

    fn push(&mut self, position: u64, object: &Map<String, Value>) -> Result<()> {
        self.cells.clear();
        self.cells.resize(self.builder.spec().columns.len(), String::new());
        for (name, value) in object {
            match self.target(name) {
                Target::Nothing => {}
                Target::Column(index) => {
                    let column = &self.builder.spec().columns[index];
                    if self.cells[index].is_empty() {
                        self.cells[index] = cell(value, column.column_type);
                    }
                }
                Target::Metadata => {
                    for (name, value) in value.as_object().into_iter().flatten() {
                        self.push_extension(&format!("metadata.{name}"), value)?;
                    }
                }
                Target::Extension => self.push_extension(name, value)?,
            }
        }
        self.builder.push(position, &self.cells);
        Ok(())
    }

    fn target(&mut self, name: &str) -> Target {
        if let Some(target) = self.properties.get(name) {
            return *target;
        }
        let columns = self.builder.spec().columns;
        let of_edition = |it: &&Column| it.versions.contains(self.version) && fills(name, it);
        let target = match columns.iter().position(|it| of_edition(&it)) {
            Some(index) if is_password(&columns[index]) => Target::Nothing,
            Some(index) => Target::Column(index),
            None if name == "metadata" => Target::Metadata,
            None if self.collection.leaves_out(name) => Target::Nothing,
            // A password by any edition's name, and roles of 1.1 beside those of 1.2.
            None if columns.iter().any(|it| fills(name, it)) => Target::Nothing,
            None => Target::Extension,
        };
        if self.properties.len() < MOST_PROPERTIES {
            self.properties.insert(name.to_owned(), target);
        }
        target
    }

    fn push_extension(&mut self, name: &str, value: &Value) -> Result<()> {
        if holds_credential(name) {
            self.builder.credential(name);
            return Ok(());
        }
        let text = scalar(value);
        if text.trim().is_empty() {
            return Ok(());
        }
        let index = self.builder.extension(name)?;
        if self.cells.len() <= index {
            self.cells.resize(index + 1, String::new());
        }
        self.cells[index] = text;
        Ok(())
    }
}

fn is_password(column: &Column) -> bool {
    matches!(column.content, Content::Password)
}

/// The records of one list.
struct LinkTable {
    link: Link,
    builder: TableBuilder,
}

impl LinkTable {
    fn new(link: Link) -> Self {
        Self { link, builder: TableBuilder::new(link.entity()) }
    }

    fn push(&mut self, position: u64, owner: &str, object: &Map<String, Value>) {
        for record in links::records(self.link, owner, object) {
            let cells = in_columns(self.builder.spec(), record);
            self.builder.push(position, &cells);
        }
    }
}

/// Cells in the order of a file's columns.
fn in_columns(spec: &FileSpec, record: Cells) -> Vec<String> {
    let mut cells = vec![String::new(); spec.columns.len()];
    for (name, text) in record {
        let of_owner = |it: &Column| name == OWNER && it.target.is_some();
        if let Some(index) = spec.columns.iter().position(|it| it.name == name || of_owner(it)) {
            cells[index] = text;
        }
    }
    cells
}
