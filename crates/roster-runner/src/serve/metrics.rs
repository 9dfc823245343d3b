//! Figures for Prometheus, in its text format: counts and times by district, never a record's value.

use super::summary::RunSummary;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What is counted of a district.
#[derive(Clone, Debug, Default)]
struct Counts {
    nights: BTreeMap<String, u64>,
    changes: BTreeMap<&'static str, u64>,
    seconds: f64,
    last_good: i64,
    last_seconds: f64,
    held: u64,
}

/// Figures since the program started.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<BTreeMap<String, Counts>>);

impl Metrics {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<String, Counts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a night.
    pub(crate) fn night(&self, run: &RunSummary) {
        let mut districts = self.counts();
        let counts = districts.entry(run.district.clone()).or_default();
        *counts.nights.entry(run.outcome.clone()).or_default() += 1;
        let changes = [
            ("created", run.created),
            ("updated", run.updated),
            ("deleted", run.deleted),
            ("restored", run.restored),
            ("rejected", run.rejected),
        ];
        for (change, records) in changes {
            *counts.changes.entry(change).or_default() += records;
        }
        counts.seconds += run.seconds;
        counts.last_seconds = run.seconds;
        counts.held = run.held;
        if run.is_good() {
            counts.last_good = run.finished_at.as_second();
        }
    }

    /// Everything as text.
    pub(crate) fn text(&self, running: usize, districts: usize) -> String {
        let counts = self.counts();
        let mut text = String::new();
        head(&mut text, "homeroom_districts", "gauge", "Districts of the configuration.");
        _ = writeln!(text, "homeroom_districts {districts}");
        head(&mut text, "homeroom_nights_running", "gauge", "Nights that run now.");
        _ = writeln!(text, "homeroom_nights_running {running}");
        head(&mut text, "homeroom_nights_total", "counter", "Nights that ended, by outcome.");
        for (district, counts) in &*counts {
            for (outcome, nights) in &counts.nights {
                let labels = format!("district=\"{district}\",outcome=\"{outcome}\"");
                _ = writeln!(text, "homeroom_nights_total{{{labels}}} {nights}");
            }
        }
        head(
            &mut text,
            "homeroom_records_total",
            "counter",
            "Records of nights, by what was done.",
        );
        for (district, counts) in &*counts {
            for (change, records) in &counts.changes {
                let labels = format!("district=\"{district}\",change=\"{change}\"");
                _ = writeln!(text, "homeroom_records_total{{{labels}}} {records}");
            }
        }
        for (name, kind, help, figure) in FIGURES {
            head(&mut text, name, kind, help);
            for (district, counts) in &*counts {
                _ = writeln!(text, "{name}{{district=\"{district}\"}} {}", figure(counts));
            }
        }
        text
    }
}

type Figure = (&'static str, &'static str, &'static str, fn(&Counts) -> f64);

/// Figures of each district.  Numbers of records and seconds are exact up to 2^53.
#[allow(clippy::cast_precision_loss, reason = "the text format has floating-point numbers only")]
const FIGURES: &[Figure] = &[
    ("homeroom_night_seconds_total", "counter", "Seconds that nights took.", |it| it.seconds),
    ("homeroom_last_night_seconds", "gauge", "Seconds that the last night took.", |it| {
        it.last_seconds
    }),
    ("homeroom_records_held", "gauge", "Records that the last night held back.", |it| {
        it.held as f64
    }),
    (
        "homeroom_last_good_night_timestamp_seconds",
        "gauge",
        "When the last night that ended well did so; 0 for none since the start.",
        |it| it.last_good as f64,
    ),
];

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::run;

    #[test]
    fn nights_are_counted_by_district_and_outcome() {
        let metrics = Metrics::default();
        let mut summary = RunSummary::from(&run());
        summary.outcome = "published".to_owned();
        summary.error = None;
        let district = summary.district.clone();
        for _ in 0..2 {
            metrics.night(&summary);
        }
        let text = metrics.text(3, 5);
        let line =
            format!("homeroom_nights_total{{district=\"{district}\",outcome=\"published\"}} 2\n");
        assert!(text.contains(&line) && text.contains("\nhomeroom_nights_running 3\n"), "{text}");
        let comments = text.lines().filter(|it| it.starts_with("# TYPE")).count();
        assert_eq!(comments, 8);
    }
}
