//! Batches: many rows of one entity, text in one buffer.
//!
//! The storage is private.  Connectors append borrowed values in schema order, sinks iterate borrowed rows; neither
//! allocates per field.

use crate::{
    Cursor, Diagnostic, EntityKind, Locus,
    model::{EntitySchema, TypedRow},
};
use std::{fmt, sync::Arc};

/// Marks a field as empty in `Rows::ends`; text stays below 2 GiB.
const EMPTY: u32 = 1 << 31;

/// Many rows of one entity.  `Debug` shows how many, never what.
#[derive(Clone)]
pub struct Rows {
    entity: EntityKind,
    width: usize,
    text: String,
    /// End of each field in `text`, row by row; the high bit marks an empty field.
    ends: Vec<u32>,
    /// Position of each row in its origin: a line, an index in a page, a row of a result set.
    positions: Vec<u64>,
}

impl Rows {
    /// No rows yet.
    #[must_use]
    pub fn new(entity: EntityKind) -> Self {
        let width = entity.schema().fields.len();
        Self { entity, width, text: String::new(), ends: Vec::new(), positions: Vec::new() }
    }

    /// Whose rows.
    #[must_use]
    pub fn entity(&self) -> EntityKind {
        self.entity
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Bytes held, for the batch limits.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len()
            + self.ends.len() * size_of::<u32>()
            + self.positions.len() * size_of::<u64>()
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.positions.clear();
    }

    /// Starts a row; it is taken back unless [`RowBuilder::finish`] is called.
    pub fn begin(&mut self) -> RowBuilder<'_> {
        let (text, ends) = (self.text.len(), self.ends.len());
        RowBuilder { rows: self, text, ends }
    }

    /// Appends a typed row.
    ///
    /// # Panics
    ///
    /// When the row is of another entity.
    pub fn push<'a, T: TypedRow<'a>>(&mut self, position: u64, row: &T) {
        assert_eq!(T::ENTITY, self.entity, "a row of another entity");
        let mut builder = self.begin();
        row.write(&mut builder);
        builder.finish(position);
    }

    /// Appends a copy of a row.
    ///
    /// # Panics
    ///
    /// When the row is of another entity.
    pub fn push_row(&mut self, row: Row<'_>) {
        assert_eq!(row.entity(), self.entity, "a row of another entity");
        let mut builder = self.begin();
        for field in row.fields() {
            builder.push(field);
        }
        builder.finish(row.position());
    }

    /// The row at `index`, `None` past the end.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Row<'_>> {
        let ends = self.ends.get(index * self.width..(index + 1) * self.width)?;
        let start = match index * self.width {
            0 => 0,
            first => self.ends[first - 1] & !EMPTY,
        };
        Some(Row {
            entity: self.entity,
            text: &self.text,
            start,
            ends,
            position: self.positions[index],
        })
    }

    /// The rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The rows as typed rows, in order.
    ///
    /// # Panics
    ///
    /// When the rows are of another entity.
    pub fn typed<'a, T: TypedRow<'a>>(&'a self) -> impl Iterator<Item = T> + 'a {
        assert_eq!(T::ENTITY, self.entity, "rows of another entity");
        self.iter().map(|it| T::read(&it))
    }

    fn mark_end(&mut self, empty: bool) {
        let end = u32::try_from(self.text.len()).ok().filter(|it| it & EMPTY == 0);
        let end = end.expect("the batch limits keep the text below 2 GiB");
        self.ends.push(if empty { end | EMPTY } else { end });
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("entity", &self.entity)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// A row in the making: values in schema order.
#[derive(Debug)]
pub struct RowBuilder<'r> {
    rows: &'r mut Rows,
    text: usize,
    ends: usize,
}

impl RowBuilder<'_> {
    /// Appends the next field's canonical text.
    pub fn push(&mut self, value: Option<&str>) {
        self.push_with(|out| {
            value.is_some_and(|it| {
                out.push_str(it);
                true
            })
        });
    }

    /// Lets `write` append the next field's canonical text; false from it leaves the field empty.
    pub fn push_with(&mut self, write: impl FnOnce(&mut String) -> bool) {
        let before = self.rows.text.len();
        let filled = write(&mut self.rows.text);
        if !filled {
            self.rows.text.truncate(before);
        }
        self.rows.mark_end(!filled);
    }

    /// Keeps the row.
    ///
    /// # Panics
    ///
    /// When not exactly the schema's number of fields was pushed.
    pub fn finish(mut self, position: u64) {
        assert_eq!(
            self.rows.ends.len() - self.ends,
            self.rows.width,
            "a row has all fields of its schema"
        );
        self.rows.positions.push(position);
        self.ends = self.rows.ends.len();
        self.text = self.rows.text.len();
    }
}

