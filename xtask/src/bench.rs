//! `cargo xtask bench`: nights beside other programs that read the same files, on one machine in one go.

mod measure;
mod odbc;
mod report;
mod rivals;

use crate::{
    Result,
    args::Args,
    postgres, process, python,
    synth::{self, Files},
    system,
};
use measure::{Measured, Samples, measure};
use roster_synth::Options;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Sizes that are measured unless told otherwise.
const STUDENTS: &[u64] = &[100_000, 1_000_000];
const RUNS: u64 = 3;

pub(crate) fn run(mut args: Args) -> Result {
    if args.flag("odbc") {
        return odbc::run(args);
    }
    let students: Option<u64> = args.value("--students")?;
    let runs = args.value("--runs")?.unwrap_or(RUNS).max(1);
    args.finish()?;
    system::need(&[system::C_COMPILER, system::SQLITE, system::UNZIP])?;
    process::run(process::cargo().args(["build", "--release", "--package", "roster-runner"]))?;
    let sizes = students.map_or_else(|| STUDENTS.to_vec(), |it| vec![it]);
    let server = postgres::Server::start();
    if let Err(error) = &server {
        println!("no PostgreSQL: {error}");
    }
    let url = server.as_ref().ok().map(postgres::Server::url);
    for students in sizes {
        let bench = Bench::prepare(students, url)?;
        let samples = bench.run(runs)?;
        print!("\n{}", report::text(students, runs, &samples));
    }
    Ok(())
}

/// What is measured, by the name it has in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Unzip,
    SqliteImport,
    DuckDbTables,
    DuckDbParquet,
    PolarsParquet,
    First,
    Unchanged,
    Changed,
    ParquetFirst,
    ParquetUnchanged,
    ParquetChanged,
    PsqlCopy,
    PostgresFirst,
    PostgresUnchanged,
    PostgresChanged,
}

/// Files and programs of one size of district.
struct Bench {
    homeroom: PathBuf,
    folder: PathBuf,
    files: Files,
    python: Option<PathBuf>,
    /// URL of a PostgreSQL server, where there is one.
    server: Option<String>,
}

impl Bench {
    /// Makes the district, unless an earlier bench left it.
    fn prepare(students: u64, server: Option<&str>) -> Result<Self> {
        let options = Options { students, ..Options::default() };
        let folder = process::target("bench")?.join(students.to_string());
        let files = Files::new(&folder, &options);
        if !files.summary.exists() {
            println!("making a district of {students} students in {}", folder.display());
            synth::write(&files, &options, Some(1))?;
        }
        let csv = folder.join("csv");
        if !csv.exists() {
            let unzip =
                Command::new("unzip").arg("-q").arg(&files.first).arg("-d").arg(&csv).status()?;
            if !unzip.success() {
                return Err("the district cannot be unzipped".into());
            }
        }
        let homeroom = process::target("release")?.join("homeroom");
        let python = python::with(&[python::DUCKDB, python::POLARS]);
        if let Err(error) = &python {
            println!("no DuckDB and Polars: {error}");
        }
        let (python, server) = (python.ok(), server.map(str::to_owned));
        Ok(Self { homeroom, folder, files, python, server })
    }

    /// Measures every subject once a round, so that what the machine does besides falls on all of them.
    fn run(&self, rounds: u64) -> Result<Samples> {
        let mut samples = Samples::new();
        for round in 1..=rounds {
            for subject in self.subjects() {
                println!("round {round} of {rounds}: {}", report::name(subject));
                let measured = self.measure(subject)?;
                samples.entry(subject).or_default().push(measured);
            }
        }
        Ok(samples)
    }

    fn subjects(&self) -> Vec<Subject> {
        let mut subjects = vec![Subject::Unzip, Subject::SqliteImport];
        if self.python.is_some() {
            subjects.extend([
                Subject::DuckDbTables,
                Subject::DuckDbParquet,
                Subject::PolarsParquet,
            ]);
        }
        // The nights come last and in this order: each starts from what the one before published.
        subjects.extend([Subject::First, Subject::Unchanged, Subject::Changed]);
        subjects.extend([
            Subject::ParquetFirst,
            Subject::ParquetUnchanged,
            Subject::ParquetChanged,
        ]);
        if self.server.is_some() {
            subjects.extend([Subject::PsqlCopy, Subject::PostgresFirst]);
            subjects.extend([Subject::PostgresUnchanged, Subject::PostgresChanged]);
        }
        subjects
    }

