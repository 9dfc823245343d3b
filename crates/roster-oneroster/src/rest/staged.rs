//! Records that were pulled, held in memory as compressed cells until all of a roster is there.

use super::collection::file;
use crate::{files::FileSpec, version::Version};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use roster_core::{EntityKind, Error, ErrorKind, Result};
use roster_tabular::Record;
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    io::{Read as _, Write as _},
    sync::Arc,
};

/// Bytes of cells that are compressed together.
const BLOCK: usize = 256 << 10;

/// More extension columns than any service has; a service that names one for each record is stopped here.
const MOST_EXTENSIONS: usize = 500;

/// All that was pulled of a roster.  Cheap to clone; `Debug` hides the content.
#[derive(Clone)]
pub struct Staged(Arc<Inner>);

struct Inner {
    version: Version,
    tables: Vec<Arc<StagedTable>>,
}

impl Staged {
    /// A roster of these tables.
    #[must_use]
    pub fn new(version: Version, tables: impl IntoIterator<Item = StagedTable>) -> Self {
        let mut tables: Vec<_> = tables.into_iter().map(Arc::new).collect();
        tables.sort_by_key(|it| it.spec.entity);
        Self(Arc::new(Inner { version, tables }))
    }

    /// The edition whose columns the records have.
    #[must_use]
    pub fn version(&self) -> Version {
        self.0.version
    }

    pub(crate) fn tables(&self) -> &[Arc<StagedTable>] {
        &self.0.tables
    }

    /// The bytes that are held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.tables.iter().map(|it| it.bytes()).sum()
    }
}

impl fmt::Debug for Staged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staged")
            .field("version", &self.0.version)
            .field("tables", &self.0.tables.len())
            .finish_non_exhaustive()
    }
}

/// The records of one entity.
pub struct StagedTable {
    pub(crate) spec: &'static FileSpec,
    /// Path of the collection they came from.
    pub(crate) path: Arc<str>,
    /// Columns after those of the file, in the order they were met.
    pub(crate) extensions: Vec<String>,
    /// Extensions that hold credentials; what they held is not staged.
    pub(crate) credentials: BTreeSet<String>,
    /// Columns of the file that are not to be read.
    pub(crate) without: &'static [&'static str],
    /// Whether these are all the records there are.
    pub(crate) complete: bool,
    rows: u64,
    blocks: Vec<Vec<u8>>,
}

impl StagedTable {
    /// The number of records.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The entity of the records.
    #[must_use]
    pub fn entity(&self) -> EntityKind {
        self.spec.entity
    }

    fn bytes(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }
}

impl fmt::Debug for StagedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StagedTable")
            .field("path", &self.path)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// Takes records until a table is whole.
pub(super) struct TableBuilder {
    spec: &'static FileSpec,
    extensions: HashMap<String, usize>,
    credentials: BTreeSet<String>,
    /// Records of the page under way.
    page: Vec<u8>,
    page_rows: u64,
    /// Records that are not compressed yet.
    buffer: Vec<u8>,
    rows: u64,
    blocks: Vec<Vec<u8>>,
}

impl TableBuilder {
    pub(super) fn new(entity: EntityKind) -> Self {
        Self {
            spec: file(entity),
            extensions: HashMap::new(),
            credentials: BTreeSet::new(),
            page: Vec::new(),
            page_rows: 0,
            buffer: Vec::new(),
            rows: 0,
            blocks: Vec::new(),
        }
    }

    pub(super) fn spec(&self) -> &'static FileSpec {
        self.spec
    }

    /// The place of an extension, new or known.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`] where there are more than any service has.
    pub(super) fn extension(&mut self, name: &str) -> Result<usize> {
        let known = self.extensions.len();
        if let Some(index) = self.extensions.get(name) {
            return Ok(*index);
        }
        if known >= MOST_EXTENSIONS {
            let message = "the records have more properties than any service gives them";
            return Err(Error::new(ErrorKind::Damaged, "rest.stage", message)
                .context("most", MOST_EXTENSIONS));
        }
        let index = self.spec.columns.len() + known;
        self.extensions.insert(name.to_owned(), index);
        Ok(index)
    }

    pub(super) fn credential(&mut self, name: &str) {
        if self.credentials.len() < MOST_EXTENSIONS {
            self.credentials.insert(name.to_owned());
        }
    }

    /// Adds a record to the page under way; empty cells at its end may be left out.
    pub(super) fn push(&mut self, position: u64, cells: &[String]) {
        let cells = &cells[..cells.iter().rposition(|it| !it.is_empty()).map_or(0, |it| it + 1)];
        write_number(position, &mut self.page);
        write_number(cells.len() as u64, &mut self.page);
        for cell in cells {
            write_number(cell.len() as u64, &mut self.page);
            self.page.extend_from_slice(cell.as_bytes());
        }
        self.page_rows += 1;
    }

    /// Keeps the page under way.
    pub(super) fn keep_page(&mut self) {
        self.buffer.append(&mut self.page);
        self.rows += std::mem::take(&mut self.page_rows);
        if self.buffer.len() >= BLOCK {
            self.compress();
        }
    }

    /// Forgets the page under way.
    pub(super) fn drop_page(&mut self) {
        self.page.clear();
        self.page_rows = 0;
    }

    fn compress(&mut self) {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        let written = encoder.write_all(&self.buffer).and_then(|()| encoder.finish());
        self.blocks.push(written.expect("memory can be written to"));
        self.buffer.clear();
    }

    pub(super) fn finish(
        mut self,
        path: Arc<str>,
        without: &'static [&'static str],
        complete: bool,
    ) -> StagedTable {
        if !self.buffer.is_empty() {
            self.compress();
        }
        let mut extensions: Vec<_> = self.extensions.into_iter().collect();
        extensions.sort_by_key(|it| it.1);
        StagedTable {
            spec: self.spec,
            path,
            extensions: extensions.into_iter().map(|it| it.0).collect(),
            credentials: self.credentials,
            without,
            complete,
            rows: self.rows,
            blocks: self.blocks,
        }
    }
}

