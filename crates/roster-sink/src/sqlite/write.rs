//! Writing an entity's changes into its table, its index and the change feed.

use super::{
    PUBLISH,
    failure::{Failure, Outcome, is_duplicate},
    layout::{Layout, parameter},
    rekeys,
    value::bind_fields,
};
use crate::{
    Operation, PlanEntry, PublishedIndex, Slot, key_of,
    relational::{
        decode::Chunk,
        ledger::{Ledger, Replaced, Taken, already_there, not_there},
        outlet::RowsAt,
        rekeys::{Pending, salted_id},
    },
};
use roster_core::{DistrictId, Row, public_id};
use rusqlite::{Connection, OptionalExtension as _, Statement, params};
use uuid::{Uuid, fmt::Hyphenated};

/// What all changes of a night have in common.
#[derive(Debug)]
pub(super) struct Night<'a> {
    pub(super) district: &'a DistrictId,
    pub(super) run: &'a str,
    /// RFC 3339.
    pub(super) at: &'a str,
    /// The district was never published: its changes are one marker.
    pub(super) first_load: bool,
    pub(super) rows_at: &'a RowsAt,
}

/// A public id as text.
#[derive(Clone, Copy)]
pub(super) struct PublicId([u8; Hyphenated::LENGTH]);

impl PublicId {
    /// The id of a row.
    pub(super) fn new(district: &DistrictId, row: &Row<'_>) -> Self {
        public_id(district, row.entity(), row.source_id()).into()
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("a UUID is written in ASCII")
    }
}

impl From<Uuid> for PublicId {
    fn from(id: Uuid) -> Self {
        let mut text = [0; Hyphenated::LENGTH];
        id.hyphenated().encode_lower(&mut text);
        Self(text)
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
    key: Statement<'a>,
    rekey: Statement<'a>,
    /// How often a key was given up; `None` where none ever was.
    left: Option<Statement<'a>>,
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
        pending: &'a Pending,
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
            ledger: Ledger::new(PUBLISH, layout.table(), index, pending),
            insert: prepare(&layout.insert())?,
            update_content: prepare(&layout.update_content())?,
            update_all: prepare(&layout.update_all())?,
            delete: prepare(&layout.delete())?,
            change,
            key: connection.prepare(&layout.key())?,
            rekey: prepare(&layout.rekey())?,
            left: rekeys::prepare_left(connection, night.district, layout.table().schema.kind)?,
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
            self.write_row(entry, &row, &chunk.ids[number])?;
        }
        Ok(())
    }

    /// What was written.
    pub(super) fn finish(self) -> Taken {
        self.ledger.finish()
    }

    fn write_row(&mut self, entry: &PlanEntry, row: &Row<'_>, id: &PublicId) -> Outcome<()> {
        if entry.operation == Operation::Create {
            return self.create(entry, row, id);
        }
        let replaced = self.ledger.replace(entry)?;
        let id = if entry.operation == Operation::Rekey {
            self.rekey(replaced, row)?
        } else {
            self.update(replaced, row)?
        };
        let operation = if replaced.restored { Operation::Restore } else { Operation::Update };
        self.record_change(operation, &id, row.source_id())
    }

    fn create(&mut self, entry: &PlanEntry, row: &Row<'_>, id: &PublicId) -> Outcome<()> {
        let salted = self.salted_id(row)?;
        let id = salted.as_ref().unwrap_or(id).as_str();
        self.last += 1;
        self.insert.raw_bind_parameter(parameter::ROWID, self.last)?;
        self.insert.raw_bind_parameter(parameter::ID, id)?;
        bind_fields(&mut self.insert, row)?;
        self.insert.raw_execute().map_err(|err| refused(err, self.layout))?;
        self.ledger.create(entry, self.last.cast_unsigned());
        self.record_change(entry.operation, id, row.source_id())
    }

    /// The id of a record under a key that others gave up.
    fn salted_id(&mut self, row: &Row<'_>) -> Outcome<Option<PublicId>> {
        let Some(left) = &mut self.left else { return Ok(None) };
        let (district, entity, key) = (self.night.district, row.entity(), row.source_id());
        let left =
            left.query_row(params![district.as_str(), entity.table(), key], |it| it.get(0))?;
        Ok((left > 0).then(|| salted_id(district, entity, key, left).into()))
    }

    /// Gives the public id.
    fn update(&mut self, replaced: Replaced, row: &Row<'_>) -> Outcome<String> {
        for statement in [&mut self.update_content, &mut self.update_all] {
            if let Some(id) = replace(statement, replaced, row)? {
                return Ok(id);
            }
        }
        Err(not_there(PUBLISH, self.layout.name()).into())
    }

    /// Gives the public id.
    fn rekey(&mut self, replaced: Replaced, row: &Row<'_>) -> Outcome<String> {
        let (number, district) = (replaced.locator.cast_signed(), self.night.district.as_str());
        let key = self.key.query_row(params![number, district], |it| it.get::<_, String>(0));
        let key = key.optional()?.unwrap_or_default();
        let is_meant = key_of(&key) == replaced.old_key || key == parked(number);
        let id = if is_meant {
            replace(&mut self.rekey, replaced, row).map_err(|err| taken(err, self.layout))?
        } else {
            None
        };
        id.ok_or_else(|| not_there(PUBLISH, self.layout.name()).into())
    }

    fn delete(&mut self, entry: &PlanEntry) -> Outcome<()> {
        let locator = self.ledger.delete(entry)?.cast_signed();
        self.delete.raw_bind_parameter(parameter::ROWID, locator)?;
        self.delete.raw_bind_parameter(parameter::ID, self.night.at)?;
        let returned = returned(&mut self.delete, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (id, source_id): (String, String) =
            returned.ok_or_else(|| not_there(PUBLISH, self.layout.name()))?;
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

/// Replaces a row; gives its public id, or `None` when the statement does not find it.
fn replace(
    statement: &mut Statement<'_>,
    replaced: Replaced,
    row: &Row<'_>,
) -> Outcome<Option<String>> {
    statement.raw_bind_parameter(parameter::ROWID, replaced.locator.cast_signed())?;
    bind_fields(statement, row)?;
    Ok(returned(statement, |row| row.get(0))?)
}

/// What a statement that changes one row at most returns.
fn returned<T>(
    statement: &mut Statement<'_>,
    read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    let mut rows = statement.raw_query();
    let Some(row) = rows.next()? else { return Ok(None) };
    let found = read(row)?;
    // The change is done once all it returns is taken.
    while rows.next()?.is_some() {}
    Ok(Some(found))
}

/// Gives records keys that no source has, until they get their own: other records take theirs.
pub(super) fn park(
    connection: &Connection,
    night: &Night<'_>,
    layout: Layout,
    index: &PublishedIndex,
    slots: &[Slot],
) -> Outcome<()> {
    let mut statement = connection.prepare(&layout.park())?;
    for slot in slots {
        let number = index.locator(*slot).cast_signed();
        statement.execute(params![number, night.district.as_str()])?;
    }
    Ok(())
}

/// The key of a record that [`park`] put aside.
fn parked(number: i64) -> String {
    format!("\u{1f}{number}")
}

/// A key that is there already is a defect of the plan; anything else is SQLite's.
pub(super) fn refused(error: rusqlite::Error, layout: Layout) -> Failure {
    taken(error.into(), layout)
}

fn taken(failure: Failure, layout: Layout) -> Failure {
    match failure {
        Failure::Sqlite(error) if is_duplicate(&error) => {
            already_there(PUBLISH, layout.name()).source(error).into()
        }
        other => other,
    }
}
