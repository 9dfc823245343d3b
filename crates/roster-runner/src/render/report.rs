//! The report of a run as text for people: what was wrong by its reach, how that compares, what waits.  No values.

use super::{Align, Grid, count, counted, holds, number, paint_of, place, shown, summary, wrap};
use crate::{
    console::{Colour, Paint},
    report::{
        Review,
        causes::RootCause,
        trends::{Change, CodeTrend, RejectedTrend, Trends},
    },
};
use std::fmt::Write as _;

/// Everything that was wrong in a run.
#[must_use]
pub(crate) fn report(
    review: &Review,
    causes: &[RootCause],
    trends: &Trends,
    colour: Colour,
) -> String {
    let record = &review.record;
    let mut text = summary(&record.report, colour);
    _ = writeln!(text, "  from {} to {}", record.started_at, record.finished_at);
    if causes.is_empty() && record.report.error.is_none() {
        text.push_str("\n  Nothing was wrong.\n");
    }
    for (number, it) in (1..).zip(causes) {
        text.push('\n');
        text.push_str(&cause(number, it, colour));
    }
    text.push_str(&trend(trends, colour));
    if !review.holds.is_empty() {
        _ = writeln!(text, "\n  {}", colour.paint(Paint::Bold, "what waits for a person"));
        text.extend(holds(&review.holds, colour).lines().map(|it| format!("  {it}\n")));
    }
    text.push('\n');
    text
}

fn cause(number: usize, cause: &RootCause, colour: Colour) -> String {
    let severity = colour.paint(paint_of(cause.severity), cause.severity.code());
    let code = colour.paint(Paint::Bold, &cause.code);
    let mut text = format!("  {number}. {severity} {code}: {}\n", reach(cause));
    text.push_str(&wrap(&about(cause), 5));
    if !cause.effect.is_empty() {
        text.push_str(&wrap(&cause.effect, 5));
    }
    for record in &cause.records {
        let followers = counted(record.followers, "record");
        let (table, key) = (&record.table, shown(&record.source_id));
        _ = writeln!(text, "     - {table} {key} is named by {followers}");
    }
    if let Some(first) = &cause.first {
        _ = writeln!(text, "     first at {}", place(first));
    }
    if !cause.repair.is_empty() {
        text.push_str(&wrap(&format!("Mend: {}", cause.repair), 5));
    }
    text
}

fn reach(cause: &RootCause) -> String {
    let found = counted(cause.reach - cause.followers, "finding");
    match cause.followers {
        0 => found,
        followers => format!("{found}, followed by {}", counted(followers, "record")),
    }
}

/// What it means and where it is.
fn about(cause: &RootCause) -> String {
    let mut text = shown(&cause.meaning);
    let fields: Vec<_> = cause.fields.iter().map(|it| shown(it)).collect();
    let names = if fields.len() == 1 { "field" } else { "fields" };
    let fields = (!fields.is_empty()).then(|| format!("{names} {}", fields.join(", ")));
    let file = cause.file.as_deref().map(|it| format!("in {}", shown(it)));
    let table = cause.table.map(|it| format!("records of {it}"));
    let place: Vec<_> = [table, fields, file].into_iter().flatten().collect();
    if !place.is_empty() {
        _ = write!(text, ": {}", place.join(", "));
    }
    text
}

fn trend(trends: &Trends, colour: Colour) -> String {
    if trends.nights == 0 || (trends.codes.is_empty() && trends.rejected.is_empty()) {
        return String::new();
    }
    let nights = counted(trends.nights as u64, "night");
    let title = colour.paint(Paint::Bold, &format!("beside the last {nights}"));
    let mut text = format!("\n  {title}\n");
    if !trends.codes.is_empty() {
        text.push_str(&codes(&trends.codes, colour));
    }
    if !trends.rejected.is_empty() {
        text.push_str(&rejected(&trends.rejected, colour));
    }
    text
}

fn codes(codes: &[CodeTrend], colour: Colour) -> String {
    let mut grid = Grid::new(&[
        ("finding", Align::Left),
        ("code", Align::Left),
        ("tonight", Align::Right),
        ("last night", Align::Right),
        ("usual", Align::Right),
        ("", Align::Left),
    ]);
    for it in codes {
        let change = match it.change {
            Some(Change::New) => colour.paint(Paint::Yellow, "new"),
            Some(Change::Gone) => colour.paint(Paint::Green, "gone"),
            None => String::new(),
        };
        grid.row(vec![
            it.severity.code().to_owned(),
            it.code.clone(),
            count(it.tonight),
            it.last_night.map(count).unwrap_or_default(),
            it.usual.map(count).unwrap_or_default(),
            change,
        ]);
    }
    grid.text("  ", colour)
}

fn rejected(tables: &[RejectedTrend], colour: Colour) -> String {
    let mut grid = Grid::new(&[
        ("table", Align::Left),
        ("read", Align::Right),
        ("rejected", Align::Right),
        ("share", Align::Right),
        ("last night", Align::Right),
        ("usual", Align::Right),
    ]);
    for it in tables {
        let mut cells = vec![it.table.to_owned(), number(it.read), count(it.rejected)];
        cells.extend([it.tonight, it.last_night, it.usual].map(percent));
        grid.row(cells);
    }
    grid.text("  ", colour)
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |it| format!("{:.1} %", it * 100.0))
}

#[cfg(test)]
#[cfg(feature = "connector-oneroster")]
mod tests;