/// Reads the records of a table.
pub(crate) struct StagedRecords {
    table: Arc<StagedTable>,
    block: usize,
    bytes: Vec<u8>,
    at: usize,
}

impl StagedRecords {
    pub(crate) fn new(table: Arc<StagedTable>) -> Self {
        Self { table, block: 0, bytes: Vec::new(), at: 0 }
    }

    /// Reads the next record, with all columns; false at the end.
    pub(crate) fn read(&mut self, record: &mut Record) -> Result<bool> {
        if self.at == self.bytes.len() && !self.next_block()? {
            return Ok(false);
        }
        let position = self.number();
        let cells = self.number();
        let width = self.table.spec.columns.len() + self.table.extensions.len();
        let (bytes, at) = (&self.bytes, &mut self.at);
        let staged = (0..cells).map(|_| {
            let length = usize::try_from(read_number(bytes, at)).unwrap_or_default();
            let text = &bytes[*at..*at + length];
            *at += length;
            // What was staged was text.
            std::str::from_utf8(text).unwrap_or_default()
        });
        let missing = width.saturating_sub(usize::try_from(cells).unwrap_or_default());
        record.assign(position, staged.chain(std::iter::repeat_n("", missing)));
        Ok(true)
    }

    fn next_block(&mut self) -> Result<bool> {
        let Some(block) = self.table.blocks.get(self.block) else { return Ok(false) };
        self.bytes.clear();
        self.at = 0;
        self.block += 1;
        let read = DeflateDecoder::new(block.as_slice()).read_to_end(&mut self.bytes);
        let message =
            "what was staged in memory cannot be read again; this is a defect, please report it";
        read.map_err(|it| Error::new(ErrorKind::Internal, "rest.stage", message).source(it))?;
        Ok(true)
    }

    fn number(&mut self) -> u64 {
        read_number(&self.bytes, &mut self.at)
    }
}

impl fmt::Debug for StagedRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StagedRecords").field("table", &self.table).finish_non_exhaustive()
    }
}

/// Appends a number, seven bits a byte.
fn write_number(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

fn read_number(bytes: &[u8], at: &mut usize) -> u64 {
    let mut number = 0;
    let mut shift = 0;
    while let Some(byte) = bytes.get(*at) {
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were_staged() {
        let mut builder = TableBuilder::new(EntityKind::Org);
        let width = builder.spec().columns.len();
        let long = "x".repeat(BLOCK / 2);
        let extension = builder.extension("metadata.a").unwrap();
        assert_eq!(builder.extension("metadata.a").unwrap(), extension);
        let mut wide = vec![String::new(); width];
        (wide[0], wide[width - 1]) = ("k".to_owned(), "Peña\n".to_owned());
        for number in 0..300 {
            builder.push(
                number,
                &["a".to_owned(), long[..usize::try_from(number).unwrap()].to_owned()],
            );
            builder.push(number, &wide);
            builder.keep_page();
        }
        builder.push(7, &[long.clone(), long.clone(), long]);
        builder.drop_page();
        let table = Arc::new(builder.finish("/orgs".into(), &[], true));
        assert_eq!(table.rows(), 600);
        let mut records = StagedRecords::new(table);
        let mut record = Record::default();
        for number in 0..300 {
            assert!(records.read(&mut record).unwrap());
            assert_eq!((record.line(), record.len()), (number, width + 1));
            assert_eq!(record.get(1).unwrap().len() as u64, number);
            assert!(records.read(&mut record).unwrap());
            assert_eq!((record.first_cell(), record.get(width - 1)), ("k", Some("Peña\n")));
            assert!(record.has_line_break());
        }
        assert!(!records.read(&mut record).unwrap());
    }
}
