//! Maps of keys as CSV files: what a night proposes, and what a person makes of it.
//!
//! The columns are `entity` (the table), `old_source_id`, `new_source_id`, `how` and `candidates`.  A row without a new
//! key is ambiguous: its candidates are the new keys that it may have, separated by ` | `.  Only the first three columns
//! are read back, and rows without a new key are left out.

use super::{Ambiguous, Match, Matches};
use csv::{ByteRecord, Position, ReaderBuilder, Terminator, Writer};
use roster_core::EntityKind;
use roster_sink::Rekey;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::{self, Read, Write},
    str,
};

/// The columns, in the order in which they are written.
pub const COLUMNS: [&str; 5] = ["entity", "old_source_id", "new_source_id", "how", "candidates"];
/// Columns that a map must have.
const NEEDED: usize = 3;

/// What the names of the files begin with that a night keeps of a proposed map.
pub const KEPT_PREFIX: &str = "rekey.";

/// Candidates that are written of an ambiguous row.
const MOST_CANDIDATES: usize = 10;
/// Between two candidates.
const BETWEEN: &str = " | ";

/// Name of the file that a night keeps of the proposed map of an entity.
#[must_use]
pub fn kept_name(entity: EntityKind) -> String {
    format!("{KEPT_PREFIX}{}", entity.table())
}

/// Writes the proposed map of an entity: its pairs, then what is ambiguous.
///
/// # Errors
///
/// Those of `out`.
pub fn write_map(matches: &Matches, entity: EntityKind, out: impl Write) -> io::Result<()> {
    let mut out = Writer::from_writer(out);
    out.write_record(COLUMNS)?;
    for Match { old, new, how } in matches.maps(entity) {
        let [old, new] = [old, new].map(guarded);
        out.write_record([entity.table(), &old, &new, how.words(), ""])?;
    }
    for Ambiguous { old, new, why } in matches.ambiguous(entity) {
        let mut candidates =
            new.iter().take(MOST_CANDIDATES).copied().collect::<Vec<_>>().join(BETWEEN);
        if let Some(more @ 1..) = new.len().checked_sub(MOST_CANDIDATES) {
            candidates = format!("{candidates}{BETWEEN}and {more} more");
        }
        for old in old {
            let why = format!("ambiguous: {why}");
            out.write_record([entity.table(), &guarded(old), "", &why, &guarded(&candidates)])?;
        }
    }
    out.flush()
}

/// A pair of a map, and the line of the file that it starts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapLine {
    /// Counted from 1.
    pub line: u64,
    /// The pair.
    pub rekey: Rekey,
}

/// Something that is wrong with a map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line of the file, counted from 1.
    pub line: u64,
    /// What was found and what was expected.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(line: u64, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// A map that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapFile {
    /// Its pairs, in the order of the file.
    pub pairs: Vec<MapLine>,
    /// Old keys without a new one, by table.
    pub undecided: BTreeMap<EntityKind, u64>,
    /// How many pairs of each table are known by what, as far as the file says.
    pub how: BTreeMap<EntityKind, BTreeMap<String, u64>>,
}

impl MapFile {
    /// Number of pairs of each table.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<EntityKind, u64> {
        let mut counts = BTreeMap::new();
        for pair in &self.pairs {
            *counts.entry(pair.rekey.entity).or_default() += 1;
        }
        counts
    }
}

/// Reads a map.
///
/// # Errors
///
/// Everything that is wrong with it, in the order of its lines.
pub fn read_map(file: impl Read) -> Result<MapFile, Vec<Problem>> {
    // With the other kind of terminator, lines that end with CR LF are counted one too low.
    let terminator = Terminator::Any(b'\n');
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .terminator(terminator)
        .from_reader(file);
    let (mut record, mut map, mut problems) = (ByteRecord::new(), MapFile::default(), Vec::new());
    let mut columns = None;
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(err) => {
                let line = err.position().map_or(0, Position::line);
                problems.push(Problem::new(line, format!("the file cannot be read: {err}")));
                break;
            }
        }
        let line = record.position().map_or(0, Position::line);
        let taken = match &columns {
            None => Columns::find(&record).map(|it| columns = Some(it)),
            Some(columns) => columns.take(&record, line, &mut map),
        };
        if let Err(message) = taken {
            problems.push(Problem::new(line, message));
            if columns.is_none() {
                break;
            }
        }
    }
    if columns.is_none() && problems.is_empty() {
        problems.push(Problem::new(1, "the file is empty"));
    }
    if problems.is_empty() { Ok(map) } else { Err(problems) }
}

/// Where the columns stand that are read.
struct Columns {
    places: [usize; NEEDED],
    how: Option<usize>,
    width: usize,
}

impl Columns {
    fn find(header: &ByteRecord) -> Result<Self, String> {
        let names: Vec<&str> = header.iter().map(name).collect();
        let expected = || format!("the first line must have the columns {}", COLUMNS.join(","));
        if let Some(unknown) = names.iter().find(|it| !COLUMNS.contains(*it)) {
            let hint = if unknown.contains(';') { ", separated by commas" } else { "" };
            return Err(format!("{}{hint}; found {unknown:?}", expected()));
        }
        let place = |column: &str| {
            let mut places = names.iter().enumerate().filter(|it| *it.1 == column).map(|it| it.0);
            match (places.next(), places.next()) {
                (Some(place), None) => Ok(place),
                (None, _) => Err(format!("{}; {column} is missing", expected())),
                _ => Err(format!("{}; {column} is there twice", expected())),
            }
        };
        let places = [place(COLUMNS[0])?, place(COLUMNS[1])?, place(COLUMNS[2])?];
        let how = names.iter().position(|it| *it == COLUMNS[NEEDED]);
        Ok(Self { places, how, width: names.len() })
    }

