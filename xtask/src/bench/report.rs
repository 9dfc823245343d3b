//! The table of a bench: medians, ratios, and the bars and aims beside them.

use super::{
    Subject,
    measure::{Measured, Samples, median},
};
use crate::table::{layout, thousands};

const MEGABYTE: f64 = 1_000_000.0;

/// How a subject is called.
pub(super) fn name(subject: Subject) -> &'static str {
    match subject {
        Subject::Unzip => "unzip -p",
        Subject::SqliteImport => "sqlite3 .import",
        Subject::DuckDbTables => "DuckDB, unzip + CSV to tables",
        Subject::DuckDbParquet => "DuckDB, unzip + CSV to Parquet",
        Subject::PolarsParquet => "Polars, unzip + CSV to Parquet",
        Subject::First => "first night into SQLite",
        Subject::Unchanged => "next night, nothing changed",
        Subject::Changed => "next night, 1 % changed",
        Subject::ParquetFirst => "first night into Parquet",
        Subject::ParquetUnchanged => "next night of Parquet, nothing changed",
        Subject::ParquetChanged => "next night of Parquet, 1 % changed",
        Subject::PsqlCopy => "psql \\copy into PostgreSQL",
        Subject::PostgresFirst => "first night into PostgreSQL",
        Subject::PostgresUnchanged => "next night of PostgreSQL, nothing changed",
        Subject::PostgresChanged => "next night of PostgreSQL, 1 % changed",
    }
}

/// What a night is held against.
struct Bar {
    night: Subject,
    against: Subject,
    /// The bar.
    most: Option<f64>,
    aim: Option<f64>,
}

const BARS: &[Bar] = &[
    Bar::new(Subject::First, Subject::SqliteImport, Some(0.8), Some(0.45)),
    Bar::new(Subject::ParquetFirst, Subject::DuckDbParquet, Some(1.0), None),
    Bar::new(Subject::ParquetFirst, Subject::PolarsParquet, None, Some(0.7)),
    Bar::new(Subject::Unchanged, Subject::Unzip, Some(2.0), Some(1.0)),
    Bar::new(Subject::Changed, Subject::Unchanged, Some(1.3), Some(1.1)),
];

impl Bar {
    const fn new(night: Subject, against: Subject, most: Option<f64>, aim: Option<f64>) -> Self {
        Self { night, against, most, aim }
    }
}

/// The most memory a night may hold, in megabytes: bar and aim.
const PEAK: (f64, f64) = (600.0, 256.0);

/// The report of one size of district.
pub(super) fn text(students: u64, runs: u64, samples: &Samples) -> String {
    let title = format!("{} students, median of {runs}", thousands(students));
    format!("{title}\n\n{}\n{}", measurements(samples), ratios(samples))
}

fn measurements(samples: &Samples) -> String {
    let mut rows = vec![row(&["", "seconds", "peak MB"])];
    for (subject, measured) in samples {
        let seconds = format!("{:.2}", seconds(measured));
        rows.push(row(&[name(*subject), &seconds, &format!("{:.0}", peak(measured))]));
    }
    layout(&rows)
}

fn ratios(samples: &Samples) -> String {
    let mut rows = vec![row(&["", "measured", "bar", "aim", ""])];
    for bar in BARS {
        let (Some(night), Some(against)) = (samples.get(&bar.night), samples.get(&bar.against))
        else {
            continue;
        };
        let ratio = seconds(night) / seconds(against);
        let what = format!("{} / {}", name(bar.night), name(bar.against));
        let verdict = verdict(ratio, bar.most, bar.aim);
        let limit = |it: Option<f64>| it.map_or_else(String::new, factor);
        rows.push(row(&[&what, &factor(ratio), &limit(bar.most), &limit(bar.aim), verdict]));
    }
    let nights = BARS.iter().filter_map(|it| samples.get(&it.night)).map(|it| peak(it));
    let most = nights.fold(0.0, f64::max);
    let megabytes = |it: f64| format!("{it:.0} MB");
    let (bar, aim) = PEAK;
    let verdict = verdict(most, Some(bar), Some(aim));
    let cells = [&megabytes(most), &megabytes(bar), &megabytes(aim)];
    rows.push(row(&["peak memory of a night", cells[0], cells[1], cells[2], verdict]));
    layout(&rows)
}

fn verdict(measured: f64, bar: Option<f64>, aim: Option<f64>) -> &'static str {
    let met = |limit: Option<f64>| limit.is_some_and(|it| measured <= it);
    match (met(aim), met(bar)) {
        (true, _) => "aim met",
        (false, true) => "bar met",
        (false, false) => "missed",
    }
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|it| (*it).to_owned()).collect()
}

fn factor(ratio: f64) -> String {
    format!("{ratio:.2} x")
}

fn seconds(measured: &[Measured]) -> f64 {
    median(measured.iter().map(|it| it.seconds).collect())
}

/// The median of the peaks, in megabytes.
#[allow(clippy::cast_precision_loss, reason = "a memory size is far below 2^52 bytes")]
fn peak(measured: &[Measured]) -> f64 {
    median(measured.iter().map(|it| it.peak_bytes as f64 / MEGABYTE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seconds: f64) -> Vec<Measured> {
        vec![Measured { seconds, peak_bytes: 300_000_000, output: String::new() }]
    }

    #[test]
    fn ratios_stand_beside_bar_and_aim() {
        let samples = Samples::from([
            (Subject::Unzip, sample(4.0)),
            (Subject::SqliteImport, sample(40.0)),
            (Subject::DuckDbParquet, sample(10.0)),
            (Subject::PolarsParquet, sample(20.0)),
            (Subject::First, sample(16.0)),
            (Subject::ParquetFirst, sample(10.0)),
            (Subject::Unchanged, sample(6.0)),
            (Subject::Changed, sample(12.0)),
        ]);
        let report = text(1_000_000, 1, &samples);
        for (name, verdict) in [
            ("first night into SQLite / sqlite3 .import", "aim met"),
            ("first night into Parquet / DuckDB", "bar met"),
            ("first night into Parquet / Polars", "aim met"),
            ("next night, nothing changed / unzip -p", "bar met"),
            ("next night, 1 % changed / next night, nothing changed", "missed"),
            ("peak memory of a night", "bar met"),
        ] {
            let line = report.lines().find(|it| it.starts_with(name)).unwrap();
            assert!(line.ends_with(verdict), "{line}");
        }
    }
}
