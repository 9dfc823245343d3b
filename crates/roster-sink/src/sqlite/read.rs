//! Reading rows back as canonical rows.

use super::{
    failure::Outcome,
    index_store,
    layout::{Layout, Which},
    value::push_column,
};
use crate::relational::{ledger::not_there, outlet::RowsAt};
use roster_core::{DistrictId, EntityKind, Rows, model::EntitySchema};
use rusqlite::{Connection, Statement, params};
use std::ops::RangeInclusive;

/// Limits of a batch that [`stream`] hands out.
const BATCH_ROWS: usize = 2048;
const BATCH_BYTES: usize = 1 << 20;

/// The rows at these numbers, deleted ones included, in the order given.
pub(super) fn fetch(
    connection: &Connection,
    district: &DistrictId,
    entity: EntityKind,
    locators: &[u64],
) -> Outcome<Rows> {
    check_here(connection, "sqlite.fetch", district)?;
    let mut reader = RowReader::new(connection, district, entity, Which::All)?;
    let mut found = Rows::new(entity);
    for locator in locators {
        let before = found.len();
        reader.read(*locator..=*locator, &mut found, &mut |_: &mut Rows| true)?;
        if found.len() == before {
            return Err(not_there("sqlite.fetch", entity.table()).into());
        }
    }
    Ok(found)
}

/// Hands out all active rows in the order of their first publication, until `hand_out` answers false.  All of them are
/// of the same night when the connection is in a transaction.
pub(super) fn stream(
    connection: &Connection,
    district: &DistrictId,
    entity: EntityKind,
    mut hand_out: impl FnMut(&mut Rows) -> bool,
) -> Outcome<()> {
    check_here(connection, "sqlite.rows", district)?;
    let mut reader = RowReader::new(connection, district, entity, Which::Active)?;
    let mut batch = Rows::new(entity);
    for locators in index_store::stretches(connection, district, entity)? {
        if !reader.read(locators, &mut batch, &mut hand_out)? {
            return Ok(());
        }
    }
    if !batch.is_empty() {
        hand_out(&mut batch);
    }
    Ok(())
}

/// Refuses a district whose rows are elsewhere: it is not one without rows.
pub(super) fn check_here(
    connection: &Connection,
    operation: &'static str,
    district: &DistrictId,
) -> Outcome<()> {
    index_store::basis(connection, operation, district, &RowsAt::default())?;
    Ok(())
}

/// Reads stretches of rows of one entity of one district.
struct RowReader<'c> {
    statement: Statement<'c>,
    district: &'c DistrictId,
    schema: &'static EntitySchema,
}

impl<'c> RowReader<'c> {
    fn new(
        connection: &'c Connection,
        district: &'c DistrictId,
        entity: EntityKind,
        which: Which,
    ) -> Outcome<Self> {
        let statement = connection.prepare(&Layout::of(entity).select(which))?;
        Ok(Self { statement, district, schema: entity.schema() })
    }

    /// Appends rows to `batch`, which `hand_out` empties when it is full; false when `hand_out` wants no more.
    fn read(
        &mut self,
        locators: RangeInclusive<u64>,
        batch: &mut Rows,
        hand_out: &mut impl FnMut(&mut Rows) -> bool,
    ) -> Outcome<bool> {
        let (first, last) = (locators.start().cast_signed(), locators.end().cast_signed());
        let mut found = self.statement.query(params![first, last, self.district.as_str()])?;
        while let Some(row) = found.next()? {
            let mut builder = batch.begin();
            for (number, field) in self.schema.fields.iter().enumerate() {
                push_column(&mut builder, field, row.get_ref(number + 1)?)?;
            }
            builder.finish(row.get::<_, i64>(0)?.cast_unsigned());
            let full = batch.len() >= BATCH_ROWS || batch.bytes() >= BATCH_BYTES;
            if full && !hand_out(batch) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
