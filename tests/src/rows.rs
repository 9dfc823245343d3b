//! Edits many records of a file at once.

use csv::{ReaderBuilder, Terminator, WriterBuilder};
use roster_testkit::FileSet;

/// A record of a file, by the names of its columns.
#[derive(Debug)]
pub struct FileRow<'a> {
    header: &'a [String],
    cells: Vec<String>,
}

impl FileRow<'_> {
    /// The text of a column.
    ///
    /// # Panics
    ///
    /// When the file has no such column.
    #[must_use]
    pub fn get(&self, column: &str) -> &str {
        &self.cells[self.position(column)]
    }

    /// Sets the text of a column.
    ///
    /// # Panics
    ///
    /// When the file has no such column.
    pub fn set(&mut self, column: &str, text: &str) {
        let position = self.position(column);
        text.clone_into(&mut self.cells[position]);
    }

    fn position(&self, column: &str) -> usize {
        let position = self.header.iter().position(|it| it == column);
        position.unwrap_or_else(|| panic!("the file has no column {column}"))
    }
}

/// Lets `edit` change every record of a file, and take out those for which it gives false.
///
/// # Panics
///
/// When the file is not in the set, or is not CSV.
pub fn edit_rows(files: &mut FileSet, name: &str, mut edit: impl FnMut(&mut FileRow<'_>) -> bool) {
    let bytes = files.get(name).unwrap_or_else(|| panic!("{name} is not in the set"));
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let texts = |it: csv::StringRecord| it.iter().map(str::to_owned).collect::<Vec<_>>();
    let mut records = reader.records().map(|it| texts(it.expect("the file is CSV")));
    let header = records.next().expect("the file has a header");
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(&header).expect("memory can be written to");
    for cells in records {
        let mut row = FileRow { header: &header, cells };
        if edit(&mut row) {
            writer.write_record(&row.cells).expect("memory can be written to");
        }
    }
    files.set(name, writer.into_inner().expect("memory can be written to"));
}
