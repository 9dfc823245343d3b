//! The index of what is published of one entity: 128-bit key hashes, 64-bit content hashes, where each row lies.
//!
//! Entries stand in the order in which they were first published, which is the order of the feed.  A feed that comes in
//! the same order again is compared by walking along; only a key that is not the expected next one needs the hash table,
//! which is built when it is first needed.  An entry takes 33 bytes, whatever the row's text.

use hashbrown::HashTable;
use roster_core::{Error, ErrorKind, Result, Row};
use std::ops::Range;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

/// Number of an entry in its index.
pub type Slot = u32;

/// Hash of a record's key.  Wide enough that two keys of a district never share it.
#[must_use]
pub fn key_of(source_id: &str) -> u128 {
    xxh3_128(source_id.as_bytes())
}

/// Hash of a row's content.  Empty fields do not count, so a field that is appended to the model changes no hash.
#[must_use]
pub fn content_of(row: &Row<'_>) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let filled = row
        .fields()
        .enumerate()
        .filter_map(|(number, field)| Some((number as u64, field?.len() as u64)));
    let shape = filled.fold(ODD, |shape, (number, length)| {
        (shape ^ (number << 40 | length)).wrapping_mul(ODD).rotate_left(29)
    });
    xxh3_64_with_seed(row.text().as_bytes(), shape)
}

/// What is known of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mark {
    /// Published once and deleted since; the only mark that is kept.
    Deleted = 1,
    /// Accepted from tonight's feed.
    Accepted = 2,
    /// In tonight's feed and rejected.
    Rejected = 4,
    /// Said to be gone by tonight's feed.
    Gone = 8,
    /// Not shared any more: it goes whatever the limits say.
    Unshared = 16,
    /// Accepted from tonight's feed with another content.
    Updated = 32,
}

/// What is published of one entity of one district.
#[derive(Debug, Default)]
pub struct PublishedIndex {
    keys: Vec<u128>,
    contents: Vec<u64>,
    locators: Vec<u64>,
    marks: Vec<u8>,
    table: Option<HashTable<Slot>>,
    /// The slot after the one found last: where the next key of a feed in the same order stands.
    expected: usize,
    /// Entries from here on were added tonight.
    published: usize,
    /// What [`Self::set_key`] replaced, in order.
    replaced_keys: Vec<(Slot, u128)>,
}

impl PublishedIndex {
    /// Bytes that an entry takes in [`Self::chunk`].
    pub const ENTRY_BYTES: usize = 16 + 8 + 8 + 1;
    /// Bytes that an entry takes in [`Self::patch`].
    pub const PATCH_BYTES: usize = 4 + 8 + 1;
    /// Bytes that an entry takes in [`Self::key_patch`].
    pub const KEY_PATCH_BYTES: usize = 4 + 16;

    /// Number of entries, deleted ones and tonight's included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Number of records that are published and not deleted.
    #[must_use]
    pub fn active(&self) -> usize {
        self.marks[..self.published].iter().filter(|it| **it & Mark::Deleted as u8 == 0).count()
    }

    /// Slots of everything that was published before tonight, deleted ones included.
    pub fn slots(&self) -> impl Iterator<Item = Slot> + use<> {
        (0..self.published).map(slot)
    }

    /// Slots of everything, tonight's entries included.
    pub fn all_slots(&self) -> impl Iterator<Item = Slot> + use<> {
        (0..self.keys.len()).map(slot)
    }

    /// Whether the entry was published before tonight.
    #[must_use]
    pub fn is_published(&self, slot: Slot) -> bool {
        (slot as usize) < self.published
    }

    /// Finds a key.
    pub fn find(&mut self, key: u128) -> Option<Slot> {
        if self.keys.get(self.expected) == Some(&key) {
            self.expected += 1;
            return Some(slot(self.expected - 1));
        }
        let found = self.look_up(key)?;
        self.expected = found as usize + 1;
        Some(found)
    }

    /// Finds a key without taking it for the feed's next: for references.
    pub fn look_up(&mut self, key: u128) -> Option<Slot> {
        let Self { keys, table, .. } = self;
        let table = table.get_or_insert_with(|| build_table(keys));
        table.find(short(key), |it| keys[*it as usize] == key).copied()
    }

    /// Adds a key that [`Self::find`] did not find.
    pub fn insert(&mut self, key: u128, content: u64) -> Slot {
        let added = slot(self.keys.len());
        self.keys.push(key);
        self.contents.push(content);
        self.locators.push(0);
        self.marks.push(0);
        let Self { keys, table, .. } = self;
        if let Some(table) = table {
            table.insert_unique(short(key), added, |it| short(keys[*it as usize]));
        }
        added
    }

