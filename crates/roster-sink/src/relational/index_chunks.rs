//! How the published index lies in a database: chunks of entries, and patches for what later nights changed in them.
//!
//! A night that changes one entry in a hundred touches nearly every chunk.  So entries that were there before are not
//! written again: what changed in them is stored beside as a patch.  Once the patches are a quarter of the chunks, or
//! too many, the chunks are written anew.

use super::ledger::Taken;
use crate::PublishedIndex;
use roster_core::{EntityKind, Error, ErrorKind, Result};
use std::ops::Range;

/// Entries of a chunk.
const CHUNK: usize = 8192;
/// Patches of an entity after which the chunks are written anew.
const MOST_PATCHES: u64 = 64;
/// The share of the chunks' bytes, as a divisor, after which they are written anew.
const PATCHED_SHARE: usize = 4;

/// What is stored of a night's index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Storing {
    /// Whether what changed is stored as a patch; else all patches are forgotten.
    pub(crate) patch: bool,
    /// Numbers of the chunks that are written.
    pub(crate) chunks: Range<usize>,
}

impl Storing {
    /// What to store of an index with `published` entries from before tonight, of which `taken` were changed, beside
    /// `patches` patches of `patch_bytes` bytes together.
    pub(crate) fn of(
        index: &PublishedIndex,
        published: usize,
        taken: &Taken,
        patches: u64,
        patch_bytes: usize,
    ) -> Self {
        let chunks = index.len().div_ceil(CHUNK);
        let bytes = patch_bytes
            + taken.changed.len() * PublishedIndex::PATCH_BYTES
            + taken.rekeyed.len() * PublishedIndex::KEY_PATCH_BYTES;
        let anew = patches >= MOST_PATCHES
            || bytes > published * PublishedIndex::ENTRY_BYTES / PATCHED_SHARE;
        if anew {
            return Self { patch: false, chunks: 0..chunks };
        }
        // The last chunk may have had room.
        let first = if index.len() == published { chunks } else { published / CHUNK };
        Self { patch: true, chunks: first..chunks }
    }
}

/// The bytes of a chunk.
pub(crate) fn chunk(index: &PublishedIndex, number: usize) -> Vec<u8> {
    index.chunk(number * CHUNK..index.len().min((number + 1) * CHUNK))
}

/// Sees that chunks come in order and none is missing.
#[derive(Debug)]
pub(crate) struct Sequence {
    /// What a failure is reported as.
    operation: &'static str,
    entity: EntityKind,
    expected: i64,
    full: bool,
}

impl Sequence {
    /// Before the first chunk.
    pub(crate) fn new(operation: &'static str, entity: EntityKind) -> Self {
        Self { operation, entity, expected: 0, full: true }
    }

    /// Takes the next chunk's number and size.
    pub(crate) fn next(&mut self, number: i64, bytes: usize) -> Result<()> {
        if !self.full || number != self.expected {
            let message = format!(
                "the published index of {} has a gap; restore the database from a backup",
                self.entity.table()
            );
            return Err(Error::new(ErrorKind::Damaged, self.operation, message));
        }
        self.full = bytes == CHUNK * PublishedIndex::ENTRY_BYTES;
        self.expected += 1;
        Ok(())
    }
}

/// The entity of a table that the stored index names.
pub(crate) fn known_entity(operation: &'static str, table: &str) -> Result<EntityKind> {
    EntityKind::from_table(table).ok_or_else(|| {
        let message = format!(
            "the published index has a table {table} that this program does not know; update Homeroom"
        );
        Error::new(ErrorKind::ConfigInvalid, operation, message)
    })
}
