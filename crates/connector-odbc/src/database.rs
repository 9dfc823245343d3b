//! The databases, and what is different about each.

use schemars::JsonSchema;
use serde::Deserialize;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Database {
    /// Oracle, as of PowerSchool.
    Oracle,
    /// Microsoft SQL Server, as of Infinite Campus.
    SqlServer,
    /// PostgreSQL.
    #[serde(rename = "postgresql")]
    PostgreSql,
    /// MariaDB or MySQL.
    #[serde(rename = "mariadb")]
    MariaDb,
    /// An SQLite file.
    Sqlite,
}
