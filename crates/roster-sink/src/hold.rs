//! Changes that wait for a person, what persons decided about them, and maps of old keys to new ones.

use crate::{RunId, Sketch};
use roster_core::{DistrictId, EntityKind, value::Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{collections::BTreeMap, fmt};

/// Id of a hold: its run's id and a number, such as `20261123T183000Z-4f3a9c.1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HoldId(String);

impl HoldId {
    /// The id of a run's hold number `number`, from 1.
    #[must_use]
    pub fn new(run: &RunId, number: usize) -> Self {
        Self(format!("{run}.{number}"))
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

impl fmt::Display for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $word_doc:literal])+ $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[doc = $word_doc])+ $variant,)+
        }

        impl $name {
            /// The stable word.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the stable word.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// Which limit was broken.
    HoldRule {
        /// Too many records would be deleted.
        Deleted = "deleted",
        /// Too many records would be updated.
        Updated = "updated",
        /// Too many records would lose the value of a field: it cannot be read, or does not come; updates wait.
        Cleared = "cleared",
        /// Too many records were rejected to trust the rest; updates and deletions wait.
        Rejected = "rejected",
        /// There were records before and the feed has none.
        Emptied = "emptied",
        /// The feed has always spoken of these records and tonight does not.
        Missing = "missing",
        /// Records that go and records that come look like the same ones under other keys.
        Rekeyed = "rekeyed",
    }
}

words! {
    /// What became of a hold.
    HoldState {
        /// It waits.
        Open = "open",
        /// A person let it through; the next night publishes it.
        Approved = "approved",
        /// A person decided that it is not to be published.
        Discarded = "discarded",
        /// A newer night of the district took its place.
        Superseded = "superseded",
        /// A night published what was approved.
        Used = "used",
        /// It was decided and no night came in time.
        Expired = "expired",
    }
}

/// Which holds are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldFilter {
    /// All that are known.
    All,
    /// Those that wait for a person.
    Open,
    /// Those that wait for a person or for a night: open, approved, discarded.
    Unsettled,
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Changes that wait for a person: one entity, one school or the whole district, one rule.  `Debug` shows no keys.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// The run that made it.
    pub run: RunId,
    /// The district.
    pub district: DistrictId,
    /// Whose records, by table.
    #[serde(serialize_with = "table", deserialize_with = "from_table")]
    pub entity: EntityKind,
    /// The school's key at the source; `None` for the whole district.
    pub school: Option<String>,
    /// Which limit was broken.
    pub rule: HoldRule,
    /// How many records break it.
    pub records: u64,
    /// Of how many that were there before, or in the feed for [`HoldRule::Rejected`].
    pub of_records: u64,
    /// The limit, in words.
    pub limit: String,
    /// How many nights in a row made the same hold, this one included.
    pub in_a_row: u32,
    /// What became of it.
    pub state: HoldState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When an approval ends.
    pub expires_at: Option<Timestamp>,
    /// What a person decided.
    pub decision: Option<Decision>,
    /// How many records would have another value by field ([`HoldRule::Updated`]), or none ([`HoldRule::Cleared`]).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, u64>,
    /// Keys of a few of the records.
    pub examples: Vec<String>,
    /// Which records of each table a person saw who decided about it.  It is for nights and not for people: sinks keep it
    /// beside the rest.
    #[serde(skip)]
    pub seen: BTreeMap<String, Sketch>,
}

impl Hold {
    /// Whether two holds are about the same: entity, school and rule.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        (self.entity, &self.school, self.rule) == (other.entity, &other.school, other.rule)
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold")
            .field("id", &self.id)
            .field("entity", &self.entity)
            .field("school", &self.school)
            .field("rule", &self.rule)
            .field("records", &self.records)
            .field("of_records", &self.of_records)
            .field("fields", &self.fields)
            .field("in_a_row", &self.in_a_row)
            .field("state", &self.state)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
pub(crate) fn table<S: Serializer>(entity: &EntityKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(entity.table())
}

pub(crate) fn from_table<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EntityKind, D::Error> {
    let table = String::deserialize(deserializer)?;
    EntityKind::from_table(&table)
        .ok_or_else(|| D::Error::custom(format!("no table is called {table}")))
}

/// What became of a hold tonight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Which.
    pub hold: HoldId,
    /// Its new state: superseded, used or expired.
    pub state: HoldState,
}

/// A record that has another key at the source from now on and keeps its public id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rekey {
    /// Whose record, by table.
    #[serde(serialize_with = "table", deserialize_with = "from_table")]
    pub entity: EntityKind,
    /// The key it was published under.
    pub old: String,
    /// The key that the feed has now.
    pub new: String,
}

impl fmt::Debug for Rekey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rekey").field("entity", &self.entity).finish_non_exhaustive()
    }
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// The district.
    pub district: DistrictId,
    /// The run it is about.
    pub run: Option<RunId>,
    /// The hold it is about.
    pub hold: Option<HoldId>,
    /// Who: a person as they named themselves, or `homeroom`.
    pub actor: String,
    /// What: `hold`, `approve`, `discard`, `supersede`, `use`, `expire`, `rekey`, `forget_map`, `forget`.
    pub action: String,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// More about it, without values.
    pub detail: Option<String>,
}
