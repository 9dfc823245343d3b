//! What a configured source offers, entity by entity.

use crate::{EntityKind, Origin};
use std::sync::Arc;

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
    /// What the feed is made of, as the source has it.
    pub feed: FeedInfo,
}

/// What a feed is made of, told before any record is read.  Holds names and no value of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedInfo {
    /// Changes when what the source offers changes, and only then: a digest of the names, sizes and checksums or times
    /// of modification of its files, a version that a service tells.  `None` where only reading everything would tell.
    pub fingerprint: Option<String>,
    /// Its parts, those that are not read included, in any order.  None where the source has no parts that could come
    /// or go.
    pub parts: Vec<PartInfo>,
}

/// A file, a query, or a collection of a web API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartInfo {
    /// Its name, as batches read from it have it; of a collection the path without what differs from page to page.
    pub origin: Origin,
    /// Its columns or fields, in any order.  `None` where they are not known before the records are read, and where
    /// something else than a name might stand in their place.
    pub columns: Option<Vec<ColumnInfo>>,
}

/// A column of a file or query, or a field of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name as the source writes it.
    pub name: Arc<str>,
    /// Whether it is kept as an extension field under that name, which a district may choose not to share.
    pub is_extension: bool,
}