impl Drop for RowBuilder<'_> {
    fn drop(&mut self) {
        self.rows.ends.truncate(self.ends);
        self.rows.text.truncate(self.text);
    }
}

/// One row, borrowed.  `Debug` shows where it stood, never what it holds.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    entity: EntityKind,
    text: &'a str,
    start: u32,
    ends: &'a [u32],
    position: u64,
}

impl<'a> Row<'a> {
    /// Whose row.
    #[must_use]
    pub fn entity(&self) -> EntityKind {
        self.entity
    }

    /// The schema of its fields.
    #[must_use]
    pub fn schema(&self) -> &'static EntitySchema {
        self.entity.schema()
    }

    /// Where it stood in its origin.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Its key at the source.
    #[must_use]
    pub fn source_id(&self) -> &'a str {
        self.get(EntitySchema::SOURCE_ID).unwrap_or_default()
    }

    /// The canonical text of field number `index`; `None` when it is empty.
    ///
    /// # Panics
    ///
    /// When the schema has no such field.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'a str> {
        let end = self.ends[index];
        if end & EMPTY != 0 {
            return None;
        }
        let start = if index == 0 { self.start } else { self.ends[index - 1] & !EMPTY };
        Some(&self.text[start as usize..end as usize])
    }

    /// The canonical texts of all fields, in schema order.
    #[must_use]
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Option<&'a str>> + use<'a> {
        let row = *self;
        (0..row.ends.len()).map(move |index| row.get(index))
    }

    /// All text of the row in one piece, without its boundaries.
    #[must_use]
    pub fn text(&self) -> &'a str {
        let end = self.ends.last().map_or(self.start, |it| it & !EMPTY);
        &self.text[self.start as usize..end as usize]
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Row");
        debug
            .field("entity", &self.entity)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// What the rows of a batch have in common: where they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A text file; positions are one-based lines.
    File(Arc<str>),
    /// A page of a web API, by path and non-secret query; positions are zero-based indexes.
    Page(Arc<str>),
    /// A query, by name; positions are zero-based rows.
    Query(Arc<str>),
}

impl Origin {
    /// The place of a position.
    #[must_use]
    pub fn locus(&self, position: u64) -> Locus {
        match self {
            Self::File(file) => Locus::File { file: file.clone(), line: position },
            Self::Page(url) => Locus::Page { url: url.clone(), index: position },
            Self::Query(query) => Locus::Row { query: query.clone(), row: position },
        }
    }
}

/// A record that the source says is gone.  `Debug` shows where it stood, not its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Its key at the source.
    pub source_id: Box<str>,
    /// Where it stood in the batch's origin.
    pub position: u64,
}

impl fmt::Debug for Tombstone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tombstone").field("position", &self.position).finish_non_exhaustive()
    }
}

/// A record as it stood at the source, for the report to the district that sent it.  `Debug` shows where it stood, not
/// what it says.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceRecord {
    /// Where it stood in the batch's origin.
    pub position: u64,
    /// Its key at the source, when it could be read.
    pub source_id: Option<Box<str>>,
    /// Its fields by the source's names for them, in the source's order, those that are empty left out.
    pub fields: Vec<(Arc<str>, Box<str>)>,
}

impl fmt::Debug for SourceRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceRecord").field("position", &self.position).finish_non_exhaustive()
    }
}

