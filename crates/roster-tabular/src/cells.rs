//! The cells of a record, trimmed, and cleaned where a cell has what no value should.

use crate::{csv::Record, finding::Findings};
use roster_core::{DiagnosticCode, Severity};
use std::{fmt, sync::Arc};

/// A column: where it stands in a file, and what the file calls it.
#[derive(Clone, Debug)]
pub struct ColumnPlace {
    /// Its position, from 0.
    pub position: usize,
    /// Its name, as findings tell it.
    pub name: Arc<str>,
}

/// Cells of one record.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    record: &'a Record,
    cleaned: &'a Cleaned,
}

/// The cells of one record whose text had to be changed; none for nearly every record.  The memory is used again.
#[derive(Default)]
pub struct Cleaned {
    text: String,
    /// Where a column's text is, by position; reaches only as far as a cell was ever changed.
    places: Vec<Option<(usize, usize)>>,
    /// Which of the layout's columns were changed.
    changed: Vec<usize>,
}

impl<'a> Cells<'a> {
    /// The cells of a record, where [`Cleaned::read`] has looked at it.
    #[must_use]
    pub fn new(record: &'a Record, cleaned: &'a Cleaned) -> Self {
        Self { record, cleaned }
    }

    /// The cell without spaces around; empty where the record has none.
    #[must_use]
    pub fn get(self, column: usize) -> &'a str {
        match self.cleaned.get(column) {
            Some(text) => text,
            None => trimmed(self.record.get(column).unwrap_or_default()),
        }
    }
}

impl Cleaned {
    fn get(&self, column: usize) -> Option<&str> {
        let (start, end) = (*self.places.get(column)?)?;
        Some(&self.text[start..end])
    }

    /// Copies the cells that have line breaks or control characters, without those.
    pub fn read(&mut self, columns: &[ColumnPlace], record: &Record) {
        for index in self.changed.drain(..) {
            self.places[columns[index].position] = None;
        }
        self.text.clear();
        if !record.has_line_break() && !record.has_control() {
            return;
        }
        for (index, ColumnPlace { position, .. }) in columns.iter().enumerate() {
            let text = record.get(*position).unwrap_or_default();
            if text.contains(|it| breaks_line(it) || is_control(it)) {
                self.push(*position, text);
                self.changed.push(index);
            }
        }
    }

    fn push(&mut self, position: usize, text: &str) {
        if self.places.len() <= position {
            self.places.resize(position + 1, None);
        }
        let start = self.text.len();
        push_cleaned(text, &mut self.text);
        self.places[position] = Some((start, self.text.len()));
    }

    /// Reports what was changed.
    pub fn report(&self, columns: &[ColumnPlace], record: &Record, findings: &mut Findings<'_>) {
        for ColumnPlace { position, name } in self.changed.iter().map(|it| &columns[*it]) {
            let text = record.get(*position).unwrap_or_default();
            if text.contains(breaks_line) {
                findings.repaired(DiagnosticCode::LineBreakInValue, name);
            }
            if text.contains(is_control) {
                findings.repaired(DiagnosticCode::ControlCharacter, name);
            }
        }
    }
}

impl fmt::Debug for Cells<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.record.fmt(f)
    }
}

impl fmt::Debug for Cleaned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cleaned").field("cells", &self.changed.len()).finish_non_exhaustive()
    }
}

/// Whether the cells of a record stand under the columns of a header of `width` cells; says so where not.
pub fn judge_width(record: &Record, width: usize, findings: &mut Findings<'_>) -> bool {
    if record.len() == width {
        return true;
    }
    if record.len() < width {
        findings.add(DiagnosticCode::RowTooNarrow, Severity::Warning, None);
        return true;
    }
    let surplus = record.cells().skip(width).any(|it| !it.trim().is_empty());
    let severity = if surplus { Severity::Rejected } else { Severity::Warning };
    findings.add(DiagnosticCode::RowTooWide, severity, None);
    !surplus
}

fn trimmed(text: &str) -> &str {
    let plain = |it: Option<&u8>| it.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if plain(bytes.first()) && plain(bytes.last()) { text } else { text.trim() }
}

/// Appends a text without its control characters and the spaces around it; a line break becomes a space.
fn push_cleaned(text: &str, out: &mut String) {
    let start = out.len();
    let mut after_return = false;
    for character in text.chars() {
        match character {
            '\n' if after_return => {}
            // Spaces at the start stay out, those at the end are cut off below.
            '\n' | '\r' if out.len() > start => out.push(' '),
            other if is_control(other) || breaks_line(other) => {}
            other if out.len() == start && other.is_whitespace() => {}
            other => out.push(other),
        }
        after_return = character == '\r';
    }
    out.truncate(start + out[start..].trim_end().len());
}

fn breaks_line(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

fn is_control(character: char) -> bool {
    (character < ' ' && !matches!(character, '\t' | '\n' | '\r')) || character == '\u{fffd}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_lose_line_breaks_controls_and_outer_spaces() {
        for (cell, expected) in
            [("a\r\nb", "a b"), ("a\nb\rc", "a b c"), ("a\0b\u{fffd}", "ab"), (" a\tb \n", "a\tb")]
        {
            let mut text = "before ".to_owned();
            push_cleaned(cell, &mut text);
            assert_eq!(text, format!("before {expected}"));
        }
        for (cell, expected) in [("a", "a"), (" a ", "a"), ("\u{a0}é\u{a0}", "é"), ("", "")] {
            assert_eq!(trimmed(cell), expected);
        }
    }
}
