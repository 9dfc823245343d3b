//! The files of a set in memory, and the ways to break them.

use crate::{Failed, Seed, Writing};
use csv::{QuoteStyle, ReaderBuilder, StringRecord, Terminator, WriterBuilder};
use encoding_rs::WINDOWS_1252;
use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read, Write},
    path::Path,
};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

const MANIFEST: &str = "manifest.csv";

/// A set of CSV files by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileSet {
    files: BTreeMap<String, Vec<u8>>,
}

impl FileSet {
    /// Reads the `.csv` files of a folder.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read or has no such file.
    pub fn read(folder: &Path) -> Result<Self, Failed> {
        let listed = fs::read_dir(folder).map_err(|err| format!("{}: {err}", folder.display()))?;
        let mut files = BTreeMap::new();
        for entry in listed {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if Path::new(&name).extension().is_some_and(|it| it == "csv") {
                files.insert(name, fs::read(entry.path())?);
            }
        }
        if files.is_empty() {
            return Err(format!("{}: no csv file", folder.display()).into());
        }
        Ok(Self { files })
    }

    /// The names of its files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The bytes of a file.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// Adds or replaces a file.
    pub fn set(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.files.insert(name.to_owned(), bytes.into());
    }

    /// Takes a file out.
    pub fn remove(&mut self, name: &str) {
        self.files.remove(name);
    }

    /// Replaces text in a file.
    ///
    /// # Panics
    ///
    /// When the file does not have the text: an edit that edits nothing tests nothing.
    pub fn replace(&mut self, name: &str, from: &str, to: &str) {
        let text = String::from_utf8_lossy(self.get(name).unwrap_or_default()).into_owned();
        assert!(text.contains(from), "{name} does not have the text {from:?}");
        self.set(name, text.replace(from, to));
    }

    /// Sets a value by the key of its record and the name of its column.
    ///
    /// # Panics
    ///
    /// When there is no such file, record or column.
    pub fn set_value(&mut self, name: &str, source_id: &str, column: &str, value: &str) {
        let mut set = false;
        self.edit(name, |records| {
            let column = records[0].iter().position(|it| it == column);
            let record = records.iter_mut().find(|it| it[0] == source_id);
            if let Some((column, record)) = column.zip(record) {
                value.clone_into(&mut record[column]);
                set = true;
            }
        });
        assert!(set, "{name} has no value {column} of {source_id}");
    }

    /// Takes a record out.
    ///
    /// # Panics
    ///
    /// When there is no such file or record.
    pub fn remove_record(&mut self, name: &str, source_id: &str) {
        self.edit(name, |records| {
            let before = records.len();
            records.retain(|it| it[0] != source_id);
            assert!(records.len() < before, "{name} has no record {source_id}");
        });
    }

    /// Keeps only the header of a file.
    ///
    /// # Panics
    ///
    /// When there is no such file.
    pub fn remove_records(&mut self, name: &str) {
        self.edit(name, |records| records.truncate(1));
    }

    fn edit(&mut self, name: &str, edit: impl FnOnce(&mut Vec<Vec<String>>)) {
        let edited = self.with_records(name, edit);
        *self = edited.unwrap_or_else(|| panic!("{name} is not in the set, or is not CSV"));
    }