    fn measure(&self, subject: Subject) -> Result<Measured> {
        let database = format!("sqlite:{}", self.folder.join("roster.db").display());
        let lake = format!("parquet:{}", self.folder.join("lake").display());
        let server = self.server.as_deref().unwrap_or_default();
        match subject {
            Subject::Unzip => measure(&mut rivals::unzip(&self.files.first)),
            Subject::SqliteImport => self.sqlite_import(),
            Subject::DuckDbTables => self.duckdb("tables"),
            Subject::DuckDbParquet => self.duckdb("parquet"),
            Subject::PolarsParquet => self.in_python(rivals::polars),
            Subject::First => {
                self.remove("roster.db")?;
                self.night(&self.files.first, &database, "published")
            }
            Subject::Unchanged => self.night(&self.files.first, &database, "unchanged"),
            Subject::Changed => self.night(&self.files.next, &database, "published"),
            Subject::ParquetFirst => {
                remove_folder(&self.folder.join("lake"))?;
                self.night(&self.files.first, &lake, "published")
            }
            Subject::ParquetUnchanged => self.night(&self.files.first, &lake, "unchanged"),
            Subject::ParquetChanged => self.night(&self.files.next, &lake, "published"),
            Subject::PsqlCopy => self.psql_copy(server),
            Subject::PostgresFirst => {
                rivals::drop_schema(server, "homeroom")?;
                self.night(&self.files.first, server, "published")
            }
            Subject::PostgresUnchanged => self.night(&self.files.first, server, "unchanged"),
            Subject::PostgresChanged => self.night(&self.files.next, server, "published"),
        }
    }

    fn sqlite_import(&self) -> Result<Measured> {
        self.remove("import.db")?;
        let (database, csv) = (self.folder.join("import.db"), self.folder.join("csv"));
        let measured = measure(&mut rivals::sqlite_import(&database, &csv)?)?;
        self.remove("import.db")?;
        Ok(measured)
    }

    fn psql_copy(&self, server: &str) -> Result<Measured> {
        rivals::drop_schema(server, "import")?;
        let measured = measure(&mut rivals::psql_copy(server, &self.folder.join("csv"))?)?;
        rivals::drop_schema(server, "import")?;
        Ok(measured)
    }

    fn duckdb(&self, into: &str) -> Result<Measured> {
        self.in_python(|python, zip, folder| rivals::duckdb(python, zip, folder, into))
    }

    /// Measures a script that works in a folder of its own.
    fn in_python(&self, script: impl Fn(&Path, &Path, &Path) -> Command) -> Result<Measured> {
        let python = self.python.as_deref().ok_or("DuckDB and Polars are not installed")?;
        let folder = self.folder.join("python");
        remove_folder(&folder)?;
        fs::create_dir_all(&folder)?;
        let measured = measure(&mut script(python, &self.files.first, &folder))?;
        fs::remove_dir_all(&folder)?;
        Ok(measured)
    }

    /// Runs a night and checks that it did what it is measured for.
    fn night(&self, zip: &Path, to: &str, outcome: &str) -> Result<Measured> {
        let mut command = Command::new(&self.homeroom);
        command.args([
            "sync",
            "--connector",
            "oneroster",
            "--district",
            "bench",
            "--json",
            "--log",
            "warn",
        ]);
        command.arg("--from").arg(zip).args(["--to", to]);
        let measured = measure(&mut command)?;
        let report: serde_json::Value = serde_json::from_str(&measured.output)?;
        if report["outcome"] != outcome {
            return Err(format!("the night ended {}, expected {outcome}", report["outcome"]).into());
        }
        Ok(measured)
    }

    /// Removes a database with what belongs to it.
    fn remove(&self, database: &str) -> Result {
        for end in ["", "-wal", "-shm", "-journal"] {
            let path = self.folder.join(format!("{database}{end}"));
            if path.exists() {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// Removes a folder that may not be there.
fn remove_folder(folder: &Path) -> Result {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}
