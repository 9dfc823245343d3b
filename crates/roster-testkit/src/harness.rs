//! What a connector supplies to be put through the cases.

use crate::Losses;
use async_trait::async_trait;
use roster_core::{EntityKind, Locus, RosterSource};
use std::{fmt, sync::Arc};

/// Why a case did not pass; any printable error turns into it.
pub type Failed = libtest_mimic::Failed;

/// A connector together with a way to put the fixture district where it reads.
#[async_trait]
pub trait Harness: fmt::Debug + Send + Sync + 'static {
    /// Name in front of the cases, such as `zip` or `folder`.
    fn name(&self) -> String;

    /// What the format cannot tell of the district.
    fn losses(&self) -> &Losses;

    /// Puts the district, seeded so, at a new place; `None` when this harness cannot make the seed.
    async fn seed(&self, seed: Seed) -> Result<Option<Box<dyn Place>>, Failed>;
}

/// Where a seeded district lies.  Dropping it clears it away.
pub trait Place: Send + Sync {
    /// A new source that reads here.
    fn source(&self) -> Arc<dyn RosterSource>;

    /// Makes the place unreachable, so that whoever reads now fails.
    fn close(&self);

    /// Undoes [`Place::close`].
    fn open(&self);

    /// The record at a place in the feed: its values by the feed's names for them, those that are empty left out; `None`
    /// when that cannot be told.
    fn record(&self, at: &Locus) -> Option<Vec<(String, String)>>;

    /// Whether a source holds something of the place open or is calling it; `None` when that cannot be seen.
    fn in_use(&self) -> Option<bool>;
}

/// A state of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seed {
    /// The whole district, clean.
    Whole,
    /// Nothing is there: no file, no server.
    Absent,
    /// The feed ends in the middle.
    CutOff,
    /// Bytes were changed on the way.
    Corrupt,
    /// The entity is there and has no record.
    Empty(EntityKind),
    /// The entity's first record comes once more, as the last.
    Twice(EntityKind),
    /// Only changes, and only of the entity: its first record once more, and its last record gone.
    Changes(EntityKind),
    /// Beside the whole district, records that cannot be read: each has [`Seed::CANARY`] in its key, and in one value.
    Unreadable,
    /// The whole district, written in another way that means the same.
    Written(Writing),
}

impl Seed {
    /// Stands in every record that [`Seed::Unreadable`] adds, and in the passwords of every seed.
    pub const CANARY: &str = "canary";
}

/// Ways to write the same text feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// With a byte order mark.
    ByteOrderMark,
    /// Lines end with LF.
    LineFeed,
    /// Every value in quotes.
    EveryValueQuoted,
    /// In Windows-1252 where that has all the characters.
    Windows1252,
}