    /// Writes it as the files of a new folder.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Failed> {
        fs::create_dir_all(folder)?;
        for (name, bytes) in &self.files {
            fs::write(folder.join(name), bytes)?;
        }
        Ok(())
    }

    /// Writes it as a zip archive.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn zip(&self) -> Result<Vec<u8>, Failed> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in &self.files {
            archive.start_file(name, SimpleFileOptions::default())?;
            archive.write_all(bytes)?;
        }
        Ok(archive.finish()?.into_inner())
    }

    /// Reads a zip archive.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn unzip(archive: &[u8]) -> Result<Self, Failed> {
        let mut archive = ZipArchive::new(Cursor::new(archive))?;
        let mut files = BTreeMap::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index)?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            files.insert(file.name()?.into_owned(), bytes);
        }
        Ok(Self { files })
    }

    /// The record on a line of a file, by the names of its header, what is empty left out; `None` where there is none, or
    /// none with as many cells as the header has.
    pub(super) fn record(&self, name: &str, line: u64) -> Option<Vec<(String, String)>> {
        let bytes = self.get(name)?;
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes);
        let header = reader.headers().ok()?.clone();
        let mut records = reader.records().filter_map(Result::ok);
        let record = records.find(|it| line_of(bytes, it) == Some(line))?;
        let filled = header.iter().zip(&record).filter(|it| !it.1.trim().is_empty());
        (record.len() == header.len())
            .then(|| filled.map(|(name, text)| (name.to_owned(), text.to_owned())).collect())
    }

    /// Without the records of a file; `None` when it is not in the set.
    pub(crate) fn with_header_only(&self, name: &str) -> Option<Self> {
        self.with_records(name, |records| records.truncate(1))
    }

    /// With a copy of a file's first record at its end; `None` when it is not in the set.
    pub(crate) fn with_first_record_twice(&self, name: &str) -> Option<Self> {
        self.with_records(name, |records| records.extend(records.get(1).cloned()))
    }

    /// A delta: a manifest that says so, and one file with its first record active and its last to be deleted; `None`
    /// when the set has no manifest or the file no status.
    pub(super) fn changes(&self, name: &str) -> Option<Self> {
        let manifest = String::from_utf8_lossy(self.get(MANIFEST)?).replace(",bulk", ",absent");
        let property = format!("file.{}", name.trim_end_matches(".csv"));
        let marked = manifest.replace(&format!("{property},absent"), &format!("{property},delta"));
        let records = parse(self.get(name)?)?;
        let (header, first, last) = (records.first()?, records.get(1)?, records.last()?);
        let column = |name: &str| header.iter().position(|it| it == name);
        let (status, stamp) = (column("status")?, column("dateLastModified")?);
        let with_status = |record: &[String], text: &str| {
            let mut record = record.to_vec();
            text.clone_into(&mut record[status]);
            "2026-11-22T20:15:00.000Z".clone_into(&mut record[stamp]);
            record
        };
        let records =
            [header.clone(), with_status(first, "active"), with_status(last, "tobedeleted")];
        let mut set = Self::default();
        set.set(MANIFEST, marked);
        set.set(name, print(&records, QuoteStyle::Necessary)?);
        Some(set)
    }

    /// With records that cannot be read at the end of every file but the manifest.
    pub(crate) fn with_unreadable_records(&self) -> Option<Self> {
        let mut set = self.clone();
        for name in self.names().filter(|it| *it != MANIFEST) {
            set = set.with_records(name, |it| it.extend(unreadable_records(name, it)))?;
            // Its line ends: a file that breaks off in a record is half an upload.
            let open_quote = format!("{}-quote,\"{0} without an end\r\n", Seed::CANARY);
            set.files.get_mut(name)?.extend_from_slice(open_quote.as_bytes());
        }
        Some(set)
    }

    /// Written in another way; `None` when that would change nothing.
    pub(super) fn written(&self, writing: Writing) -> Option<Self> {
        let mut set = self.clone();
        for bytes in set.files.values_mut() {
            *bytes = match writing {
                Writing::ByteOrderMark => [b"\xEF\xBB\xBF", bytes.as_slice()].concat(),
                Writing::LineFeed => bytes.iter().copied().filter(|it| *it != b'\r').collect(),
                Writing::EveryValueQuoted => print(&parse(bytes)?, QuoteStyle::Always)?,
                Writing::Windows1252 => windows_1252(bytes),
            };
        }
        (set != *self).then_some(set)
    }

    fn with_records(&self, name: &str, edit: impl FnOnce(&mut Vec<Vec<String>>)) -> Option<Self> {
        let mut records = parse(self.get(name)?)?;
        edit(&mut records);
        let mut set = self.clone();
        set.set(name, print(&records, QuoteStyle::Necessary)?);
        Some(set)
    }
}

/// The line that a record begins on; its position may lie before the end of the line before.
fn line_of(bytes: &[u8], record: &StringRecord) -> Option<u64> {
    let start = usize::try_from(record.position()?.byte()).ok()?;
    let ends = bytes.get(start..)?.iter().take_while(|it| matches!(it, b'\r' | b'\n')).count();
    let before = bytes.get(..start + ends)?;
    Some(before.split(|it| *it == b'\n').count() as u64)
}

/// For every column a copy of the first record with a canary in it, and one record that is too wide.
fn unreadable_records(file: &str, records: &[Vec<String>]) -> Vec<Vec<String>> {
    let Some(first) = records.get(1) else { return Vec::new() };
    let stem = file.trim_end_matches(".csv");
    let keyed = |what: &str| {
        let mut record = first.clone();
        record[0] = format!("{}-{stem}-{what}", Seed::CANARY);
        record
    };
    let damaged = |column: usize| {
        let mut record = keyed(&column.to_string());
        record[column] = format!("{} \"7f3a\", of {stem} {column}", Seed::CANARY);
        record
    };
    let mut too_wide = keyed("wide");
    too_wide.push(format!("{}-surplus", Seed::CANARY));
    (0..first.len()).map(damaged).chain([too_wide]).collect()
}

fn parse(bytes: &[u8]) -> Option<Vec<Vec<String>>> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let texts = |record: StringRecord| record.iter().map(str::to_owned).collect();
    reader.records().map(|it| it.ok().map(texts)).collect()
}

fn print(records: &[Vec<String>], quotes: QuoteStyle) -> Option<Vec<u8>> {
    let mut writer = WriterBuilder::new()
        .flexible(true)
        .quote_style(quotes)
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    records.iter().try_for_each(|it| writer.write_record(it)).ok()?;
    writer.into_inner().ok()
}

/// In Windows-1252, or as it is where that lacks a character.
fn windows_1252(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    match WINDOWS_1252.encode(&text) {
        (encoded, _, false) => encoded.into_owned(),
        (_, _, true) => bytes.to_vec(),
    }
}