    /// The key's hash.
    #[must_use]
    pub fn key(&self, slot: Slot) -> u128 {
        self.keys[slot as usize]
    }

    /// Gives the record another key until [`Self::reset`]; what is found under the old one afterwards is another record.
    pub fn set_key(&mut self, slot: Slot, key: u128) {
        let old = std::mem::replace(&mut self.keys[slot as usize], key);
        self.replaced_keys.push((slot, old));
        let Self { keys, table, .. } = self;
        let Some(table) = table else { return };
        if let Ok(found) = table.find_entry(short(old), |it| *it == slot) {
            found.remove();
        }
        table.insert_unique(short(key), slot, |it| short(keys[*it as usize]));
    }

    /// The content's hash.
    #[must_use]
    pub fn content(&self, slot: Slot) -> u64 {
        self.contents[slot as usize]
    }

    /// Replaces the content's hash.
    pub fn set_content(&mut self, slot: Slot, content: u64) {
        self.contents[slot as usize] = content;
    }

    /// Where the sink keeps the row; the sink's own number.
    #[must_use]
    pub fn locator(&self, slot: Slot) -> u64 {
        self.locators[slot as usize]
    }

    /// Says where the sink keeps the row.
    pub fn set_locator(&mut self, slot: Slot, locator: u64) {
        self.locators[slot as usize] = locator;
    }

    /// Sets a mark.
    pub fn mark(&mut self, slot: Slot, mark: Mark) {
        self.marks[slot as usize] |= mark as u8;
    }

    /// Takes a mark away.
    pub fn unmark(&mut self, slot: Slot, mark: Mark) {
        self.marks[slot as usize] &= !(mark as u8);
    }

    /// Whether a mark is set.
    #[must_use]
    pub fn is_marked(&self, slot: Slot, mark: Mark) -> bool {
        self.marks[slot as usize] & mark as u8 != 0
    }

    /// Forgets tonight's entries, keys and marks.
    pub fn reset(&mut self) {
        for (slot, key) in self.replaced_keys.drain(..).rev() {
            self.keys[slot as usize] = key;
        }
        self.keys.truncate(self.published);
        self.contents.truncate(self.published);
        self.locators.truncate(self.published);
        self.marks.truncate(self.published);
        for marks in &mut self.marks {
            *marks &= Mark::Deleted as u8;
        }
        self.table = None;
        self.expected = 0;
    }

    /// Makes tonight's entries and keys published ones; for a sink that has just written them.
    pub fn settle(&mut self) {
        self.published = self.keys.len();
        self.replaced_keys.clear();
        self.reset();
    }

    /// Makes room for so many more entries.
    pub fn reserve(&mut self, entries: usize) {
        self.keys.reserve_exact(entries);
        self.contents.reserve_exact(entries);
        self.locators.reserve_exact(entries);
        self.marks.reserve_exact(entries);
    }

