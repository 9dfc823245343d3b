//! Encoding an entity's changes for COPY, into its table or its staging table, and taking them into its index.

use super::{
    PUBLISH,
    copy::Feed,
    failure::Outcome,
    value::{put_bytes, put_field, put_null},
};
use crate::{
    EntityCounts, Operation, PlanEntry, PlanReader, PublishedIndex,
    relational::{
        decode::{self, Chunk},
        ledger::{Ledger, Replaced, Taken, check_counts, not_canonical},
        outlet::RowsAt,
        rekeys::Pending,
        table::Table,
    },
};
use bytes::BufMut as _;
use roster_core::{DistrictId, Row, public_id};
use uuid::Uuid;

/// What all changes of a night have in common.
#[derive(Clone, Debug)]
pub(super) struct Night {
    pub(super) district: DistrictId,
    pub(super) run: String,
    /// RFC 3339.
    pub(super) at: String,
    /// The district was never published: its changes are one marker.
    pub(super) first_load: bool,
    pub(super) rows_at: RowsAt,
}

/// Where rows are copied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The table itself: there are only creations.
    Table,
    /// The staging table.
    Staging,
}

/// What is to be encoded, and what it must fit.
#[derive(Debug)]
pub(super) struct Encoding {
    pub(super) night: Night,
    pub(super) table: Table,
    pub(super) target: Target,
    pub(super) planned: EntityCounts,
    pub(super) pending: Pending,
}

/// Encodes all changes of an entity.
pub(super) fn encode(
    encoding: &Encoding,
    reader: PlanReader,
    index: &mut PublishedIndex,
    feed: &mut Feed,
) -> Outcome<Taken> {
    let Encoding { night, table, target, planned, pending } = encoding;
    let last = index.slots().map(|it| index.locator(it)).max().unwrap_or(0);
    let ledger = Ledger::new(PUBLISH, *table, index, pending);
    let (table, target) = (*table, *target);
    let mut encoder = Encoder { night, table, target, ledger, feed, last, position: 0 };
    let id = |row: &Row<'_>| public_id(&night.district, row.entity(), row.source_id());
    let entity = table.schema.kind;
    decode::each_chunk(reader, entity, id, |chunk| encoder.chunk(chunk))?;
    let taken = encoder.ledger.finish();
    // Before the server has seen the end, so that it cannot stumble first over what is too much.
    check_counts(PUBLISH, entity, *planned, taken.counts)?;
    Ok(taken)
}

/// The number of a replacement in the staging table: another one for a record that gets a key and comes back.
fn staged(entry: &PlanEntry, replaced: Replaced) -> i16 {
    const RESTORED: i16 = Operation::Rekey as i16 + 1;
    match entry.operation {
        Operation::Rekey if replaced.restored => RESTORED,
        operation => operation as i16,
    }
}

struct Encoder<'a> {
    night: &'a Night,
    table: Table,
    target: Target,
    ledger: Ledger<'a>,
    feed: &'a mut Feed,
    /// Number of the district's last row.
    last: u64,
    /// Place of the change in the plan.
    position: i64,
}

impl Encoder<'_> {
    fn chunk(&mut self, chunk: &Chunk<Uuid>) -> Outcome<()> {
        for entry in &chunk.entries {
            let row = entry.row.map(|number| {
                let row = chunk.rows.get(number);
                (row.expect("an entry's row is among the rows of its chunk"), chunk.ids[number])
            });
            self.entry(entry, row)?;
            self.feed.row_done()?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &PlanEntry, row: Option<(Row<'_>, Uuid)>) -> Outcome<()> {
        let (row, new_id) = row.unzip();
        let (rowid, operation, id) = match entry.operation {
            Operation::Create => {
                self.last += 1;
                self.ledger.create(entry, self.last);
                (self.last, Operation::Create as i16, new_id.unwrap_or_default())
            }
            _ if self.target == Target::Table => return self.unexpected(),
            Operation::Update | Operation::Restore | Operation::Rekey => {
                let replaced = self.ledger.replace(entry)?;
                (replaced.locator, staged(entry, replaced), Uuid::from_u128(replaced.old_key))
            }
            // The key's hash stands in for the key, which the plan does not have.
            Operation::Delete => {
                (self.ledger.delete(entry)?, Operation::Delete as i16, Uuid::from_u128(entry.key))
            }
        };
        self.begin(operation, rowid.cast_signed(), id);
        self.fields(row.as_ref())
    }

    /// The columns before the fields, as [`super::layout::Layout`] names them.
    fn begin(&mut self, operation: i16, rowid: i64, id: Uuid) {
        let Self { night, table, target, feed, position, .. } = self;
        let own: i16 = if *target == Target::Table { 5 } else { 4 };
        let fields = i16::try_from(table.schema.fields.len());
        let buffer = feed.buffer();
        buffer.put_i16(own + fields.expect("a table has far fewer columns than 32,767"));
        match target {
            Target::Table => {
                for text in [night.district.as_str(), &night.run, &night.run] {
                    put_bytes(buffer, text.as_bytes());
                }
            }
            Target::Staging => {
                *position += 1;
                put_bytes(buffer, &operation.to_be_bytes());
                put_bytes(buffer, &position.to_be_bytes());
            }
        }
        put_bytes(buffer, &rowid.to_be_bytes());
        put_bytes(buffer, id.as_bytes());
    }

    fn fields(&mut self, row: Option<&Row<'_>>) -> Outcome<()> {
        let buffer = self.feed.buffer();
        let schema = self.table.schema;
        let Some(row) = row else {
            schema.fields.iter().for_each(|_| put_null(buffer));
            return Ok(());
        };
        for (field, text) in schema.fields.iter().zip(row.fields()) {
            put_field(buffer, field, text)
                .ok_or_else(|| not_canonical(PUBLISH, schema.table, field))?;
        }
        Ok(())
    }

    /// The header promised creations alone.
    fn unexpected(&self) -> Outcome<()> {
        let nothing = EntityCounts::default();
        let changed = EntityCounts { updated: 1, ..nothing };
        Ok(check_counts(PUBLISH, self.table.schema.kind, nothing, changed)?)
    }
}
