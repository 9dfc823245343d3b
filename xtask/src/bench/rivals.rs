//! What nights are measured against: other programs that read the same files, without any check.

use crate::{Result, process};
use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::Command,
};

/// Inflates all files and throws them away: nothing that reads the zip can be faster with the same inflater.
pub(super) fn unzip(zip: &Path) -> Command {
    let mut command = Command::new("unzip");
    command.arg("-p").arg(zip);
    command
}

/// Imports every CSV file as it lies there into a table of its own, without keys.
pub(super) fn sqlite_import(database: &Path, csv: &Path) -> Result<Command> {
    let mut script = String::from(".mode csv\n");
    for entry in fs::read_dir(csv)? {
        let path = entry?.path();
        let table = path.file_stem().unwrap_or_default().to_string_lossy();
        writeln!(script, ".import \"{}\" \"{table}\"", path.display())?;
    }
    let file = csv.with_file_name("import.sql");
    fs::write(&file, script)?;
    let mut command = Command::new("sqlite3");
    command.arg("-batch").arg(database).arg(format!(".read \"{}\"", file.display()));
    Ok(command)
}

/// Copies every CSV file into a PostgreSQL table of its own, all columns text, without keys.
pub(super) fn psql_copy(url: &str, csv: &Path) -> Result<Command> {
    let mut script = String::from("CREATE SCHEMA import;\nSET search_path = import;\n");
    for entry in fs::read_dir(csv)? {
        let path = entry?.path();
        let table = path.file_stem().unwrap_or_default().to_string_lossy();
        let columns: Vec<_> = header(&path)?.split(',').map(|it| format!("{it} text")).collect();
        writeln!(script, "CREATE TABLE \"{table}\" ({});", columns.join(", "))?;
        writeln!(script, "\\copy \"{table}\" FROM '{}' (FORMAT csv, HEADER)", path.display())?;
    }
    let file = csv.with_file_name("import-postgres.sql");
    fs::write(&file, script)?;
    Ok(psql(url, &["--file".as_ref(), file.as_os_str()]))
}

/// A file's first line, every name in quotes.
fn header(path: &Path) -> Result<String> {
    let mut line = String::new();
    BufReader::new(fs::File::open(path)?).read_line(&mut line)?;
    let names = line.trim().split(',').map(|it| format!("\"{}\"", it.trim_matches('"')));
    Ok(names.collect::<Vec<_>>().join(","))
}

/// Drops a schema with all it holds.
pub(super) fn drop_schema(url: &str, schema: &str) -> Result {
    let sql = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
    process::run(&mut psql(url, &["--command".as_ref(), sql.as_ref()]))
}

fn psql(url: &str, arguments: &[&OsStr]) -> Command {
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url]);
    command.args(arguments).env("PGOPTIONS", "-c client_min_messages=warning");
    command
}

const DUCKDB: &str = r#"
import duckdb, pathlib, sys, zipfile
zip_path, folder, into = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
with zipfile.ZipFile(zip_path) as archive:
    archive.extractall(folder)
database = duckdb.connect(str(folder / "roster.duckdb"))
for path in sorted(folder.glob("*.csv")):
    table = f"read_csv('{path}', header = true, all_varchar = true)"
    if into == "parquet":
        database.execute(f"COPY (FROM {table}) TO '{path.with_suffix('.parquet')}' (FORMAT parquet)")
    else:
        database.execute(f'CREATE TABLE "{path.stem}" AS FROM {table}')
database.close()
"#;

/// Unzips and reads every CSV file into DuckDB's own tables or into Parquet files.
pub(super) fn duckdb(python: &Path, zip: &Path, folder: &Path, into: &str) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", DUCKDB]).arg(zip).arg(folder).arg(into);
    command
}

const POLARS: &str = r"
import pathlib, polars, sys, zipfile
zip_path, folder = sys.argv[1], pathlib.Path(sys.argv[2])
with zipfile.ZipFile(zip_path) as archive:
    archive.extractall(folder)
for path in sorted(folder.glob('*.csv')):
    polars.scan_csv(path, infer_schema=False).sink_parquet(path.with_suffix('.parquet'))
";

/// Unzips and reads every CSV file into a Parquet file.
pub(super) fn polars(python: &Path, zip: &Path, folder: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", POLARS]).arg(zip).arg(folder);
    command
}