    /// The entries of these slots as bytes, for a sink to store; of marks only [`Mark::Deleted`].
    ///
    /// # Panics
    ///
    /// When the index does not have all of them.
    #[must_use]
    pub fn chunk(&self, slots: Range<usize>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(slots.len() * Self::ENTRY_BYTES);
        for key in &self.keys[slots.clone()] {
            bytes.extend_from_slice(&key.to_le_bytes());
        }
        for number in
            [&self.contents[slots.clone()], &self.locators[slots.clone()]].into_iter().flatten()
        {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend(self.marks[slots].iter().map(|it| it & Mark::Deleted as u8));
        bytes
    }

    /// Appends entries that [`Self::chunk`] gave.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`] when the bytes are not a chunk.
    pub fn append_chunk(&mut self, bytes: &[u8]) -> Result<()> {
        if !bytes.len().is_multiple_of(Self::ENTRY_BYTES) {
            return Err(damaged("a chunk ends in the middle of an entry", bytes));
        }
        let count = bytes.len() / Self::ENTRY_BYTES;
        let (keys, rest) = bytes.split_at(count * 16);
        let (contents, rest) = rest.split_at(count * 8);
        let (locators, marks) = rest.split_at(count * 8);
        self.keys.extend(keys.as_chunks().0.iter().map(|it| u128::from_le_bytes(*it)));
        self.contents.extend(contents.as_chunks().0.iter().map(|it| u64::from_le_bytes(*it)));
        self.locators.extend(locators.as_chunks().0.iter().map(|it| u64::from_le_bytes(*it)));
        self.marks.extend(marks.iter().map(|it| it & Mark::Deleted as u8));
        self.published = self.keys.len();
        self.table = None;
        Ok(())
    }

    /// Content and deletion of these slots as bytes, for a sink that stores what a night changed instead of the chunks
    /// that hold it.
    #[must_use]
    pub fn patch(&self, slots: &[Slot]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(slots.len() * Self::PATCH_BYTES);
        for slot in slots {
            bytes.extend_from_slice(&slot.to_le_bytes());
            bytes.extend_from_slice(&self.content(*slot).to_le_bytes());
            bytes.push(self.marks[*slot as usize] & Mark::Deleted as u8);
        }
        bytes
    }

    /// Applies a patch that [`Self::patch`] gave.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`] when the bytes are not a patch of this index.
    pub fn apply_patch(&mut self, bytes: &[u8]) -> Result<()> {
        let (patches, rest) = bytes.as_chunks::<{ Self::PATCH_BYTES }>();
        if !rest.is_empty() {
            return Err(damaged("a patch ends in the middle of an entry", bytes));
        }
        for patch in patches {
            let [a, b, c, d, content @ .., mark] = *patch;
            let slot = Slot::from_le_bytes([a, b, c, d]) as usize;
            if slot >= self.keys.len() {
                return Err(damaged("a patch is of an entry that is not there", bytes));
            }
            self.contents[slot] = u64::from_le_bytes(content);
            self.marks[slot] = mark & Mark::Deleted as u8;
        }
        Ok(())
    }

    /// Keys of these slots as bytes, for a sink to store beside [`Self::patch`] when a night changed keys, too.
    #[must_use]
    pub fn key_patch(&self, slots: &[Slot]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(slots.len() * Self::KEY_PATCH_BYTES);
        for slot in slots {
            bytes.extend_from_slice(&slot.to_le_bytes());
            bytes.extend_from_slice(&self.key(*slot).to_le_bytes());
        }
        bytes
    }

    /// Applies a patch that [`Self::key_patch`] gave.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`] when the bytes are not such a patch of this index.
    pub fn apply_key_patch(&mut self, bytes: &[u8]) -> Result<()> {
        let (patches, rest) = bytes.as_chunks::<{ Self::KEY_PATCH_BYTES }>();
        if !rest.is_empty() {
            return Err(damaged("a patch of keys ends in the middle of an entry", bytes));
        }
        for patch in patches {
            let [a, b, c, d, key @ ..] = *patch;
            let slot = Slot::from_le_bytes([a, b, c, d]) as usize;
            let entry = self.keys.get_mut(slot);
            *entry.ok_or_else(|| damaged("a patch is of an entry that is not there", bytes))? =
                u128::from_le_bytes(key);
        }
        self.table = None;
        Ok(())
    }
}

fn damaged(what: &str, bytes: &[u8]) -> Error {
    let message = format!("the stored index is damaged: {what}; restore the sink from a backup");
    Error::new(ErrorKind::Damaged, "index.load", message).context("bytes", bytes.len())
}

fn slot(index: usize) -> Slot {
    Slot::try_from(index)
        .expect("an entity of a district has fewer than four thousand million records")
}

/// The part of a key that the table goes by.
fn short(key: u128) -> u64 {
    #[allow(clippy::cast_possible_truncation, reason = "the low half of a hash is a hash")]
    let short = key as u64;
    short
}

fn build_table(keys: &[u128]) -> HashTable<Slot> {
    let mut table = HashTable::with_capacity(keys.len());
    for (index, key) in keys.iter().enumerate() {
        table.insert_unique(short(*key), slot(index), |it| short(keys[*it as usize]));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::{EntityKind, Rows, model::CategoryRow};

    fn index_of(ids: &[&str]) -> PublishedIndex {
        let mut index = PublishedIndex::default();
        for (number, id) in ids.iter().enumerate() {
            assert_eq!(index.find(key_of(id)), None);
            let slot = index.insert(key_of(id), number as u64);
            index.set_locator(slot, number as u64 + 10);
        }
        index.settle();
        index
    }

    #[test]
    fn keys_are_found_in_feed_order_and_out_of_it() {
        let mut index = index_of(&["a", "b", "c", "d"]);
        for (id, expected) in [("a", 0), ("b", 1), ("d", 3), ("c", 2), ("d", 3), ("a", 0)] {
            assert_eq!(index.find(key_of(id)), Some(expected), "{id}");
        }
        assert_eq!(index.find(key_of("e")), None);
        let added = index.insert(key_of("e"), 9);
        assert_eq!(index.find(key_of("e")), Some(added));
        assert!(!index.is_published(added));
    }

    #[test]
    fn stored_chunks_give_the_same_index_and_only_the_deleted_mark() {
        let mut index = index_of(&["a", "b", "c", "d", "e"]);
        index.mark(1, Mark::Deleted);
        index.mark(2, Mark::Accepted);
        let mut again = PublishedIndex::default();
        for slots in [0..2, 2..4, 4..5] {
            again.append_chunk(&index.chunk(slots)).unwrap();
        }
        assert_eq!((again.len(), again.active()), (5, 4));
        assert!(again.is_marked(1, Mark::Deleted) && !again.is_marked(2, Mark::Accepted));
        assert_eq!((again.locator(4), again.content(4), again.key(4)), (14, 4, key_of("e")));
        assert_eq!(again.append_chunk(&[0; 34]).unwrap_err().kind(), ErrorKind::Damaged);
    }

    #[test]
    fn patch_brings_a_stored_index_up_to_date() {
        let mut index = index_of(&["a", "b", "c"]);
        index.mark(0, Mark::Deleted);
        let mut again = PublishedIndex::default();
        again.append_chunk(&index.chunk(0..3)).unwrap();
        index.unmark(0, Mark::Deleted);
        index.mark(2, Mark::Deleted);
        index.set_content(2, 77);
        again.apply_patch(&index.patch(&[0, 2])).unwrap();
        assert_eq!(again.chunk(0..3), index.chunk(0..3));
        for bytes in [vec![0; 12], index.patch(&[2]).repeat(2)[..25].to_vec(), [9; 13].to_vec()] {
            assert_eq!(again.apply_patch(&bytes).unwrap_err().kind(), ErrorKind::Damaged);
        }
    }

    #[test]
    fn reset_forgets_tonight() {
        let mut index = index_of(&["a"]);
        index.mark(0, Mark::Accepted);
        index.insert(key_of("b"), 1);
        index.reset();
        assert_eq!((index.len(), index.is_marked(0, Mark::Accepted)), (1, false));
        assert_eq!(index.find(key_of("b")), None);
    }

    #[test]
    fn key_is_changed_in_the_table_in_the_patch_and_until_reset() {
        for with_table in [false, true] {
            let mut index = index_of(&["a", "b", "c"]);
            let mut stored = PublishedIndex::default();
            stored.append_chunk(&index.chunk(0..3)).unwrap();
            if with_table {
                assert_eq!(index.look_up(key_of("b")), Some(1));
            }
            // A swap, and a chain behind it.
            for (slot, key) in [(0, "b"), (1, "a"), (2, "d")] {
                index.set_key(slot, key_of(key));
            }
            for (key, slot) in [("a", Some(1)), ("b", Some(0)), ("c", None), ("d", Some(2))] {
                assert_eq!(index.look_up(key_of(key)), slot, "{key}");
            }
            stored.apply_key_patch(&index.key_patch(&[0, 1, 2])).unwrap();
            assert_eq!(stored.chunk(0..3), index.chunk(0..3));
            index.reset();
            assert_eq!(
                (index.look_up(key_of("a")), index.look_up(key_of("c"))),
                (Some(0), Some(2))
            );
        }
        let mut index = index_of(&["a"]);
        for bytes in [vec![0; 19], vec![9; 20]] {
            assert_eq!(index.apply_key_patch(&bytes).unwrap_err().kind(), ErrorKind::Damaged);
        }
        index.set_key(0, key_of("z"));
        index.settle();
        assert_eq!(index.look_up(key_of("z")), Some(0));
    }

    #[test]
    fn content_hash_tells_rows_apart_by_boundaries_and_empty_fields() {
        let hash = |source_id, title, weight| {
            let mut rows = Rows::new(EntityKind::Category);
            rows.push(0, &CategoryRow { source_id, title, weight, ..CategoryRow::default() });
            content_of(&rows.get(0).unwrap())
        };
        let base = hash("1", "ab", None);
        assert_eq!(base, hash("1", "ab", None));
        for other in [hash("1a", "b", None), hash("1", "ab", Some(1.0)), hash("1", "abc", None)] {
            assert_ne!(base, other);
        }
    }
}
