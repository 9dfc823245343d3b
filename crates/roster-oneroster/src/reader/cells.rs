//! The cells of a record, trimmed, and cleaned where a cell has what no value should.

use crate::{finding::Findings, reader::layout::Layout};
use roster_core::DiagnosticCode;
use roster_tabular::Record;

/// Cells of one record.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    record: &'a Record,
    /// Cells whose text had to be changed; empty for nearly every record.
    cleaned: &'a [(usize, String)],
}

impl<'a> Cells<'a> {
    pub(super) fn new(record: &'a Record, cleaned: &'a [(usize, String)]) -> Self {
        Self { record, cleaned }
    }

    /// The cell without spaces around; empty where the record has none.
    pub(super) fn get(&self, column: usize) -> &'a str {
        if let Some((_, text)) = self.cleaned.iter().find(|it| it.0 == column) {
            return text;
        }
        trimmed(self.record.get(column).unwrap_or_default())
    }
}

fn trimmed(text: &str) -> &str {
    let plain = |it: Option<&u8>| it.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if plain(bytes.first()) && plain(bytes.last()) { text } else { text.trim() }
}

/// Copies the cells that have line breaks or control characters, without those.
pub(super) fn clean(layout: &Layout, record: &Record, out: &mut Vec<(usize, String)>) {
    out.clear();
    if !record.has_line_break() && !record.has_control() {
        return;
    }
    for column in layout.columns() {
        let text = record.get(column).unwrap_or_default();
        if text.contains(|it| breaks_line(it) || is_control(it)) {
            out.push((column, cleaned(text)));
        }
    }
}

/// Reports what [`clean`] changed.
pub(super) fn report(
    layout: &Layout,
    record: &Record,
    cleaned: &[(usize, String)],
    findings: &mut Findings<'_>,
) {
    for (column, _) in cleaned {
        let text = record.get(*column).unwrap_or_default();
        let Some(name) = layout.name_of(*column) else { continue };
        if text.contains(breaks_line) {
            findings.repaired(DiagnosticCode::LineBreakInValue, &name);
        }
        if text.contains(is_control) {
            findings.repaired(DiagnosticCode::ControlCharacter, &name);
        }
    }
}

fn cleaned(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut after_return = false;
    for character in text.chars() {
        match character {
            '\n' if after_return => {}
            '\n' | '\r' => clean.push(' '),
            other if is_control(other) => {}
            other => clean.push(other),
        }
        after_return = character == '\r';
    }
    clean.trim().to_owned()
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
            assert_eq!(cleaned(cell), expected);
        }
        for (cell, expected) in [("a", "a"), (" a ", "a"), ("\u{a0}é\u{a0}", "é"), ("", "")] {
            assert_eq!(trimmed(cell), expected);
        }
    }
}
