//! Results as text for people.

mod grid;
mod report;
mod review;

use crate::console::{Colour, Paint};
use grid::{Align, Grid};
pub(crate) use report::report;
#[cfg(feature = "serve")]
pub(crate) use review::what;
pub use review::{audit, hold, holds};
use roster_core::{DiagnosticCode, EntityKind, Severity};
use roster_sink::{
    Cause, DiagnosticSummary, EntityCounts, Example, Outcome, RunError, RunRecord, RunReport,
};
use std::fmt::{self, Write as _};

/// Causes that a night names; its report names all.
const MOST_CAUSES: usize = 5;

/// What is said of a feed that is still being delivered.
pub(crate) const NOT_YET: &str = "not yet";

/// Width that running text is broken at.
const TEXT_WIDTH: usize = 96;

/// What commands that are told to a person end with, so that they find the sink: nothing, or ` --to SINK`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint(pub(crate) String);

impl Hint {
    /// True when the configuration names the sink.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a night did: counts per table, then what was found, most severe first.
#[must_use]
pub fn night(record: &RunRecord, hint: &Hint, colour: Colour) -> String {
    summary(&record.report, colour) + &findings(record, hint, colour)
}

/// The same for a night that is planned and not published.
#[must_use]
pub fn plan(record: &RunRecord, colour: Colour) -> String {
    let report = &record.report;
    let word = match report.outcome {
        Outcome::Published => colour.paint(Paint::Green, "planned"),
        other => outcome(other, colour),
    };
    headline(report, &word, colour)
        + &counts(report, colour)
        + &findings(record, &Hint::default(), colour)
}

fn findings(record: &RunRecord, hint: &Hint, colour: Colour) -> String {
    let report = &record.report;
    let mut text = review::of_night(record, hint, colour);
    text.push_str(&causes(&record.causes, MOST_CAUSES, colour));
    for finding in &report.diagnostics {
        text.push_str(&finding_line(finding, colour));
        text.push_str(&mend(&finding.code));
    }
    text.push('\n');
    text
}

/// A list of runs.
#[must_use]
pub fn runs(records: &[RunRecord], colour: Colour) -> String {
    if records.is_empty() {
        return "no runs\n".to_owned();
    }
    let mut grid = Grid::new(&[
        ("run", Align::Left),
        ("district", Align::Left),
        ("connector", Align::Left),
        ("outcome", Align::Left),
        ("seconds", Align::Right),
        ("read", Align::Right),
        ("rejected", Align::Right),
        ("changed", Align::Right),
    ]);
    for RunRecord { report, .. } in records {
        let total = total(report);
        grid.row(vec![
            report.run.to_string(),
            report.district.to_string(),
            report.connector.clone(),
            outcome(report.outcome, colour),
            format!("{:.1}", report.seconds),
            number(total.read),
            count(total.rejected),
            count(total.created + total.updated + total.deleted + total.restored),
        ]);
    }
    grid.text("", colour)
}

/// A whole number with its thousands apart.
#[must_use]
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things, by their singular.
#[must_use]
pub fn counted(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", number(count), if count == 1 { "" } else { "s" })
}

/// The manual page of a finding.
#[must_use]
pub fn manual(code_text: &str) -> Option<String> {
    code(code_text).map(DiagnosticCode::manual)
}

/// Text from a feed, without what could steer a terminal.
#[must_use]
pub fn shown(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { '\u{fffd}' } else { it }).collect()
}

/// Breaks running text into lines, each indented by `indent` spaces.
pub(crate) fn wrap(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length <= TEXT_WIDTH {
            out.push(' ');
            width += 1 + length;
        } else {
            out.push_str(if width > 0 { "\n" } else { "" });
            out.extend(std::iter::repeat_n(' ', indent));
            width = indent + length;
        }
        out.push_str(word);
    }
    out.push('\n');
    out
}

/// How a night ended, its counts, and why it failed.
fn summary(report: &RunReport, colour: Colour) -> String {
    let word = outcome(report.outcome, colour);
    headline(report, &word, colour)
        + &counts(report, colour)
        + &error(report.error.as_ref(), colour)
}

fn headline(report: &RunReport, word: &str, colour: Colour) -> String {
    format!(
        "{}: {word} (run {}, {:.1} s, {} MB)\n",
        colour.paint(Paint::Bold, report.district.as_str()),
        report.run,
        report.seconds,
        number(report.peak_memory_bytes.div_ceil(1_000_000)),
    )
}

