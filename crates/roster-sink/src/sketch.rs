//! What a person saw of a set of records, small enough to be kept: so that an approval is for those records and no others.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{collections::BinaryHeap, fmt};

/// Hashes that a sketch keeps.
const KEPT: usize = 128;
/// Of what is let through, so much must have been seen.
const SEEN_PERCENT: usize = 90;

/// The smallest hashes of a set of keys, all of them when they are few.
///
/// Whatever part of another set has hashes up to the greatest one that is kept is a fair sample of that set, and of each
/// of the sample it is known whether it was in this one (bottom-k sketch: Cohen and Kaplan, "Summarizing data using
/// bottom-k sketches", 2007).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Sketch {
    /// Sorted.
    smallest: Vec<u64>,
}

impl Sketch {
    /// The sketch of a set of keys, by their hashes ([`crate::key_of`]).
    #[must_use]
    pub fn of(keys: impl IntoIterator<Item = u128>) -> Self {
        let mut smallest = BinaryHeap::with_capacity(KEPT + 1);
        for key in keys {
            let key = short(key);
            if smallest.len() < KEPT {
                smallest.push(key);
            } else if smallest.peek().is_some_and(|it| key < *it) {
                smallest.pop();
                smallest.push(key);
            }
        }
        Self { smallest: smallest.into_sorted_vec() }
    }

    /// Whether at least 90 % of these keys are of the set, as far as the sketch can tell; false when it cannot tell.
    #[must_use]
    pub fn covers(&self, keys: impl IntoIterator<Item = u128>) -> bool {
        // Fewer than are kept are all of them, so that a greater hash is of no key of the set.
        let all = self.smallest.len() < KEPT;
        let greatest = self.smallest.last().copied().unwrap_or_default();
        let (mut there, mut sample, mut any) = (0, 0, false);
        for key in keys.into_iter().map(short) {
            any = true;
            if all || key <= greatest {
                sample += 1;
                there += usize::from(self.smallest.binary_search(&key).is_ok());
            }
        }
        !any || (sample > 0 && there * 100 >= sample * SEEN_PERCENT)
    }
}

/// A sketch tells nobody's key.
impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sketch").field("kept", &self.smallest.len()).finish()
    }
}

/// As text of 16 hexadecimal digits for each hash.
impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: String = self.smallest.iter().map(|it| format!("{it:016x}")).collect();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (digits, rest) = text.as_bytes().as_chunks::<16>();
        let hash = |it: &[u8; 16]| u64::from_str_radix(str::from_utf8(it).ok()?, 16).ok();
        let smallest: Option<Vec<u64>> = digits.iter().map(hash).collect();
        let smallest = smallest.filter(|it| rest.is_empty() && it.is_sorted());
        smallest.map(|smallest| Self { smallest }).ok_or_else(|| D::Error::custom("no sketch"))
    }
}

/// The half of a key's hash that the index does not order by.
fn short(key: u128) -> u64 {
    (key >> 64).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_of;
    use std::ops::Range;

    fn keys(numbers: Range<u32>) -> impl Iterator<Item = u128> {
        numbers.map(|it| key_of(&it.to_string()))
    }

    #[test]
    fn what_was_seen_is_covered_and_what_was_not_is_not() {
        #[track_caller]
        fn check(seen: Range<u32>, now: Range<u32>, expected: bool) {
            let sketch = Sketch::of(keys(seen.clone()));
            assert_eq!(sketch.covers(keys(now.clone())), expected, "{seen:?} {now:?}");
        }
        for size in [10, 100, 128, 129, 5_000] {
            check(0..size, 0..size, true);
            check(0..size, size..2 * size, false);
            check(0..size, size / 2..size + size / 2, false);
            check(0..size, 0..size / 2, true);
            check(0..size, 0..size + size / 50, true);
        }
        check(0..10, 0..0, true);
        check(0..0, 0..1, false);
    }

    #[test]
    fn sketch_is_the_same_after_it_was_kept() {
        for size in [0, 3, 1000] {
            let sketch = Sketch::of(keys(0..size));
            let text = serde_json::to_string(&sketch).unwrap();
            assert_eq!(serde_json::from_str::<Sketch>(&text).unwrap(), sketch);
        }
        for text in ["\"0\"", "\"zzzzzzzzzzzzzzzz\""] {
            assert!(serde_json::from_str::<Sketch>(text).is_err(), "{text}");
        }
    }
}
