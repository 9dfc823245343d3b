//! Where each record of a feed stood, and what became of it, in a few bits.
//!
//! A feed comes in much the same order every night, so the entries of [`roster_sink::PublishedIndex`] and the lines of a
//! file go side by side: they are kept as runs of equal steps, and a night of ten million records takes some bytes.  A
//! record that was never published has no entry yet; it is told by [`HASH_BYTES`] of its key's hash.
//!
//! The file is [`MAGIC`] and then one item after another, each led by a variable-length number: three bits of what it is
//! ([`ORIGIN`] or a [`Fate`]), then flags, then how many records follow in the same steps.

mod number;
#[cfg(test)]
mod tests;

use number::{Numbers, signed, unsigned, write_number};
use roster_core::{EntityKind, Error, ErrorKind, Origin, Result};
use roster_sink::Slot;
use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

/// What a file starts with; the last byte is the version.
const MAGIC: &[u8; 4] = b"HRP\x01";

/// Bytes kept of the hash of a key: of ten million, one in a hundred thousand is taken for another's.
const HASH_BYTES: usize = 5;

/// New keys that are gathered before they are written.
const MOST_GATHERED: usize = 4096;

/// The item is no record: what follows was read somewhere else.
const ORIGIN: u64 = 7;
/// The records are told by hashes.
const NEW: u64 = 1 << 3;
/// The step from entry to entry is told, since it is not 1.
const STEP: u64 = 1 << 4;
/// The step from place to place is told, since it is not 1.
const MOVE: u64 = 1 << 5;
/// How far left the count stands.
const COUNT_SHIFT: u32 = 6;

