//! What every connector promises, from databases that look like PowerSchool's and Infinite Campus's, over ODBC from
//! SQLite, PostgreSQL and MariaDB.

mod support;

use async_trait::async_trait;
use connector_odbc::{Database, find_driver};
use libtest_mimic::{Arguments, Completion, Trial};
use roster_testkit::{Failed, Harness, Losses, Place, Seed, trials};
use std::{fmt, process::ExitCode};
use support::{Server, places::place, sis::Sis};

fn main() -> ExitCode {
    let mut tests = Vec::new();
    for sis in Sis::ALL {
        for database in [Database::Sqlite, Database::PostgreSql, Database::MariaDb] {
            if !sis.runs_on(database) {
                continue;
            }
            match harnessed(sis, database) {
                Ok(harness) => tests.extend(trials(harness)),
                Err(why) => tests.push(skipped(&name(sis, database), why)),
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

fn name(sis: Sis, database: Database) -> String {
    format!("{}/{database:?}", sis.name()).to_lowercase()
}

fn harnessed(sis: Sis, database: Database) -> Result<Harnessed, String> {
    let server = match database {
        Database::Sqlite => find_driver(database).map(|_| None).map_err(|it| it.to_string())?,
        _ => Some(Server::named(database)?),
    };
    let losses = sis.losses().map_err(|it| format!("{it:?}"))?;
    Ok(Harnessed { sis, database, server, losses })
}

fn skipped(name: &str, why: String) -> Trial {
    Trial::ignorable_test(name, move || Ok(Completion::ignored_with(why)))
}

/// A student information system in a database.
struct Harnessed {
    sis: Sis,
    database: Database,
    server: Option<Server>,
    losses: Losses,
}

impl fmt::Debug for Harnessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

#[async_trait]
impl Harness for Harnessed {
    fn name(&self) -> String {
        name(self.sis, self.database)
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }

    async fn seed(&self, seed: Seed) -> Result<Option<Box<dyn Place>>, Failed> {
        match seed {
            Seed::Whole | Seed::Absent | Seed::CutOff => {
                place(self.server.as_ref(), seed, self.sis.feed(self.database)?)
            }
            // A record of the model is made of rows of several tables.
            _ => Ok(None),
        }
    }
}
