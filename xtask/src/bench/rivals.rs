//! What nights are measured against: other programs that read the same files, without any check.

use crate::Result;
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
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

/// Python, where it has DuckDB.
pub(super) fn python_with_duckdb() -> Option<PathBuf> {
    let python = PathBuf::from("python3");
    let mut command = Command::new(&python);
    command.args(["-c", "import duckdb"]).stderr(Stdio::null());
    command.status().is_ok_and(|it| it.success()).then_some(python)
}
