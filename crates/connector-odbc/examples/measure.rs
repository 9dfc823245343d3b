//! What `cargo xtask bench odbc` measures: a table that is filled, and read through the connector or by nothing but
//! typed bulk fetches.  `measure fill|typed|connector KIND ROWS`; servers and files are in the environment.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a bench")]

#[path = "../tests/support/server.rs"]
mod server;

use connector_odbc::{Config, Database, Odbc, find_driver};
use futures::StreamExt as _;
use odbc_api::{
    Connection, ConnectionOptions, Cursor as _, ResultSetMetadata as _,
    buffers::{BufferDesc, ColumnarDynBuffer},
    environment,
};
use roster_core::{Connector as _, ExtractEvent, ExtractRequest, RunContext};
use server::Server;
use std::{env, error::Error, fs, path::Path, process::ExitCode};

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// Rows that are fetched at once.
const ROWS_AT_ONCE: usize = 5_000;
const COLUMNS: &str = "id AS source_id, given AS given_name, family AS family_name, middle AS middle_name, \
    username, email, phone, school_id AS primary_org_source_id, enabled, birth, modified, locker";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(rows) => {
            println!("{rows}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the words say; tells the number of rows.
fn run(words: &[&str]) -> Result<u64> {
    let &[what, kind, rows] = words else {
        return Err("name fill, typed or connector, a database, and a number of rows".into());
    };
    let database = match kind {
        "postgresql" => Database::PostgreSql,
        "mariadb" => Database::MariaDb,
        _ => Database::Sqlite,
    };
    match what {
        "fill" => fill(database, rows.parse()?),
        "typed" => typed(database),
        _ => connector(database),
    }
}

/// The SQLite file.
fn file() -> Result<String> {
    Ok(env::var("HOMEROOM_SQLITE")?)
}

fn connect(database: Database, options: &str) -> Result<Connection<'static>> {
    let string = if database == Database::Sqlite {
        format!("Driver={};Database={};NoWCHAR=1;", find_driver(database)?.display(), file()?)
    } else {
        Server::named(database)?.connection_string(Server::main_database(database))?
    };
    let string = format!("{string}{options}");
    Ok(environment()?.connect_with_connection_string(&string, ConnectionOptions::default())?)
}

/// Twelve columns, 110 bytes of text in a row.
fn fill(database: Database, rows: u64) -> Result<u64> {
    let connection = connect(database, "")?;
    let (series, number) = match database {
        Database::PostgreSql => (format!("generate_series(1, {rows}) AS s(n)"), "n"),
        Database::MariaDb => (format!("seq_1_to_{rows}"), "seq"),
        _ => (
            format!(
                "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows}) SELECT n FROM s)"
            ),
            "n",
        ),
    };
    let text = |prefix: &str| match database {
        Database::MariaDb => format!("CONCAT('{prefix}', {number})"),
        _ => format!("'{prefix}' || {number}"),
    };
    let values = [
        number.to_owned(),
        format!("{number} % 60"),
        "1".to_owned(),
        "'2012-03-04'".to_owned(),
        "'2026-11-20 12:34:56'".to_owned(),
        text("Given"),
        text("Family"),
        "NULL".to_owned(),
        text("user"),
        text("pupil.number@students.example.org/"),
        text("555-0"),
        text("L-"),
    ];
    for statement in [
        "DROP TABLE IF EXISTS homeroom_bench".to_owned(),
        "CREATE TABLE homeroom_bench (id INTEGER, school_id INTEGER, enabled SMALLINT, birth DATE, modified TIMESTAMP, \
         given VARCHAR(40), family VARCHAR(40), middle VARCHAR(40), username VARCHAR(60), email VARCHAR(80), \
         phone VARCHAR(20), locker VARCHAR(20))"
            .to_owned(),
        format!(
            "INSERT INTO homeroom_bench SELECT {} FROM {series}",
            values.join(", ").replace("'2012-03-04'", date(database, "'2012-03-04'", "DATE")).replace(
                "'2026-11-20 12:34:56'",
                date(database, "'2026-11-20 12:34:56'", "TIMESTAMP")
            )
        ),
    ] {
        connection.execute(&statement, (), None)?;
    }
    Ok(rows)
}

/// PostgreSQL takes no text for a date that comes from a query.
fn date<'a>(database: Database, text: &'a str, of: &str) -> &'a str {
    match (database, of) {
        (Database::PostgreSql, "DATE") => "DATE '2012-03-04'",
        (Database::PostgreSql, _) => "TIMESTAMP '2026-11-20 12:34:56'",
        _ => text,
    }
}

/// Reads with `odbc-api` alone, each column as what it is.
fn typed(database: Database) -> Result<u64> {
    let options = match database {
        Database::PostgreSql => format!("UseDeclareFetch=1;Fetch={ROWS_AT_ONCE};"),
        Database::Sqlite => "StepAPI=1;".to_owned(),
        _ => String::new(),
    };
    let connection = connect(database, &options)?;
    connection.set_autocommit(false)?;
    let query = format!("SELECT {COLUMNS} FROM homeroom_bench");
    let mut cursor = connection.execute(&query, (), None)?.ok_or("no rows")?;
    let mut columns = Vec::new();
    for column in 1..=u16::try_from(cursor.num_result_cols()?)? {
        let of = cursor.col_data_type(column)?;
        let desc = BufferDesc::from_data_type(of, true);
        columns.push(desc.unwrap_or(BufferDesc::Text { max_str_len: 80 }));
    }
    let mut cursor = cursor.bind_buffer(ColumnarDynBuffer::from_descs(ROWS_AT_ONCE, columns))?;
    let mut rows = 0;
    while let Some(batch) = cursor.fetch()? {
        rows += batch.num_rows() as u64;
    }
    Ok(rows)
}

/// Reads as a night does.
fn connector(database: Database) -> Result<u64> {
    let folder = tempfile::tempdir()?;
    let password = folder.path().join("password");
    let keys = if database == Database::Sqlite {
        format!("database = 'sqlite'\npath = '{}'\n", file()?)
    } else {
        // Encryption is not what is measured, and the typed fetch has none.
        let server = Server { authority: None, ..Server::named(database)? };
        fs::write(&password, &server.password)?;
        let reason = "accept_writable_account = { reason = 'a bench' }\n";
        let name = Server::main_database(database);
        server.keys(&server.user, &password.display().to_string(), name) + reason
    };
    let profile = format!(
        "[profile]\ntype = 'custom'\n[[profile.query]]\nentity = 'users'\n\
         sql = 'SELECT {COLUMNS} FROM homeroom_bench'\n"
    );
    let config: Config = toml::from_str(&format!("{keys}{profile}"))?;
    let source = Odbc::build(config, Path::new("/"))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let rows = runtime.block_on(async {
        let ctx = RunContext::detached();
        let catalog = source.discover(&ctx).await?;
        let mut stream = source.extract(&ctx, ExtractRequest::everything(&catalog));
        let mut rows = 0;
        while let Some(event) = stream.next().await {
            if let ExtractEvent::Batch(batch) = event? {
                rows += batch.rows.len() as u64;
            }
        }
        Ok::<_, roster_core::Error>(rows)
    });
    Ok(rows?)
}
