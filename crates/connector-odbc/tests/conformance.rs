//! What every connector promises, over ODBC from SQLite, PostgreSQL and MariaDB.

mod support;

use async_trait::async_trait;
use connector_odbc::{Database, find_driver};
use libtest_mimic::{Arguments, Completion, Trial};
use roster_testkit::{Failed, Harness, Losses, Place, Seed, trials};
use std::{fmt, process::ExitCode};
use support::{
    Server,
    places::{Feed, place},
    tables::{profile, statements, tables},
};

fn main() -> ExitCode {
    let mut tests = Vec::new();
    match find_driver(Database::Sqlite) {
        Ok(_) => tests.extend(trials(Harnessed { server: None, losses: losses(SQLITE) })),
        Err(error) => tests.push(skipped("sqlite", error.to_string())),
    }
    for database in [Database::PostgreSql, Database::MariaDb] {
        match Server::named(database) {
            Ok(server) => {
                tests.extend(trials(Harnessed { server: Some(server), losses: losses("") }));
            }
            Err(why) => tests.push(skipped(&format!("{database:?}").to_lowercase(), why)),
        }
    }
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

fn skipped(name: &str, why: String) -> Trial {
    Trial::ignorable_test(name, move || Ok(Completion::ignored_with(why)))
}

/// Queries can tell everything, but for what a driver does.
fn losses(text: &str) -> Losses {
    Losses::parse(text).expect("the losses are of the model")
}

const SQLITE: &str = "
fields = [
    { table = 'orgs', fields = ['extensions'], reason = 'the driver cuts names of columns at a dot' },
    { table = 'courses', fields = ['extensions'], reason = 'the driver cuts names of columns at a dot' },
    { table = 'sections', fields = ['extensions'], reason = 'the driver cuts names of columns at a dot' },
    { table = 'users', fields = ['extensions'], reason = 'the driver cuts names of columns at a dot' },
    { table = 'demographics', fields = ['extensions'], reason = 'the driver cuts names of columns at a dot' },
    { table = 'enrollments', fields = ['extensions'], reason = 'the driver cuts names of columns at a dot' },
    { table = 'resources', fields = ['extensions'], reason = 'the driver cuts names of columns at a dot' },
    { table = 'categories', fields = ['extensions'], reason = 'the driver cuts names of columns at a dot' },
]";

/// A database: a file, or a schema on a server.
struct Harnessed {
    server: Option<Server>,
    losses: Losses,
}

impl Harnessed {
    fn database(&self) -> Database {
        self.server.as_ref().map_or(Database::Sqlite, |it| it.database)
    }
}

impl fmt::Debug for Harnessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

#[async_trait]
impl Harness for Harnessed {
    fn name(&self) -> String {
        format!("{:?}", self.database()).to_lowercase()
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }

    async fn seed(&self, seed: Seed) -> Result<Option<Box<dyn Place>>, Failed> {
        let Some(tables) = tables(seed, self.database())? else { return Ok(None) };
        let typed = seed != Seed::Unreadable;
        let statements = statements(self.database(), &tables, typed);
        let profile = profile(self.database(), &tables);
        place(self.server.as_ref(), seed, Feed { statements, profile, tables })
    }
}
