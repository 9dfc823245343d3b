//! What is remembered of a run: the report of design and the history around it.

use crate::{FeedProfile, Hold, Settled};
use roster_core::{DistrictId, EntityKind, Error, Severity, value::Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt,
    hash::{BuildHasher as _, RandomState},
};

/// Id of a run: UTC start and a random part, such as `20261123T183000Z-4f3a9c`; sorts by time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A new id for a run that starts at `now`.
    #[must_use]
    pub fn random(now: Timestamp) -> Self {
        let random = RandomState::new().hash_one(now.as_nanosecond());
        Self(format!("{}-{:06x}", now.strftime("%Y%m%dT%H%M%SZ"), random & 0x00ff_ffff))
    }

    /// An id as a person typed it or a database holds it.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a night ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Something changed and is published.
    Published,
    /// Nothing to do.
    Unchanged,
    /// Something waits for a person; the rest is published.
    Held,
    /// Nothing was published.
    Failed,
}

impl Outcome {
    /// The stable word.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Unchanged => "unchanged",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }
}

/// What happened to the records of one entity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityCounts {
    /// Records in the feed; those that the district's sharing settings leave out are in no other count, unless they were
    /// published before and are deleted.
    pub read: u64,
    /// Left out by a check.
    pub rejected: u64,
    /// Never published before.
    pub created: u64,
    /// Published before with another content.
    pub updated: u64,
    /// Published before and gone.
    pub deleted: u64,
    /// Deleted once and back.
    pub restored: u64,
    /// Published before with the same content.
    pub unchanged: u64,
    /// Waiting for a person.
    pub held: u64,
}

impl EntityCounts {
    /// Whether anything is to be written.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.created + self.updated + self.deleted + self.restored > 0
    }
}

/// All findings of one code and severity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiagnosticSummary {
    /// See `docs/diagnostics.md`.
    pub code: String,
    /// What was done.
    pub severity: Severity,
    /// How many.
    pub count: u64,
    /// A few of them.
    pub examples: Vec<Example>,
}

/// One finding: places and keys, no values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// File, path of a page, or name of a query.
    pub file: Option<String>,
    /// Line of the file, index in the page, or row.
    pub line: Option<u64>,
    /// The field by the source's name for it.
    pub field: Option<String>,
    /// The record's key at the source.
    pub source_id: Option<String>,
}

/// One thing that is wrong and made other records fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// Table of the record that is missing or was rejected.
    pub table: String,
    /// Its key at the source.
    pub source_id: String,
    /// Code of the followers' findings.
    pub code: String,
    /// How many records failed because of it.
    pub followers: u64,
}

/// Why a run failed, without values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunError {
    /// Stable word of the kind.
    pub kind: String,
    /// What was found, what was expected, where, what to do.
    pub message: String,
    /// Who must act.
    pub actor: String,
}

impl From<&Error> for RunError {
    fn from(error: &Error) -> Self {
        let kind = error.kind();
        Self {
            kind: kind.code().to_owned(),
            message: error.to_string(),
            actor: kind.actor().to_string(),
        }
    }
}

/// One line of `homeroom sync --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The run.
    pub run: RunId,
    /// The district.
    pub district: DistrictId,
    /// The connector's id.
    pub connector: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Counts by table, in load order.
    #[serde(with = "tables")]
    pub entities: BTreeMap<EntityKind, EntityCounts>,
    /// Findings, most severe and most frequent first.
    pub diagnostics: Vec<DiagnosticSummary>,
    /// How long it took.
    pub seconds: f64,
    /// The process's largest resident memory.
    pub peak_memory_bytes: u64,
    /// What waits for a person since this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
}

/// What a sink remembers of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The report.
    pub report: RunReport,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// What made records fail, by reach; at most a hundred.
    pub causes: Vec<Cause>,
    /// What became tonight of holds of earlier runs.
    #[serde(default)]
    pub settled: Vec<Settled>,
    /// What the district's feeds looked like up to this run; of a run that was not completed, `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<FeedProfile>,
}

/// What stands for the connector in a run that checks again what an earlier one left out.
pub const RECHECK: &str = "recheck";

impl RunRecord {
    /// Whether the run is a completed night: it read a feed to its end, and nothing failed.
    #[must_use]
    pub fn is_completed_night(&self) -> bool {
        let report = &self.report;
        report.outcome != Outcome::Failed && report.error.is_none() && report.connector != RECHECK
    }
}

/// Writes entities by their table names.
pub mod tables {
    use super::{BTreeMap, EntityCounts, EntityKind};
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _, ser::SerializeMap as _};

    /// As a map from table to counts.
    ///
    /// # Errors
    ///
    /// The serializer's.
    pub fn serialize<S: Serializer>(
        entities: &BTreeMap<EntityKind, EntityCounts>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(entities.len()))?;
        for (entity, counts) in entities {
            map.serialize_entry(entity.table(), counts)?;
        }
        map.end()
    }

    /// From a map from table to counts.
    ///
    /// # Errors
    ///
    /// For a table that the model does not have.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<EntityKind, EntityCounts>, D::Error> {
        let known = |(table, counts): (String, EntityCounts)| {
            let entity = EntityKind::from_table(&table);
            Ok((
                entity.ok_or_else(|| D::Error::custom(format!("no table is called {table}")))?,
                counts,
            ))
        };
        BTreeMap::<String, EntityCounts>::deserialize(deserializer)?
            .into_iter()
            .map(known)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_runs_tell_when_and_differ_in_the_same_second() {
        let now: Timestamp = "2026-11-23T18:30:00Z".parse().unwrap();
        let ids = [RunId::random(now), RunId::random(now)];
        assert_ne!(ids[0], ids[1]);
        for id in ids {
            let (at, random) = id.as_str().split_once('-').unwrap();
            assert_eq!((at, random.len()), ("20261123T183000Z", 6), "{id}");
            assert!(u32::from_str_radix(random, 16).is_ok(), "{id}");
        }
    }
}
