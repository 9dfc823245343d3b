//! Keys as numbers, the same ones for both sides, and what each stands for so far.

use hashbrown::HashTable;
use roster_sink::key_of;

/// Number of a key of an entity.
pub(super) type Number = u32;

/// Stands where there is no number and no row.
pub(super) const NOBODY: Number = Number::MAX;

/// Which of two nights a row is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Night {
    /// What is published.
    Old = 0,
    /// What the feed has tonight.
    New = 1,
}

impl Night {
    pub(super) const BOTH: [Self; 2] = [Self::Old, Self::New];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The keys of one entity, of rows and of references to them.
#[derive(Debug, Default)]
pub(super) struct Keys {
    hashes: Vec<u128>,
    table: HashTable<Number>,
    nights: Vec<u8>,
    meanings: Vec<Number>,
}

impl Keys {
    /// The number of a key, a new one where it is new.
    pub(super) fn number(&mut self, source_id: &str) -> Number {
        let hash = key_of(source_id);
        let Self { hashes, table, nights, meanings } = self;
        if let Some(number) = table.find(short(hash), |it| hashes[*it as usize] == hash) {
            return *number;
        }
        let number = Number::try_from(hashes.len()).ok().filter(|it| *it != NOBODY);
        let number = number.expect("a district has fewer than four thousand million keys");
        hashes.push(hash);
        nights.push(0);
        meanings.push(number);
        table.insert_unique(short(hash), number, |it| short(hashes[*it as usize]));
        number
    }

    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Takes note of a row; false when that night has one with the same key already.
    pub(super) fn see(&mut self, number: Number, night: Night) -> bool {
        let nights = &mut self.nights[number as usize];
        let first = *nights & night.bit() == 0;
        *nights |= night.bit();
        first
    }

    /// Whether both nights have a row with the key.
    pub(super) fn stays(&self, number: Number) -> bool {
        self.nights[number as usize] == Night::Old.bit() | Night::New.bit()
    }

    /// The old key that a key stands for; itself where none is known.
    pub(super) fn meaning(&self, number: Number) -> Number {
        self.meanings[number as usize]
    }

    /// From now on `new` stands for `old`.
    pub(super) fn join(&mut self, old: Number, new: Number) {
        self.meanings[new as usize] = old;
    }
}

/// The part of a hash that the table goes by.
fn short(hash: u128) -> u64 {
    #[allow(clippy::cast_possible_truncation, reason = "the low half of a hash is a hash")]
    let short = hash as u64;
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_numbers_and_tell_which_nights_have_them() {
        let mut keys = Keys::default();
        let [a, b] = ["a", "b"].map(|it| keys.number(it));
        assert_eq!((keys.number("a"), keys.len()), (a, 2));
        assert!(keys.see(a, Night::Old) && keys.see(b, Night::New));
        assert!(!keys.see(a, Night::Old));
        assert!(!keys.stays(a) && keys.see(a, Night::New) && keys.stays(a));
        assert_eq!(keys.meaning(b), b);
        keys.join(a, b);
        assert_eq!(keys.meaning(b), a);
    }
}
