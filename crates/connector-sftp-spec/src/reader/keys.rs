//! The keys that were read, as hashes, to find references that have lost their zeros.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
};
use xxhash_rust::xxh3::xxh3_64;

/// A set of hashes.
pub(super) type Hashes = HashSet<u64, BuildHasherDefault<AsIs>>;

/// A map from hashes.
pub(super) type HashedMap<T> = HashMap<u64, T, BuildHasherDefault<AsIs>>;

/// Takes a hash as it is.
#[derive(Debug, Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The hash of a key.
pub(super) fn hash(key: &str) -> u64 {
    xxh3_64(key.as_bytes())
}

/// Zeros that a key may have lost at most.
const MOST_ZEROS: usize = 10;

/// The one key that differs from `text` in nothing but zeros at its beginning; `None` if `text` itself is known, and
/// where no key or several come into question.
pub(super) fn without_lost_zeros(text: &str, is_known: impl Fn(&str) -> bool) -> Option<String> {
    // Spreadsheets take zeros from numbers alone.
    if text.is_empty() || !text.bytes().all(|it| it.is_ascii_digit()) || is_known(text) {
        return None;
    }
    let bare = text.trim_start_matches('0');
    let candidates = (0..=MOST_ZEROS).map(|zeros| format!("{}{bare}", "0".repeat(zeros)));
    let mut found = candidates.filter(|it| !it.is_empty() && is_known(it));
    found.next().filter(|_| found.next().is_none())
}

/// Whether a spreadsheet has written a number in so few digits that its last ones are lost.
pub(super) fn is_rounded(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else { return false };
    let number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    let power = exponent.strip_prefix('+').is_some_and(number);
    power
        && digits.split_once('.').map_or_else(|| number(digits), |it| number(it.0) && number(it.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_zeros_are_found_where_only_one_key_fits() {
        let check = |text: &str, known: &[&str], expected: Option<&str>| {
            let found = without_lost_zeros(text, |it| known.contains(&it));
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("110", &["0110", "0120"], Some("0110"));
        check("0110", &["110"], Some("110"));
        check("110", &["110", "0110"], None);
        check("110", &["0110", "00110"], None);
        check("110", &["0111"], None);
        check("A10", &["0A10"], None);
        check("0", &["000"], Some("000"));
        check("", &["0"], None);
    }

    #[test]
    fn rounded_numbers_are_recognized() {
        for (text, expected) in [
            ("1.00E+09", true),
            ("1E+09", true),
            ("1.5e+12", true),
            ("E+1", false),
            ("12E4", false),
            ("E100", false),
        ] {
            assert_eq!(is_rounded(text), expected, "{text}");
        }
    }
}