/// The first two thirds of an archive.
pub(super) fn cut_off(archive: &[u8]) -> Vec<u8> {
    archive[..archive.len() / 3 * 2].to_vec()
}

/// The archive with one byte changed in the middle of its largest file.
pub(super) fn corrupt(archive: &[u8]) -> Result<Vec<u8>, Failed> {
    let mut files = ZipArchive::new(Cursor::new(archive))?;
    let mut largest = (0, 0);
    for index in 0..files.len() {
        let file = files.by_index_raw(index)?;
        let middle = file.data_start().ok_or("no data")? + file.compressed_size() / 2;
        largest = largest.max((file.compressed_size(), middle));
    }
    let mut corrupt = archive.to_vec();
    let middle = usize::try_from(largest.1)?;
    *corrupt.get_mut(middle).ok_or("the middle lies outside")? ^= 0x55;
    Ok(corrupt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> FileSet {
        let records = "a,b\r\n1,\"x,y\"\r\n2,é\r\n";
        let files = [("t.csv", records), (MANIFEST, "p,v\r\nq,王\r\n")];
        FileSet { files: files.map(|(name, text)| (name.to_owned(), text.into())).into() }
    }

    fn check(edited: Option<FileSet>, text: &[u8]) {
        assert_eq!(
            String::from_utf8_lossy(edited.unwrap().get("t.csv").unwrap()),
            String::from_utf8_lossy(text)
        );
    }

    #[test]
    fn edits_do_what_they_say() {
        check(set().with_header_only("t.csv"), b"a,b\r\n");
        let twice = "a,b\r\n1,\"x,y\"\r\n2,é\r\n1,\"x,y\"\r\n";
        check(set().with_first_record_twice("t.csv"), twice.as_bytes());
        check(set().written(Writing::LineFeed), "a,b\n1,\"x,y\"\n2,é\n".as_bytes());
        let quoted = "\"a\",\"b\"\r\n\"1\",\"x,y\"\r\n\"2\",\"é\"\r\n";
        check(set().written(Writing::EveryValueQuoted), quoted.as_bytes());
        check(set().written(Writing::Windows1252), b"a,b\r\n1,\"x,y\"\r\n2,\xE9\r\n");
        assert_eq!(set().with_header_only("other.csv"), None);
    }

    #[test]
    fn record_on_a_line_has_its_filled_cells_by_name() {
        let mut set = FileSet::default();
        set.set("t.csv", "a,b\r\n\"x\r\ny\",\r\n1,2,3\r\n4,5\r\n");
        let check = |line: u64, expected: Option<&[(&str, &str)]>| {
            let owned = |it: &(&str, &str)| (it.0.to_owned(), it.1.to_owned());
            let expected = expected.map(|it| it.iter().map(owned).collect::<Vec<_>>());
            assert_eq!(set.record("t.csv", line), expected, "{line}");
        };
        check(2, Some(&[("a", "x\r\ny")]));
        check(3, None);
        check(4, None);
        check(5, Some(&[("a", "4"), ("b", "5")]));
        check(6, None);
    }

    #[test]
    fn delta_has_the_first_record_and_the_end_of_the_last() {
        let mut set = FileSet::default();
        let records = "sourcedId,status,dateLastModified\r\n1,,\r\n2,,\r\n3,,\r\n";
        set.set("t.csv", records);
        set.set(MANIFEST, "propertyName,value\r\nfile.s,bulk\r\nfile.t,bulk\r\n");
        let delta = set.changes("t.csv").unwrap();
        let manifest = "propertyName,value\r\nfile.s,absent\r\nfile.t,delta\r\n";
        assert_eq!(delta.get(MANIFEST), Some(manifest.as_bytes()));
        let stamp = "2026-11-22T20:15:00.000Z";
        let header = "sourcedId,status,dateLastModified\r\n";
        let expected = format!("{header}1,active,{stamp}\r\n3,tobedeleted,{stamp}\r\n");
        check(Some(delta), expected.as_bytes());
    }

    #[test]
    fn every_column_of_every_file_but_the_manifest_gets_an_unreadable_record() {
        let unreadable = set().with_unreadable_records().unwrap();
        assert_eq!(unreadable.get(MANIFEST), set().get(MANIFEST));
        let text = String::from_utf8(unreadable.get("t.csv").unwrap().to_vec()).unwrap();
        let added: Vec<_> = text.lines().skip(3).collect();
        assert_eq!(
            added,
            [
                r#""canary ""7f3a"", of t 0","x,y""#,
                r#"canary-t-1,"canary ""7f3a"", of t 1""#,
                r#"canary-t-wide,"x,y",canary-surplus"#,
                r#"canary-quote,"canary without an end"#,
            ]
        );
    }

    #[test]
    fn archives_are_whole_unless_they_are_damaged() {
        let archive = set().zip().unwrap();
        assert_eq!(FileSet::unzip(&archive).unwrap(), set());
        assert!(FileSet::unzip(&cut_off(&archive)).is_err());
        assert!(FileSet::unzip(&corrupt(&archive).unwrap()).is_err());
    }
}