/// Name of an entity's file.
pub(crate) fn name(entity: EntityKind) -> String {
    format!("places.{}", entity.table())
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fate {
    /// It was in the feed and is published or will be.
    Accepted = 0,
    /// It was in the feed and a check of the night left it out.
    Rejected = 1,
    /// The feed said that it is gone.
    Said = 2,
    /// It was published and a complete feed did not have it.
    Absent = 3,
    /// It was published, and changes gave all records of its owner without it.
    Replaced = 4,
    /// It was published, and the record it cannot do without went.
    Orphaned = 5,
    /// It was published and is not shared any more.
    Withdrawn = 6,
}

impl Fate {
    const ALL: [Self; 7] = [
        Self::Accepted,
        Self::Rejected,
        Self::Said,
        Self::Absent,
        Self::Replaced,
        Self::Orphaned,
        Self::Withdrawn,
    ];

    /// Whether the record stood somewhere in the feed.
    pub(crate) fn stands(self) -> bool {
        matches!(self, Self::Accepted | Self::Rejected | Self::Said)
    }
}

/// Records in equal steps.
#[derive(Clone, Copy, Debug)]
struct Steps {
    fate: Fate,
    new: bool,
    step: i64,
    moved: u64,
    count: u64,
}

impl Steps {
    fn continues(&self, other: &Self) -> bool {
        // The same record again would not be told by its number.
        self.count > 0
            && self.step != 0
            && (self.fate, self.new, self.step, self.moved)
                == (other.fate, other.new, other.step, other.moved)
    }
}

/// Writes the places of one entity.
#[derive(Debug)]
pub(super) struct PlaceWriter {
    file: BufWriter<File>,
    origin: Option<Origin>,
    slot: i64,
    position: u64,
    steps: Steps,
    /// Hashes of the new keys of the steps.
    hashes: Vec<u8>,
}

impl PlaceWriter {
    pub(super) fn new(mut file: BufWriter<File>) -> io::Result<Self> {
        file.write_all(MAGIC)?;
        let steps = Steps { fate: Fate::Accepted, new: false, step: 1, moved: 1, count: 0 };
        Ok(Self { file, origin: None, slot: -1, position: u64::MAX, steps, hashes: Vec::new() })
    }

    /// Says where the records that follow stand.
    #[inline]
    pub(super) fn origin(&mut self, origin: &Origin) -> io::Result<()> {
        if self.origin.as_ref() == Some(origin) { Ok(()) } else { self.change_origin(origin) }
    }

    fn change_origin(&mut self, origin: &Origin) -> io::Result<()> {
        self.write_steps()?;
        let (sort, name) = match origin {
            Origin::File(name) => (0, name),
            Origin::Page(name) => (1, name),
            Origin::Query(name) => (2, name),
            _ => return Err(io::Error::other("an origin of an unknown sort")),
        };
        write_number(&mut self.file, ORIGIN | sort << 3)?;
        write_number(&mut self.file, name.len() as u64)?;
        self.file.write_all(name.as_bytes())?;
        self.origin = Some(origin.clone());
        self.position = u64::MAX;
        Ok(())
    }

    /// A record that was published before.
    #[inline]
    pub(super) fn known(&mut self, fate: Fate, slot: Slot, position: u64) -> io::Result<()> {
        let slot = i64::from(slot);
        let step = slot - self.slot;
        self.slot = slot;
        let moved = self.go_to(fate, position);
        self.take(Steps { fate, new: false, step, moved, count: 1 })
    }

    /// A record that was never published.
    pub(super) fn new_key(&mut self, fate: Fate, key: u128, position: u64) -> io::Result<()> {
        let moved = self.go_to(fate, position);
        self.take(Steps { fate, new: true, step: 1, moved, count: 1 })?;
        self.hashes.extend_from_slice(&hash_of(key));
        if self.hashes.len() < MOST_GATHERED * HASH_BYTES { Ok(()) } else { self.write_steps() }
    }

    /// Gives the step to a record's place.
    fn go_to(&mut self, fate: Fate, position: u64) -> u64 {
        if !fate.stands() {
            return 1;
        }
        let moved = position.wrapping_sub(self.position);
        self.position = position;
        moved
    }

    #[inline]
    fn take(&mut self, one: Steps) -> io::Result<()> {
        if self.steps.continues(&one) {
            self.steps.count += 1;
            return Ok(());
        }
        self.write_steps()?;
        self.steps = one;
        Ok(())
    }

    fn write_steps(&mut self) -> io::Result<()> {
        let Steps { fate, new, step, moved, count } = self.steps;
        if count == 0 {
            return Ok(());
        }
        let flag = |is: bool, bit: u64| if is { bit } else { 0 };
        let (far, jumps) = (flag(step != 1, STEP), flag(moved != 1, MOVE));
        let item = fate as u64 | flag(new, NEW) | far | jumps | (count - 1) << COUNT_SHIFT;
        write_number(&mut self.file, item)?;
        if step != 1 {
            write_number(&mut self.file, unsigned(step))?;
        }
        if moved != 1 {
            write_number(&mut self.file, unsigned(moved.cast_signed()))?;
        }
        self.file.write_all(&self.hashes)?;
        self.hashes.clear();
        self.steps.count = 0;
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.write_steps()?;
        self.file.flush()
    }
}

/// Where a record stood, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stood {
    /// What became of it.
    pub(crate) fate: Fate,
    /// Where it stood; `None` for what the feed did not have.
    pub(crate) place: Option<(Origin, u64)>,
}

/// Finds a record in an entity's file, by its entry or its key: every place it stood at, in the feed's order.
///
/// # Errors
///
/// [`ErrorKind::Damaged`] when the file is not one that [`PlaceWriter`] wrote.
pub(crate) fn find(file: &[u8], slot: Option<Slot>, key: u128) -> Result<Vec<Stood>> {
    let mut found = Vec::new();
    let mut reader = Reader::new(file)?;
    let hash = hash_of(key);
    while let Some(run) = reader.next()? {
        found.extend(run.ordinals(slot, hash).map(|ordinal| run.stood(ordinal)));
    }
    Ok(found)
}

/// Records in equal steps, with where they begin.
#[derive(Debug)]
struct Run<'b> {
    steps: Steps,
    origin: Option<Origin>,
    /// The entry and the place before the first record's.
    before: (i64, u64),
    hashes: &'b [[u8; HASH_BYTES]],
}

