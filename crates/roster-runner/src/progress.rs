//! Progress while working: bars with rows and bytes on a terminal, plain lines elsewhere.

use crate::{
    cli::LogLevel,
    night::{NightWatch, Phase},
    render::number,
};
use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use roster_core::{EntityKind, Signal, SignalSink};
use std::{
    io::{self, IsTerminal as _, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tracing_subscriber::filter::LevelFilter;

/// Time between plain lines about the same entity.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// Shows what is going on, on standard error.
#[derive(Clone, Debug)]
pub struct Progress {
    bars: Option<MultiProgress>,
}

impl Progress {
    /// With bars if standard error is a terminal.
    #[must_use]
    pub fn new() -> Self {
        let terminal = io::stderr().is_terminal();
        let bars = || MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Self { bars: terminal.then(bars) }
    }

    /// Without bars.
    #[must_use]
    pub fn plain() -> Self {
        Self { bars: None }
    }

    /// Starts to tell of a district.
    #[must_use]
    pub fn district(&self, name: &str) -> DistrictProgress {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = ProgressBar::no_length().with_style(style(WITHOUT_LENGTH));
            let bar = bars.add(bar).with_prefix(name.to_owned());
            bar.enable_steady_tick(TICK);
            bar
        });
        DistrictProgress {
            name: name.to_owned(),
            bar,
            bytes: AtomicU64::new(0),
            bytes_expected: AtomicU64::new(0),
            entity: Mutex::new(None),
        }
    }

    /// Lets the log be written, above the bars; for programs as JSON, one object a line.
    pub fn log(&self, level: Option<LogLevel>, json: bool) {
        let default = if self.bars.is_some() { LogLevel::Warn } else { LogLevel::Info };
        let filter = match level.unwrap_or(default) {
            LogLevel::Off => LevelFilter::OFF,
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        };
        let above_bars = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(filter)
            .with_ansi(self.bars.is_some())
            .with_target(false)
            .with_writer(move || AboveBars(above_bars.clone()));
        // A program that embeds this library may have set its own before.
        _ = if json {
            let lines = subscriber.json().flatten_event(true).with_ansi(false);
            tracing::subscriber::set_global_default(lines.finish())
        } else {
            tracing::subscriber::set_global_default(subscriber.finish())
        };
    }

    /// Writes to standard error, above the bars.
    pub fn tell(&self, text: &str) {
        let write = || _ = writeln!(io::stderr(), "{text}");
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

const TICK: Duration = Duration::from_millis(120);
const WITH_LENGTH: &str = "{prefix:.bold} [{bar:24}] {bytes} of {total_bytes}  {wide_msg}";
const WITHOUT_LENGTH: &str = "{prefix:.bold} {spinner} {bytes}  {wide_msg}";

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

struct AboveBars(Progress);

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.0.bars {
            Some(bars) => bars.suspend(|| io::stderr().write(bytes)),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Tells of one district.
#[derive(Debug)]
pub struct DistrictProgress {
    name: String,
    bar: Option<ProgressBar>,
    bytes: AtomicU64,
    bytes_expected: AtomicU64,
    entity: Mutex<Option<Counted>>,
}

/// The entity that is being read.
#[derive(Clone, Copy, Debug)]
struct Counted {
    entity: EntityKind,
    rows: u64,
    told: Instant,
}

impl DistrictProgress {
    fn expect(&self, bytes: u64) {
        // A night may read twice; each time is counted on its own.
        self.bytes.store(0, Ordering::Relaxed);
        self.bytes_expected.store(bytes, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.set_style(style(WITH_LENGTH));
            bar.set_length(bytes);
            bar.set_position(0);
        }
    }

    fn receive(&self, bytes: u64) {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.set_position(before + bytes);
        }
    }

    fn bytes_in_words(&self) -> String {
        let bytes = HumanBytes(self.bytes.load(Ordering::Relaxed));
        match self.bytes_expected.load(Ordering::Relaxed) {
            0 => bytes.to_string(),
            expected => format!("{bytes} of {}", HumanBytes(expected)),
        }
    }

    fn count(&self, entity: EntityKind, rows: u64) -> (Counted, bool) {
        let mut counted = self.entity.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = Counted { entity, rows: 0, told: Instant::now() };
        let current = counted.get_or_insert(fresh);
        if current.entity != entity {
            *current = fresh;
        }
        current.rows += rows;
        let due = current.told.elapsed() >= PLAIN_INTERVAL;
        if due {
            current.told = Instant::now();
        }
        (*current, due)
    }
}

impl NightWatch for DistrictProgress {
    fn phase(&self, phase: Phase) {
        let doing = match phase {
            Phase::Select => "finding out who is shared",
            Phase::Extract => "reading",
            Phase::Publish => "publishing",
            Phase::Report => "done",
        };
        if let Some(bar) = &self.bar {
            bar.set_message(doing);
        } else {
            tracing::info!(district = self.name, "{doing}");
        }
    }

    fn rows(&self, entity: EntityKind, rows: u64) {
        let (counted, due) = self.count(entity, rows);
        let table = entity.table();
        let rows = number(counted.rows);
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{table} {rows} rows"));
        } else if due {
            let bytes = self.bytes_in_words();
            tracing::info!(district = self.name, table, rows, bytes, "reading");
        }
    }
}

impl SignalSink for DistrictProgress {
    fn signal(&self, signal: Signal) {
        match signal {
            Signal::BytesExpected(bytes) => self.expect(bytes),
            Signal::BytesIn(bytes) => self.receive(bytes),
            Signal::RateLimited { wait } => {
                let seconds = wait.as_secs();
                tracing::info!(district = self.name, seconds, "waiting as the source asked");
            }
            Signal::Retrying { attempt } => {
                tracing::info!(district = self.name, attempt, "trying again");
            }
            _ => {}
        }
    }
}

impl Drop for DistrictProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_entity_and_bytes_over_all() {
        let progress = Progress::plain().district("lakeside");
        let rows = |entity, rows| progress.count(entity, rows).0.rows;
        assert_eq!(rows(EntityKind::Org, 3), 3);
        assert_eq!(rows(EntityKind::Org, 4), 7);
        assert_eq!(rows(EntityKind::User, 5), 5);
        progress.signal(Signal::BytesIn(1024));
        assert_eq!(progress.bytes_in_words(), "1.00 KiB");
    }

    #[test]
    fn second_reading_of_a_night_is_counted_anew() {
        let progress = Progress::plain().district("lakeside");
        for expected in [4096, 2048] {
            progress.signal(Signal::BytesExpected(expected));
            progress.signal(Signal::BytesIn(1024));
            progress.signal(Signal::BytesIn(1024));
            let of = HumanBytes(expected);
            assert_eq!(progress.bytes_in_words(), format!("2.00 KiB of {of}"));
        }
    }
}
