//! Emptying fields of records that are no longer shared.

use super::{failure::Outcome, layout::Layout};
use crate::{
    Erased, Erasure,
    relational::{erase, table::quoted},
};
use roster_core::DistrictId;
use rusqlite::{Connection, TransactionBehavior, params};

/// Empties what the erasures name, in one transaction; gives the number of rows.
pub(super) fn erase(
    connection: &mut Connection,
    district: &DistrictId,
    erasures: &[Erasure],
) -> Outcome<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut rows = 0;
    for erasure in erasures {
        rows += erase_one(&transaction, district, erasure)?;
    }
    transaction.commit()?;
    Ok(rows)
}

fn erase_one(connection: &Connection, district: &DistrictId, erasure: &Erasure) -> Outcome<u64> {
    let columns = erase::columns(erasure);
    if columns.is_empty() {
        return Ok(0);
    }
    let sql = erase::update(&quoted(Layout::of(erasure.entity).name()), &columns, "?1");
    let district = district.as_str();
    let rows = match &erasure.what {
        Erased::Fields(_) => connection.execute(&sql, params![district])?,
        Erased::DeletedRows => {
            connection.execute(&format!("{sql} AND deleted_at IS NOT NULL"), params![district])?
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
