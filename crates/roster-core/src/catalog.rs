//! What a configured source offers, entity by entity.

use crate::EntityKind;

/// One way to read an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncMode {
    /// Everything.
    Snapshot,
    /// What changed since a cursor.
    Delta {
        /// How deletions show up in a delta.
        deletes: DeleteSignal,
    },
}

/// How a delta tells of deletions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteSignal {
    /// Rows with a tombstone status.
    Tombstone,
    /// It does not; only a snapshot shows them.
    None,
}

/// What the configured instance offers for one entity.
#[derive(Clone, Debug)]
pub struct EntityInfo {
    /// Which.
    pub entity: EntityKind,
    /// Ways to read it, preferred first, never empty.
    pub modes: Vec<SyncMode>,
    /// Can a broken-off snapshot resume from a batch's cursor?
    pub resumable: bool,
    /// Rows, when the source can tell cheaply.
    pub estimated_rows: Option<u64>,
}

/// What the configured instance offers.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// One entry an entity, in load order.
    pub entities: Vec<EntityInfo>,
}