    fn take(&self, record: &ByteRecord, line: u64, map: &mut MapFile) -> Result<(), String> {
        if record.iter().all(|it| it.trim_ascii().is_empty()) {
            return Ok(());
        }
        if record.len() != self.width {
            return Err(format!("{} cells, but {} columns", record.len(), self.width));
        }
        let cell = |place: usize| text(&record[self.places[place]]);
        let (table, old, new) = (cell(0)?.trim(), unguarded(cell(1)?), unguarded(cell(2)?));
        let entity = EntityKind::from_table(table)
            .ok_or("entity holds the name of no table; docs/model.md lists them")?;
        if old.is_empty() {
            return Err("the old key is empty".to_owned());
        }
        if new.is_empty() {
            *map.undecided.entry(entity).or_default() += 1;
            return Ok(());
        }
        let rekey = Rekey { entity, old: old.to_owned(), new: new.to_owned() };
        map.pairs.push(MapLine { line, rekey });
        if let Some(how) = self.how.map(|it| text(&record[it])).transpose()? {
            let counts = map.how.entry(entity).or_default();
            match counts.get_mut(how) {
                Some(count) => *count += 1,
                None => _ = counts.insert(how.to_owned(), 1),
            }
        }
        Ok(())
    }
}

fn text(cell: &[u8]) -> Result<&str, String> {
    let text = str::from_utf8(cell.strip_suffix(b"\r").unwrap_or(cell));
    text.map_err(|_| "not UTF-8; save the file as UTF-8".to_owned())
}

/// The name of a column; spreadsheets write a byte order mark before the first.
fn name(cell: &[u8]) -> &str {
    str::from_utf8(cell).unwrap_or("\u{fffd}").trim_start_matches('\u{feff}').trim()
}

/// What a spreadsheet would take for a formula, and what marks that it is none.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// A key that no spreadsheet takes for a formula.
fn guarded(key: &str) -> Cow<'_, str> {
    if key.starts_with(FORMULA) { format!("'{key}").into() } else { key.into() }
}

fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|it| it.starts_with(FORMULA)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::{super::Matcher, *};
    use roster_core::{Rows, model::UserRow};

    fn pair(line: u64, entity: EntityKind, old: &str, new: &str) -> MapLine {
        MapLine { line, rekey: Rekey { entity, old: old.into(), new: new.into() } }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let rows = |keys: [&str; 4]| {
            let mut rows = Rows::new(EntityKind::User);
            for (key, username) in keys.iter().zip([Some("a"), Some("b"), None, None]) {
                let names = ("Ana", "Ruiz");
                let (given_name, family_name) = names;
                let row = UserRow {
                    source_id: key,
                    given_name,
                    family_name,
                    username,
                    ..UserRow::default()
                };
                rows.push(0, &row);
            }
            rows
        };
        let mut matcher = Matcher::new();
        matcher.old(&rows(["-1", "'b\"", "c,c", "d"]));
        matcher.new_rows(&rows(["=1", "''", "c|\n", "e"]));
        let mut written = Vec::new();
        write_map(&matcher.run(), EntityKind::User, &mut written).unwrap();
        let text = String::from_utf8(written.clone()).unwrap();
        assert!(text.contains("users,'-1,'=1,everything but the key,\n"), "{text}");
        assert!(text.contains("d,,ambiguous: names,\"c|\n | e\"\n"), "{text}");
        let map = read_map(&written[..]).unwrap();
        let pairs =
            [pair(2, EntityKind::User, "-1", "=1"), pair(3, EntityKind::User, "'b\"", "''")];
        assert_eq!(map.pairs, pairs);
        assert_eq!(map.undecided, BTreeMap::from([(EntityKind::User, 2)]));
        assert_eq!(map.counts(), BTreeMap::from([(EntityKind::User, 2)]));
    }

    #[track_caller]
    fn check(text: &[u8], expected: &[&str]) {
        let shown = |it: &Problem| format!("{}: {}", it.line, it.message);
        let problems = read_map(text).err().unwrap_or_default();
        let problems: Vec<_> = problems.iter().map(shown).collect();
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for (problem, expected) in problems.iter().zip(expected) {
            assert!(problem.contains(expected), "{problem}, not {expected}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_line() {
        const HEADER: &str = "entity,old_source_id,new_source_id\n";
        check(b"", &["1: the file is empty"]);
        check(b"entity,old_source_id\n", &["1: the first line must have"]);
        check(b"entity;old_source_id;new_source_id\nusers;a;b\n", &["separated by commas"]);
        check(b"entity,old_source_id,new_source_id,note\n", &["found \"note\""]);
        check(b"entity,old_source_id,new_source_id,entity\n", &["there twice"]);
        let lines = "users,a,b\nusers,a\npupils,a,b\nusers,,b\nusers,\"x\ny\",z\norgs,1,2,3\n";
        let all = format!("{HEADER}{lines}");
        let expected =
            ["3: 2 cells", "4: entity holds the name of no table", "5: the old key", "8: 4 cells"];
        check(all.as_bytes(), &expected);
        check(&[HEADER.as_bytes(), b"users,\xff,b\n"].concat(), &["2: not UTF-8"]);
    }

    #[test]
    fn columns_may_stand_in_any_order_behind_a_byte_order_mark() {
        let text =
            "\u{feff}new_source_id,how,entity,old_source_id\r\nb,,users,a\r\n,,orgs,c\r\n,,,\r\n";
        let map = read_map(text.as_bytes()).unwrap();
        assert_eq!(map.pairs, [pair(2, EntityKind::User, "a", "b")]);
        assert_eq!(map.undecided, BTreeMap::from([(EntityKind::Org, 1)]));
    }
}
