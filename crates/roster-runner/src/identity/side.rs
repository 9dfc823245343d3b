//! The rows of one entity of one night: hashes and numbers, and of text only the keys.

use super::{
    keys::{NOBODY, Number},
    layout::{Layout, List, Part},
    text::{NONE, combined, exact, folded},
};
use roster_core::{EntityKind, Row, model::EntitySchema};
use serde::Deserialize;
use std::{borrow::Cow, fmt};

/// Texts one after the other.  `Debug` shows how many, never what.
#[derive(Default)]
pub(super) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    pub(super) fn get(&self, index: u32) -> &str {
        let index = index as usize;
        let start = index.checked_sub(1).map_or(0, |it| self.ends[it]);
        &self.text[start..self.ends[index]]
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Texts").field("len", &self.ends.len()).finish_non_exhaustive()
    }
}

/// The rows of one entity of one night.  `Debug` shows how many, never what.
#[derive(Default)]
pub(super) struct Side {
    pub(super) ids: Texts,
    numbers: Vec<Number>,
    /// Content, extensions, then the hashed fields; a column ends with its last filled field.
    columns: Vec<Vec<u64>>,
    /// References of all rows, row by row.
    references: Vec<Number>,
    /// Items of all rows' lists: numbers of keys, or scheme and value by turns.
    items: Vec<u64>,
    /// Ends of the rows' lists in `items`, for entities that have lists.
    ends: Vec<usize>,
    /// The row of the other night that is the same record.
    partners: Vec<u32>,
    room: String,
}

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Side").field("len", &self.numbers.len()).finish_non_exhaustive()
    }
}

/// Places of columns.
const CONTENT: usize = 0;
const EXTENSIONS: usize = 1;
const FIELDS: usize = 2;

impl Side {
    /// Number of rows.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.numbers.len()).expect("rows are fewer than keys")
    }

    /// The number of a row's key.
    pub(super) fn number(&self, row: u32) -> Number {
        self.numbers[row as usize]
    }

    /// The row of the other night that is the same record, or [`NOBODY`].
    pub(super) fn partner(&self, row: u32) -> u32 {
        self.partners[row as usize]
    }

    pub(super) fn set_partner(&mut self, row: u32, partner: u32) {
        self.partners[row as usize] = partner;
    }

    /// The hash of a part that is no reference.
    pub(super) fn hash(&self, part: Part, row: u32) -> u64 {
        let column = match part {
            Part::Content => CONTENT,
            Part::Extensions => EXTENSIONS,
            Part::Field(place) => FIELDS + place,
            Part::Reference(_) | Part::List => return NONE,
        };
        let column = self.columns.get(column).and_then(|it| it.get(row as usize));
        column.copied().unwrap_or(NONE)
    }

    /// The number of the key that a row refers to, or [`NOBODY`].
    pub(super) fn reference(&self, layout: &Layout, place: usize, row: u32) -> Number {
        self.references[row as usize * layout.references.len() + place]
    }

    /// The items of a row's list.
    pub(super) fn items(&self, row: u32) -> &[u64] {
        let row = row as usize;
        let Some(end) = self.ends.get(row) else { return &[] };
        let start = row.checked_sub(1).map_or(0, |it| self.ends[it]);
        &self.items[start..*end]
    }

    /// Takes a row; `number` gives the numbers of keys.
    pub(super) fn push(
        &mut self,
        row: &Row<'_>,
        own: Number,
        layout: &Layout,
        mut number: impl FnMut(EntityKind, &str) -> Number,
    ) {
        self.ids.push(row.source_id());
        self.push_hashes(row, layout);
        for (field, target) in &layout.references {
            self.references.push(row.get(*field).map_or(NOBODY, |it| number(*target, it)));
        }
        match layout.list {
            List::Nothing => {}
            List::References(field, target) => {
                let list: Vec<Cow<'_, str>> = parsed(row.get(field));
                self.items.extend(list.iter().map(|it| u64::from(number(target, it))));
                self.ends.push(self.items.len());
            }
            List::Identifiers(field) => {
                self.push_identifiers(row, field, layout);
                self.ends.push(self.items.len());
            }
        }
        self.numbers.push(own);
        self.partners.push(NOBODY);
    }

    fn push_hashes(&mut self, row: &Row<'_>, layout: &Layout) {
        if !layout.content.is_empty() {
            let filled = layout.content.iter().filter_map(|it| Some((*it, row.get(*it)?)));
            let hash = combined(filled.flat_map(|(field, text)| [field as u64, exact(text)]));
            self.set(CONTENT, hash);
            self.set(EXTENSIONS, row.get(EntitySchema::EXTENSIONS).map_or(NONE, exact));
        }
        for (place, field) in layout.hashed.iter().enumerate() {
            let hash = row.get(*field).map_or(NONE, |it| folded(it, &mut self.room));
            self.set(FIELDS + place, hash);
        }
    }

    /// Sets a value of the row that is being added.
    fn set(&mut self, column: usize, hash: u64) {
        if hash == NONE {
            return;
        }
        if self.columns.len() <= column {
            self.columns.resize(column + 1, Vec::new());
        }
        let row = self.numbers.len();
        self.columns[column].resize(row, NONE);
        self.columns[column].push(hash);
    }

    fn push_identifiers(&mut self, row: &Row<'_>, field: usize, layout: &Layout) {
        let Self { items, room, .. } = self;
        let mut push = |scheme: &str, identifier: &str| {
            let value = folded(identifier, room);
            if value != NONE {
                items.extend([folded(scheme, room), value]);
            }
        };
        for own in &layout.own_schemes {
            if let Some(value) = row.get(*own) {
                push(layout.schema.fields[*own].name, value);
            }
        }
        let list: Vec<Scheme<'_>> = parsed(row.get(field));
        for item in &list {
            push(&item.scheme, &item.identifier);
        }
    }
}

/// An item of a list of identifiers, borrowed where its text has no escapes.
#[derive(Deserialize)]
struct Scheme<'a> {
    #[serde(rename = "type", borrow)]
    scheme: Cow<'a, str>,
    #[serde(borrow)]
    identifier: Cow<'a, str>,
}

/// A list in its canonical JSON; damaged text gives an empty one.
fn parsed<'a, T: Deserialize<'a>>(json: Option<&'a str>) -> Vec<T> {
    json.and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default()
}