impl Run<'_> {
    /// Numbers, from 1, of the records that have this entry or this hash.
    fn ordinals(
        &self,
        slot: Option<Slot>,
        hash: [u8; HASH_BYTES],
    ) -> impl Iterator<Item = u64> + '_ {
        let by_hash = self.hashes.iter().zip(1..).filter(move |it| *it.0 == hash).map(|it| it.1);
        slot.and_then(|it| self.ordinal(i64::from(it))).into_iter().chain(by_hash)
    }

    fn ordinal(&self, slot: i64) -> Option<u64> {
        let Steps { new, step, count, .. } = self.steps;
        let distance = slot - self.before.0;
        let ordinal = match step {
            _ if new => return None,
            0 => i64::from(distance == 0),
            _ if distance % step != 0 => return None,
            _ => distance / step,
        };
        u64::try_from(ordinal).ok().filter(|it| (1..=count).contains(it))
    }

    fn stood(&self, ordinal: u64) -> Stood {
        let Steps { fate, moved, .. } = self.steps;
        let position = self.before.1.wrapping_add(moved.wrapping_mul(ordinal));
        let origin = self.origin.clone().filter(|_| fate.stands());
        Stood { fate, place: origin.map(|it| (it, position)) }
    }
}

#[derive(Debug)]
struct Reader<'b> {
    numbers: Numbers<'b>,
    origin: Option<Origin>,
    slot: i64,
    position: u64,
}

impl<'b> Reader<'b> {
    fn new(file: &'b [u8]) -> Result<Self> {
        let rest = file
            .strip_prefix(MAGIC)
            .ok_or_else(|| damaged("it is not of this version").context("bytes", file.len()))?;
        Ok(Self { numbers: Numbers(rest), origin: None, slot: -1, position: u64::MAX })
    }

    /// The next run; `None` at the end.
    fn next(&mut self) -> Result<Option<Run<'b>>> {
        loop {
            if self.numbers.is_empty() {
                return Ok(None);
            }
            let item = self.numbers.number()?;
            if item & ORIGIN != ORIGIN {
                return self.run(item).map(Some);
            }
            self.origin = Some(self.read_origin(item >> 3)?);
            self.position = u64::MAX;
        }
    }

    fn read_origin(&mut self, sort: u64) -> Result<Origin> {
        let name = self.numbers.text()?;
        match sort {
            0 => Ok(Origin::File(name.into())),
            1 => Ok(Origin::Page(name.into())),
            2 => Ok(Origin::Query(name.into())),
            _ => Err(damaged("it has an origin of an unknown sort")),
        }
    }

    fn run(&mut self, item: u64) -> Result<Run<'b>> {
        let fate = Fate::ALL[usize::from(item.to_le_bytes()[0] & 7)];
        let count = (item >> COUNT_SHIFT) + 1;
        let step = if item & STEP == 0 { 1 } else { signed(self.numbers.number()?) };
        let moved =
            if item & MOVE == 0 { 1 } else { signed(self.numbers.number()?).cast_unsigned() };
        let new = item & NEW != 0;
        let hashes = if new { self.numbers.hashes(count)? } else { &[] };
        let before = (self.slot, self.position);
        if step == 0 && count > 1 {
            return Err(damaged("it has one record more than once in a run"));
        }
        if !new {
            let far = i64::try_from(count).ok().and_then(|it| it.checked_mul(step));
            let slot = far.and_then(|it| it.checked_add(self.slot));
            self.slot = slot
                .filter(|it| Slot::try_from(*it).is_ok())
                .ok_or_else(|| damaged("it has an entry that no index has"))?;
        }
        if fate.stands() {
            self.position = self.position.wrapping_add(moved.wrapping_mul(count));
        }
        let steps = Steps { fate, new, step, moved, count };
        Ok(Run { steps, origin: self.origin.clone(), before, hashes })
    }
}

fn hash_of(key: u128) -> [u8; HASH_BYTES] {
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(&key.to_be_bytes()[..HASH_BYTES]);
    hash
}

fn damaged(what: &str) -> Error {
    let message = format!("the places that the run kept are damaged: {what}");
    Error::new(ErrorKind::Damaged, "places.read", message)
}
