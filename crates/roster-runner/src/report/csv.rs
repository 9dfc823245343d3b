//! The district's report as a table: one row for each finding, for a spreadsheet.

use super::district::DistrictReport;
use std::{
    borrow::Cow,
    io::{self, Write},
};

/// Without it, spreadsheets take UTF-8 for something else.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

const HEADER: [&str; 11] = [
    "cause",
    "what was wrong",
    "file",
    "line",
    "record",
    "field",
    "value",
    "code",
    "severity",
    "effect",
    "what to do",
];

/// Writes it.
pub(super) fn write(report: &DistrictReport, mut out: impl Write) -> io::Result<()> {
    out.write_all(BYTE_ORDER_MARK)?;
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    table.write_record(HEADER)?;
    for cause in &report.causes {
        let number = cause.number.to_string();
        let first = format!("Mend cause {number} first.");
        let findings = cause.findings.iter().map(|it| (it, it.what_to_do.as_str()));
        let following = cause.following.iter().map(|it| (it, first.as_str()));
        for (row, what_to_do) in findings.chain(following) {
            let line = row.line.map_or_else(String::new, |it| it.to_string());
            let text = |it: &Option<String>| it.clone().unwrap_or_default();
            let (record, field, value) = (text(&row.record), text(&row.field), text(&row.value));
            let cells: [&str; HEADER.len()] = [
                &number,
                &cause.title,
                &row.file,
                &line,
                &record,
                &field,
                &value,
                &row.code,
                row.severity.code(),
                row.effect,
                what_to_do,
            ];
            table.write_record(cells.map(|it| harmless(it).into_owned()))?;
        }
    }
    table.flush()
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(text: &str) -> Cow<'_, str> {
    const FORMULA: &[char] =
        &['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    if text.trim_start_matches(' ').starts_with(FORMULA) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["", "Ana", "a=b", "2026-08-01", "'=1"] {
            assert_eq!(harmless(text), text);
        }
    }
}