fn outcome(outcome: Outcome, colour: Colour) -> String {
    let paint = match outcome {
        Outcome::Published | Outcome::Unchanged => Paint::Green,
        Outcome::Held => Paint::Yellow,
        Outcome::Failed => Paint::Red,
    };
    colour.paint(paint, outcome.code())
}

fn counts(report: &RunReport, colour: Colour) -> String {
    let seen = |it: &(&EntityKind, &EntityCounts)| *it.1 != EntityCounts::default();
    let entities: Vec<_> = report.entities.iter().filter(seen).collect();
    if entities.is_empty() {
        return String::new();
    }
    let held = report.entities.values().any(|it| it.held > 0);
    let names = ["read", "rejected", "created", "updated", "deleted", "restored", "unchanged"];
    let columns = names.into_iter().chain(held.then_some("held")).map(|it| (it, Align::Right));
    let columns: Vec<_> = std::iter::once(("table", Align::Left)).chain(columns).collect();
    let mut grid = Grid::new(&columns);
    for (entity, counts) in entities {
        let mut cells = vec![entity.table().to_owned(), number(counts.read)];
        cells.extend(
            [
                counts.rejected,
                counts.created,
                counts.updated,
                counts.deleted,
                counts.restored,
                counts.unchanged,
            ]
            .map(count),
        );
        cells.extend(held.then(|| count(counts.held)));
        grid.row(cells);
    }
    grid.text("  ", colour)
}

/// A count that stands out when there is any.
fn count(count: u64) -> String {
    if count == 0 { "-".to_owned() } else { number(count) }
}

fn total(report: &RunReport) -> EntityCounts {
    report.entities.values().fold(EntityCounts::default(), |sum, it| EntityCounts {
        read: sum.read + it.read,
        rejected: sum.rejected + it.rejected,
        created: sum.created + it.created,
        updated: sum.updated + it.updated,
        deleted: sum.deleted + it.deleted,
        restored: sum.restored + it.restored,
        unchanged: sum.unchanged + it.unchanged,
        held: sum.held + it.held,
    })
}

fn error(error: Option<&RunError>, colour: Colour) -> String {
    let Some(error) = error else { return String::new() };
    let kind = colour.paint(Paint::Red, &error.kind);
    format!("  {kind}: {}\n  who must act: {}\n", shown(&error.message), error.actor)
}

/// What made other records fail, by reach.
fn causes(causes: &[Cause], most: usize, colour: Colour) -> String {
    let mut text = String::new();
    if !causes.is_empty() {
        let title = colour.paint(Paint::Bold, "records that made others fail");
        _ = writeln!(text, "  {title}");
    }
    for cause in causes.iter().take(most) {
        let (source_id, followers) = (shown(&cause.source_id), counted(cause.followers, "record"));
        _ = writeln!(text, "    {} {source_id}: {followers} ({})", cause.table, cause.code);
    }
    if let Some(more @ 1..) = causes.len().checked_sub(most) {
        _ = writeln!(text, "    and {more} more");
    }
    text
}

fn paint_of(severity: Severity) -> Paint {
    match severity {
        Severity::Warning | Severity::Repaired => Paint::Yellow,
        Severity::Rejected => Paint::Red,
    }
}

fn finding_line(finding: &DiagnosticSummary, colour: Colour) -> String {
    let severity = colour.paint(paint_of(finding.severity), finding.severity.code());
    let mut text = format!("  {severity} {}: {}", finding.code, number(finding.count));
    if let Some(first) = finding.examples.first() {
        _ = write!(text, ", first at {}", place(first));
    }
    text.push('\n');
    text
}

/// Where a finding is, as far as it is known.
fn place(example: &Example) -> String {
    let file = example.file.as_deref().unwrap_or("the feed");
    let mut text = shown(file);
    if let Some(line) = example.line {
        _ = write!(text, ":{line}");
    }
    if let Some(field) = &example.field {
        _ = write!(text, ", field {}", shown(field));
    }
    if let Some(source_id) = &example.source_id {
        _ = write!(text, ", record {}", shown(source_id));
    }
    text
}

fn code(text: &str) -> Option<DiagnosticCode> {
    DiagnosticCode::ALL.iter().copied().find(|it| it.code() == text)
}

/// What to do about a finding.
fn mend(code_text: &str) -> String {
    let manual = manual(code_text).unwrap_or_default();
    manual.split_once("Mend:").map_or_else(String::new, |it| wrap(&format!("Mend: {}", it.1), 6))
}

#[cfg(test)]
mod tests;