/// The unit that crosses the boundary.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Accepted rows.
    pub rows: Rows,
    /// Where they were read.
    pub origin: Origin,
    /// Records the source says are gone.
    pub tombstones: Vec<Tombstone>,
    /// In a delta, keys of owners (see [`EntitySchema::owner`]) all of whose rows of this entity the delta gives:
    /// what was published for them and is not given again is gone.
    pub replaced_owners: Vec<Box<str>>,
    /// Records read at the source for this batch: rows + tombstones + rejected.
    pub records_read: u64,
    /// Records left out.  Each has at least one diagnostic of severity rejected, unless the batch of another entity
    /// that is made from the same records carries it.
    pub records_rejected: u64,
    /// The rejected records as they stood at the source, as far as they could be read; never credentials.  Where two
    /// entities are made from the same records, the first one's batch carries them.
    pub rejected: Vec<SourceRecord>,
    /// What was rejected, repaired or odd.
    pub diagnostics: Vec<Diagnostic>,
    /// Once this batch is durable, a later run may resume here.
    pub resume: Option<Cursor>,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new(entity: EntityKind, origin: Origin) -> Self {
        Self {
            rows: Rows::new(entity),
            origin,
            tombstones: Vec::new(),
            replaced_owners: Vec::new(),
            records_read: 0,
            records_rejected: 0,
            rejected: Vec::new(),
            diagnostics: Vec::new(),
            resume: None,
        }
    }

    /// Whether it tells nothing at all, so that it need not be sent.
    ///
    /// A batch without a record may still tell something: in a delta, that owners have no row any more.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records_read == 0 && self.replaced_owners.is_empty() && self.diagnostics.is_empty()
    }

    /// Whether the parts add up: rows, tombstones and rejected records are all that was read.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.records_read
            == self.rows.len() as u64 + self.tombstones.len() as u64 + self.records_rejected
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Org, OrgRow, OrgType};

    fn org<'a>(source_id: &'a str, identifier: Option<&'a str>) -> OrgRow<'a> {
        OrgRow {
            source_id,
            name: "Éva's",
            org_type: Some(OrgType::School),
            identifier,
            ..OrgRow::default()
        }
    }

    #[test]
    fn batch_gives_back_what_was_pushed() {
        let pushed = [org("1", None), org("2", Some("")), org("3", Some("É"))];
        let mut rows = Rows::new(EntityKind::Org);
        for (position, row) in pushed.iter().enumerate() {
            rows.push(position as u64, row);
        }
        let owned: Vec<Org> = rows.typed::<OrgRow<'_>>().map(|it| it.to_owned_row()).collect();
        assert_eq!(owned, pushed.iter().map(OrgRow::to_owned_row).collect::<Vec<_>>());
        assert_eq!(rows.get(2).map(|it| it.position()), Some(2));
        assert!(rows.get(3).is_none());
    }

    #[test]
    fn unfinished_row_is_taken_back() {
        let mut rows = Rows::new(EntityKind::Org);
        rows.push(1, &org("1", None));
        let bytes = rows.bytes();
        rows.begin().push(Some("half"));
        assert_eq!((rows.len(), rows.bytes()), (1, bytes));
        rows.push(2, &org("2", None));
        assert_eq!(rows.get(1).map(|it| it.source_id()), Some("2"));
    }

    #[test]
    fn debug_shows_no_record_value() {
        let mut rows = Rows::new(EntityKind::Org);
        rows.push(1, &org("CANARY", Some("CANARY")));
        let row = org("CANARY", None);
        let tombstone = Tombstone { source_id: "CANARY".into(), position: 1 };
        let shown =
            format!("{rows:?} {:?} {row:?} {:?} {tombstone:?}", rows.get(0), row.to_owned_row());
        assert!(!shown.contains("CANARY") && !shown.contains("va's"), "{shown}");
    }

    #[test]
    fn a_batch_is_empty_when_it_tells_nothing() {
        let batch = || Batch::new(EntityKind::Role, Origin::File("users.csv".into()));
        assert!(batch().is_empty());
        assert!(!Batch { records_read: 1, ..batch() }.is_empty());
        assert!(!Batch { replaced_owners: vec!["u1".into()], ..batch() }.is_empty());
    }
}
