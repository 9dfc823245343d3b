//! Writing an entity's changes into its table, its index and the change feed.

use super::{
    PUBLISH,
    failure::{Failure, Outcome, is_duplicate},
    layout::{Layout, parameter},
    value::bind_fields,
};
use crate::{
    EntityCounts, Operation, PlanEntry, PublishedIndex, Slot, key_of,
    relational::{
        decode::Chunk,
        ledger::{Ledger, already_there, not_there},
    },
};
use roster_core::{DistrictId, Row, public_id};
use rusqlite::{Connection, Statement, params};
use uuid::fmt::Hyphenated;

/// What all changes of a night have in common.
#[derive(Debug)]
pub(super) struct Night<'a> {
    pub(super) district: &'a DistrictId,
    pub(super) run: &'a str,
    /// RFC 3339.
    pub(super) at: &'a str,
    /// The district was never published: its changes are one marker.
    pub(super) first_load: bool,
}

/// A public id as text.
#[derive(Clone, Copy)]
pub(super) struct PublicId([u8; Hyphenated::LENGTH]);

impl PublicId {
    /// The id of a row.
    pub(super) fn new(district: &DistrictId, row: &Row<'_>) -> Self {
        let mut text = [0; Hyphenated::LENGTH];
        let id = public_id(district, row.entity(), row.source_id());
        id.hyphenated().encode_lower(&mut text);
        Self(text)
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("a UUID is written in ASCII")
    }
}

/// Writes the changes of one entity.
pub(super) struct EntityWriter<'a> {
    night: &'a Night<'a>,
    layout: Layout,
    ledger: Ledger<'a>,
    insert: Statement<'a>,
    update_content: Statement<'a>,
    update_all: Statement<'a>,
    delete: Statement<'a>,
    change: Statement<'a>,
    /// Number of the last row of the table.
    last: i64,
}

impl<'a> EntityWriter<'a> {
    /// A writer into a table whose last row is `last`.
    pub(super) fn new(
        connection: &'a Connection,
        night: &'a Night<'a>,
        layout: Layout,
        last: i64,
        index: &'a mut PublishedIndex,
    ) -> Outcome<Self> {
        let prepare = |sql: &str| -> Outcome<Statement<'a>> {
            let mut statement = connection.prepare(sql)?;
            // Bound once: a binding outlives the execution.
            statement.raw_bind_parameter(parameter::DISTRICT, night.district.as_str())?;
            statement.raw_bind_parameter(parameter::RUN, night.run)?;
            Ok(statement)
        };
        let change = connection.prepare(
            "INSERT INTO changes (run_id, district_id, entity, id, source_id, operation, at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        Ok(Self {
            night,
            layout,
            ledger: Ledger::new(PUBLISH, layout.table(), index),
            insert: prepare(&layout.insert())?,
            update_content: prepare(&layout.update_content())?,
            update_all: prepare(&layout.update_all())?,
            delete: prepare(&layout.delete())?,
            change,
            last,
        })
    }

    /// Writes a chunk's changes.
    pub(super) fn write(&mut self, chunk: &Chunk<PublicId>) -> Outcome<()> {
        for entry in &chunk.entries {
            let Some(number) = entry.row else {
                self.delete(entry)?;
                continue;
            };
            let row =
                chunk.rows.get(number).expect("an entry's row is among the rows of its chunk");
            self.write_row(entry, &row, chunk.ids[number].as_str())?;
        }
        Ok(())
    }

    /// What was written, and the slots of what was there before.
    pub(super) fn finish(self) -> (EntityCounts, Vec<Slot>) {
        self.ledger.finish()
    }

    fn write_row(&mut self, entry: &PlanEntry, row: &Row<'_>, id: &str) -> Outcome<()> {
        match entry.operation {
            Operation::Create => self.create(entry, row, id)?,
            Operation::Update | Operation::Restore | Operation::Delete => {
                self.update(entry, row)?;
            }
        }
        self.record_change(entry.operation, id, row.source_id())
    }

    fn create(&mut self, entry: &PlanEntry, row: &Row<'_>, id: &str) -> Outcome<()> {
        self.last += 1;
        self.insert.raw_bind_parameter(parameter::ROWID, self.last)?;
        self.insert.raw_bind_parameter(parameter::ID, id)?;
        bind_fields(&mut self.insert, row)?;
        self.insert.raw_execute().map_err(|err| refused(err, self.layout))?;
        self.ledger.create(entry, self.last.cast_unsigned());
        Ok(())
    }

    fn update(&mut self, entry: &PlanEntry, row: &Row<'_>) -> Outcome<()> {
        let locator = self.ledger.replace(entry)?.cast_signed();
        let mut updated = 0;
        for statement in [&mut self.update_content, &mut self.update_all] {
            if updated == 0 {
                statement.raw_bind_parameter(parameter::ROWID, locator)?;
                bind_fields(statement, row)?;
                updated = statement.raw_execute()?;
            }
        }
        if updated == 0 { Err(not_there(PUBLISH, self.layout.name()).into()) } else { Ok(()) }
    }

    fn delete(&mut self, entry: &PlanEntry) -> Outcome<()> {
        let locator = self.ledger.delete(entry)?.cast_signed();
        self.delete.raw_bind_parameter(parameter::ROWID, locator)?;
        self.delete.raw_bind_parameter(parameter::ID, self.night.at)?;
        let mut rows = self.delete.raw_query();
        let Some(row) = rows.next()? else {
            return Err(not_there(PUBLISH, self.layout.name()).into());
        };
        let (source_id, id): (String, String) = (row.get(0)?, row.get(1)?);
        // The update is done once all it returns is taken.
        while rows.next()?.is_some() {}
        drop(rows);
        if key_of(&source_id) != entry.key {
            return Err(not_there(PUBLISH, self.layout.name()).into());
        }
        self.record_change(Operation::Delete, &id, &source_id)
    }

    fn record_change(&mut self, operation: Operation, id: &str, source_id: &str) -> Outcome<()> {
        if !self.night.first_load {
            let Night { district, run, at, .. } = self.night;
            let (district, table) = (district.as_str(), self.layout.name());
            self.change.execute(params![
                run,
                district,
                table,
                id,
                source_id,
                operation.code(),
                at
            ])?;
        }
        Ok(())
    }
}

/// A key that is there already is a defect of the plan; anything else is SQLite's.
pub(super) fn refused(error: rusqlite::Error, layout: Layout) -> Failure {
    if !is_duplicate(&error) {
        return error.into();
    }
    already_there(PUBLISH, layout.name()).source(error).into()
}
