//! Emptying fields of records that are no longer shared.

use super::{connection::Location, failure::Outcome, layout::Layout};
use crate::{
    Erased, Erasure,
    relational::{erase, history::time, table::quoted},
};
use roster_core::{DistrictId, value::Timestamp};
use rusqlite::{Connection, TransactionBehavior, params};

/// Empties what the erasures name, in one transaction, and what is left of it in the file; gives the number of rows.
pub(super) fn erase(
    location: &Location,
    district: &DistrictId,
    erasures: &[Erasure],
) -> Outcome<u64> {
    let mut connection = location.open_to_erase()?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut rows = 0;
    for erasure in erasures {
        rows += erase_one(&transaction, district, erasure, None)?;
    }
    transaction.commit()?;
    if rows > 0 {
        location.leave_no_trace(&connection, rows)?;
    }
    Ok(rows)
}

/// Empties what one erasure names; of deleted rows only those that were deleted before a time.
pub(super) fn erase_one(
    connection: &Connection,
    district: &DistrictId,
    erasure: &Erasure,
    before: Option<Timestamp>,
) -> Outcome<u64> {
    let columns = erase::columns(erasure);
    if columns.is_empty() {
        return Ok(0);
    }
    let sql = erase::update(&quoted(Layout::of(erasure.entity).name()), &columns, "?1");
    let district = district.as_str();
    let rows = match &erasure.what {
        Erased::Fields(_) => connection.execute(&sql, params![district])?,
        Erased::DeletedRows => {
            let sql =
                format!("{sql} AND deleted_at IS NOT NULL AND (?2 IS NULL OR deleted_at < ?2)");
            connection.execute(&sql, params![district, before.map(time)])?
        }
        Erased::Rows(locators) => {
            let mut statement = connection.prepare(&format!("{sql} AND rowid = ?2"))?;
            let mut rows = 0;
            for locator in locators {
                rows += statement.execute(params![district, locator.cast_signed()])?;
            }
            rows
        }
    };
    Ok(rows as u64)
}
