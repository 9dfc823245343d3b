//! What all tables of a night have in common.

use super::{location::Files, manifest::folder_of};
use crate::{RunId, key_of, relational::rekeys::salted_id};
use roster_core::{DistrictId, Row, value::Timestamp};
use std::collections::HashMap;
use uuid::Uuid;

/// A night that is being written.
#[derive(Debug)]
pub(super) struct Night<'a> {
    pub(super) files: &'a Files,
    pub(super) district: &'a DistrictId,
    pub(super) run: &'a RunId,
    /// When its changes happen.
    pub(super) at: Timestamp,
    /// The basis that it will have.
    pub(super) basis: u64,
    /// The district was never published: its changes are one marker.
    pub(super) first_load: bool,
}

impl Night<'_> {
    /// The path of a file of this run.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}/{name}", folder_of(self.run))
    }
}

/// Makes the public ids of an entity's new records.
#[derive(Debug)]
pub(super) struct Ids<'a> {
    pub(super) district: &'a DistrictId,
    /// Hashes of keys that records gave up, and how many did.
    pub(super) given_up: HashMap<u128, i64>,
}

impl Ids<'_> {
    /// The id of a new record.
    pub(super) fn of(&self, row: &Row<'_>) -> Uuid {
        let key = row.source_id();
        let left = if self.given_up.is_empty() { None } else { self.given_up.get(&key_of(key)) };
        salted_id(self.district, row.entity(), key, left.copied().unwrap_or(0))
    }
}
