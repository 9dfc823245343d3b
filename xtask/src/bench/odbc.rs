//! `cargo xtask bench odbc`: how fast the connector reads databases, beside typed bulk fetches by `odbc-api` alone.

use super::measure::{Measured, measure, median};
use crate::{Result, args::Args, mariadb, odbc, postgres, process, table};
use std::{env, fs, path::PathBuf, process::Command};

const ROWS: u64 = 1_000_000;
const RUNS: u64 = 3;
const DATABASES: [&str; 3] = ["postgresql", "sqlite", "mariadb"];
/// The least of the typed rate that the connector must reach from PostgreSQL, and the most memory it may hold.
const BAR: (f64, u64) = (0.6, 64 << 20);

/// What is needed to measure.
struct Bench {
    program: PathBuf,
    file: PathBuf,
    postgres: postgres::Server,
    mariadb: mariadb::Server,
    rows: u64,
}

pub(super) fn run(mut args: Args) -> Result {
    let rows = args.value("--rows")?.unwrap_or(ROWS);
    let runs = args.value("--runs")?.unwrap_or(RUNS).max(1);
    args.finish()?;
    odbc::install_drivers();
    let build = ["build", "--release", "--package", "connector-odbc", "--example", "measure"];
    process::run(process::cargo().args(build))?;
    let file = env::temp_dir().join(format!("homeroom-bench-{}.db", std::process::id()));
    let bench = Bench {
        program: process::target("release")?.join("examples/measure"),
        file,
        postgres: postgres::Server::start()?,
        mariadb: mariadb::Server::start()?,
        rows,
    };
    let outcome = bench.table(runs);
    _ = fs::remove_file(&bench.file);
    print!("{}", outcome?);
    Ok(())
}

impl Bench {
    fn table(&self, runs: u64) -> Result<String> {
        let mut lines = vec![
            ["", "typed rows/s", "connector rows/s", "ratio", "typed peak", "connector peak"]
                .map(str::to_owned)
                .to_vec(),
        ];
        let mut held = true;
        for database in DATABASES {
            self.measure("fill", database)?;
            let (mut typed, mut connector) = (Vec::new(), Vec::new());
            // One after the other, so that what the machine does besides falls on both.
            for _ in 0..runs {
                typed.push(self.measure("typed", database)?);
                connector.push(self.measure("connector", database)?);
            }
            let rates = [&typed, &connector].map(|it| self.rate(it));
            let peaks = [&typed, &connector].map(|it| peak(it));
            let ratio = rates[1] / rates[0];
            held &= database != "postgresql" || (ratio >= BAR.0 && peaks[1] <= BAR.1);
            lines.push(line(database, rates, ratio, peaks));
        }
        let bar = if held { "held" } else { "MISSED" };
        let rows = table::thousands(self.rows);
        Ok(format!(
            "\n{rows} rows of 12 columns, median of {runs}\n{}bar from PostgreSQL (ratio 0.60, 64 MiB): {bar}\n",
            table::layout(&lines)
        ))
    }

    fn measure(&self, what: &str, database: &str) -> Result<Measured> {
        let rows = self.rows.to_string();
        let mut command = Command::new(&self.program);
        command.args([what, database, &rows]).env("HOMEROOM_SQLITE", &self.file);
        command.env(postgres::VARIABLE, self.postgres.url());
        command.env(mariadb::VARIABLE, self.mariadb.url());
        let measured = measure(&mut command)?;
        if measured.output.trim() != rows {
            return Err(
                format!("{what} from {database} gave {} rows", measured.output.trim()).into()
            );
        }
        Ok(measured)
    }

    fn rate(&self, measured: &[Measured]) -> f64 {
        let rows = u32::try_from(self.rows).unwrap_or(u32::MAX);
        f64::from(rows) / median(measured.iter().map(|it| it.seconds).collect())
    }
}

fn peak(measured: &[Measured]) -> u64 {
    measured.iter().map(|it| it.peak_bytes).max().unwrap_or(0)
}

fn line(database: &str, rates: [f64; 2], ratio: f64, peaks: [u64; 2]) -> Vec<String> {
    let [typed, connector] = rates.map(|it| format!("{it:.0}"));
    let [typed_peak, connector_peak] = peaks.map(|it| format!("{} MiB", it >> 20));
    vec![database.to_owned(), typed, connector, format!("{ratio:.2}"), typed_peak, connector_peak]
}
