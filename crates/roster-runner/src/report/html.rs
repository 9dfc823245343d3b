//! The district's report as one page: no script, nothing from elsewhere, everything escaped.

use super::district::{Cause, DistrictReport, FileCount, Row};
use crate::render::{self, counted, number};
use askama::{Template, filters::Safe};
use roster_core::Severity;
use std::io::{self, Write};

/// Findings of a cause that the page shows; the table has all.
const MOST_FINDINGS: usize = 200;

/// The page.
#[derive(Template)]
#[template(path = "district-report.html")]
struct Page<'r> {
    report: &'r DistrictReport,
}

/// The findings of a cause, or the records that follow from it.
#[derive(Template)]
#[template(path = "district-findings.html")]
struct Findings<'r> {
    caption: &'r str,
    rows: &'r [Row],
    more: u64,
}

impl Page<'_> {
    fn date(&self) -> String {
        self.report.finished_at.strftime("%B %-d, %Y, %H:%M UTC").to_string()
    }

    /// How much of all that came was left out.
    fn left_out(&self) -> String {
        let sum = |count: fn(&FileCount) -> u64| self.report.files.iter().map(count).sum::<u64>();
        match (sum(|it| it.left_out), sum(|it| it.read)) {
            (0, read) => format!("All {} were taken.", counted(read, "record")),
            (left_out, read) => {
                format!("Of {}, {} were left out.", counted(read, "record"), number(left_out))
            }
        }
    }

    fn reach(cause: &Cause) -> String {
        counted(cause.reach, "finding")
    }

    fn word(severity: Severity) -> &'static str {
        match severity {
            Severity::Rejected => "Left out",
            Severity::Repaired => "Repaired",
            Severity::Warning => "To note",
        }
    }

    fn shown(text: &str) -> String {
        render::shown(text)
    }

    /// A table of findings, which escapes its own; none for none.
    fn table<'f>(caption: &'f str, rows: &'f [Row]) -> Option<Safe<Findings<'f>>> {
        let shown = &rows[..rows.len().min(MOST_FINDINGS)];
        let more = (rows.len() - shown.len()) as u64;
        (!rows.is_empty()).then_some(Safe(Findings { caption, rows: shown, more }))
    }
}

impl Findings<'_> {
    fn shown(text: &str) -> String {
        render::shown(text)
    }

    fn optional(text: Option<&str>) -> String {
        text.map(render::shown).unwrap_or_default()
    }

    fn line(line: Option<u64>) -> String {
        line.map_or_else(String::new, |it| it.to_string())
    }
}

/// Writes it.
pub(super) fn write(report: &DistrictReport, mut out: impl Write) -> io::Result<()> {
    Page { report }.write_into(&mut out)
}
